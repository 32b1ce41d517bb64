// Who may log in: what the service offers on accounts, put together from its acts.
import { UniqueViolation, type Database } from '@org/data'
import type { AuditTrail } from '../audit-trail.ts'
import type { Config } from '../config.ts'
import { ServiceError } from '../errors.ts'
import { randomPassword, type Passwords } from '../passwords.ts'
import type { Secrets } from '../secrets.ts'
import {
  SYSTEM,
  toAccount,
  type Account,
  type Actor,
  type Login,
  type NewAccount,
  type TokenSecrets,
} from './account.ts'
import { logIn, type LoginInput } from './log-in.ts'

/** Who may log in. */
export interface Accounts {
  /**
   * Checks e-mail (without case) and password and opens a family of refresh tokens. The tokens themselves are signed by the
   * API: the refresh token carries `family` and `jti` as given here. Throws INVALID_CREDENTIALS, after the same work for an
   * unknown e-mail, a wrong password and a disabled account.
   */
  login(input: LoginInput): Promise<Login>
  /** Throws DUPLICATE_EMAIL or DUPLICATE_USERNAME. */
  register(input: NewAccount, by: Actor): Promise<Account>
  /** The account behind a token, at most a second old; undefined when it is gone or disabled: its tokens die with it. */
  findForToken(accountId: number): Promise<Account | undefined>
  /**
   * Makes the first admin while there is no account, once, however many processes start together. `password` is given only
   * when it was made at random: print it once. Undefined when there are accounts.
   */
  ensureFirstAdmin(): Promise<FirstAdmin | undefined>
  /** HS256 secrets: sign with `current`, accept both. */
  readonly tokenSecrets: TokenSecrets
}

/** The admin that was just made. */
export interface FirstAdmin {
  readonly email: string
  /** Undefined when it was set by ADMIN_PASSWORD. */
  readonly password: string | undefined
}

/** What accounts are put together from. */
export interface AccountsParts {
  readonly config: Config
  readonly database: Database
  readonly passwords: Passwords
  readonly secrets: Secrets
  readonly audit: AuditTrail
}

/** The first admin's address where ADMIN_EMAIL names none. */
const DEFAULT_ADMIN_EMAIL = 'admin@example.com'
const TOKEN_CACHE_MS = 1_000
const MOST_CACHED = 10_000

/** The service on accounts. */
export function createAccounts(parts: AccountsParts): Accounts {
  return {
    tokenSecrets: parts.secrets.tokenSecrets,
    login: (input) => logIn(parts, input),
    register: (input, by) => registerAccount(parts, input, by),
    findForToken: cacheAccounts(parts.database),
    ensureFirstAdmin: () => makeFirstAdmin(parts),
  }
}

async function registerAccount(
  { database, passwords, audit }: AccountsParts,
  { username, email, password, role }: NewAccount,
  by: Actor,
): Promise<Account> {
  if ((await database.accounts.findByEmail(email)) !== undefined) throw new ServiceError('DUPLICATE_EMAIL')
  const passwordHash = await passwords.hash(password)
  try {
    const row = await database.transaction(async (tx) => {
      const createdAt = new Date().toISOString()
      const inserted = await tx.accounts.insert({ username, email, passwordHash, role, createdAt })
      const target = { type: 'account' as const, id: inserted.id }
      await audit.record(tx, {
        action: 'account.register',
        by,
        target,
        outcome: 'success',
        details: { role },
      })
      return inserted
    })
    return toAccount(row)
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error
    if (error.constraint === 'accounts.email') throw new ServiceError('DUPLICATE_EMAIL', { cause: error })
    if (error.constraint === 'accounts.username')
      throw new ServiceError('DUPLICATE_USERNAME', { cause: error })
    throw error
  }
}

async function makeFirstAdmin(parts: AccountsParts): Promise<FirstAdmin | undefined> {
  const { config, database, passwords, audit } = parts
  if ((await database.accounts.count()) > 0) return undefined
  const email = config.ADMIN_EMAIL ?? DEFAULT_ADMIN_EMAIL
  const password = config.ADMIN_PASSWORD ?? randomPassword()
  const passwordHash = await passwords.hash(password)
  const inserted = await database.transaction(async (tx) => {
    const createdAt = new Date().toISOString()
    const first = { username: 'admin', email, passwordHash, role: 'admin' as const, createdAt }
    if (!(await tx.accounts.insertFirstAdmin(first))) return false
    const details = { role: 'admin', first: true }
    await audit.record(tx, {
      action: 'account.register',
      by: SYSTEM,
      target: null,
      outcome: 'success',
      details,
    })
    return true
  })
  if (!inserted) return undefined
  return { email, password: config.ADMIN_PASSWORD === undefined ? password : undefined }
}

/** Looks an account up at most once a second; requests that ask meanwhile share the answer. */
function cacheAccounts(database: Database): (accountId: number) => Promise<Account | undefined> {
  const cached = new Map<number, { readonly until: number; readonly account: Promise<Account | undefined> }>()

  const look = async (accountId: number): Promise<Account | undefined> => {
    const row = await database.accounts.findById(accountId)
    return row === undefined || row.disabled ? undefined : toAccount(row)
  }

  return (accountId) => {
    const now = performance.now()
    const known = cached.get(accountId)
    if (known !== undefined && known.until > now) return known.account
    if (cached.size >= MOST_CACHED) cached.clear()
    const account = look(accountId)
    cached.set(accountId, { until: now + TOKEN_CACHE_MS, account })
    account.catch(() => cached.delete(accountId))
    return account
  }
}
