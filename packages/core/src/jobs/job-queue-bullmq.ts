// The job queue carried by BullMQ: for many processes on one database and one Redis. Redis only says when to look at which
// row; it may be emptied, restarted or away, and nothing is lost, because a relay publishes waiting rows that have no carrier.
import { randomUUID } from 'node:crypto'
import type { Job } from '@org/data'
import { type Carried, Carriers, type Taking } from './bullmq-carriers.ts'
import {
  type Carrier,
  type CarrierWorker,
  type JobQueueOptions,
  openCarriedQueue,
} from './carried-job-queue.ts'
import type { RunNeeds } from './claimed-run.ts'
import { takeBackStalled } from './failed-jobs.ts'
import type { JobQueue } from './job-queue.ts'
import { jittered } from './job-timings.ts'
import { aborted, pause } from '../pause.ts'
import type { RunningJobs } from './running-jobs.ts'

export interface BullmqJobQueueOptions extends JobQueueOptions {
  /** `redis://…` or `rediss://…`. */
  readonly redisUrl: string
  /** All keys in Redis begin with it. Default `jobs`. */
  readonly prefix?: string
}

/** Rows that the relay looks at with one query. */
const PAGE = 500
/** Pages that the relay looks at in one round; the next goes on behind them, so that no table is too large for it. */
const PAGES_A_ROUND = 4
/** The longest wait between two looks at a lane that stays busy: what it may stand idle after a long job. */
const LONGEST_LANE_WAIT_MS = 1_000
/** How long a worker keeps a carrier that it cannot deal with because the database is away, so that it does not drain Redis. */
const OUTAGE_WAIT_MS = 1_000

/** Opens the queue; Redis need not answer yet. Rejects with what the database throws. */
export function createBullmqJobQueue(options: BullmqJobQueueOptions): Promise<JobQueue> {
  const { redisUrl, prefix = 'jobs' } = options
  return openCarriedQueue(options, (needs) => new BullmqCarrier(new Carriers(redisUrl, prefix, needs), needs))
}

class BullmqCarrier implements Carrier {
  readonly #carriers: Carriers
  readonly #needs: RunNeeds

  constructor(carriers: Carriers, needs: RunNeeds) {
    this.#carriers = carriers
    this.#needs = needs
  }

  carry(job: Job): void {
    this.#carriers.publishSoon(job)
  }

  startWorker(runs: RunningJobs, concurrency: number, stopping: AbortSignal): CarrierWorker {
    return new BullmqWorker(runs, concurrency, stopping, this.#carriers, this.#needs)
  }

  ping(): Promise<void> {
    return this.#carriers.ping()
  }

  close(): Promise<void> {
    return this.#carriers.close()
  }
}

class BullmqWorker implements CarrierWorker {
  readonly ended: Promise<void>
  readonly #runs: RunningJobs
  readonly #stopping: AbortSignal
  readonly #carriers: Carriers
  readonly #needs: RunNeeds
  /** Where the relay's next round begins. */
  #relayAfter: string | undefined

  constructor(
    runs: RunningJobs,
    concurrency: number,
    stopping: AbortSignal,
    carriers: Carriers,
    needs: RunNeeds,
  ) {
    this.#runs = runs
    this.#stopping = stopping
    this.#carriers = carriers
    this.#needs = needs
    const takings = runs.queues.map((queue) =>
      carriers.take(queue, concurrency, (carried) => this.#deal(carried)),
    )
    this.ended = this.#work(takings)
  }

  async #work(takings: readonly Taking[]): Promise<void> {
    const relaying = this.#relay()
    await aborted(this.#stopping)
    await Promise.all(takings.map((taking) => taking.pause()))
    await this.#runs.drain()
    await Promise.all([relaying, ...takings.map((taking) => taking.end())])
  }

  /** A carrier came: claim its job and run it, or see why that cannot be. */
  async #deal({ jobId, turn }: Carried): Promise<void> {
    try {
      const { jobs, timings, now } = this.#needs
      if (this.#stopping.aborted) return await this.#publishAgain(jobId)
      const token = randomUUID()
      const job = await jobs.claim({ id: jobId, token, now: now().toISOString(), claimMs: timings.claimMs })
      if (job === undefined) {
        // Finished, claimed by another carrier's receiver, too early, or its lane is busy; only the last two still wait.
        const notBeforeMs = Math.min(timings.laneRetryMs * 2 ** turn, LONGEST_LANE_WAIT_MS)
        return await this.#publishAgain(jobId, { turn: turn + 1, notBeforeMs })
      }
      if (this.#stopping.aborted) await jobs.release(jobId, token, now().toISOString())
      else if ((await this.#runs.start(job, token)) !== 'again') return
      await this.#publishAgain(jobId)
    } catch (error) {
      this.#carriers.failed(error)
      await pause(OUTAGE_WAIT_MS, this.#stopping)
    }
  }

  /** Publishes another carrier if the job still waits. */
  async #publishAgain(jobId: string, options?: { turn: number; notBeforeMs: number }): Promise<void> {
    const job = await this.#needs.jobs.find(jobId)
    if (job?.state === 'waiting') await this.#carriers.publishNext(job, options)
  }

  async #relay(): Promise<void> {
    while (!this.#stopping.aborted) {
      try {
        await this.#takeBackStalled()
        const goOn = await this.#publishUncarried()
        // A round that had nothing to publish has not spoken to Redis: only an answer shows that it is back.
        await this.#carriers.ping()
        this.#carriers.succeeded()
        if (goOn) continue
      } catch (error) {
        this.#carriers.failed(error)
      }
      await pause(jittered(this.#needs.timings.relayMs), this.#stopping)
    }
  }

  async #takeBackStalled(): Promise<void> {
    const stalled = await takeBackStalled(this.#needs, this.#needs.now().toISOString())
    if (stalled.length === 0) return
    this.#needs.log.warn(
      { jobs: stalled.map((job) => job.id) },
      'jobs whose worker fell silent were taken back',
    )
    for (const job of stalled) if (job.state === 'waiting') await this.#carriers.publishNext(job)
  }

  /** Looks at some pages of waiting rows. True where more lie ahead and the last one held rows without a carrier. */
  async #publishUncarried(): Promise<boolean> {
    for (let pages = 1; ; pages += 1) {
      const after = this.#relayAfter === undefined ? {} : { afterId: this.#relayAfter }
      const page = await this.#needs.jobs.listWaiting({ queues: this.#runs.queues, limit: PAGE, ...after })
      const uncarried = page.length === 0 ? [] : await this.#carriers.withoutCarrier(page)
      for (const job of uncarried) {
        if (this.#stopping.aborted) return false
        await this.#carriers.publishNext(job)
      }
      this.#relayAfter = page.length < PAGE ? undefined : page.at(-1)?.id
      if (this.#relayAfter === undefined) return false
      if (pages >= PAGES_A_ROUND) return uncarried.length > 0
    }
  }
}
