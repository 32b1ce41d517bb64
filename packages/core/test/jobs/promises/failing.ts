// What is promised of attempts that fail, and of handlers, data and results that are not what they should be.
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/errors.ts'
import { type JobRun, handle } from '../../../src/jobs/define-job.ts'
import type { JobView } from '../../../src/jobs/job-queue.ts'
import {
  type Echo,
  type QueueRig,
  openerOf,
  echo,
  patient,
  settled,
  aborted,
  row,
  until,
} from '../queue-rig.ts'

export function failingPromises(rig: () => QueueRig): void {
  const open = openerOf(rig)

  describe('failing', () => {
    it('tries again after its backoff until an attempt succeeds', async () => {
      const queue = await open()
      const attempts: { attempt: number; at: number }[] = []
      const views: (JobView | undefined)[] = []
      const act = async ({ attempt, jobId, data }: JobRun<Echo>) => {
        attempts.push({ attempt, at: Date.now() })
        views.push(await queue.find(jobId))
        if (attempt < 4) throw new ServiceError('DEVICE_UNREACHABLE')
        return { n: data.n }
      }
      const spaced = { ...patient, backoffMs: [50, 100] }
      queue.work([handle(spaced, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(spaced, { n: 1 })
      expect(await settled(queue, job.id)).toMatchObject({
        state: 'completed',
        attempts: 4,
        maxAttempts: 4,
      })
      expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
      expect(views[1]?.error).toMatchObject({ code: 'DEVICE_UNREACHABLE' })
      const waits = attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? 0))
      expect(waits[0]).toBeGreaterThanOrEqual(50)
      expect(waits[1]).toBeGreaterThanOrEqual(100)
      expect(waits[2]).toBeGreaterThanOrEqual(100)
    })

    it('fails for good when its attempts are used up, and says why', async () => {
      const queue = await open()
      const act = async (): Promise<{ n: number }> => {
        throw new ServiceError('DEVICE_BUSY', { details: { secret: 'details are not kept' } })
      }
      queue.work([handle(patient, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(patient, { n: 1 })
      const view = await settled(queue, job.id)
      expect(view).toMatchObject({ state: 'failed', attempts: 4, result: null })
      expect(view.error).toEqual({ code: 'DEVICE_BUSY', message: 'Another operation holds the terminal' })
      expect(view.finishedAt).not.toBeNull()
    })

    it('does not try again what waiting cannot cure', async () => {
      const queue = await open()
      const act = async (): Promise<{ n: number }> => {
        throw new ServiceError('DEVICE_AUTH_FAILED')
      }
      queue.work([handle(patient, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(patient, { n: 1 })
      expect(await settled(queue, job.id)).toMatchObject({
        state: 'failed',
        attempts: 1,
        error: { code: 'DEVICE_AUTH_FAILED' },
      })
    })

    it('outlives a handler that throws garbage, and keeps nothing of it', async () => {
      const queue = await open()
      const garbage = [
        undefined,
        null,
        'SELECT secret',
        { code: 'SELECT secret', message: 'secret', retryable: false },
        new TypeError('secret'),
        Object.create(null),
      ]
      const act = async ({ data }: JobRun<Echo>): Promise<{ n: number }> => {
        throw garbage[data.n]
      }
      queue.work([handle(echo, act)], { concurrency: 2 })
      for (const n of garbage.keys()) {
        const { job } = await queue.enqueue(echo, { n })
        const view = await settled(queue, job.id)
        expect(view).toMatchObject({ state: 'failed', error: { code: 'INTERNAL_ERROR' } })
        expect(JSON.stringify(view)).not.toContain('secret')
      }
    })

    it('outlives a handler that throws before it returns a promise', async () => {
      const queue = await open()
      const act = (): Promise<{ n: number }> => {
        throw new ServiceError('DEVICE_TIMEOUT')
      }
      queue.work([handle(echo, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 1 })
      expect(await settled(queue, job.id)).toMatchObject({
        state: 'failed',
        error: { code: 'DEVICE_TIMEOUT' },
      })
    })

    it('fails for good when the result does not fit its declaration', async () => {
      const queue = await open()
      const loose = { ...patient, parseResult: echo.parseResult }
      queue.work([handle({ ...loose }, async () => JSON.parse('{"n":"seven"}'))], { concurrency: 1 })
      const { job } = await queue.enqueue(loose, { n: 7 })
      expect(await settled(queue, job.id)).toMatchObject({
        state: 'failed',
        attempts: 1,
        result: null,
        error: { code: 'JOB_RESULT_INVALID' },
      })
    })

    it('fails for good when the stored data do not fit the declaration', async () => {
      const queue = await open()
      await rig().database.jobs.insert(row({ id: 'foreign', data: { n: 'seven' }, maxAttempts: 4 }))
      queue.work([handle(patient, async ({ data }) => data)], { concurrency: 1 })
      expect(await settled(queue, 'foreign')).toMatchObject({
        state: 'failed',
        attempts: 1,
        error: { code: 'JOB_DATA_INVALID' },
      })
    })

    it('leaves a job that it does not know to a worker that may know it', async () => {
      const queue = await open()
      await rig().database.jobs.insert(row({ id: 'newer', name: 'of-a-newer-version', maxAttempts: 4 }))
      queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
      await until('it was tried', async () => (await queue.find('newer'))?.error !== null)
      const view = await queue.find('newer')
      expect(view).toMatchObject({ state: 'waiting', attempts: 1, error: { code: 'JOB_HANDLER_MISSING' } })
      expect(Date.parse(view?.runAt ?? '')).toBeGreaterThan(Date.now())
    })

    it('breaks an attempt off that takes longer than it may', async () => {
      const queue = await open()
      const reasons: unknown[] = []
      const hasty = { ...echo, timeLimitMs: 30 }
      const act = async ({ signal, data }: JobRun<Echo>) => {
        reasons.push(await aborted(signal))
        signal.throwIfAborted()
        return { n: data.n }
      }
      queue.work([handle(hasty, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(hasty, { n: 1 })
      expect(await settled(queue, job.id)).toMatchObject({
        state: 'failed',
        error: { code: 'JOB_TIME_LIMIT' },
      })
      expect(reasons).toMatchObject([{ reason: 'time-limit' }])
    })
  })
}
