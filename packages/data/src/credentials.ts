// Refresh tokens, as hashes. Tokens that replaced one another form a family, which ends as a whole.
import { storedInstant, type Instant } from './columns.ts'
import { forUpdate } from './dialect.ts'
import { credentials, type RefreshToken } from './schema.ts'
import type { Scope } from './scope.ts'
import type { NewRowOf } from './table.ts'

export type NewRefreshToken = NewRowOf<typeof credentials>

export interface Credentials {
  /** Throws UniqueViolation `credentials.token_hash`, MissingReference for an unknown account. */
  insertRefreshToken(token: NewRefreshToken): Promise<void>
  findRefreshToken(tokenHash: string): Promise<RefreshToken | undefined>
  /** Marks a token as exchanged for the next of its family. */
  markReplaced(id: number, now: Instant): Promise<void>
  /** Ends a family: none of its tokens is good any more. False when it had ended before, or never was. */
  revokeFamily(familyId: string, now: Instant): Promise<boolean>
  /** Ends all families of an account but the one named. */
  revokeFamiliesOf(accountId: number, now: Instant, exceptFamily?: string): Promise<void>
  /** Removes tokens that expired before `before`; how many. */
  removeExpired(before: Instant): Promise<number>
}

export interface CredentialsInTransaction extends Credentials {
  /** The same, locked until the transaction ends: of two who exchange one token, the second sees what the first did. */
  findRefreshTokenAlone(tokenHash: string): Promise<RefreshToken | undefined>
}

export function credentialsIn(scope: Scope): CredentialsInTransaction {
  const { db } = scope
  const byHash = (tokenHash: string) =>
    db.selectFrom('credentials').selectAll().where('token_hash', '=', tokenHash)

  return {
    async insertRefreshToken(token) {
      await db.insertInto('credentials').values(credentials.encode(token)).execute()
    },

    async findRefreshToken(tokenHash) {
      const stored = await byHash(tokenHash).executeTakeFirst()
      return stored && credentials.decode(stored)
    },

    async findRefreshTokenAlone(tokenHash) {
      const stored = await forUpdate(scope, byHash(tokenHash)).executeTakeFirst()
      return stored && credentials.decode(stored)
    },

    async markReplaced(id, now) {
      await db
        .updateTable('credentials')
        .set(credentials.encodeChanges({ replacedAt: now }))
        .where('id', '=', id)
        .execute()
    },

    async revokeFamily(familyId, now) {
      const { numUpdatedRows } = await db
        .updateTable('credentials')
        .set(credentials.encodeChanges({ revokedAt: now }))
        .where('family_id', '=', familyId)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async revokeFamiliesOf(accountId, now, exceptFamily) {
      let families = db
        .updateTable('credentials')
        .set(credentials.encodeChanges({ revokedAt: now }))
        .where('account_id', '=', accountId)
        .where('revoked_at', 'is', null)
      if (exceptFamily !== undefined) families = families.where('family_id', '<>', exceptFamily)
      await families.execute()
    },

    async removeExpired(before) {
      const { numDeletedRows } = await db
        .deleteFrom('credentials')
        .where('expires_at', '<', storedInstant(before))
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}
