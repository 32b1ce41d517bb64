// Logging in: e-mail and password become an account and a family of refresh tokens. The answer to a wrong password, an
// unknown e-mail and a disabled account is the same, after the same work.
import type { Account as AccountRow, Database } from '@org/data'
import type { AuditTrail, AuditedAct } from '../audit-trail.ts'
import { ServiceError } from '../errors.ts'
import type { PasswordVerdict, Passwords } from '../passwords.ts'
import { toAccount, type Actor, type Login } from './account.ts'
import type { Lock, PasswordGuard } from './password-guard.ts'
import { openFamily } from './refresh-tokens.ts'

/** What logging in needs. */
export interface LogInParts {
  readonly database: Database
  readonly passwords: Passwords
  readonly guard: PasswordGuard
  readonly audit: AuditTrail
}

/** Who claims to be whom, and the network address it comes from. */
export interface LoginInput {
  readonly email: string
  readonly password: string
  readonly address: string | null
}

interface Checked {
  readonly verdict: PasswordVerdict
  readonly row: AccountRow | undefined
}

/** Throws INVALID_CREDENTIALS and ACCOUNT_LOCKED. Every outcome has its row in the audit trail before anybody is told. */
export async function logIn(parts: LogInParts, input: LoginInput): Promise<Login> {
  const { email, password, address } = input
  const { checked, locks } = await guarded(parts, input, async (): Promise<Checked> => {
    const row = await parts.database.accounts.findByEmail(email)
    const verdict = await parts.passwords.check(password, row?.passwordHash)
    return { row, verdict: row?.disabled === true ? 'wrong' : verdict }
  })
  const { row, verdict } = checked
  if (row === undefined || verdict === 'wrong') {
    const by = { name: email, accountId: row?.id ?? null, address }
    return refuse(parts, by, 'INVALID_CREDENTIALS', locks)
  }

  const passwordHash = verdict === 'outdated' ? await replaceHash(parts, row, password) : row.passwordHash
  const by = { name: row.email, accountId: row.id, address }
  const login = await parts.database.transaction(async (tx): Promise<Login | undefined> => {
    // Whoever changed the password or switched the account off meanwhile has ended all its logins, this one too.
    const now = await tx.accounts.findByIdAlone(row.id)
    if (now === undefined || now.disabled || now.passwordHash !== passwordHash) return undefined
    const refreshFamily = await openFamily(tx, row.id)
    await parts.audit.record(tx, { action: 'login', by, target: targetOf(by), outcome: 'success' })
    return { account: toAccount(now), refreshFamily }
  })
  return login ?? refuse(parts, by, 'INVALID_CREDENTIALS', [])
}

/** Lets a locked attempt leave its row as well. */
async function guarded(parts: LogInParts, { email, address }: LoginInput, check: () => Promise<Checked>) {
  try {
    return await parts.guard.attempt({ email, address }, check)
  } catch (error) {
    if (error instanceof ServiceError && error.entry === 'ACCOUNT_LOCKED')
      await recordAll(parts, [refusal({ name: email, accountId: null, address }, error.entry)])
    throw error
  }
}

async function refuse(
  parts: LogInParts,
  by: Actor,
  error: 'INVALID_CREDENTIALS',
  locks: readonly Lock[],
): Promise<never> {
  await recordAll(parts, [refusal(by, error), ...locks.map((lock) => lockAct(by, lock))])
  throw new ServiceError(error)
}

function recordAll({ database, audit }: LogInParts, acts: readonly AuditedAct[]): Promise<void> {
  return database.transaction(async (tx) => {
    for (const act of acts) await audit.record(tx, act)
  })
}

function refusal(by: Actor, errorCode: string): AuditedAct {
  return { action: 'login', by, target: targetOf(by), outcome: 'refused', errorCode }
}

/** A lock that begins: who tried last, and whom it keeps out. */
export function lockAct(by: Actor, lock: Lock): AuditedAct {
  const details = { of: lock.of, seconds: lock.seconds }
  return {
    action: 'login.lock',
    by,
    target: targetOf(by),
    outcome: 'success',
    errorCode: 'ACCOUNT_LOCKED',
    details,
  }
}

function targetOf({ accountId }: Actor): AuditedAct['target'] {
  return accountId === null ? null : { type: 'account', id: accountId }
}

/** The hash that then stands. Only where the one that was checked still stands: a change of password meanwhile wins. */
async function replaceHash(parts: LogInParts, row: AccountRow, password: string): Promise<string> {
  const hash = await parts.passwords.hash(password)
  const now = new Date().toISOString()
  const replaced = await parts.database.accounts.updatePasswordHash(row.id, hash, now, row.passwordHash)
  if (replaced) return hash
  // Another login of the same moment has replaced it, or a new password: which of the two, the new hash tells.
  const current = await parts.database.accounts.findById(row.id)
  const still =
    current !== undefined && (await parts.passwords.check(password, current.passwordHash)) !== 'wrong'
  return still ? current.passwordHash : hash
}
