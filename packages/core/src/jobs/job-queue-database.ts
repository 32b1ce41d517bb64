// The job queue carried by the database alone: workers claim rows of the table of jobs. For one process that does everything;
// a job enqueued in the same process starts at once, any other within one poll.
import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Database, Job } from '@org/data'
import {
  type Carrier,
  type CarrierWorker,
  type JobQueueOptions,
  openCarriedQueue,
} from './carried-job-queue.ts'
import type { RunNeeds } from './claimed-run.ts'
import type { JobQueue } from './job-queue.ts'
import { takeBackStalled } from './failed-jobs.ts'
import { jittered } from './job-timings.ts'
import { Outage } from './outage.ts'
import { pause } from '../pause.ts'
import type { RunningJobs } from './running-jobs.ts'

/** The longest wait between two looks at a database that does not answer. */
const LONGEST_OUTAGE_WAIT_MS = 10_000

/** Opens the queue. Rejects with what the database throws. */
export function createDatabaseJobQueue(options: JobQueueOptions): Promise<JobQueue> {
  return openCarriedQueue(options, (needs) => new DatabaseCarrier(options.database, needs))
}

class DatabaseCarrier implements Carrier {
  readonly #database: Database
  readonly #needs: RunNeeds
  readonly #workers = new Set<DatabaseWorker>()

  constructor(database: Database, needs: RunNeeds) {
    this.#database = database
    this.#needs = needs
  }

  /** The row is all there is; workers of this process look at once. */
  carry(_job: Job): void {
    for (const worker of this.#workers) worker.wake()
  }

  startWorker(runs: RunningJobs, concurrency: number, stopping: AbortSignal): CarrierWorker {
    const worker = new DatabaseWorker(runs, concurrency, stopping, this.#needs)
    this.#workers.add(worker)
    return { ended: worker.ended.finally(() => this.#workers.delete(worker)) }
  }

  ping(): Promise<void> {
    return this.#database.ping()
  }

  /** Nothing was opened. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}

class DatabaseWorker {
  readonly ended: Promise<void>
  readonly #runs: RunningJobs
  readonly #concurrency: number
  readonly #stopping: AbortSignal
  readonly #needs: RunNeeds
  readonly #outage: Outage
  /** Aborted to cut the present wait short. */
  #waiting = new AbortController()
  #sweepAt = 0

  constructor(runs: RunningJobs, concurrency: number, stopping: AbortSignal, needs: RunNeeds) {
    this.#runs = runs
    this.#concurrency = concurrency
    this.#stopping = stopping
    this.#needs = needs
    this.#outage = new Outage(needs.log, 'claiming jobs from the database')
    stopping.addEventListener('abort', () => this.wake())
    this.ended = this.#work()
  }

  /** Looks for jobs now; not lost when it comes in the middle of a look. */
  wake(): void {
    this.#waiting.abort()
  }

  async #work(): Promise<void> {
    while (!this.#stopping.aborted) {
      this.#waiting = new AbortController()
      try {
        await this.#takeBackStalled()
        const started = await this.#startOne()
        this.#outage.over()
        if (!started) await pause(jittered(this.#needs.timings.pollMs), this.#waiting.signal)
        // SQLite answers within the turn of the event loop: many short jobs must not keep timers and sockets waiting.
        else await turn()
      } catch (error) {
        const waitMs = this.#needs.timings.pollMs * this.#outage.failed(error)
        await pause(jittered(Math.min(waitMs, LONGEST_OUTAGE_WAIT_MS)), this.#stopping)
      }
    }
    await this.#runs.drain()
  }

  async #takeBackStalled(): Promise<void> {
    if (performance.now() < this.#sweepAt) return
    const stalled = await takeBackStalled(this.#needs, this.#needs.now().toISOString())
    this.#sweepAt = performance.now() + jittered(this.#needs.timings.sweepMs)
    if (stalled.length === 0) return
    this.#needs.log.warn(
      { jobs: stalled.map((job) => job.id) },
      'jobs whose worker fell silent were taken back',
    )
  }

  /** False when there was nothing to start. */
  async #startOne(): Promise<boolean> {
    const queues = this.#runs.queues.filter((queue) => this.#runs.count(queue) < this.#concurrency)
    if (queues.length === 0) return false
    const token = randomUUID()
    const now = this.#needs.now().toISOString()
    const job = await this.#needs.jobs.claimNext({ queues, token, now, claimMs: this.#needs.timings.claimMs })
    if (job === undefined) return false
    if (this.#stopping.aborted) {
      await this.#needs.jobs.release(job.id, token, this.#needs.now().toISOString())
      return false
    }
    void this.#runs.start(job, token).finally(() => this.wake())
    return true
  }
}
