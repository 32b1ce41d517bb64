// The port of the job queue. Two adapters carry jobs to workers, the database itself and BullMQ; the table of jobs is the
// truth in both, so what this file promises holds in both, and test/contract/job-queue.contract.ts checks it.
//
// A job that was enqueued runs at least once, whatever dies meanwhile; nobody has exactly-once, so effects bear repetition.
// An attempt is claimed in the table with a token and the claim is renewed while it runs: only its holder writes progress
// and outcome, and a holder that fell silent loses the job to another. Attempts are counted in the table.
import type { Transaction } from '@org/data'
import type { JobDefinition, JobHandler, JobProgress, QueueName } from './define-job.ts'

/** `waiting` includes those that wait for a time; the last three are final. */
export type JobState = 'waiting' | 'active' | 'completed' | 'failed' | 'cancelled'

/** A job as everyone may see it. Instants are ISO 8601 in UTC. */
export interface JobView {
  readonly id: string
  readonly queue: string
  readonly name: string
  /** Null where the job is about no device. */
  readonly deviceId: number | null
  readonly state: JobState
  /** Not before this. */
  readonly runAt: string
  /** Attempts begun; one that a stopping worker gave back does not count. */
  readonly attempts: number
  readonly maxAttempts: number
  /** The last report, also of an attempt that failed; null before the first. */
  readonly progress: JobProgress | null
  /** JSON that fits the job's declared result; null until completed. */
  readonly result: unknown
  /** Why the last attempt failed; kept until another one succeeds. */
  readonly error: { readonly code: string; readonly message: string } | null
  /** The instant that the id names, in whole seconds. */
  readonly queuedAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  /** What asked for it first: a request, or the schedule. */
  readonly source: JobSource
}

/** What may ask for a job: somebody's request (or what follows from one), or the service by itself as its time came. */
export type JobSource = 'request' | 'schedule'

/** `total` = active + waiting + completed + failed. `delayed` are those of `waiting` whose time has not come; cancelled jobs
 *  count as failed; jobs that were cleaned up are still counted. */
export interface JobCounts {
  readonly total: number
  readonly active: number
  readonly waiting: number
  readonly delayed: number
  readonly completed: number
  readonly failed: number
}

/** Counts of one moment, all from one read: the queues add up to the totals. */
export interface QueueStats {
  readonly totals: JobCounts
  readonly queues: Readonly<Record<QueueName, JobCounts>>
  readonly at: string
}

export interface EnqueueOptions {
  /** The job exists exactly when this transaction commits; it is carried to workers afterwards. */
  readonly tx?: Transaction
  /** Not before this; at once when left out. */
  readonly runAt?: Date
  /** Default `request`. A job that stood already keeps its own. */
  readonly source?: JobSource
}

export interface Enqueued {
  readonly job: JobView
  /** True where an unfinished job stood for the same thing already and was returned, changed or not. */
  readonly deduplicated: boolean
}

/** Which jobs are listed; what is left out is not asked. */
export interface JobListFilter {
  readonly queue?: QueueName
  readonly deviceIds?: readonly number[]
  readonly state?: JobState
}

/** Part of the list of jobs, and how many the whole has. */
export interface JobPage {
  readonly rows: readonly JobView[]
  readonly total: number
}

export interface WorkOptions {
  /** At most so many runs at once in each queue, so that slow jobs of one queue do not hold up the others. */
  readonly concurrency: number
  /** Aborting is the same as `stop()`. */
  readonly signal?: AbortSignal
}

/** Whoever takes jobs. */
export interface JobWorker {
  /**
   * Ends it: takes no more jobs, lets running ones finish for a bounded time, then aborts them and puts them back without
   * counting the attempt. Resolves when nothing of it runs any more, in bounded time, and never rejects.
   */
  stop(): Promise<void>
}

/** The state of what the queue needs, as measured now. */
export interface QueueHealth {
  readonly state: 'up' | 'down'
  readonly ms: number
}

export interface JobQueue {
  /**
   * Makes a job durable. While an unfinished job has the same dedupe key, that job is returned instead, or what the
   * declaration says is done with it. A carrier that is away is no error: the job is carried when it is back. Rejects with
   * what the database throws, and on data that do not fit the declaration.
   */
  enqueue<Data, Result>(
    job: JobDefinition<Data, Result>,
    data: NoInfer<Data>,
    options?: EnqueueOptions,
  ): Promise<Enqueued>

  find(id: string): Promise<JobView | undefined>

  /** Newest first. */
  list(filter: JobListFilter, page: { readonly page: number; readonly limit: number }): Promise<JobPage>

  stats(): Promise<QueueStats>

  /**
   * Starts taking the jobs of those queues that the handlers name: at least once each, at most one of a lane at a time
   * across all workers, retried by their backoff, failed for good when attempts end or the error says `retryable: false`.
   * Faults of database or Redis are logged and outlived. Throws a plain Error on two handlers for one name.
   */
  work(handlers: readonly JobHandler[], options: WorkOptions): JobWorker

  /**
   * A waiting job is cancelled at once; an active one is asked to end and becomes `cancelled` when its handler has given
   * up (or `completed` when it was faster); a finished one stays. Returns the job as it then is, undefined if unknown.
   */
  cancel(id: string): Promise<JobView | undefined>

  /**
   * Removes jobs that finished before this instant, some hundred at a time until the signal aborts; statistics keep counting them.
   * Returns how many.
   */
  removeFinished(before: Date, signal?: AbortSignal): Promise<number>

  /** Asks database or Redis, whichever carries; answers in bounded time and never rejects. */
  health(): Promise<QueueHealth>

  /** Stops every worker of this queue and closes what it opened; not the database. Repeated calls wait for the first. */
  close(): Promise<void>
}
