// Any history of jobs: enqueued, run, failed, tried again, cancelled, given back, missed, cleaned up, in any order. The counts are those
// of a simple model after every step, and what was removed is counted on.
import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/index.ts'
import { job, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

type State = 'waiting' | 'active' | 'completed' | 'failed'
interface ModelJob {
  readonly id: string
  readonly queue: string
  state: State
  attempts: number
  cancelRequested: boolean
  finishedMs: number | undefined
  delayed: boolean
}

const ACTS = [
  'enqueue',
  'enqueue',
  'claim',
  'claim',
  'complete',
  'fail',
  'retry',
  'cancel',
  'cancelled',
  'release',
  'stall',
  'remove',
] as const
type Act = (typeof ACTS)[number]

const MAX_ATTEMPTS = 2
const CLAIM_MS = 1_000_000
let nextRun = 1

export function jobHistoriesContract({ database }: Given): void {
  describe('counts of jobs in any history', () => {
    it('are right after every step, clean-up included', { timeout: 300_000 }, async () => {
      await assert(
        asyncProperty(
          array(
            record({
              act: constantFrom(...ACTS),
              queue: constantFrom('a', 'b'),
              pick: integer({ min: 0, max: 999 }),
            }),
            { minLength: 5, maxLength: 60 },
          ),
          async (steps) => {
            const history = new History(database(), `history-${nextRun++}`)
            for (const [index, { act, queue, pick }] of steps.entries()) {
              await history.step(act, queue, pick, index * 10)
              const { stored, expected } = await history.counts(index * 10)
              expect(stored).toEqual(expected)
            }
            await history.remove(steps.length * 10 + 1)
            const { stored, expected } = await history.counts(steps.length * 10)
            expect(stored).toEqual(expected)
            const { present, kept } = await history.rows()
            expect(present).toEqual(kept)
          },
        ),
        { numRuns: 40 },
      )
    })
  })
}

class History {
  readonly #database: Database
  readonly #name: string
  readonly #jobs: ModelJob[] = []
  /** What removed jobs count for, by queue and state. */
  readonly #removed = new Map<string, number>()
  #made = 0

  constructor(database: Database, name: string) {
    this.#database = database
    this.#name = name
  }

  async step(act: Act, queue: string, pick: number, ms: number): Promise<void> {
    const { jobs } = this.#database
    const now = later(ms)
    if (act === 'enqueue') {
      const id = `${this.#name}-${(this.#made += 1)}`
      const delayed = pick % 5 === 0
      const runAt = delayed ? later(10_000_000) : NOON
      await jobs.insert(job(id, { queue: `${this.#name}${queue}`, runAt, maxAttempts: MAX_ATTEMPTS }))
      this.#jobs.push({
        id,
        queue,
        state: 'waiting',
        attempts: 0,
        cancelRequested: false,
        finishedMs: undefined,
        delayed,
      })
      return
    }
    if (act === 'remove') return this.remove(ms - (pick % 5) * 10)
    if (act === 'stall') return this.#stall(now, ms)
    const chosen = this.#choose(
      act === 'claim'
        ? (one) => one.state === 'waiting'
        : act === 'cancel'
          ? () => true
          : (one) => one.state === 'active',
      pick,
    )
    if (chosen === undefined) return
    const { id } = chosen
    if (act === 'claim') {
      const got = await jobs.claim({ id, token: id, now, claimMs: CLAIM_MS })
      if (got !== undefined) Object.assign(chosen, { state: 'active', attempts: chosen.attempts + 1 })
      return
    }
    if (act === 'cancel') {
      await jobs.cancel(id, now)
      if (chosen.state === 'active') chosen.cancelRequested = true
      if (chosen.state === 'waiting') finish(chosen, 'failed', ms)
      return
    }
    const failure = { code: 'X', message: 'x', retryAt: act === 'retry' ? now : null }
    if (act === 'complete') await jobs.complete(id, id, {}, now)
    if (act === 'fail' || act === 'retry') await jobs.fail(id, id, failure, now)
    if (act === 'cancelled') await jobs.cancelled(id, id, now)
    if (act === 'release') await jobs.release(id, id, now)
    if (act === 'complete') return finish(chosen, 'completed', ms)
    const again = (act === 'retry' || act === 'release') && !chosen.cancelRequested
    if (!again) return finish(chosen, 'failed', ms)
    chosen.state = 'waiting'
    if (act === 'release') chosen.attempts -= 1
  }

  /** What is counted, and what should be. */
  async counts(ms: number) {
    const stored = await this.#database.jobs.stats(
      ['a', 'b'].map((queue) => this.#name + queue),
      later(ms),
    )
    return {
      stored,
      expected: new Map(['a', 'b'].map((queue) => [this.#name + queue, this.#expected(queue)])),
    }
  }

  /** Which of all jobs are there, and which should be. */
  async rows() {
    const present: string[] = []
    for (let number = 1; number <= this.#made; number += 1) {
      const id = `${this.#name}-${number}`
      if ((await this.#database.jobs.find(id)) !== undefined) present.push(id)
    }
    return { present, kept: this.#jobs.map(({ id }) => id) }
  }

  #expected(queue: string) {
    const ofQueue = this.#jobs.filter((one) => one.queue === queue)
    const number = (state: State) =>
      ofQueue.filter((one) => one.state === state).length + (this.#removed.get(queue + state) ?? 0)
    return {
      active: number('active'),
      waiting: number('waiting'),
      delayed: ofQueue.filter((one) => one.state === 'waiting' && one.delayed).length,
      completed: number('completed'),
      failed: number('failed'),
    }
  }

  async #stall(now: string, ms: number): Promise<void> {
    const mine = (id: string) => this.#jobs.some((one) => one.id === id)
    for (const one of await this.#database.jobs.stalled(now, { all: true })) {
      if (!mine(one.id)) continue
      const model = this.#jobs.find(({ id }) => id === one.id)
      if (model === undefined) continue
      if (model.cancelRequested || model.attempts >= MAX_ATTEMPTS) finish(model, 'failed', ms)
      else model.state = 'waiting'
    }
  }

  async remove(beforeMs: number): Promise<void> {
    let some: number
    do some = await this.#database.jobs.removeFinished(later(beforeMs), 3)
    while (some > 0)
    const gone = this.#jobs.filter(({ finishedMs }) => finishedMs !== undefined && finishedMs < beforeMs)
    for (const { id, queue, state } of gone) {
      this.#removed.set(queue + state, (this.#removed.get(queue + state) ?? 0) + 1)
      this.#jobs.splice(
        this.#jobs.findIndex((one) => one.id === id),
        1,
      )
    }
  }

  #choose(fits: (one: ModelJob) => boolean, pick: number): ModelJob | undefined {
    const candidates = this.#jobs.filter(fits)
    return candidates[pick % Math.max(1, candidates.length)]
  }
}

function finish(one: ModelJob, state: 'completed' | 'failed', ms: number): void {
  one.state = state
  one.finishedMs = ms
}
