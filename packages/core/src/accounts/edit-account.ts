// Changing accounts: role, standing and password, and removing them. What makes an account less than it was ends its logins,
// and there is always an admin left who can log in.
import type { Database, Transaction, Account as AccountRow } from '@org/data'
import type { AuditTrail, AuditedAct } from '../audit-trail.ts'
import { ServiceError, validationError } from '../errors.ts'
import type { Passwords } from '../passwords.ts'
import { toAccount, type Account, type Actor, type Role } from './account.ts'
import { lockAct } from './log-in.ts'
import type { PasswordGuard } from './password-guard.ts'

/** What `PATCH /auth/accounts/{accountId}` changes; what is left out stays. */
export interface AccountEdit {
  readonly role?: Role
  readonly disabled?: boolean
  readonly password?: string
}

/** A password changed by its owner. */
export interface PasswordChange {
  readonly accountId: number
  /** The login that goes on; all others end. */
  readonly familyId: string
  readonly currentPassword: string
  readonly newPassword: string
  readonly address: string | null
}

/** What changing accounts needs. */
export interface EditParts {
  readonly database: Database
  readonly passwords: Passwords
  readonly guard: PasswordGuard
  readonly audit: AuditTrail
}

/** Throws ACCOUNT_NOT_FOUND, and VALIDATION_ERROR for the last admin. */
export async function editAccount(
  { database, passwords, audit }: EditParts,
  accountId: number,
  { role, disabled, password }: AccountEdit,
  by: Actor,
): Promise<Account> {
  const passwordHash = password === undefined ? undefined : await passwords.hash(password)
  return database.transaction(async (tx) => {
    const now = new Date().toISOString()
    const admins = await tx.accounts.countAdminsAlone(now)
    const before = await tx.accounts.findByIdAlone(accountId)
    if (before === undefined) throw new ServiceError('ACCOUNT_NOT_FOUND')
    const after = {
      ...before,
      role: role ?? before.role,
      disabled: disabled ?? before.disabled,
      passwordHash: passwordHash ?? before.passwordHash,
      updatedAt: now,
    }
    if (isWorkingAdmin(before) && !isWorkingAdmin(after) && admins === 1)
      throw lastAdmin(after.role === 'admin' ? 'disabled' : 'role')

    const acts = actsBetween(before, after)
    if (acts.length === 0) return toAccount(before)
    const changes = { role: after.role, disabled: after.disabled, passwordHash: after.passwordHash }
    await tx.accounts.update(accountId, changes, now)
    await tx.credentials.revokeFamiliesOf(accountId, now)
    for (const act of acts) await recordOn(tx, audit, before, by, act)
    return toAccount(after)
  })
}

/** Throws ACCOUNT_NOT_FOUND, and VALIDATION_ERROR for the last admin. */
export async function removeAccount(
  { database, audit }: EditParts,
  accountId: number,
  by: Actor,
): Promise<Account> {
  return database.transaction(async (tx) => {
    const admins = await tx.accounts.countAdminsAlone(new Date().toISOString())
    const account = await tx.accounts.findByIdAlone(accountId)
    if (account === undefined) throw new ServiceError('ACCOUNT_NOT_FOUND')
    if (isWorkingAdmin(account) && admins === 1) throw lastAdmin('accountId')
    await tx.accounts.remove(accountId)
    await recordOn(tx, audit, account, by, { action: 'account.remove' })
    return toAccount(account)
  })
}

/** Throws VALIDATION_ERROR for a current password that is not right, ACCOUNT_LOCKED when it was guessed too often. */
export async function changePassword(parts: EditParts, change: PasswordChange): Promise<void> {
  const { database, passwords, guard, audit } = parts
  const { accountId, familyId, currentPassword, newPassword, address } = change
  const account = await database.accounts.findById(accountId)
  if (account === undefined) throw new ServiceError('UNAUTHORIZED')
  const by = { name: account.email, accountId, address }
  const { checked, locks } = await guard.attempt({ email: account.email, address }, async () => ({
    verdict: await passwords.check(currentPassword, account.passwordHash),
  }))
  const changed =
    checked.verdict !== 'wrong' && (await replacePassword(parts, account, newPassword, familyId, by))
  if (changed) return

  await database.transaction(async (tx) => {
    const refused = { action: 'account.password', outcome: 'refused', errorCode: 'VALIDATION_ERROR' } as const
    await recordOn(tx, audit, account, by, refused)
    for (const lock of locks) await audit.record(tx, lockAct(by, lock))
  })
  throw validationError([{ field: 'current_password', message: 'is not the password of this account' }])
}

/** False when the password was changed by somebody else meanwhile. */
async function replacePassword(
  { database, passwords, audit }: EditParts,
  account: AccountRow,
  password: string,
  familyId: string,
  by: Actor,
): Promise<boolean> {
  const hash = await passwords.hash(password)
  return database.transaction(async (tx) => {
    const now = new Date().toISOString()
    if (!(await tx.accounts.updatePasswordHash(account.id, hash, now, account.passwordHash))) return false
    await tx.credentials.revokeFamiliesOf(account.id, now, familyId)
    await recordOn(tx, audit, account, by, { action: 'account.password' })
    return true
  })
}

type ActOnAccount = Pick<AuditedAct, 'action'> &
  Partial<Pick<AuditedAct, 'outcome' | 'errorCode' | 'details'>>

/** What was done to an account, in acts of the audit trail. A new password is one even when it is the old one again. */
function actsBetween(before: AccountRow, after: AccountRow): readonly ActOnAccount[] {
  const acts: ActOnAccount[] = []
  if (after.role !== before.role)
    acts.push({ action: 'account.role', details: { from: before.role, to: after.role } })
  if (after.disabled !== before.disabled)
    acts.push({ action: after.disabled ? 'account.disable' : 'account.enable' })
  if (after.passwordHash !== before.passwordHash) acts.push({ action: 'account.password' })
  return acts
}

/** The row keeps the account's address, which outlives the account. */
function recordOn(
  tx: Transaction,
  audit: AuditTrail,
  account: AccountRow,
  by: Actor,
  act: ActOnAccount,
): Promise<void> {
  return audit.record(tx, {
    by,
    target: { type: 'account', id: account.id },
    outcome: 'success',
    ...act,
    details: { email: account.email, ...act.details },
  })
}

function isWorkingAdmin({ role, disabled }: Pick<AccountRow, 'role' | 'disabled'>): boolean {
  return role === 'admin' && !disabled
}

function lastAdmin(field: string): ServiceError {
  return validationError([{ field, message: 'is of the last admin who can log in; make another one first' }])
}
