// Who runs what. A claim is one conditional update: whoever changes the row has the job, and the unique column
// `active_lane` lets one job of a lane be active. Rows are not locked while looking for a candidate: a locking read in
// order of time would lock every waiting row that it sorts, and other claimers would find none.
import { sql } from 'kysely'
import { storedInstant, type Instant } from './columns.ts'
import { jobsAlong } from './dialect.ts'
import { UniqueViolation } from './errors.ts'
import { endJob } from './job-holds.ts'
import { findJob, lockedJob } from './job-rows.ts'
import type { Claim } from './jobs.ts'
import { jobs, type Job } from './schema.ts'
import type { Scope } from './scope.ts'

const CANDIDATES = 8 // looked at together; when others take all of them, one looks again
const LOOKS = 10

/** See Jobs.claimNext. */
export async function claimNextJob(
  scope: Scope,
  claim: Claim & { queues: readonly string[] },
): Promise<Job | undefined> {
  for (let look = 1; look <= LOOKS; look++) {
    const candidates: Job[] = []
    for (const queue of claim.queues) candidates.push(...(await waitingIn(scope, queue, claim.now)))
    candidates.sort((one, other) =>
      one.runAt === other.runAt ? one.seq - other.seq : one.runAt < other.runAt ? -1 : 1,
    )
    for (const { id } of candidates) {
      const job = await claimJob(scope, { ...claim, id })
      if (job !== undefined) return job
    }
    if (candidates.length < CANDIDATES) return undefined
  }
  return undefined
}

/** The first of a queue whose time has come and whose lane is free; each queue is read straight along its index. */
async function waitingIn(scope: Scope, queue: string, now: Instant): Promise<Job[]> {
  const stored = await scope.db
    .selectFrom(jobsAlong(scope, 'jobs_turn'))
    .selectAll()
    .where('state', '=', 'waiting')
    .where('queue', '=', queue)
    .where('run_at', '<=', storedInstant(now))
    .where((of) =>
      of.or([
        of.eb('lane', 'is', null),
        of.not(
          of.exists(
            of
              .selectFrom('jobs as other')
              .select('other.seq')
              .whereRef('other.active_lane', '=', 'jobs.lane'),
          ),
        ),
      ]),
    )
    .orderBy('run_at')
    .orderBy('seq')
    .limit(CANDIDATES)
    .execute()
  return stored.map((row) => jobs.decode(row))
}

/** See Jobs.claim. */
export async function claimJob(
  scope: Scope,
  { id, token, now, claimMs }: Claim & { id: string },
): Promise<Job | undefined> {
  const until = new Date(Date.parse(now) + claimMs).toISOString()
  try {
    const { numUpdatedRows } = await scope.db
      .updateTable('jobs')
      .set({
        ...jobs.encodeChanges({ state: 'active', claimToken: token, claimedUntil: until, startedAt: now }),
        active_lane: sql`lane`,
        attempts: sql`attempts + 1`,
      })
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .where('run_at', '<=', storedInstant(now))
      .executeTakeFirstOrThrow()
    return numUpdatedRows > 0n ? await findJob(scope, id) : undefined
  } catch (error) {
    if (error instanceof UniqueViolation && error.constraint === 'jobs.active_lane') return undefined
    throw error
  }
}

/** See Jobs.stalled. */
export async function takeBackStalled(scope: Scope, now: Instant, all: boolean): Promise<readonly Job[]> {
  let suspects = scope.db.selectFrom('jobs').selectAll().where('state', '=', 'active')
  if (!all) suspects = suspects.where('claimed_until', '<', storedInstant(now))
  const taken: Job[] = []
  for (const { id, claimToken } of (await suspects.execute()).map((row) => jobs.decode(row))) {
    const job = await scope.atomic(async (tx) => {
      const held = await lockedJob(tx, id)
      // Another may have been quicker, or the holder has shown signs of life since.
      if (held?.state !== 'active' || held.claimToken !== claimToken || held.claimedUntil === null)
        return undefined
      if (!all && held.claimedUntil >= now) return undefined
      return endJob(tx, held, afterStall(held, now))
    })
    if (job !== undefined) taken.push(job)
  }
  return taken
}

function afterStall({ cancelRequested, attempts, maxAttempts }: Job, now: Instant) {
  const error = {
    errorCode: 'JOB_STALLED',
    errorMessage: 'The worker that ran this job stopped without a word',
  }
  if (cancelRequested) return { ...error, state: 'cancelled' as const, finishedAt: now }
  if (attempts >= maxAttempts) return { ...error, state: 'failed' as const, finishedAt: now }
  return { ...error, state: 'waiting' as const, runAt: now }
}
