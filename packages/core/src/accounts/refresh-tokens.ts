// Families of refresh tokens: a login opens one, each exchange replaces its token, and a token that was replaced and comes
// again is in two hands, so its family ends. Requests that overlap are no theft: one gets the pair, the others none.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Database, Transaction } from '@org/data'
import type { AuditTrail } from '../audit-trail.ts'
import { ServiceError } from '../errors.ts'
import { REFRESH_TOKEN_SECONDS, toAccount, type Actor, type Login } from './account.ts'

/**
 * How long after its replacement a token may still be on its way: a client that asks twice at once sends the second request
 * before it has the first one's answer. Whoever comes later had to know that the token is used up.
 */
const OVERLAP_MS = 5_000

/** What exchanging refresh tokens needs. */
export interface RefreshParts {
  readonly database: Database
  readonly audit: AuditTrail
}

/** A refresh token whose signature is good, and the network address that it comes from. */
export interface RefreshInput {
  readonly accountId: number
  readonly familyId: string
  readonly tokenId: string
  readonly address: string | null
}

/** Throws UNAUTHORIZED for a token that is not, or no longer, the newest of a family that stands. */
export async function refresh({ database, audit }: RefreshParts, input: RefreshInput): Promise<Login> {
  const arrivedAt = Date.now()
  const exchanged = await database.transaction(async (tx) => {
    const token = await tx.credentials.findRefreshTokenAlone(hashTokenId(input.tokenId))
    if (token === undefined || token.familyId !== input.familyId || token.accountId !== input.accountId)
      return undefined
    if (token.revokedAt !== null || Date.parse(token.expiresAt) <= arrivedAt) return undefined
    const account = await tx.accounts.findById(token.accountId)
    if (account === undefined || account.disabled) return undefined
    const now = new Date().toISOString()

    if (token.replacedAt !== null) {
      if (arrivedAt <= Date.parse(token.replacedAt) + OVERLAP_MS) return undefined
      await tx.credentials.revokeFamily(token.familyId, now)
      await audit.record(tx, {
        action: 'login.token-reuse',
        by: { name: account.email, accountId: account.id, address: input.address },
        target: { type: 'account', id: account.id },
        outcome: 'refused',
        errorCode: 'UNAUTHORIZED',
      })
      return undefined
    }

    await tx.credentials.markReplaced(token.id, now)
    const refreshFamily = await storeToken(tx, token.accountId, token.familyId)
    return { account: toAccount(account), refreshFamily }
  })
  if (exchanged === undefined) throw new ServiceError('UNAUTHORIZED')
  return exchanged
}

/** Opens a family for an account. */
export function openFamily(tx: Transaction, accountId: number): Promise<Login['refreshFamily']> {
  return storeToken(tx, accountId, randomUUID())
}

/** Ends the family of whoever asks, and with it its access tokens. */
export async function logOut({ database, audit }: RefreshParts, familyId: string, by: Actor): Promise<void> {
  await database.transaction(async (tx) => {
    if (!(await tx.credentials.revokeFamily(familyId, new Date().toISOString()))) return
    const target = by.accountId === null ? null : { type: 'account' as const, id: by.accountId }
    await audit.record(tx, { action: 'logout', by, target, outcome: 'success' })
  })
}

async function storeToken(
  tx: Transaction,
  accountId: number,
  familyId: string,
): Promise<Login['refreshFamily']> {
  const now = Date.now()
  const tokenId = randomBytes(24).toString('base64url')
  const expiresAt = new Date(now + REFRESH_TOKEN_SECONDS * 1000).toISOString()
  await tx.credentials.insertRefreshToken({
    familyId,
    accountId,
    tokenHash: hashTokenId(tokenId),
    issuedAt: new Date(now).toISOString(),
    expiresAt,
    replacedAt: null,
    revokedAt: null,
  })
  return { id: familyId, tokenId, expiresAt }
}

/** What is stored of a refresh token: its `jti` is random enough that a plain digest gives nothing away. */
export function hashTokenId(tokenId: string): string {
  return createHash('sha256').update(tokenId).digest('hex')
}
