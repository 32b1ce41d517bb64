// Clearing the cache by an admin: everything kept is forgotten, recorded and told. Only the cache: what else is in Redis stays.
import type { Database } from '@org/data'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import type { CachedAnswers } from '../cache/cached-answers.ts'
import type { Notices } from '../notices/notice.ts'

/** What clearing needs. */
export interface ClearCacheParts {
  readonly answers: CachedAnswers
  readonly database: Database
  readonly audit: AuditTrail
  readonly notices: Notices
}

/** How many kept answers were removed. Throws what the database throws; then it is cleared all the same. */
export async function clearCache(
  { answers, database, audit, notices }: ClearCacheParts,
  by: Actor,
): Promise<number> {
  const keys = await answers.clear()
  await database.transaction((tx) =>
    audit.record(tx, { action: 'cache.clear', by, target: null, outcome: 'success', details: { keys } }),
  )
  await notices.tell({ kind: 'cache.cleared', by: by.name, keys })
  return keys
}
