// Accounts: who logs in to the service.
import { storedInstant, type Instant } from './columns.ts'
import type { Page, PageRequest } from './database.ts'
import { forUpdate } from './dialect.ts'
import { accounts, type Account, type Role } from './schema.ts'
import type { Scope } from './scope.ts'
import { settingsIn } from './settings.ts'

/** An account to be made. The e-mail address is kept as given and compared without case. */
export interface NewAccount {
  readonly username: string
  readonly email: string
  readonly passwordHash: string
  readonly role: Role
  readonly createdAt: Instant
}

/** What may be changed of an account; what is left out stays. */
export type AccountChanges = Partial<Pick<Account, 'role' | 'disabled' | 'passwordHash'>>

export interface Accounts {
  findById(id: number): Promise<Account | undefined>
  /** Compared without case. */
  findByEmail(email: string): Promise<Account | undefined>
  /** Throws UniqueViolation `accounts.username` or `accounts.email`. */
  insert(account: NewAccount): Promise<Account>
  /** Inserts the account if there is none at all; of many processes that try at once, one does. */
  insertFirstAdmin(account: NewAccount): Promise<boolean>
  count(): Promise<number>
  /** By id. */
  list(page: PageRequest): Promise<Page<Account>>
  /** The account whose family of refresh tokens stands; undefined when family or account has ended. */
  findByFamily(familyId: string): Promise<Account | undefined>
  /** False when there is no such account. */
  update(id: number, changes: AccountChanges, now: Instant): Promise<boolean>
  /** Removes the account with its refresh tokens; its address and user name are free. False when there is no such account. */
  remove(id: number): Promise<boolean>
  /**
   * Replaces the hash. With `expectedHash` only where that one still stands, so that an upgrade of an old hash never
   * undoes a change of password. False when nothing was replaced.
   */
  updatePasswordHash(id: number, passwordHash: string, now: Instant, expectedHash?: string): Promise<boolean>
}

export interface AccountsInTransaction extends Accounts {
  /**
   * How many admins can log in. Whoever else asks waits until this transaction has ended, so that two who take an admin
   * away at once do not both count the other one.
   */
  countAdminsAlone(now: Instant): Promise<number>
  /** An account, locked until the transaction ends. */
  findByIdAlone(id: number): Promise<Account | undefined>
}

export function accountsIn(scope: Scope): AccountsInTransaction {
  const { db } = scope

  async function findById(id: number): Promise<Account | undefined> {
    const stored = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
    return stored && accounts.decode(stored)
  }

  async function count(): Promise<number> {
    const { total } = await db
      .selectFrom('accounts')
      .select((of) => of.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    return total
  }

  async function insert(account: NewAccount): Promise<Account> {
    const row = {
      ...account,
      emailKey: emailKey(account.email),
      disabled: false,
      updatedAt: account.createdAt,
    }
    const { insertId } = await db
      .insertInto('accounts')
      .values(accounts.encode(row))
      .executeTakeFirstOrThrow()
    return { ...row, id: Number(insertId) }
  }

  return {
    findById,
    count,
    insert,

    async findByEmail(email) {
      const stored = await db
        .selectFrom('accounts')
        .selectAll()
        .where('email_key', '=', emailKey(email))
        .executeTakeFirst()
      return stored && accounts.decode(stored)
    },

    insertFirstAdmin: (account) =>
      scope.atomic(async (tx) => {
        // Whoever comes second waits at this row until the first has committed, and then finds an account.
        await settingsIn(tx).insertIfAbsent(FIRST_ADMIN, account.createdAt)
        if ((await accountsIn(tx).count()) > 0) return false
        await accountsIn(tx).insert(account)
        return true
      }),

    async findByFamily(familyId) {
      const stored = await db
        .selectFrom('accounts')
        .innerJoin('credentials', 'credentials.account_id', 'accounts.id')
        .selectAll('accounts')
        .where('credentials.family_id', '=', familyId)
        .where('credentials.revoked_at', 'is', null)
        .limit(1)
        .executeTakeFirst()
      return stored && accounts.decode(stored)
    },

    async update(id, changes, now) {
      const { numUpdatedRows } = await db
        .updateTable('accounts')
        .set(accounts.encodeChanges({ ...changes, updatedAt: now }))
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async remove(id) {
      const { numDeletedRows } = await db
        .deleteFrom('accounts')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },

    async findByIdAlone(id) {
      const one = db.selectFrom('accounts').selectAll().where('id', '=', id)
      const stored = await forUpdate(scope, one).executeTakeFirst()
      return stored && accounts.decode(stored)
    },

    async countAdminsAlone(now) {
      await settingsIn(scope).insertIfAbsent(ADMINS, now)
      const { admins } = await db
        .selectFrom('accounts')
        .select((of) => of.fn.countAll<number>().as('admins'))
        .where('role', '=', 'admin')
        .where('disabled', '=', 0)
        .executeTakeFirstOrThrow()
      return admins
    },

    async list({ offset, limit }) {
      const rows = await db
        .selectFrom('accounts')
        .selectAll()
        .orderBy('id')
        .limit(limit)
        .offset(offset)
        .execute()
      return { rows: rows.map((stored) => accounts.decode(stored)), total: await count() }
    },

    async updatePasswordHash(id, passwordHash, now, expectedHash) {
      const { numUpdatedRows } = await db
        .updateTable('accounts')
        .set({ password_hash: passwordHash, updated_at: storedInstant(now) })
        .where('id', '=', id)
        .$if(expectedHash !== undefined, (query) => query.where('password_hash', '=', expectedHash ?? ''))
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
  }
}

/** The name of the row at which processes wait for one another to make the first admin. */
const FIRST_ADMIN = 'first-admin-made-at'

/** The name of the row at which those wait for one another who may take the last admin away. */
const ADMINS = 'admins-counted-since'

/** The form in which e-mail addresses are compared. */
function emailKey(email: string): string {
  return email.toLowerCase()
}
