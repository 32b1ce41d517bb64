// What the holder of a job writes: signs of life, progress, the end of a run. Each holds only while the token does.
import type { Instant, JsonValue } from './columns.ts'
import { lockedJob } from './job-rows.ts'
import { jobs, type Job } from './schema.ts'
import type { Scope } from './scope.ts'

/** How a run ends: in a final state, or waiting for another one. */
export type RunEnd = Pick<Job, 'state'> & Partial<Job>

/** Ends the run of a job that is held by this token; false when it is not. */
export async function endHeld(
  scope: Scope,
  id: string,
  token: string,
  endOf: (job: Job) => RunEnd,
): Promise<boolean> {
  return scope.atomic(async (tx) => {
    const job = await lockedJob(tx, id)
    if (job?.state !== 'active' || job.claimToken !== token) return false
    await endJob(tx, job, endOf(job))
    return true
  })
}

/** Writes the end of a run: the claim and the lane are given up, and with a final state the dedupe key too. */
export async function endJob(scope: Scope, job: Job, end: RunEnd): Promise<Job> {
  const free = { activeLane: null, claimToken: null, claimedUntil: null }
  const changes = { ...end, ...free, ...(end.state === 'waiting' ? {} : { dedupeKey: null }) }
  await scope.db.updateTable('jobs').set(jobs.encodeChanges(changes)).where('id', '=', job.id).execute()
  return { ...job, ...changes }
}

/** See Jobs.renew. */
export async function renewJob(
  scope: Scope,
  { id, token, until }: { id: string; token: string; until: Instant },
): Promise<'held' | 'cancel-requested' | 'lost'> {
  await updateHeld(scope, id, token, { claimedUntil: until })
  const held = await heldJob(scope, id, token)
  if (held === undefined) return 'lost'
  return held.cancelRequested ? 'cancel-requested' : 'held'
}

/** See Jobs.saveProgress. */
export async function saveJobProgress(
  scope: Scope,
  id: string,
  token: string,
  progress: JsonValue,
): Promise<boolean> {
  await updateHeld(scope, id, token, { progress })
  return (await heldJob(scope, id, token)) !== undefined
}

/** Whether a row was met is asked separately: the servers do not count a row that was the same before. */
async function updateHeld({ db }: Scope, id: string, token: string, changes: Partial<Job>): Promise<void> {
  await db
    .updateTable('jobs')
    .set(jobs.encodeChanges(changes))
    .where('id', '=', id)
    .where('state', '=', 'active')
    .where('claim_token', '=', token)
    .execute()
}

async function heldJob({ db }: Scope, id: string, token: string): Promise<Job | undefined> {
  const stored = await db
    .selectFrom('jobs')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'active')
    .where('claim_token', '=', token)
    .executeTakeFirst()
  return stored && jobs.decode(stored)
}
