// What every database promises of running jobs: one holder, one of a lane, no word from a former holder.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Database, NewJob } from '../../src/index.ts'
import { job, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

let nextQueue = 1

export function jobClaimsContract({ database, another }: Given): void {
  describe('claims', () => {
    let queue = ''
    let id = (name: string) => name

    beforeEach(() => {
      const number = nextQueue++
      queue = `claimed-${number}`
      id = (name) => `${name}-claimed-${number}`
    })

    const put = async (name: string, changes: Partial<NewJob> = {}) =>
      (await database().jobs.insert(job(id(name), { queue, ...changes }))).job
    const next = (token: string, now = NOON, from: Database = database()) =>
      from.jobs.claimNext({ queues: [queue], token, now, claimMs: 30_000 })
    const claim = (name: string, token = 'me', now = NOON) =>
      database().jobs.claim({ id: id(name), token, now, claimMs: 30_000 })

    it('take jobs in the order of their time, then of their enqueueing', async () => {
      await put('late', { runAt: later(2) })
      await put('first', { runAt: later(1) })
      await put('second', { runAt: later(1) })
      await put('future', { runAt: later(1_000) })
      const taken = []
      for (let got = await next('me', later(5)); got !== undefined; got = await next('me', later(5)))
        taken.push(got.id)
      expect(taken).toEqual([id('first'), id('second'), id('late')])
      expect(await next('me', later(1_000))).toMatchObject({ id: id('future') })
    })

    it('count the attempt, and say until when they hold', async () => {
      await put('a')
      expect(await next('me')).toMatchObject({
        id: id('a'),
        state: 'active',
        attempts: 1,
        claimToken: 'me',
        claimedUntil: later(30_000),
        startedAt: NOON,
      })
      expect(await next('other')).toBeUndefined()
      expect(await claim('a', 'other')).toBeUndefined()
    })

    it('take the earliest of several queues', async () => {
      await put('a', { runAt: later(2) })
      await put('b', { queue: `${queue}-other`, runAt: later(1) })
      const queues = [queue, `${queue}-other`, 'empty']
      const got = await database().jobs.claimNext({ queues, token: 't', now: later(5), claimMs: 1 })
      expect(got?.id).toBe(id('b'))
    })

    it('give each job to one of eight claimers, and leave none', async () => {
      const count = 60
      for (let index = 0; index < count; index++) await put(`j${index}`)
      const claimer = async (token: string, from: Database) => {
        const taken: string[] = []
        for (
          let got = await next(token, NOON, from);
          got !== undefined;
          got = await next(token, NOON, from)
        ) {
          expect(got.claimToken).toBe(token)
          taken.push(got.id)
        }
        return taken
      }
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          claimer(`t${index}`, index % 2 === 0 ? database() : another()),
        ),
      )
      expect(taken.flat()).toHaveLength(count)
      expect(new Set(taken.flat()).size).toBe(count)
    })

    it('never let two jobs of a lane run at once, raced by eight claimers', async () => {
      for (let index = 0; index < 24; index++) await put(`j${index}`, { lane: id(`lane${index % 3}`) })
      const running = new Set<string>()
      let done = 0
      const claimer = async (token: string, from: Database) => {
        while (done < 24) {
          const got = await next(token, NOON, from)
          if (got === undefined) {
            await new Promise((resolve) => setImmediate(resolve))
            continue
          }
          const lane = got.lane ?? ''
          if (running.has(lane)) throw new Error(`${lane} is doubled`)
          running.add(lane)
          await from.jobs.saveProgress(got.id, token, { phase: 'on the way' })
          running.delete(lane)
          done++
          expect(await from.jobs.complete(got.id, token, null, NOON)).toBe(true)
        }
      }
      await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          claimer(`t${index}`, index % 2 === 0 ? database() : another()),
        ),
      )
      expect((await database().jobs.stats([queue], NOON)).get(queue)).toMatchObject({ completed: 24 })
    })

    it('pass over a lane that is taken, however many wait in it', async () => {
      for (let index = 0; index < 20; index++) await put(`busy${index}`, { lane: id('busy') })
      await put('free', { lane: id('free'), runAt: later(1) })
      expect(await next('t1', later(1))).toMatchObject({ id: id('busy0') })
      expect(await next('t2', later(1))).toMatchObject({ id: id('free') })
      expect(await next('t3', later(1))).toBeUndefined()
      expect(await claim('busy1', 't4')).toBeUndefined()
      await database().jobs.complete(id('busy0'), 't1', null, NOON)
      expect(await claim('busy1', 't4')).toMatchObject({ id: id('busy1') })
    })

    it('are not given before the time, nor of a cancelled job', async () => {
      await put('later', { runAt: later(10) })
      expect(await claim('later')).toBeUndefined()
      await database().jobs.cancel(id('later'), NOON)
      expect(await claim('later', 'me', later(10))).toBeUndefined()
      expect(await claim('unknown')).toBeUndefined()
    })
  })

  describe('holders', () => {
    let number = 0
    let id = ''
    const { jobs } = { jobs: () => database().jobs }

    beforeEach(async () => {
      number = nextQueue++
      id = `held-${number}`
      await jobs().insert(job(id, { queue: `held-${number}`, lane: id, dedupeKey: id, maxAttempts: 2 }))
      await jobs().claim({ id, token: 'me', now: NOON, claimMs: 30_000 })
    })

    it('prolong their claim, even by nothing', async () => {
      expect(await jobs().renew({ id, token: 'me', until: later(60_000) })).toBe('held')
      expect(await jobs().renew({ id, token: 'me', until: later(60_000) })).toBe('held')
      expect(await jobs().find(id)).toMatchObject({ claimedUntil: later(60_000) })
      expect(await jobs().renew({ id, token: 'other', until: later(90_000) })).toBe('lost')
      await jobs().cancel(id, NOON)
      expect(await jobs().renew({ id, token: 'me', until: later(60_000) })).toBe('cancel-requested')
      await jobs().complete(id, 'me', null, NOON)
      expect(await jobs().renew({ id, token: 'me', until: later(60_000) })).toBe('lost')
    })

    it('save progress, even the same again', async () => {
      expect(await jobs().saveProgress(id, 'me', { phase: 'reading', done: 1, total: null })).toBe(true)
      expect(await jobs().saveProgress(id, 'me', { phase: 'reading', done: 1, total: null })).toBe(true)
      expect(await jobs().find(id)).toMatchObject({ progress: { phase: 'reading', done: 1, total: null } })
      expect(await jobs().saveProgress(id, 'other', {})).toBe(false)
    })

    it('complete a job: its result stays, its lane and key are free', async () => {
      expect(await jobs().complete(id, 'me', { read: 3 }, later(5))).toBe(true)
      expect(await jobs().find(id)).toMatchObject({
        state: 'completed',
        result: { read: 3 },
        finishedAt: later(5),
        dedupeKey: null,
        activeLane: null,
        claimToken: null,
        claimedUntil: null,
      })
    })

    it('put a failed attempt back for later, and end the last one', async () => {
      const failure = { code: 'DEVICE_TIMEOUT', message: 'silent', retryAt: later(5_000) }
      expect(await jobs().fail(id, 'me', failure, NOON)).toBe(true)
      expect(await jobs().find(id)).toMatchObject({
        state: 'waiting',
        runAt: later(5_000),
        attempts: 1,
        errorCode: 'DEVICE_TIMEOUT',
        dedupeKey: id,
        activeLane: null,
        finishedAt: null,
      })
      expect(await jobs().claim({ id, token: 'me', now: later(4_999), claimMs: 1 })).toBeUndefined()
      expect(await jobs().claim({ id, token: 'me', now: later(5_000), claimMs: 1 })).toMatchObject({
        attempts: 2,
      })
      expect(await jobs().fail(id, 'me', { ...failure, retryAt: null }, later(6_000))).toBe(true)
      expect(await jobs().find(id)).toMatchObject({
        state: 'failed',
        finishedAt: later(6_000),
        dedupeKey: null,
      })
    })

    it('give a job back as if it had not been tried', async () => {
      expect(await jobs().release(id, 'me', later(7))).toBe(true)
      expect(await jobs().find(id)).toMatchObject({
        state: 'waiting',
        attempts: 0,
        runAt: later(7),
        claimToken: null,
      })
    })

    it('forget the error of an earlier attempt when they complete', async () => {
      await jobs().fail(id, 'me', { code: 'X', message: 'x', retryAt: NOON }, NOON)
      await jobs().claim({ id, token: 'me', now: NOON, claimMs: 1 })
      await jobs().complete(id, 'me', null, NOON)
      expect(await jobs().find(id)).toMatchObject({ state: 'completed', errorCode: null, errorMessage: null })
    })

    it('end a run that was asked to cancel, in whichever way they stop', async () => {
      expect(await jobs().cancel(id, NOON)).toMatchObject({ state: 'active', cancelRequested: true })
      expect(await jobs().cancelled(id, 'me', later(1))).toBe(true)
      expect(await jobs().find(id)).toMatchObject({
        state: 'cancelled',
        finishedAt: later(1),
        dedupeKey: null,
      })
      for (const [index, stop] of [
        (other: string) => jobs().release(other, 'me', later(2)),
        (other: string) => jobs().fail(other, 'me', { code: 'X', message: 'x', retryAt: later(9) }, later(2)),
      ].entries()) {
        const other = `${id}-${index}`
        await jobs().insert(job(other))
        await jobs().claim({ id: other, token: 'me', now: NOON, claimMs: 1 })
        await jobs().cancel(other, NOON)
        expect(await stop(other)).toBe(true)
        expect(await jobs().find(other)).toMatchObject({ state: 'cancelled', finishedAt: later(2) })
      }
    })

    it('are heard no more once another holds the job', async () => {
      await jobs().stalled(later(30_001))
      await jobs().claim({ id, token: 'new', now: later(30_001), claimMs: 30_000 })
      const before = await jobs().find(id)
      expect(await jobs().renew({ id, token: 'me', until: later(99_000) })).toBe('lost')
      expect(await jobs().saveProgress(id, 'me', { late: true })).toBe(false)
      expect(await jobs().complete(id, 'me', { late: true }, NOON)).toBe(false)
      expect(await jobs().fail(id, 'me', { code: 'X', message: 'x', retryAt: null }, NOON)).toBe(false)
      expect(await jobs().release(id, 'me', NOON)).toBe(false)
      expect(await jobs().cancelled(id, 'me', NOON)).toBe(false)
      expect(await jobs().find(id)).toEqual(before)
    })

    it('lose a job when their time is over, and not before', async () => {
      expect((await jobs().stalled(later(29_999))).map((one) => one.id)).not.toContain(id)
      const [first, second] = await Promise.all(
        [database(), another()].map((one) => one.jobs.stalled(later(30_001))),
      )
      const taken = [...(first ?? []), ...(second ?? [])].filter((one) => one.id === id)
      expect(taken).toMatchObject([
        { state: 'waiting', runAt: later(30_001), claimToken: null, errorCode: 'JOB_STALLED' },
      ])
      expect(await jobs().find(id)).toEqual(taken[0])
    })

    it('that stall on the last attempt have failed for good', async () => {
      await jobs().stalled(later(30_001))
      await jobs().claim({ id, token: 'me', now: later(30_001), claimMs: 1 })
      await jobs().stalled(later(30_003))
      expect(await jobs().find(id)).toMatchObject({
        state: 'failed',
        errorCode: 'JOB_STALLED',
        finishedAt: later(30_003),
      })
    })

    it('that stall when asked to cancel have cancelled', async () => {
      await jobs().cancel(id, NOON)
      await jobs().stalled(later(30_001))
      expect(await jobs().find(id)).toMatchObject({ state: 'cancelled', finishedAt: later(30_001) })
    })

    it('lose everything at once when nobody else can be at work', async () => {
      const taken = await jobs().stalled(NOON, { all: true })
      expect(taken.map((one) => one.id)).toContain(id)
      expect(await jobs().find(id)).toMatchObject({ state: 'waiting' })
    })

    it('do not bring a finished job back by cancelling it', async () => {
      await jobs().complete(id, 'me', null, NOON)
      expect(await jobs().cancel(id, later(1))).toMatchObject({ state: 'completed', cancelRequested: false })
      expect(await jobs().cancel('unknown', NOON)).toBeUndefined()
    })
  })
}
