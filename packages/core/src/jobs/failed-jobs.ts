// Jobs that fail for good, by an attempt or because their worker fell silent: whoever wants to hear of one may write in the very
// transaction that ends it, so that no failure is told twice and none is forgotten.
import type { Database, Job, Transaction } from '@org/data'
import type { JobView } from './job-queue.ts'
import { viewOf } from './job-table.ts'

/** A job that has failed for good, within the transaction that says so. */
export interface FailedJob {
  readonly tx: Transaction
  readonly job: JobView
}

/** What rejects here keeps the failure from being written. */
export type WhenFailed = (failed: FailedJob) => Promise<void>

/** What endings are written with. */
export interface EndingNeeds {
  readonly database: Database
  readonly whenFailed: WhenFailed | undefined
}

/** Fails a job that `token` holds, for good. False when it does not hold it. */
export function failForGood(
  { database, whenFailed }: EndingNeeds,
  job: Job,
  token: string,
  { code, message }: { readonly code: string; readonly message: string },
  now: string,
): Promise<boolean> {
  const failure = { code, message, retryAt: null }
  if (whenFailed === undefined) return database.jobs.fail(job.id, token, failure, now)
  return database.transaction(async (tx) => {
    if (!(await tx.jobs.fail(job.id, token, failure, now))) return false
    const failed: Job = {
      ...job,
      state: 'failed',
      errorCode: code,
      errorMessage: message,
      finishedAt: now,
    }
    await whenFailed({ tx, job: viewOf(failed) })
    return true
  })
}

/** Takes back what silent workers hold; see Jobs.stalled. */
export function takeBackStalled(
  { database, whenFailed }: EndingNeeds,
  now: string,
  options?: { readonly all?: boolean },
): Promise<readonly Job[]> {
  if (whenFailed === undefined) return database.jobs.stalled(now, options)
  return database.transaction(async (tx) => {
    const stalled = await tx.jobs.stalled(now, options)
    for (const job of stalled) if (job.state === 'failed') await whenFailed({ tx, job: viewOf(job) })
    return stalled
  })
}
