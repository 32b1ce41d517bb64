// Who may log in: what the service offers on accounts, put together from its acts.
import { UniqueViolation, type Database } from '@org/data'
import { createAuditTrail, type AuditTrail } from '../audit-trail.ts'
import type { Config } from '../config.ts'
import type { Page, PageRequest } from '../device.ts'
import { ServiceError } from '../errors.ts'
import { createPasswords, randomPassword, type Passwords } from '../passwords.ts'
import { openSecrets, type Secrets } from '../secrets.ts'
import {
  SYSTEM,
  toAccount,
  type Account,
  type Actor,
  type Login,
  type NewAccount,
  type TokenSecrets,
} from './account.ts'
import { rememberBriefly } from './brief-answers.ts'
import {
  changePassword,
  editAccount,
  removeAccount,
  type AccountEdit,
  type PasswordChange,
} from './edit-account.ts'
import { logIn, type LoginInput } from './log-in.ts'
import type { PasswordGuard } from './password-guard.ts'
import { logOut, refresh, type RefreshInput } from './refresh-tokens.ts'

/** Who may log in. */
export interface Accounts {
  /**
   * Checks e-mail (without case) and password and opens a family of refresh tokens. The tokens themselves are signed by the
   * API: the refresh token carries `family` and `jti` as given here. Throws INVALID_CREDENTIALS, after the same work for an
   * unknown e-mail, a wrong password and a disabled account; ACCOUNT_LOCKED after too many.
   */
  login(input: LoginInput): Promise<Login>
  /**
   * Exchanges a refresh token for the next of its family. Throws UNAUTHORIZED for one that is used up, ended or unknown; one
   * that comes again some time after it was used up ends its family.
   */
  refresh(input: RefreshInput): Promise<Login>
  /** Ends a family of tokens. */
  logOut(familyId: string, by: Actor): Promise<void>
  /** Ends all other families. Throws VALIDATION_ERROR for a current password that is not right, ACCOUNT_LOCKED. */
  changePassword(change: PasswordChange): Promise<void>
  /** Throws DUPLICATE_EMAIL or DUPLICATE_USERNAME. */
  register(input: NewAccount, by: Actor): Promise<Account>
  /** By id. */
  list(page: PageRequest): Promise<Page<Account>>
  /** A change ends the account's logins. Throws ACCOUNT_NOT_FOUND, and VALIDATION_ERROR where no admin would be left. */
  edit(accountId: number, edit: AccountEdit, by: Actor): Promise<Account>
  /** Its logins end, its addresses are free. Throws as edit does. */
  remove(accountId: number, by: Actor): Promise<Account>
  /**
   * The account behind a token of this family, at most a second old; undefined when the account is gone or disabled, or the
   * family has ended: its tokens die with it.
   */
  findForToken(accountId: number, familyId: string): Promise<Account | undefined>
  /** Forgets refresh tokens that have expired; how many. */
  removeExpiredTokens(): Promise<number>
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
  readonly guard: PasswordGuard
  readonly audit: AuditTrail
}

/** The first admin's address where ADMIN_EMAIL names none. */
const DEFAULT_ADMIN_EMAIL = 'admin@example.com'

/** The service on accounts. */
export function createAccounts(parts: AccountsParts): Accounts {
  const { database } = parts
  const standing = rememberBriefly(async (familyId: string): Promise<Account | undefined> => {
    const row = await database.accounts.findByFamily(familyId)
    return row === undefined || row.disabled ? undefined : toAccount(row)
  })
  /** Another process learns of it within a second, this one at once. */
  const changing = async <T>(change: Promise<T>): Promise<T> => {
    try {
      return await change
    } finally {
      standing.forget()
    }
  }

  return {
    tokenSecrets: parts.secrets.tokenSecrets,
    login: (input) => logIn(parts, input),
    register: (input, by) => registerAccount(parts, input, by),
    refresh: (input) => changing(refresh(parts, input)),
    logOut: (familyId, by) => changing(logOut(parts, familyId, by)),
    changePassword: (change) => changing(changePassword(parts, change)),
    async list({ page, limit }) {
      const { rows, total } = await database.accounts.list({ offset: (page - 1) * limit, limit })
      return { rows: rows.map(toAccount), total }
    },
    edit: (accountId, edit, by) => changing(editAccount(parts, accountId, edit, by)),
    remove: (accountId, by) => changing(removeAccount(parts, accountId, by)),
    async findForToken(accountId, familyId) {
      const account = await standing.get(familyId)
      return account?.id === accountId ? account : undefined
    },
    removeExpiredTokens: () => database.credentials.removeExpired(new Date().toISOString()),
    ensureFirstAdmin: () => makeFirstAdmin(parts),
  }
}

/** Makes an account, for a process beside the service. Throws as `register` does. */
export async function openRegistration(
  config: Config,
  database: Database,
): Promise<Pick<Accounts, 'register'>> {
  const audit = createAuditTrail(await openSecrets(config))
  const passwords = await createPasswords()
  return { register: (input, by) => registerAccount({ database, passwords, audit }, input, by) }
}

async function registerAccount(
  { database, passwords, audit }: Pick<AccountsParts, 'database' | 'passwords' | 'audit'>,
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
