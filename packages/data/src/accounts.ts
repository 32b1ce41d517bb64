// Accounts: who logs in to the service.
import { storedInstant, type Instant } from './columns.ts'
import type { Page, PageRequest } from './database.ts'
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
  /**
   * Replaces the hash. With `expectedHash` only where that one still stands, so that an upgrade of an old hash never
   * undoes a change of password. False when nothing was replaced.
   */
  updatePasswordHash(id: number, passwordHash: string, now: Instant, expectedHash?: string): Promise<boolean>
}

export function accountsIn(scope: Scope): Accounts {
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

/** The form in which e-mail addresses are compared. */
function emailKey(email: string): string {
  return email.toLowerCase()
}
