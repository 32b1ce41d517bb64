// What is promised of jobs that run: each at least once, lanes one at a time, bounded, whatever the carrier loses.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type JobRun, handle } from '../../../src/jobs/define-job.ts'
import { createLog } from '../../../src/log.ts'
import { onBehalfOf, originOf } from '../../../src/work-origin.ts'
import {
  type Echo,
  type QueueRig,
  openerOf,
  echo,
  inLane,
  range,
  gate,
  settled,
  inState,
  patient,
  row,
} from '../queue-rig.ts'

export function runningPromises(rig: () => QueueRig): void {
  const open = openerOf(rig)

  describe('running', () => {
    it('runs a job and keeps its result', async () => {
      const queue = await open()
      const { job, deduplicated } = await queue.enqueue(echo, { n: 7 })
      expect(deduplicated).toBe(false)
      expect(job).toMatchObject({
        queue: 'maintenance',
        name: 'echo',
        state: 'waiting',
        attempts: 0,
        maxAttempts: 1,
      })
      expect(job).toMatchObject({
        deviceId: null,
        progress: null,
        result: null,
        error: null,
        finishedAt: null,
      })
      const seen: JobRun<Echo>[] = []
      queue.work([handle(echo, async (run) => (seen.push(run), { n: run.data.n }))], { concurrency: 1 })
      expect(await settled(queue, job.id)).toMatchObject({
        state: 'completed',
        attempts: 1,
        result: { n: 7 },
        error: null,
      })
      expect(seen).toMatchObject([{ data: { n: 7 }, jobId: job.id, attempt: 1 }])
    })

    it('runs each of many jobs, spread over several workers, once when nothing dies', async () => {
      const queues = await Promise.all([open(), open(), open()])
      const runs: number[] = []
      for (const queue of queues) {
        queue.work([handle(echo, async ({ data }) => (runs.push(data.n), { n: data.n }))], {
          concurrency: 4,
        })
      }
      const [queue] = queues
      const jobs = await Promise.all(range(60).map((n) => queue.enqueue(echo, { n })))
      for (const { job } of jobs) expect((await settled(queue, job.id)).state).toBe('completed')
      expect(runs.toSorted((a, b) => a - b)).toEqual(range(60))
    })

    it('runs one job of a lane at a time, however many workers there are, and other lanes meanwhile', async () => {
      const queues = await Promise.all([open(), open(), open()])
      const active = new Map<string, number>()
      let together = 0
      let worst = 0
      const act = async ({ data }: JobRun<Echo>) => {
        const lane = data.lane ?? ''
        active.set(lane, (active.get(lane) ?? 0) + 1)
        worst = Math.max(worst, active.get(lane) ?? 0)
        together = Math.max(
          together,
          [...active.values()].reduce((a, b) => a + b),
        )
        await sleep(10)
        active.set(lane, (active.get(lane) ?? 0) - 1)
        return { n: data.n }
      }
      const [queue] = queues
      const jobs = await Promise.all(
        range(18).map((n) => queue.enqueue(inLane, { n, lane: `lane-${n % 3}` })),
      )
      for (const each of queues) each.work([handle(inLane, act)], { concurrency: 4 })
      for (const { job } of jobs) expect((await settled(queue, job.id)).state).toBe('completed')
      expect(worst).toBe(1)
      expect(together).toBeGreaterThan(1)
    })

    it('runs no more jobs of a queue at once than it was told', async () => {
      const queue = await open()
      const jobs = await Promise.all(range(12).map((n) => queue.enqueue(echo, { n })))
      let now = 0
      let most = 0
      const act = async ({ data }: JobRun<Echo>) => {
        most = Math.max(most, (now += 1))
        await sleep(10)
        now -= 1
        return { n: data.n }
      }
      queue.work([handle(echo, act)], { concurrency: 3 })
      for (const { job } of jobs) await settled(queue, job.id)
      expect(most).toBeLessThanOrEqual(3)
    })

    it('does not let slow jobs of one queue hold up another queue', async () => {
      const queue = await open()
      const other = { ...echo, name: 'other', queue: 'notifications' as const }
      const slow = gate()
      const blocked = await queue.enqueue(echo, { n: 1 })
      queue.work(
        [
          handle(echo, async ({ data }) => (await slow.promise, data)),
          handle(other, async ({ data }) => data),
        ],
        { concurrency: 1 },
      )
      await inState(queue, blocked.job.id, 'active')
      const quick = await queue.enqueue(other, { n: 2 })
      expect((await settled(queue, quick.job.id)).state).toBe('completed')
      slow.resolve()
      await settled(queue, blocked.job.id)
    })

    it('leaves queues alone for which a worker has no handler', async () => {
      const queue = await open()
      const other = { ...echo, name: 'other', queue: 'notifications' as const }
      queue.work([handle(other, async ({ data }) => data)], { concurrency: 1 })
      const mine = await queue.enqueue(echo, { n: 1 })
      const theirs = await queue.enqueue(other, { n: 2 })
      await settled(queue, theirs.job.id)
      expect(await queue.find(mine.job.id)).toMatchObject({ state: 'waiting', attempts: 0 })
    })

    it('runs a job whose process died after the commit, before it could tell any worker', async () => {
      const queue = await open()
      queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
      await rig().database.jobs.insert(row({ id: 'orphan', data: { n: 3 } }))
      expect(await settled(queue, 'orphan')).toMatchObject({ state: 'completed', result: { n: 3 } })
    })

    it('runs every job although the carrier loses all it holds', async () => {
      const queue = await open()
      const waiting = await Promise.all(range(20).map((n) => queue.enqueue(echo, { n })))
      const delayed = await queue.enqueue(echo, { n: 20 }, { runAt: new Date(Date.now() + 300) })
      await rig().emptyCarrier()
      const first = gate()
      const act = async ({ data }: JobRun<Echo>) => {
        if (data.n === 0) await first.promise
        return { n: data.n }
      }
      queue.work([handle(echo, act)], { concurrency: 2 })
      await inState(queue, waiting[0]?.job.id ?? '', 'active')
      await rig().emptyCarrier()
      first.resolve()
      for (const { job } of [...waiting, delayed])
        expect((await settled(queue, job.id)).state).toBe('completed')
    })

    it('works and logs on behalf of the request that queued it, and hands the handler its own data alone', async () => {
      const lines: Record<string, unknown>[] = []
      const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
      const log = createLog('info', { write })
      const queue = await open({ log })
      const origin = originOf('req-queued-it', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)
      const asked = await onBehalfOf(origin, () => queue.enqueue(patient, { n: 1 }))
      const unasked = await queue.enqueue(patient, { n: 2 })
      const seen: Echo[] = []
      const act = async ({ data, attempt }: JobRun<Echo>) => {
        seen.push(data)
        log.info({ n: data.n, attempt }, 'the handler works')
        if (attempt === 1) throw new Error('once more')
        return { n: data.n }
      }
      queue.work([handle(patient, act)], { concurrency: 2 })
      for (const { job } of [asked, unasked]) expect((await settled(queue, job.id)).state).toBe('completed')

      expect(seen.filter(({ n }) => n === 1)).toEqual([{ n: 1 }, { n: 1 }])
      const ofWork = lines.filter(({ msg }) => msg === 'the handler works')
      for (const line of ofWork.filter(({ n }) => n === 1)) expect(line).toMatchObject(origin)
      for (const line of ofWork.filter(({ n }) => n === 2)) expect(line).not.toHaveProperty('request_id')
      const ofRuns = lines.filter(({ jobId }) => jobId === asked.job.id)
      expect(ofRuns.map(({ msg }) => msg)).toEqual(['an attempt at a job failed', 'job completed'])
      for (const line of ofRuns) expect(line).toMatchObject(origin)
    })

    it('refuses two handlers for one job', async () => {
      const queue = await open()
      const handler = handle(echo, async ({ data }) => data)
      expect(() => queue.work([handler, handler], { concurrency: 1 })).toThrow('two handlers')
    })
  })
}
