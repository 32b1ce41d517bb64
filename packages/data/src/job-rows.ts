// Jobs as rows: found, locked, enqueued.
import { forUpdate } from './dialect.ts'
import { UniqueViolation } from './errors.ts'
import type { NewJob } from './jobs.ts'
import { jobs, type Job } from './schema.ts'
import type { Scope } from './scope.ts'

export async function findJob({ db }: Scope, id: string): Promise<Job | undefined> {
  const stored = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst()
  return stored && jobs.decode(stored)
}

/** Finds the job and keeps others from it until the transaction ends. */
export async function lockedJob(scope: Scope, id: string): Promise<Job | undefined> {
  const query = scope.db.selectFrom('jobs').selectAll().where('id', '=', id)
  const stored = await forUpdate(scope, query).executeTakeFirst()
  return stored && jobs.decode(stored)
}

/** A job that nobody has touched yet. */
const UNTOUCHED = {
  activeLane: null,
  state: 'waiting',
  attempts: 0,
  claimToken: null,
  claimedUntil: null,
  progress: null,
  result: null,
  errorCode: null,
  errorMessage: null,
  cancelRequested: false,
  carrier: 0,
  startedAt: null,
  finishedAt: null,
  source: 'request',
} as const

const INSERT_ATTEMPTS = 5

/** See Jobs.insert. */
export async function insertJob(scope: Scope, job: NewJob): Promise<{ inserted: boolean; job: Job }> {
  const row = { ...UNTOUCHED, ...job }
  for (let attempt = 1; ; attempt++) {
    const unfinished = job.dedupeKey === null ? undefined : await findByDedupeKey(scope, job.dedupeKey)
    if (unfinished !== undefined) return { inserted: false, job: unfinished }
    try {
      const { insertId } = await scope.db
        .insertInto('jobs')
        .values(jobs.encode(row))
        .executeTakeFirstOrThrow()
      return { inserted: true, job: { ...row, seq: Number(insertId) } }
    } catch (error) {
      // Somebody was quicker. With the same dedupe key, that one is found above, unless it has finished already.
      if (!(error instanceof UniqueViolation) || attempt === INSERT_ATTEMPTS) throw error
      const sameKey = job.dedupeKey !== null && (await findByDedupeKey(scope, job.dedupeKey)) !== undefined
      if (error.constraint === 'jobs.id' && !sameKey) throw error
    }
  }
}

async function findByDedupeKey({ db }: Scope, dedupeKey: string): Promise<Job | undefined> {
  const stored = await db
    .selectFrom('jobs')
    .selectAll()
    .where('dedupe_key', '=', dedupeKey)
    .executeTakeFirst()
  return stored && jobs.decode(stored)
}
