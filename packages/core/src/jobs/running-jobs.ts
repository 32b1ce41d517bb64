// The runs of one worker: how many each queue has, the one to cancel, and how all of them end when the worker stops.
import type { Job } from '@org/data'
import { type AbortReason, ClaimedRun, type RunEnd, type RunNeeds } from './claimed-run.ts'
import type { JobHandler } from './define-job.ts'
import { pause } from '../pause.ts'

/** What writing the last outcomes of a stopping worker may take; after it their claims are left to run out. */
const LAST_WRITES_MS = 1_500

export class RunningJobs {
  readonly #handlers: ReadonlyMap<string, JobHandler>
  readonly #needs: RunNeeds
  readonly #runs = new Map<string, { readonly run: ClaimedRun; readonly queue: string }>()

  /** Throws a plain Error on two handlers for one name. */
  constructor(handlers: readonly JobHandler[], needs: RunNeeds) {
    const byName = new Map<string, JobHandler>()
    for (const handler of handlers) {
      if (byName.has(handler.name)) throw new Error(`two handlers for the job ${handler.name}`)
      byName.set(handler.name, handler)
    }
    this.#handlers = byName
    this.#needs = needs
  }

  /** The queues that the handlers name. */
  get queues(): readonly string[] {
    return [...new Set([...this.#handlers.values()].map((handler) => handler.queue))]
  }

  /** Runs of this queue now. */
  count(queue: string): number {
    return [...this.#runs.values()].filter((entry) => entry.queue === queue).length
  }

  /** Runs a job that `token` has claimed. Never rejects. */
  async start(job: Job, token: string): Promise<RunEnd> {
    const run = new ClaimedRun(job, token, this.#handlers.get(job.name), this.#needs)
    this.#runs.set(token, { run, queue: job.queue })
    try {
      return await run.ended
    } finally {
      this.#runs.delete(token)
    }
  }

  /** Asks the run of this job, if it is one of these, to end because it was cancelled. */
  cancel(id: string): void {
    for (const { run } of this.#runs.values()) if (run.id === id) run.abort('cancelled')
  }

  /** Lets runs finish for the time of grace, then aborts them and gives their jobs back. Bounded, never rejects. */
  async drain(): Promise<void> {
    const { graceMs, abortMs } = this.#needs.timings
    if (await this.#allEnded(graceMs)) return
    this.#abortAll('stopping')
    if (await this.#allEnded(abortMs + LAST_WRITES_MS)) return
    this.#needs.log.error(
      { runs: this.#runs.size },
      'some jobs could not be given back; their claims run out by time',
    )
  }

  #abortAll(reason: AbortReason): void {
    for (const { run } of this.#runs.values()) run.abort(reason)
  }

  async #allEnded(withinMs: number): Promise<boolean> {
    const runs = [...this.#runs.values()]
    if (runs.length === 0) return true
    const timer = new AbortController()
    try {
      return await Promise.race([
        Promise.all(runs.map(({ run }) => run.ended)).then(() => true),
        pause(withinMs, timer.signal).then(() => false),
      ])
    } finally {
      timer.abort()
    }
  }
}
