// Refresh tokens, as hashes. Tokens that replaced one another form a family, which ends as a whole.
import { credentials, type RefreshToken } from './schema.ts'
import type { Scope } from './scope.ts'
import type { NewRowOf } from './table.ts'

export type NewRefreshToken = NewRowOf<typeof credentials>

export interface Credentials {
  /** Throws UniqueViolation `credentials.token_hash`, MissingReference for an unknown account. */
  insertRefreshToken(token: NewRefreshToken): Promise<void>
  findRefreshToken(tokenHash: string): Promise<RefreshToken | undefined>
}

export function credentialsIn({ db }: Scope): Credentials {
  return {
    async insertRefreshToken(token) {
      await db.insertInto('credentials').values(credentials.encode(token)).execute()
    },

    async findRefreshToken(tokenHash) {
      const stored = await db
        .selectFrom('credentials')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .executeTakeFirst()
      return stored && credentials.decode(stored)
    },
  }
}
