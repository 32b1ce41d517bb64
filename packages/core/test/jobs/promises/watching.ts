// What is promised to whoever watches or cancels: progress, cancelling, counts, health.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/errors.ts'
import { JobAborted } from '../../../src/jobs/claimed-run.ts'
import { type JobRun, handle } from '../../../src/jobs/define-job.ts'
import {
  type Echo,
  type QueueRig,
  openerOf,
  echo,
  keyed,
  patient,
  range,
  gate,
  settled,
  inState,
  aborted,
  until,
} from '../queue-rig.ts'

export function watchingPromises(rig: () => QueueRig): void {
  const open = openerOf(rig)

  describe('progress', () => {
    it('shows the newest report while the job runs, and keeps the last', async () => {
      const queue = await open()
      const end = gate()
      const act = async ({ progress, data }: JobRun<Echo>) => {
        for (const done of range(500)) progress({ phase: 'reading', done, total: 1_000 })
        await end.promise
        progress({ phase: 'writing', done: 1_000, total: null })
        return { n: data.n }
      }
      queue.work([handle(echo, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 1 })
      await until('progress is seen', async () => (await queue.find(job.id))?.progress?.done === 499)
      expect((await queue.find(job.id))?.progress).toEqual({ phase: 'reading', done: 499, total: 1_000 })
      end.resolve()
      expect((await settled(queue, job.id)).progress).toEqual({
        phase: 'writing',
        done: 1_000,
        total: null,
      })
    })
  })

  describe('cancelling', () => {
    it('cancels a waiting job, which then never runs', async () => {
      const queue = await open()
      const ran: number[] = []
      const first = await queue.enqueue(keyed, { n: 1, key: 'same' })
      expect(await queue.cancel(first.job.id)).toMatchObject({ state: 'cancelled' })
      expect((await queue.find(first.job.id))?.finishedAt).not.toBeNull()
      const second = await queue.enqueue(keyed, { n: 2, key: 'same' })
      expect(second.deduplicated).toBe(false)
      queue.work([handle(keyed, async ({ data }) => (ran.push(data.n), data))], { concurrency: 1 })
      await settled(queue, second.job.id)
      expect(ran).toEqual([2])
      expect((await queue.stats()).totals).toMatchObject({ completed: 1, failed: 1, total: 2 })
    })

    it('asks a running job to end, also when another process is asked to', async () => {
      const queue = await open()
      const elsewhere = await open()
      const reasons: unknown[] = []
      const act = async ({ signal }: JobRun<Echo>): Promise<{ n: number }> => {
        reasons.push(await aborted(signal))
        throw signal.reason
      }
      queue.work([handle(patient, act)], { concurrency: 2 })
      const jobs = [await queue.enqueue(patient, { n: 1 }), await queue.enqueue(patient, { n: 2 })]
      const [here, there] = jobs.map(({ job }) => job.id)
      for (const { job } of jobs) await inState(queue, job.id, 'active')
      await queue.cancel(here ?? '')
      expect(await elsewhere.cancel(there ?? '')).toMatchObject({ state: 'active' })
      for (const { job } of jobs) {
        expect(await settled(queue, job.id)).toMatchObject({ state: 'cancelled', attempts: 1, error: null })
      }
      expect(reasons).toMatchObject([{ reason: 'cancelled' }, { reason: 'cancelled' }])
      expect(reasons[0]).toBeInstanceOf(JobAborted)
    })

    it('keeps the result of a job that was faster than its cancelling', async () => {
      const queue = await open()
      const act = async ({ signal, data }: JobRun<Echo>) => (await aborted(signal), { n: data.n })
      queue.work([handle(echo, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 5 })
      await inState(queue, job.id, 'active')
      await queue.cancel(job.id)
      expect(await settled(queue, job.id)).toMatchObject({ state: 'completed', result: { n: 5 } })
    })

    it('leaves a finished job as it is and knows no job that never was', async () => {
      const queue = await open()
      queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 5 })
      await settled(queue, job.id)
      expect(await queue.cancel(job.id)).toMatchObject({ state: 'completed' })
      expect(await queue.cancel('never-was')).toBeUndefined()
      expect(await queue.find('never-was')).toBeUndefined()
    })
  })

  describe('being watched', () => {
    it('counts so that every sum is right, also while jobs change and after finished ones were removed', async () => {
      const queue = await open()
      const other = { ...echo, name: 'other', queue: 'user-sync' as const }
      const end = gate()
      const act = async ({ data }: JobRun<Echo>) => {
        if (data.n === 3) throw new ServiceError('DEVICE_AUTH_FAILED')
        if (data.n === 4) await end.promise
        return { n: data.n }
      }
      queue.work([handle(echo, act), handle(other, act)], { concurrency: 3 })
      const wrong: unknown[] = []
      const stop = new AbortController()
      const watching = (async () => {
        while (!stop.signal.aborted) {
          await sleep(1)
          const { totals, queues } = await queue.stats()
          const sums = (pick: 'total' | 'active' | 'waiting' | 'delayed' | 'completed' | 'failed') =>
            Object.values(queues).reduce((all, one) => all + one[pick], 0) === totals[pick]
          const right =
            totals.total === totals.active + totals.waiting + totals.completed + totals.failed &&
            (['total', 'active', 'waiting', 'delayed', 'completed', 'failed'] as const).every(sums)
          if (!right) wrong.push({ totals, queues })
        }
      })()
      const jobs = [
        ...(await Promise.all([1, 2, 3].map((n) => queue.enqueue(echo, { n })))),
        ...(await Promise.all([1, 3, 4].map((n) => queue.enqueue(other, { n })))),
      ]
      const active = jobs.at(-1)?.job.id ?? ''
      for (const { job } of jobs.slice(0, -1)) await settled(queue, job.id)
      const delayed = await queue.enqueue(echo, { n: 9 }, { runAt: new Date(Date.now() + 3_600_000) })
      const dropped = await queue.enqueue(echo, { n: 9 }, { runAt: new Date(Date.now() + 3_600_000) })
      await queue.cancel(dropped.job.id)
      await inState(queue, active, 'active')
      const expected = {
        totals: { total: 8, active: 1, waiting: 1, delayed: 1, completed: 3, failed: 3 },
        queues: {
          maintenance: { total: 5, active: 0, waiting: 1, delayed: 1, completed: 2, failed: 2 },
          'user-sync': { total: 3, active: 1, waiting: 0, delayed: 0, completed: 1, failed: 1 },
          notifications: { total: 0 },
          'attendance-sync': { total: 0 },
        },
      }
      expect(await queue.stats()).toMatchObject(expected)
      expect(await queue.removeFinished(new Date(Date.now() + 60_000))).toBe(6)
      expect(await queue.stats()).toMatchObject(expected)
      expect(await queue.find(dropped.job.id)).toBeUndefined()
      stop.abort()
      await watching
      expect(wrong).toEqual([])
      end.resolve()
      await settled(queue, active)
      await queue.cancel(delayed.job.id)
    })

    it('says that it is well', async () => {
      const queue = await open()
      const health = await queue.health()
      expect(health.state).toBe('up')
      expect(health.ms).toBeGreaterThanOrEqual(0)
    })
  })
}
