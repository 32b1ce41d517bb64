// What every database promises of jobs as rows: enqueued, listed, counted, removed.
import { beforeEach, describe, expect, it } from 'vitest'
import { UniqueViolation } from '../../src/index.ts'
import { FIRST_100, job, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

let nextQueue = 1

export function jobsContract({ database, another }: Given): void {
  describe('jobs', () => {
    let queue = ''
    let id = (name: string) => name

    beforeEach(() => {
      const number = nextQueue++
      queue = `queue-${number}`
      id = (name) => `${name}-${number}`
    })

    it('are stored as given, and found by id', async () => {
      const { jobs } = database()
      const given = job(id('a'), {
        queue,
        deviceId: 7,
        dedupeKey: id('d'),
        lane: id('l'),
        data: { deep: [1, { x: null }] },
      })
      const { inserted, job: made } = await jobs.insert(given)
      expect(inserted).toBe(true)
      expect(made).toMatchObject({
        ...given,
        state: 'waiting',
        attempts: 0,
        carrier: 0,
        cancelRequested: false,
        source: 'request',
      })
      expect(await jobs.find(id('a'))).toEqual(made)
      expect(await jobs.find(id('unknown'))).toBeUndefined()
    })

    it('of one dedupe key are one until it is finished', async () => {
      const { jobs } = database()
      const key = { queue, dedupeKey: id('d') }
      const first = await jobs.insert(job(id('a'), key))
      expect(await jobs.insert(job(id('b'), key))).toEqual({ inserted: false, job: first.job })
      expect(await jobs.insert(job(id('a'), key))).toEqual({ inserted: false, job: first.job })
      await jobs.claim({ id: id('a'), token: 't', now: NOON, claimMs: 1_000 })
      expect(await jobs.insert(job(id('b'), key))).toMatchObject({
        inserted: false,
        job: { id: id('a'), state: 'active' },
      })
      await jobs.complete(id('a'), 't', null, NOON)
      expect(await jobs.insert(job(id('b'), key))).toMatchObject({ inserted: true })
    })

    it('have ids of their own', async () => {
      const { jobs } = database()
      await jobs.insert(job(id('a'), { queue, dedupeKey: id('d') }))
      await expect(jobs.insert(job(id('a'), { queue }))).rejects.toMatchObject({ constraint: 'jobs.id' })
      await expect(jobs.insert(job(id('a'), { queue, dedupeKey: id('e') }))).rejects.toThrow(UniqueViolation)
    })

    it('are enqueued once by fifty who try at the same time', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).transaction((tx) =>
            tx.jobs.insert(job(id(`j${index}`), { queue, dedupeKey: id('d') })),
          ),
        ),
      )
      expect(outcomes.filter(({ inserted }) => inserted)).toHaveLength(1)
      expect(new Set(outcomes.map(({ job: { id } }) => id)).size).toBe(1)
      expect((await database().jobs.list({ queue }, FIRST_100)).total).toBe(1)
    })

    it('are forgotten with the transaction that enqueued them', async () => {
      const cut = database().transaction(async (tx) => {
        await tx.jobs.insert(job(id('a'), { queue }))
        throw new Error('cut off')
      })
      await expect(cut).rejects.toThrow('cut off')
      expect(await database().jobs.find(id('a'))).toBeUndefined()
    })

    it('are found unfinished by their dedupe keys', async () => {
      const { jobs } = database()
      await jobs.insert(job(id('a'), { queue, dedupeKey: id('d1') }))
      await jobs.insert(job(id('b'), { queue, dedupeKey: id('d2') }))
      await jobs.insert(job(id('c'), { queue, dedupeKey: id('d3') }))
      await jobs.cancel(id('b'), NOON)
      const found = await jobs.findUnfinished([id('d1'), id('d2'), id('d3'), id('d4')])
      expect(found.map((one) => one.id).toSorted()).toEqual([id('a'), id('c')])
      expect(await jobs.findUnfinished([])).toEqual([])
    })

    it('are listed newest first, by queue, device and state', async () => {
      const { jobs } = database()
      await jobs.insert(job(id('a'), { queue, deviceId: 1 }))
      await jobs.insert(job(id('b'), { queue, deviceId: 2 }))
      await jobs.insert(job(id('c'), { queue, deviceId: 1 }))
      await jobs.cancel(id('c'), NOON)
      const ids = async (filter: Parameters<typeof jobs.list>[0]) =>
        (await jobs.list({ queue, ...filter }, FIRST_100)).rows.map((one) => one.id)
      expect(await ids({})).toEqual([id('c'), id('b'), id('a')])
      expect(await ids({ deviceId: 1 })).toEqual([id('c'), id('a')])
      expect(await ids({ deviceIds: [1, 2] })).toEqual([id('c'), id('b'), id('a')])
      expect(await ids({ deviceIds: [2, 3], state: 'waiting' })).toEqual([id('b')])
      expect(await ids({ deviceIds: [] })).toEqual([])
      expect(await ids({ state: 'waiting' })).toEqual([id('b'), id('a')])
      expect(await jobs.list({ queue }, { offset: 1, limit: 1 })).toMatchObject({
        total: 3,
        rows: [{ id: id('b') }],
      })
    })

    it('that wait are read in the order of their ids, for publishing', async () => {
      const { jobs } = database()
      for (const name of ['c', 'a', 'b']) await jobs.insert(job(id(name), { queue, runAt: later(60_000) }))
      await jobs.cancel(id('b'), NOON)
      const first = await jobs.listWaiting({ queues: [queue], limit: 1 })
      expect(first.map((one) => one.id)).toEqual([id('a')])
      const rest = await jobs.listWaiting({ queues: [queue], afterId: id('a'), limit: 10 })
      expect(rest.map((one) => one.id)).toEqual([id('c')])
      expect(await jobs.listWaiting({ queues: [], limit: 10 })).toEqual([])
    })

    it('get a new carrier number from one of those who ask, while they wait', async () => {
      const { jobs } = database()
      await jobs.insert(job(id('a'), { queue }))
      const asked = await Promise.all(
        [database(), another(), database()].map((one) => one.jobs.nextCarrier(id('a'), 0)),
      )
      expect(asked.filter((one) => one)).toHaveLength(1)
      expect(await jobs.find(id('a'))).toMatchObject({ carrier: 1 })
      await jobs.cancel(id('a'), NOON)
      expect(await jobs.nextCarrier(id('a'), 1)).toBe(false)
    })

    it('get other data while they wait', async () => {
      const { jobs } = database()
      await jobs.insert(job(id('a'), { queue, data: { mode: 'auto', n: 1 } }))
      expect(await jobs.replaceData(id('a'), { expected: { mode: 'full' }, data: {} })).toBe(false)
      expect(
        await jobs.replaceData(id('a'), { expected: { n: 1, mode: 'auto' }, data: { mode: 'full' } }),
      ).toBe(true)
      expect(await jobs.replaceData(id('a'), { data: { mode: 'full', n: 2 } })).toBe(true)
      expect(await jobs.find(id('a'))).toMatchObject({ data: { mode: 'full', n: 2 } })
      await jobs.claim({ id: id('a'), token: 't', now: NOON, claimMs: 1_000 })
      expect(await jobs.replaceData(id('a'), { data: {} })).toBe(false)
      expect(await jobs.replaceData(id('unknown'), { data: {} })).toBe(false)
    })
  })

  describe('counts of jobs', () => {
    it('add up in every state, before and after finished ones are removed', async () => {
      const { jobs } = database()
      const number = nextQueue++
      const [one, two] = [`counted-${number}a`, `counted-${number}b`]
      const put = async (
        queue: string,
        name: string,
        end: 'complete' | 'fail' | 'cancel' | 'claim' | 'wait' | 'delay',
      ) => {
        const id = `${queue}-${name}`
        await jobs.insert(job(id, { queue, runAt: end === 'delay' ? later(1) : NOON }))
        if (end === 'cancel') await jobs.cancel(id, later(10))
        if (end === 'wait' || end === 'delay' || end === 'cancel') return
        await jobs.claim({ id, token: id, now: NOON, claimMs: 1_000 })
        if (end === 'complete') await jobs.complete(id, id, {}, later(10))
        if (end === 'fail') await jobs.fail(id, id, { code: 'X', message: 'x', retryAt: null }, later(20))
      }
      for (const [index, end] of (
        ['complete', 'complete', 'fail', 'cancel', 'claim', 'wait', 'delay'] as const
      ).entries()) {
        await put(one, String(index), end)
      }
      await put(two, '0', 'complete')
      const before = await jobs.stats([one, two, 'no such queue'], NOON)
      expect([...before.keys()]).toEqual([one, two, 'no such queue'])
      expect(before.get(one)).toEqual({ active: 1, waiting: 2, delayed: 1, completed: 2, failed: 2 })
      expect(before.get(two)).toEqual({ active: 0, waiting: 0, delayed: 0, completed: 1, failed: 0 })
      expect(before.get('no such queue')).toEqual({
        active: 0,
        waiting: 0,
        delayed: 0,
        completed: 0,
        failed: 0,
      })

      const removedBy = async () => {
        let removed = 0
        for (let some = -1; some !== 0; removed += some) some = await jobs.removeFinished(later(15), 2)
        return removed
      }
      const removed = await Promise.all([removedBy(), removedBy()])
      expect((removed[0] ?? 0) + (removed[1] ?? 0)).toBeGreaterThanOrEqual(4)
      expect(await jobs.find(`${one}-0`)).toBeUndefined()
      expect(await jobs.find(`${one}-2`)).toMatchObject({ state: 'failed' })
      expect(await jobs.stats([one, two, 'no such queue'], NOON)).toEqual(before)
      expect((await jobs.stats([one], later(1))).get(one)).toMatchObject({ waiting: 2, delayed: 0 })
    })

    it('never count a job twice or not at all while others finish and are removed', async () => {
      const { jobs } = database()
      const queue = `moving-${nextQueue++}`
      for (let index = 0; index < 30; index++) await jobs.insert(job(`${queue}-${index}`, { queue }))
      const totals: number[] = []
      const finished = new AbortController()
      const watch = async () => {
        while (!finished.signal.aborted) {
          const counts = (await another().jobs.stats([queue], NOON)).get(queue)
          totals.push(
            (counts?.active ?? 0) + (counts?.waiting ?? 0) + (counts?.completed ?? 0) + (counts?.failed ?? 0),
          )
        }
      }
      const work = async () => {
        for (let index = 0; index < 30; index++) {
          await jobs.claim({ id: `${queue}-${index}`, token: 't', now: NOON, claimMs: 1_000 })
          await jobs.complete(`${queue}-${index}`, 't', null, NOON)
          await jobs.removeFinished(later(1), 1)
        }
        finished.abort()
      }
      await Promise.all([watch(), work()])
      expect(new Set(totals)).toEqual(new Set([30]))
    })
  })
}
