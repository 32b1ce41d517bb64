// Removes jobs that finished long ago: one process at a time, a part at a time, so that nobody waits for it. Statistics count them on.
import type { Database } from '@org/data'
import type { Logger } from 'pino'
import type { Chore } from './chores.ts'
import type { Config } from './config.ts'
import type { JobQueue } from './jobs/job-queue.ts'

/** What removing old jobs needs. */
export interface OldJobsParts {
  readonly config: Pick<Config, 'JOB_RETENTION_DAYS'>
  readonly database: Pick<Database, 'turns'>
  readonly jobs: Pick<JobQueue, 'removeFinished'>
  readonly log: Logger
  /** Aborts when the service stops. */
  readonly signal: AbortSignal
  /** For tests. */
  readonly now?: () => Date
}

/** How often old jobs are removed, by whichever process comes first then; and what a removal that died holds up the next. */
const EVERY_MS = 3_600_000
const DAY_MS = 86_400_000
/** How often a process looks whether it is time: oftener, so that it does not come just too early for its turn. */
const LOOK_EVERY_MS = 600_000

/** The removal as a chore of every process. */
export function oldJobsChore(parts: OldJobsParts): Chore {
  return {
    everyMs: LOOK_EVERY_MS,
    failure: 'jobs that finished long ago could not be removed yet',
    work: () => removeOldJobs(parts),
  }
}

/** Removes them if it is time and nobody else does. How many were removed. */
export async function removeOldJobs({
  config: { JOB_RETENTION_DAYS: days },
  database,
  jobs,
  log,
  signal,
  now = () => new Date(),
}: OldJobsParts): Promise<number> {
  if (days === 0 || signal.aborted) return 0
  const at = now()
  const turn = { now: at.toISOString(), forMs: EVERY_MS }
  if (!(await database.turns.take('remove-old-jobs', turn))) return 0
  const removed = await jobs.removeFinished(new Date(at.getTime() - days * DAY_MS), signal)
  if (removed > 0) log.info({ removed, days }, 'jobs that finished long ago were removed')
  return removed
}
