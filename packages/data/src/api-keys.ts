// API keys: what machines show instead of a login, stored as hashes. A revoked key is no longer listed; its name is free.
import { storedInstant, type Instant } from './columns.ts'
import type { Page, PageRequest } from './database.ts'
import { apiKeys, type ApiKey } from './schema.ts'
import type { Scope } from './scope.ts'

/** A key to be made. */
export type NewApiKey = Omit<ApiKey, 'id' | 'liveName' | 'revokedAt' | 'lastUsedAt'>

export interface ApiKeys {
  /** Throws UniqueViolation `api_keys.live_name` or `api_keys.key_hash`. */
  insert(key: NewApiKey): Promise<ApiKey>
  /** Revoked and expired ones too. */
  findByHash(keyHash: string): Promise<ApiKey | undefined>
  /** By id, without the revoked ones. */
  list(page: PageRequest): Promise<Page<ApiKey>>
  /** The key, revoked now; undefined where there is none that was not revoked before. */
  revoke(id: number, now: Instant): Promise<ApiKey | undefined>
  /** Notes a use, unless one is noted that is no older than `unlessSince`. */
  noteUse(id: number, now: Instant, unlessSince: Instant): Promise<void>
}

export function apiKeysIn(scope: Scope): ApiKeys {
  const { db } = scope
  const all = () => db.selectFrom('api_keys').selectAll()
  const live = () => all().where('revoked_at', 'is', null)

  return {
    async insert(key) {
      const row = { ...key, liveName: key.name, revokedAt: null, lastUsedAt: null }
      const { insertId } = await db
        .insertInto('api_keys')
        .values(apiKeys.encode(row))
        .executeTakeFirstOrThrow()
      return { ...row, id: Number(insertId) }
    },

    async findByHash(keyHash) {
      const stored = await all().where('key_hash', '=', keyHash).executeTakeFirst()
      return stored && apiKeys.decode(stored)
    },

    async list({ offset, limit }) {
      const stored = await live().orderBy('id').limit(limit).offset(offset).execute()
      const { total } = await live()
        .clearSelect()
        .select((of) => of.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      return { rows: stored.map((row) => apiKeys.decode(row)), total }
    },

    revoke: (id, now) =>
      scope.atomic(async (tx) => {
        const { numUpdatedRows } = await tx.db
          .updateTable('api_keys')
          .set(apiKeys.encodeChanges({ liveName: null, revokedAt: now }))
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n) return undefined
        const stored = await tx.db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst()
        return stored && apiKeys.decode(stored)
      }),

    async noteUse(id, now, unlessSince) {
      await db
        .updateTable('api_keys')
        .set(apiKeys.encodeChanges({ lastUsedAt: now }))
        .where('id', '=', id)
        .where((of) =>
          of.or([of.eb('last_used_at', 'is', null), of.eb('last_used_at', '<', storedInstant(unlessSince))]),
        )
        .execute()
    },
  }
}
