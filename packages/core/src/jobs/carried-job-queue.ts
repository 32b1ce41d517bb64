// The job queue over its table, whatever carries committed rows to workers. The adapters, job-queue-database.ts and
// job-queue-bullmq.ts, are two carriers of this one queue, so that they cannot differ in what a job means.
import type { Database, Job } from '@org/data'
import type { Logger } from 'pino'
import type { RunNeeds } from './claimed-run.ts'
import type { JobDefinition, JobHandler } from './define-job.ts'
import { type FailedJob, takeBackStalled } from './failed-jobs.ts'
import type {
  EnqueueOptions,
  Enqueued,
  JobListFilter,
  JobPage,
  JobQueue,
  JobView,
  JobWorker,
  QueueHealth,
  QueueStats,
  WorkOptions,
} from './job-queue.ts'
import { JobTable } from './job-table.ts'
import { type JobTimings, jobTimings } from './job-timings.ts'
import { RunningJobs } from './running-jobs.ts'

/** What every adapter is opened with. */
export interface JobQueueOptions {
  readonly database: Database
  readonly log: Logger
  readonly timings?: Partial<JobTimings>
  /**
   * True where the caller holds the lock that keeps every other process off this database: whatever is active then belongs to
   * a process that died, and is taken back at once instead of when its claim runs out.
   */
  readonly soleProcess?: boolean
  /** Called in the transaction that ends a job as failed; what it enqueues there, by this queue, stands or falls with it. */
  readonly whenFailed?: (queue: JobQueue, failed: FailedJob) => Promise<void>
  /** The clock of ids, claims and delays; for tests. */
  readonly now?: () => Date
}

/** One worker's taking of jobs. Ends when `stopping` aborts: then it takes none, drains its runs and closes what it opened. */
export interface CarrierWorker {
  /** Resolves when nothing of it is left, in bounded time; never rejects. */
  readonly ended: Promise<void>
}

/** Brings committed rows to workers. */
export interface Carrier {
  /** A new row is committed. Never throws; what it cannot do now it makes good later. */
  carry(job: Job): void
  startWorker(runs: RunningJobs, concurrency: number, stopping: AbortSignal): CarrierWorker
  /** Rejects when what it needs does not answer. */
  ping(): Promise<void>
  /** After all workers have ended. Never rejects. */
  close(): Promise<void>
}

/** Opens a queue on a carrier. Rejects with what the database throws. */
export async function openCarriedQueue(
  options: JobQueueOptions,
  carrierOf: (needs: RunNeeds) => Carrier,
): Promise<JobQueue> {
  const { database, log, now = () => new Date(), whenFailed } = options
  const needs: RunNeeds = {
    database,
    jobs: database.jobs,
    timings: jobTimings(options.timings),
    log,
    now,
    whenFailed: whenFailed && ((failed) => whenFailed(queue, failed)),
  }
  const queue: JobQueue = new CarriedJobQueue(new JobTable(database, now), carrierOf(needs), needs)
  if (options.soleProcess === true) {
    const orphans = await takeBackStalled(needs, now().toISOString(), { all: true })
    if (orphans.length > 0) log.warn({ jobs: orphans.length }, 'jobs of a process that died were taken back')
  }
  return queue
}

interface Worker {
  readonly runs: RunningJobs
  readonly stop: () => void
  readonly ended: Promise<void>
}

class CarriedJobQueue implements JobQueue {
  readonly #table: JobTable
  readonly #carrier: Carrier
  readonly #needs: RunNeeds
  readonly #workers = new Set<Worker>()
  #closed: Promise<void> | undefined

  constructor(table: JobTable, carrier: Carrier, needs: RunNeeds) {
    this.#table = table
    this.#carrier = carrier
    this.#needs = needs
  }

  enqueue<Data, Result>(
    job: JobDefinition<Data, Result>,
    data: NoInfer<Data>,
    options: EnqueueOptions = {},
  ): Promise<Enqueued> {
    return this.#table.enqueue(job, data, options, (row) => this.#carrier.carry(row))
  }

  find(id: string): Promise<JobView | undefined> {
    return this.#table.find(id)
  }

  list(filter: JobListFilter, page: { readonly page: number; readonly limit: number }): Promise<JobPage> {
    return this.#table.list(filter, page)
  }

  stats(): Promise<QueueStats> {
    return this.#table.stats()
  }

  removeFinished(before: Date, signal?: AbortSignal): Promise<number> {
    return this.#table.removeFinished(before, signal)
  }

  async cancel(id: string): Promise<JobView | undefined> {
    const job = await this.#table.cancel(id)
    // Runs of other processes learn it when they renew their claim.
    if (job?.state === 'active') for (const { runs } of this.#workers) runs.cancel(id)
    return job
  }

  work(handlers: readonly JobHandler[], options: WorkOptions): JobWorker {
    if (this.#closed !== undefined) throw new Error('the job queue is closed')
    const runs = new RunningJobs(handlers, this.#needs)
    const stopping = new AbortController()
    const stop = () => stopping.abort()
    if (options.signal?.aborted === true) stop()
    options.signal?.addEventListener('abort', stop)
    const { ended } = this.#carrier.startWorker(runs, options.concurrency, stopping.signal)
    const worker: Worker = {
      runs,
      stop,
      ended: ended.finally(() => {
        this.#workers.delete(worker)
        options.signal?.removeEventListener('abort', stop)
      }),
    }
    this.#workers.add(worker)
    return {
      stop: () => {
        stop()
        return worker.ended
      },
    }
  }

  async health(): Promise<QueueHealth> {
    const before = performance.now()
    const state = await this.#carrier.ping().then(
      () => 'up' as const,
      () => 'down' as const,
    )
    return { state, ms: Math.round(performance.now() - before) }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const worker of this.#workers) worker.stop()
    await Promise.all([...this.#workers].map((worker) => worker.ended))
    await this.#carrier.close()
  }
}
