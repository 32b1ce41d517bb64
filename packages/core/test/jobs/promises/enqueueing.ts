// What is promised to whoever enqueues: ids, repetitions, transactions, times.
import { describe, expect, it } from 'vitest'
import { attendanceSync, type SyncMode } from '../../../src/jobs/catalogue.ts'
import { type JobRun, handle } from '../../../src/jobs/define-job.ts'
import {
  type QueueRig,
  openerOf,
  echo,
  keyed,
  certificate,
  range,
  gate,
  settled,
  inState,
} from '../queue-rig.ts'

export function enqueueingPromises(rig: () => QueueRig): void {
  const open = openerOf(rig)

  describe('enqueueing', () => {
    it('makes one job of fifty simultaneous requests for the same thing', async () => {
      const queues = await Promise.all([open(), open()])
      const asked = await Promise.all(
        range(50).map((n) => (queues[n % 2] ?? queues[0]).enqueue(keyed, { n, key: 'same' })),
      )
      expect(new Set(asked.map(({ job }) => job.id)).size).toBe(1)
      expect(asked.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1)
      expect((await queues[0].stats()).totals.total).toBe(1)
    })

    it('makes a new job of a request that comes after the first has finished', async () => {
      const queue = await open()
      queue.work([handle(keyed, async ({ data }) => data)], { concurrency: 1 })
      const first = await queue.enqueue(keyed, { n: 1, key: 'same' })
      await settled(queue, first.job.id)
      const second = await queue.enqueue(keyed, { n: 2, key: 'same' })
      expect(second).toMatchObject({ deduplicated: false })
      expect(second.job.id).not.toBe(first.job.id)
      await settled(queue, second.job.id)
    })

    it('makes a new job of a request that comes while the old one is being cancelled', async () => {
      const queue = await open()
      const end = gate()
      queue.work([handle(keyed, async ({ data }) => (await end.promise, data))], { concurrency: 1 })
      const first = await queue.enqueue(keyed, { n: 1, key: 'same' })
      await inState(queue, first.job.id, 'active')
      await queue.cancel(first.job.id)
      const second = await queue.enqueue(keyed, { n: 2, key: 'same' })
      expect(second.deduplicated).toBe(false)
      end.resolve()
      expect((await settled(queue, second.job.id)).state).toBe('completed')
    })

    it('names a sync after the second in which it was queued, and moves both to the next free one', async () => {
      const queue = await open({ now: () => new Date('2026-03-01T10:20:30.456Z') })
      const ask = async () => (await queue.enqueue(attendanceSync, { deviceId: 7, mode: 'auto' })).job
      const ids: string[] = []
      for (const second of [30, 31, 32]) {
        const job = await ask()
        ids.push(job.id)
        expect(job).toMatchObject({
          id: `sync-device-7-202603011020${second}`,
          deviceId: 7,
          queuedAt: `2026-03-01T10:20:${second}.000Z`,
          runAt: '2026-03-01T10:20:30.456Z',
        })
        await queue.cancel(job.id)
      }
      expect(new Set(ids).size).toBe(3)
    })

    it('returns the unfinished sync of a device, waiting or running', async () => {
      const queue = await open()
      const first = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      const other = await queue.enqueue(attendanceSync, { deviceId: 2, mode: 'auto' })
      expect(other.deduplicated).toBe(false)
      const again = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      expect(again).toMatchObject({ deduplicated: true, job: { id: first.job.id, state: 'waiting' } })
      const end = gate()
      queue.work([handle(attendanceSync, async () => (await end.promise, certificate))], { concurrency: 2 })
      await inState(queue, first.job.id, 'active')
      const meanwhile = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      expect(meanwhile).toMatchObject({ deduplicated: true, job: { id: first.job.id, state: 'active' } })
      end.resolve()
      expect((await settled(queue, first.job.id)).result).toEqual(certificate)
    })

    it('turns a queued sync into a full one when that is asked', async () => {
      const queue = await open()
      const first = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      const full = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'full' })
      expect(full).toMatchObject({ deduplicated: true, job: { id: first.job.id } })
      const auto = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      expect(auto).toMatchObject({ deduplicated: true, job: { id: first.job.id } })
      const modes: string[] = []
      queue.work([handle(attendanceSync, async ({ data }) => (modes.push(data.mode), certificate))], {
        concurrency: 1,
      })
      await settled(queue, first.job.id)
      expect(modes).toEqual(['full'])
      expect((await queue.stats()).totals.total).toBe(1)
    })

    it('queues one full sync behind a running one, and runs it afterwards', async () => {
      const queue = await open()
      const end = gate()
      const modes: string[] = []
      const act = async ({ data }: JobRun<{ deviceId: number; mode: SyncMode }>) => {
        modes.push(data.mode)
        if (data.mode === 'auto') await end.promise
        return certificate
      }
      queue.work([handle(attendanceSync, act)], { concurrency: 3 })
      const running = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      await inState(queue, running.job.id, 'active')
      const asked = await Promise.all(
        range(10).map(() => queue.enqueue(attendanceSync, { deviceId: 1, mode: 'full' })),
      )
      const [behind] = asked
      expect(new Set(asked.map(({ job }) => job.id)).size).toBe(1)
      expect(behind?.job.id).not.toBe(running.job.id)
      const auto = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      expect(auto).toMatchObject({ deduplicated: true, job: { id: behind?.job.id } })
      end.resolve()
      expect((await settled(queue, behind?.job.id ?? '')).state).toBe('completed')
      expect(modes).toEqual(['auto', 'full'])
      const next = await queue.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })
      expect(next.deduplicated).toBe(false)
      await settled(queue, next.job.id)
    })

    it('belongs to the transaction it was asked in', async () => {
      const queue = await open()
      queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
      let undone = ''
      const failing = rig().database.transaction(async (tx) => {
        undone = (await queue.enqueue(echo, { n: 1 }, { tx })).job.id
        throw new Error('the cause was undone')
      })
      await expect(failing).rejects.toThrow('the cause was undone')
      const kept = await rig().database.transaction((tx) => queue.enqueue(echo, { n: 2 }, { tx }))
      expect((await settled(queue, kept.job.id)).state).toBe('completed')
      expect(await queue.find(undone)).toBeUndefined()
    })

    it('does not run a job before its time', async () => {
      const queue = await open()
      queue.work([handle(echo, async ({ data }) => ({ n: Date.now() - data.n }))], { concurrency: 1 })
      const runAt = new Date(Date.now() + 400)
      const { job } = await queue.enqueue(echo, { n: runAt.getTime() }, { runAt })
      expect(job.runAt).toBe(runAt.toISOString())
      const far = await queue.enqueue(echo, { n: 0 }, { runAt: new Date(Date.now() + 3_600_000) })
      expect((await settled(queue, job.id)).result).toMatchObject({ n: expect.any(Number) })
      const { result } = await settled(queue, job.id)
      expect(Object(result).n).toBeGreaterThanOrEqual(0)
      expect(await queue.find(far.job.id)).toMatchObject({ state: 'waiting', attempts: 0 })
      expect((await queue.stats()).totals).toMatchObject({ waiting: 1, delayed: 1 })
    })

    it('refuses data that do not fit the declaration', async () => {
      const queue = await open()
      const wrong = queue.enqueue(attendanceSync, { deviceId: 0, mode: 'auto' })
      await expect(wrong).rejects.toMatchObject({ code: 'JOB_DATA_INVALID' })
      expect((await queue.stats()).totals.total).toBe(0)
    })
  })
}
