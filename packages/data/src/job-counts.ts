// How many jobs there are, from one snapshot, and what removed ones still count for.
import { sql } from 'kysely'
import { int, oneOf, storedInstant, text, type Instant } from './columns.ts'
import { forUpdate, keepExisting } from './dialect.ts'
import type { JobCounts } from './jobs.ts'
import { jobTotals, jobs } from './schema.ts'
import type { Scope } from './scope.ts'
import { table } from './table.ts'

/** A line of the counting query: jobs of one queue in one state; of those that wait, the ones not due yet; or what is kept. */
const counted = table('counted', {
  queue: text(64),
  kind: oneOf('waiting', 'active', 'completed', 'failed', 'cancelled', 'delayed', 'kept'),
  number: int(),
  second: int(), // of kept: the failed ones
})

/**
 * See Jobs.stats. One statement, and so one snapshot, on every engine. Its first part reads nothing but an index: finished jobs may
 * be a million.
 */
export async function jobStats(
  { db }: Scope,
  queues: readonly string[],
  now: Instant,
): Promise<ReadonlyMap<string, JobCounts>> {
  const { rows } = await sql<object>`
    select queue, state as kind, count(*) as number, 0 as second from jobs group by queue, state
    union all
    select queue, 'delayed', count(*), 0 from jobs
      where state = 'waiting' and run_at > ${storedInstant(now)} group by queue
    union all
    select queue, 'kept', completed, failed from job_totals`.execute(db)
  const counts = new Map(
    queues.map((queue) => [queue, { active: 0, waiting: 0, delayed: 0, completed: 0, failed: 0 }]),
  )
  for (const { queue, kind, number, second } of rows.map((row) => counted.decode(row))) {
    const of = counts.get(queue)
    if (of === undefined) continue
    switch (kind) {
      case 'active':
        of.active += number
        break
      case 'waiting':
        of.waiting += number
        break
      case 'delayed':
        of.delayed += number
        break
      case 'completed':
        of.completed += number
        break
      case 'failed':
      case 'cancelled':
        of.failed += number
        break
      case 'kept':
        of.completed += number
        of.failed += second
    }
  }
  return counts
}

/** See Jobs.removeFinished. */
export async function removeFinishedJobs(scope: Scope, before: Instant, limit: number): Promise<number> {
  return scope.atomic(async (tx) => {
    const { db } = tx
    const query = db.selectFrom('jobs').selectAll().where('finished_at', '<', storedInstant(before))
    const stored = await forUpdate(tx, query.orderBy('finished_at').limit(limit)).execute()
    if (stored.length === 0) return 0
    const finished = stored.map((row) => jobs.decode(row))
    // Always in the same order, so that two who remove at once do not wait for each other.
    for (const queue of [...new Set(finished.map((job) => job.queue))].toSorted()) {
      const states = finished.filter((job) => job.queue === queue).map(({ state }) => state)
      const completed = states.filter((state) => state === 'completed').length
      const zero = jobTotals.encode({ queue, completed: 0, failed: 0 })
      await keepExisting(tx, db.insertInto('job_totals').values(zero), 'queue').execute()
      await db
        .updateTable('job_totals')
        .set({
          completed: sql`completed + ${completed}`,
          failed: sql`failed + ${states.length - completed}`,
        })
        .where('queue', '=', queue)
        .execute()
    }
    await db
      .deleteFrom('jobs')
      .where(
        'seq',
        'in',
        finished.map(({ seq }) => seq),
      )
      .execute()
    return finished.length
  })
}
