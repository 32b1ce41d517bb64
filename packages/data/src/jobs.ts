// Jobs: durable rows, the truth about every job whatever carries it. Who runs one holds its claim token; only the
// holder writes its progress and end.
import { isDeepStrictEqual } from 'node:util'
import type { SelectQueryBuilder } from 'kysely'
import type { Instant, JsonValue } from './columns.ts'
import type { Page, PageRequest } from './database.ts'
import { jobsAlong, type JobIndex } from './dialect.ts'
import { claimJob, claimNextJob, takeBackStalled } from './job-claims.ts'
import { jobStats, removeFinishedJobs } from './job-counts.ts'
import { endHeld, endJob, renewJob, saveJobProgress } from './job-holds.ts'
import { findJob, insertJob, lockedJob } from './job-rows.ts'
import { jobs, type Job, type JobState, type Schema } from './schema.ts'
import type { Scope } from './scope.ts'
import type { NewRowOf } from './table.ts'

/** A job to be enqueued. */
export type NewJob = Pick<
  NewRowOf<typeof jobs>,
  'id' | 'queue' | 'name' | 'deviceId' | 'dedupeKey' | 'lane' | 'data' | 'runAt' | 'maxAttempts' | 'queuedAt'
> &
  Partial<Pick<NewRowOf<typeof jobs>, 'source'>>

export interface Claim {
  readonly token: string
  readonly now: Instant
  readonly claimMs: number
}

export interface JobFailure {
  readonly code: string
  readonly message: string
  /** When to try again; null: failed for good. */
  readonly retryAt: Instant | null
}

export interface JobFilter {
  readonly queue?: string
  readonly deviceId?: number
  /** Of any of these devices. */
  readonly deviceIds?: readonly number[]
  readonly state?: JobState
}

/** `waiting` holds the `delayed` ones (whose time has not come), `failed` the cancelled ones. */
export interface JobCounts {
  readonly active: number
  readonly waiting: number
  readonly delayed: number
  readonly completed: number
  readonly failed: number
}

export interface Jobs {
  /**
   * Enqueues. While an unfinished job has the same dedupe key, that one is returned instead. Throws UniqueViolation
   * `jobs.id` when only the id is taken.
   */
  insert(job: NewJob): Promise<{ inserted: boolean; job: Job }>
  find(id: string): Promise<Job | undefined>
  /** Waiting or active jobs with one of these dedupe keys. */
  findUnfinished(dedupeKeys: readonly string[]): Promise<readonly Job[]>
  /** Of the jobs of the same device and name that have ended, the last one queued before this one. */
  findEndedBefore(id: string): Promise<Job | undefined>
  /** Newest first. */
  list(filter: JobFilter, page: PageRequest): Promise<Page<Job>>
  /** Waiting jobs in the order of their ids, after `afterId`: for whoever publishes them to a carrier. */
  listWaiting(options: {
    queues: readonly string[]
    afterId?: string
    limit: number
  }): Promise<readonly Job[]>
  /** Gives a waiting job other data. False when it is no longer waiting, or its data is not `expected` (where given). */
  replaceData(id: string, replacement: { expected?: JsonValue; data: JsonValue }): Promise<boolean>
  /**
   * Claims the waiting job whose turn it is: of these queues, its time come, its lane free. Counts the attempt. Two
   * claimers never get the same job, and never two jobs of one lane.
   */
  claimNext(claim: Claim & { queues: readonly string[] }): Promise<Job | undefined>
  /** Claims this job, on the same conditions. */
  claim(claim: Claim & { id: string }): Promise<Job | undefined>
  /** Prolongs the claim and tells whether the job is still held, and whether it was asked to end. */
  renew(renewal: { id: string; token: string; until: Instant }): Promise<'held' | 'cancel-requested' | 'lost'>
  /** False, here and below: the token no longer holds, nothing was written. */
  saveProgress(id: string, token: string, progress: JsonValue): Promise<boolean>
  complete(id: string, token: string, result: JsonValue, now: Instant): Promise<boolean>
  /** With `retryAt` the job waits again, unless it was asked to cancel: then it is cancelled. */
  fail(id: string, token: string, failure: JobFailure, now: Instant): Promise<boolean>
  /** The holder ends a run that was asked to cancel. */
  cancelled(id: string, token: string, now: Instant): Promise<boolean>
  /** Gives the job back as if it had not been tried: waiting at once, or cancelled if that was asked. */
  release(id: string, token: string, now: Instant): Promise<boolean>
  /** A waiting job is cancelled at once, an active one is asked to, a finished one stays. The job as it then is. */
  cancel(id: string, now: Instant): Promise<Job | undefined>
  /**
   * Takes back active jobs whose claim has run out (with `all`: every active one): they wait again, or are cancelled if
   * that was asked, or fail with JOB_STALLED when no attempt is left. The jobs as they then are.
   */
  stalled(now: Instant, options?: { all?: boolean }): Promise<readonly Job[]>
  /** Raises a waiting job's carrier number from `expected` by one. False when it is not waiting or has another number. */
  nextCarrier(id: string, expected: number): Promise<boolean>
  /** Counts for each of these queues, from one snapshot, with those of removed jobs. */
  stats(queues: readonly string[], now: Instant): Promise<ReadonlyMap<string, JobCounts>>
  /** Removes at most `limit` (500) jobs that finished before; their counts are kept. How many were removed. */
  removeFinished(before: Instant, limit?: number): Promise<number>
}

