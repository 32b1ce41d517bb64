// One attempt at one job, from its claim to its outcome: keeps the claim alive, hands the handler its signal and progress,
// and writes how it ended. Both adapters run jobs through it, so that a run means the same in both.
import { DatabaseUnavailable, type Job, type Jobs, type JsonValue } from '@org/data'
import type { Logger } from 'pino'
import type { JobHandler } from './define-job.ts'
import { type EndingNeeds, failForGood } from './failed-jobs.ts'
import { JobError, failureOf } from './job-errors.ts'
import type { JobTimings } from './job-timings.ts'
import { aborted, pause } from '../pause.ts'
import { ProgressWriter } from './progress-writer.ts'
import { onBehalfOf } from '../work-origin.ts'
import { dataOf, jsonOf, originOfStored } from './stored-json.ts'

/** Why a run was asked to end. */
export type AbortReason = 'cancelled' | 'stopping' | 'time-limit' | 'claim-lost'

/** The `reason` of a handler's signal. */
export class JobAborted extends Error {
  readonly reason: AbortReason

  constructor(reason: AbortReason) {
    super(`The job was asked to end: ${reason}`)
    this.name = 'JobAborted'
    this.reason = reason
  }
}

/**
 * What became of the row: `finished` for good, or `again` (it waits: for its next attempt, or because it was given back), or
 * `lost`: another holds the claim or will, and this run has written nothing.
 */
export type RunEnd = 'finished' | 'again' | 'lost'

export interface RunNeeds extends EndingNeeds {
  readonly jobs: Jobs
  readonly timings: JobTimings
  readonly log: Logger
  readonly now: () => Date
}

type Ending =
  | { readonly kind: 'returned'; readonly result: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'abandoned' }

/** The longest sentence that is kept of an error, in characters. */
const MESSAGE_LIMIT = 500
/** How soon an outcome that could not be written is written again; it is tried as long as the claim holds. */
const OUTCOME_RETRY_MS = 250
/** The wait after an attempt at a job that this worker does not know; another worker may know it. */
const UNKNOWN_JOB_BACKOFF_MS = 30_000

export class ClaimedRun {
  readonly id: string
  /** Never rejects. */
  readonly ended: Promise<RunEnd>
  readonly #job: Job
  readonly #token: string
  readonly #handler: JobHandler | undefined
  readonly #needs: RunNeeds
  readonly #log: Logger
  readonly #abort = new AbortController()
  readonly #over = new AbortController()
  #reason: AbortReason | undefined
  #claimTimer: NodeJS.Timeout | undefined

