// Logging in: e-mail and password become an account and a family of refresh tokens. The answer to a wrong password, an
// unknown e-mail and a disabled account is the same, after the same work.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Account as AccountRow, Database } from '@org/data'
import type { AuditTrail } from '../audit-trail.ts'
import { ServiceError } from '../errors.ts'
import type { Passwords } from '../passwords.ts'
import { REFRESH_TOKEN_SECONDS, toAccount, type Login } from './account.ts'

/** What logging in needs. */
export interface LogInParts {
  readonly database: Database
  readonly passwords: Passwords
  readonly audit: AuditTrail
}

/** Who claims to be whom, and the network address it comes from. */
export interface LoginInput {
  readonly email: string
  readonly password: string
  readonly address: string | null
}

/** Throws INVALID_CREDENTIALS. Both outcomes have their row in the audit trail before anybody is told. */
export async function logIn(parts: LogInParts, { email, password, address }: LoginInput): Promise<Login> {
  const { database, passwords, audit } = parts
  const row = await database.accounts.findByEmail(email)
  const verdict = await passwords.check(password, row?.passwordHash)
  const accepted = row !== undefined && !row.disabled && verdict !== 'wrong' ? row : undefined
  const by = { name: accepted?.email ?? email, accountId: row?.id ?? null, address }
  const target = row === undefined ? null : { type: 'account' as const, id: row.id }

  if (accepted === undefined) {
    await database.transaction((tx) =>
      audit.record(tx, { action: 'login', by, target, outcome: 'refused', errorCode: 'INVALID_CREDENTIALS' }),
    )
    throw new ServiceError('INVALID_CREDENTIALS')
  }

  if (verdict === 'outdated') await replaceHash(parts, accepted, password)
  const refreshFamily = newRefreshFamily()
  await database.transaction(async (tx) => {
    await tx.credentials.insertRefreshToken({
      familyId: refreshFamily.id,
      accountId: accepted.id,
      tokenHash: hashTokenId(refreshFamily.tokenId),
      issuedAt: refreshFamily.issuedAt,
      expiresAt: refreshFamily.expiresAt,
      replacedAt: null,
      revokedAt: null,
    })
    await audit.record(tx, { action: 'login', by, target, outcome: 'success' })
  })
  const { id, tokenId, expiresAt } = refreshFamily
  return { account: toAccount(accepted), refreshFamily: { id, tokenId, expiresAt } }
}

/** Only where the hash that was checked still stands: a change of password meanwhile wins. */
async function replaceHash(parts: LogInParts, row: AccountRow, password: string): Promise<void> {
  const hash = await parts.passwords.hash(password)
  await parts.database.accounts.updatePasswordHash(row.id, hash, new Date().toISOString(), row.passwordHash)
}

function newRefreshFamily(): Login['refreshFamily'] & { readonly issuedAt: string } {
  const now = Date.now()
  return {
    id: randomUUID(),
    tokenId: randomBytes(24).toString('base64url'),
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + REFRESH_TOKEN_SECONDS * 1000).toISOString(),
  }
}

/** What is stored of a refresh token: its `jti` is random enough that a plain digest gives nothing away. */
export function hashTokenId(tokenId: string): string {
  return createHash('sha256').update(tokenId).digest('hex')
}