export function jobsIn(scope: Scope): Jobs {
  const { db } = scope
  return {
    insert: (job) => insertJob(scope, job),
    find: (id) => findJob(scope, id),

    async findUnfinished(dedupeKeys) {
      if (dedupeKeys.length === 0) return []
      const stored = await db.selectFrom('jobs').selectAll().where('dedupe_key', 'in', dedupeKeys).execute()
      return stored.map((row) => jobs.decode(row))
    },

    async findEndedBefore(id) {
      const job = await findJob(scope, id)
      if (job === undefined || job.deviceId === null) return undefined
      const stored = await db
        .selectFrom('jobs')
        .selectAll()
        .where('device_id', '=', job.deviceId)
        .where('seq', '<', job.seq)
        .where('name', '=', job.name)
        .where('finished_at', 'is not', null)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst()
      return stored && jobs.decode(stored)
    },

    async list(filter, { offset, limit }) {
      if (filter.deviceIds?.length === 0) return { rows: [], total: 0 }
      const listed = fitting(db.selectFrom(jobsAlong(scope, indexFor(filter))), filter)
      const stored = await listed.selectAll().orderBy('seq', 'desc').limit(limit).offset(offset).execute()
      const { total } = await fitting(db.selectFrom('jobs'), filter)
        .select((of) => of.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      return { rows: stored.map((row) => jobs.decode(row)), total }
    },

    async listWaiting({ queues, afterId, limit }) {
      if (queues.length === 0) return []
      let wanted = db
        .selectFrom(jobsAlong(scope, 'jobs_by_state'))
        .selectAll()
        .where('state', '=', 'waiting')
        .where('queue', 'in', queues)
      if (afterId !== undefined) wanted = wanted.where('id', '>', afterId)
      const stored = await wanted.orderBy('id').limit(limit).execute()
      return stored.map((row) => jobs.decode(row))
    },

    replaceData: (id, { expected, data }) =>
      scope.atomic(async (tx) => {
        const job = await lockedJob(tx, id)
        if (job?.state !== 'waiting') return false
        if (expected !== undefined && !isDeepStrictEqual(job.data, expected)) return false
        await tx.db.updateTable('jobs').set(jobs.encodeChanges({ data })).where('id', '=', id).execute()
        return true
      }),

    claimNext: (claim) => claimNextJob(scope, claim),
    claim: (claim) => claimJob(scope, claim),
    renew: (renewal) => renewJob(scope, renewal),
    saveProgress: (id, token, progress) => saveJobProgress(scope, id, token, progress),

    complete: (id, token, result, now) =>
      endHeld(scope, id, token, () => ({
        state: 'completed',
        result,
        finishedAt: now,
        errorCode: null,
        errorMessage: null,
      })),

    fail: (id, token, { code, message, retryAt }, now) =>
      endHeld(scope, id, token, ({ cancelRequested }) => {
        const error = { errorCode: code, errorMessage: message }
        if (retryAt === null) return { ...error, state: 'failed', finishedAt: now }
        if (cancelRequested) return { ...error, state: 'cancelled', finishedAt: now }
        return { ...error, state: 'waiting', runAt: retryAt }
      }),

    cancelled: (id, token, now) => endHeld(scope, id, token, () => ({ state: 'cancelled', finishedAt: now })),

    release: (id, token, now) =>
      endHeld(scope, id, token, ({ cancelRequested, attempts }) =>
        cancelRequested
          ? { state: 'cancelled', finishedAt: now }
          : { state: 'waiting', runAt: now, attempts: attempts - 1 },
      ),

    cancel: (id, now) =>
      scope.atomic(async (tx) => {
        const job = await lockedJob(tx, id)
        if (job?.state === 'waiting') return endJob(tx, job, { state: 'cancelled', finishedAt: now })
        if (job?.state !== 'active') return job
        await tx.db.updateTable('jobs').set({ cancel_requested: 1 }).where('id', '=', id).execute()
        return { ...job, cancelRequested: true }
      }),

    stalled: (now, options) => takeBackStalled(scope, now, options?.all ?? false),

    async nextCarrier(id, expected) {
      const { numUpdatedRows } = await db
        .updateTable('jobs')
        .set({ carrier: expected + 1 })
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        .where('carrier', '=', expected)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    stats: (queues, now) => jobStats(scope, queues, now),
    removeFinished: (before, limit = 500) => removeFinishedJobs(scope, before, limit),
  }
}

type JobQuery = SelectQueryBuilder<Schema, 'jobs', object>

function fitting(query: JobQuery, { queue, deviceId, deviceIds, state }: JobFilter): JobQuery {
  let wanted = query
  if (queue !== undefined) wanted = wanted.where('queue', '=', queue)
  if (deviceId !== undefined) wanted = wanted.where('device_id', '=', deviceId)
  if (deviceIds !== undefined) wanted = wanted.where('device_id', 'in', deviceIds)
  if (state !== undefined) wanted = wanted.where('state', '=', state)
  return wanted
}

/** The one whose order is that of the list. What else is asked for is looked at on the way. */
function indexFor({ queue, deviceId, deviceIds, state }: JobFilter): JobIndex {
  if (deviceId !== undefined || deviceIds?.length === 1) return 'jobs_by_device'
  if (deviceIds !== undefined) return 'primary'
  if (queue !== undefined)
    return state === undefined ? 'jobs_listed_by_queue' : 'jobs_listed_by_queue_and_state'
  return state === undefined ? 'primary' : 'jobs_listed_by_state'
}