  /** `job` as the claim by `token` returned it. Without a handler it fails with JOB_HANDLER_MISSING. */
  constructor(job: Job, token: string, handler: JobHandler | undefined, needs: RunNeeds) {
    this.id = job.id
    this.#job = job
    this.#token = token
    this.#handler = handler
    this.#needs = needs
    this.#log = needs.log.child({ jobId: job.id, attempt: job.attempts })
    this.ended = onBehalfOf(originOfStored(job.data), () => this.#run())
  }

  /** Asks the handler to end. The first reason stands, except that a lost claim overrides all: then nothing may be written. */
  abort(reason: AbortReason): void {
    if (this.#reason === undefined || reason === 'claim-lost') this.#reason = reason
    this.#abort.abort(new JobAborted(this.#reason))
  }

  async #run(): Promise<RunEnd> {
    this.#claimHolds(this.#job.claimedUntil ?? this.#needs.now().toISOString())
    void this.#keepClaim()
    this.#log.debug('job begins')
    try {
      return await this.#settle(await this.#handled())
    } catch (error) {
      this.#log.error(
        { err: error },
        'the outcome of a job could not be written; it runs again when its claim ends',
      )
      return 'lost'
    } finally {
      clearTimeout(this.#claimTimer)
      this.#over.abort()
    }
  }

  async #handled(): Promise<Ending> {
    const handler = this.#handler
    if (handler === undefined) return { kind: 'threw', error: new JobError('JOB_HANDLER_MISSING') }
    const progress = new ProgressWriter(
      ({ phase, done, total }) => this.#needs.jobs.saveProgress(this.id, this.#token, { phase, done, total }),
      this.#needs.timings.progressMs,
      this.#log,
    )
    const limit = setTimeout(() => this.abort('time-limit'), handler.timeLimitMs)
    const done = new AbortController()
    try {
      return await Promise.race([this.#act(handler, progress), this.#abandoned(done.signal)])
    } finally {
      done.abort()
      clearTimeout(limit)
      await progress.close()
    }
  }

  async #act(handler: JobHandler, progress: ProgressWriter): Promise<Ending> {
    try {
      const result = await handler.run({
        data: dataOf(this.#job.data),
        jobId: this.id,
        attempt: this.#job.attempts,
        progress: (report) => progress.report(report),
        signal: this.#abort.signal,
      })
      return { kind: 'returned', result }
    } catch (error) {
      return { kind: 'threw', error }
    }
  }

  /** Settles when the handler has ignored its signal for too long. */
  async #abandoned(done: AbortSignal): Promise<Ending> {
    await aborted(this.#abort.signal)
    await pause(this.#needs.timings.abortMs, done)
    if (!done.aborted)
      this.#log.error('a handler ignores that its signal aborted; its job goes on without it')
    return { kind: 'abandoned' }
  }

  async #settle(ending: Ending): Promise<RunEnd> {
    if (this.#reason === 'claim-lost') {
      this.#log.warn('the claim on a job was lost while it ran; its outcome is left to the next holder')
      return 'lost'
    }
    if (ending.kind === 'returned') return this.#completed(ending.result)
    if (this.#reason === 'cancelled') {
      return this.#write('finished', (jobs, now) => jobs.cancelled(this.id, this.#token, now))
    }
    if (this.#reason === 'stopping') {
      return this.#write('again', (jobs, now) => jobs.release(this.id, this.#token, now))
    }
    if (this.#reason === 'time-limit') return this.#failed(new JobError('JOB_TIME_LIMIT'))
    return this.#failed(ending.kind === 'threw' ? ending.error : undefined)
  }

  async #completed(result: unknown): Promise<RunEnd> {
    let json: JsonValue
    try {
      json = jsonOf(result)
    } catch (cause) {
      return this.#failed(new JobError('JOB_RESULT_INVALID', { cause }))
    }
    const end = await this.#write('finished', (jobs, now) => jobs.complete(this.id, this.#token, json, now))
    if (end === 'finished') this.#log.info('job completed')
    return end
  }

  #failed(thrown: unknown): Promise<RunEnd> {
    const { code, message, retryable } = failureOf(thrown)
    const again = retryable && this.#job.attempts < this.#job.maxAttempts
    const retryAt = again ? this.#retryAt() : null
    this.#log[again ? 'warn' : 'error'](
      { err: thrown, code, retryAt },
      again ? 'an attempt at a job failed' : 'a job failed for good',
    )
    const failure = { code, message: message.slice(0, MESSAGE_LIMIT) }
    return retryAt === null
      ? this.#write('finished', (_, now) => failForGood(this.#needs, this.#job, this.#token, failure, now))
      : this.#write('again', (jobs, now) => jobs.fail(this.id, this.#token, { ...failure, retryAt }, now))
  }

  #retryAt(): string {
    const backoff = this.#handler?.backoffMs ?? [UNKNOWN_JOB_BACKOFF_MS]
    const waitMs = backoff[Math.min(this.#job.attempts, backoff.length) - 1] ?? 0
    return new Date(this.#needs.now().getTime() + waitMs).toISOString()
  }

  /** Writes an outcome, again and again while the database is away and the claim holds. */
  async #write(end: RunEnd, write: (jobs: Jobs, now: string) => Promise<boolean>): Promise<RunEnd> {
    for (;;) {
      try {
        return (await write(this.#needs.jobs, this.#needs.now().toISOString())) ? end : 'lost'
      } catch (error) {
        const passing = error instanceof DatabaseUnavailable && error.retryable
        if (!passing || this.#reason === 'claim-lost') throw error
        this.#log.warn({ err: error }, 'the outcome of a job could not be written yet')
        await pause(OUTCOME_RETRY_MS, this.#over.signal)
      }
    }
  }

  /** Renews the claim until the run is over; a renewal that hangs then is left alone. Never rejects. */
  async #keepClaim(): Promise<void> {
    const { jobs, timings, now } = this.#needs
    for (;;) {
      await pause(timings.renewMs, this.#over.signal)
      if (this.#over.signal.aborted) return
      try {
        const until = new Date(now().getTime() + timings.claimMs).toISOString()
        const claim = await jobs.renew({ id: this.id, token: this.#token, until })
        if (this.#over.signal.aborted) return
        if (claim === 'lost') return this.abort('claim-lost')
        this.#claimHolds(until)
        if (claim === 'cancel-requested') this.abort('cancelled')
      } catch (error) {
        if (this.#over.signal.aborted) return
        this.#log.warn({ err: error }, 'the claim on a job could not be renewed')
      }
    }
  }

  /** A claim that is not renewed counts as lost a tenth before its end, even when renewing hangs. */
  #claimHolds(until: string): void {
    clearTimeout(this.#claimTimer)
    if (this.#over.signal.aborted) return
    const leftMs = Date.parse(until) - this.#needs.now().getTime() - this.#needs.timings.claimMs / 10
    this.#claimTimer = setTimeout(() => this.abort('claim-lost'), Math.max(0, leftMs))
  }
}
