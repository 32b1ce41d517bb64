// What is promised when workers die or stop: nothing is lost, and nobody writes who no longer holds the job.
import { DatabaseUnavailable, type Job } from '@org/data'
import { describe, expect, it } from 'vitest'
import { type JobRun, handle } from '../../../src/jobs/define-job.ts'
import {
  type Echo,
  type QueueRig,
  openerOf,
  echo,
  patient,
  gate,
  settled,
  inState,
  aborted,
  withJobs,
} from '../queue-rig.ts'

export function endingPromises(rig: () => QueueRig): void {
  const open = openerOf(rig)

  describe('dying and stopping', () => {
    /** A process whose renewals never come through: to everybody else it is dead. */
    function deadProcess() {
      const never = new Promise<never>(() => {})
      return open({
        database: withJobs(rig().database, { renew: () => never }),
        timings: { graceMs: 0, abortMs: 0 },
      })
    }
    const inAMinute = () => new Date(Date.now() + 60_000)

    it('takes over the job of a killed worker, and refuses what that one writes later', async () => {
      const dead = await deadProcess()
      const late = gate()
      const deadRuns: string[] = []
      dead.work(
        [
          handle(patient, async ({ data, jobId, progress }) => {
            deadRuns.push(jobId)
            await late.promise
            progress({ phase: 'too late', done: 1, total: 1 })
            return { n: data.n + 100 }
          }),
        ],
        { concurrency: 1 },
      )
      const { job } = await dead.enqueue(patient, { n: 1 })
      await inState(dead, job.id, 'active')
      const heir = await open({ now: inAMinute })
      const seen: number[] = []
      const taken = gate()
      const end = gate()
      const act = async ({ attempt, data }: JobRun<Echo>) => {
        seen.push(attempt)
        taken.resolve()
        await end.promise
        return { n: data.n }
      }
      heir.work([handle(patient, act)], { concurrency: 1 })
      await taken.promise
      late.resolve()
      // The dead worker has settled its run when it takes another job.
      const { job: next } = await dead.enqueue({ ...patient, queue: 'maintenance' }, { n: 9 })
      end.resolve()
      expect(await settled(heir, job.id)).toMatchObject({
        state: 'completed',
        attempts: 2,
        result: { n: 1 },
        progress: null,
      })
      expect(seen[0]).toBe(2)
      await settled(heir, next.id)
      expect((await heir.find(job.id))?.result).toEqual({ n: 1 })
      expect(deadRuns).toContain(job.id)
    })

    it('aborts a run whose claim was lost, and writes nothing of it', async () => {
      const queue = await open({
        database: withJobs(rig().database, { renew: async () => 'lost' as const }),
      })
      const reason = gate<unknown>()
      const act = async ({ signal }: JobRun<Echo>): Promise<{ n: number }> => {
        reason.resolve(await aborted(signal))
        throw new Error('ended')
      }
      queue.work([handle(patient, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(patient, { n: 1 })
      expect(await reason.promise).toMatchObject({ reason: 'claim-lost' })
      await queue.close()
      expect(await rig().database.jobs.find(job.id)).toMatchObject({ state: 'active', errorCode: null })
    })

    it('aborts a run before its claim ends when no renewal comes through', async () => {
      const never = new Promise<never>(() => {})
      const queue = await open({
        timings: { claimMs: 200 },
        database: withJobs(rig().database, { renew: () => never, stalled: async () => [] }),
      })
      const reason = gate<unknown>()
      const act = async ({ signal }: JobRun<Echo>): Promise<{ n: number }> => {
        reason.resolve(await aborted(signal))
        throw new Error('ended')
      }
      queue.work([handle(patient, act)], { concurrency: 1 })
      await queue.enqueue(patient, { n: 1 })
      expect(await reason.promise).toMatchObject({ reason: 'claim-lost' })
    })

    it('goes on when the database was away, and writes an outcome that it could not write at once', async () => {
      const { jobs } = rig().database
      const failing = { claim: 2, claimNext: 2, stalled: 2, complete: 3, renew: 1, saveProgress: 1 }
      const outage =
        <Args extends unknown[], T>(name: keyof typeof failing, call: (...args: Args) => Promise<T>) =>
        (...args: Args): Promise<T> => {
          if (failing[name] === 0) return call(...args)
          failing[name] -= 1
          return Promise.reject(new DatabaseUnavailable('lost'))
        }
      const queue = await open({
        database: withJobs(rig().database, {
          claim: outage('claim', (claim) => jobs.claim(claim)),
          claimNext: outage('claimNext', (claim) => jobs.claimNext(claim)),
          stalled: outage('stalled', (now, options) => jobs.stalled(now, options)),
          complete: outage('complete', (id, token, result, now) => jobs.complete(id, token, result, now)),
          renew: outage('renew', (renewal) => jobs.renew(renewal)),
          saveProgress: outage('saveProgress', (id, token, told) => jobs.saveProgress(id, token, told)),
        }),
      })
      const act = async ({ data, progress }: JobRun<Echo>) => {
        progress({ phase: 'reading', done: 1, total: 1 })
        return { n: data.n }
      }
      queue.work([handle(echo, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 6 })
      expect(await settled(queue, job.id)).toMatchObject({
        state: 'completed',
        attempts: 1,
        result: { n: 6 },
      })
      expect(failing.complete).toBe(0)
    })

    it('gives a job up that kills every worker', async () => {
      const dead = await deadProcess()
      const never = new Promise<never>(() => {})
      dead.work([handle(echo, () => never)], { concurrency: 1 })
      const { job } = await dead.enqueue(echo, { n: 1 })
      await inState(dead, job.id, 'active')
      const heir = await open({ now: inAMinute })
      heir.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
      expect(await settled(heir, job.id)).toMatchObject({
        state: 'failed',
        attempts: 1,
        error: { code: 'JOB_STALLED' },
      })
    })

    it('takes the jobs of a dead process back at once when it is the only process', async () => {
      const dead = await deadProcess()
      const never = new Promise<never>(() => {})
      dead.work([handle(patient, () => never)], { concurrency: 1 })
      const { job } = await dead.enqueue(patient, { n: 1 })
      await inState(dead, job.id, 'active')
      const heir = await open({ soleProcess: true })
      expect(await heir.find(job.id)).toMatchObject({ state: 'waiting', attempts: 1 })
    })

    it('lets a running job finish when the worker stops', async () => {
      const queue = await open()
      const started = gate()
      const end = gate()
      const act = async ({ data }: JobRun<Echo>) => {
        started.resolve()
        await end.promise
        return { n: data.n }
      }
      const worker = queue.work([handle(echo, act)], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 1 })
      await started.promise
      const stopped = worker.stop()
      const later = await queue.enqueue(echo, { n: 2 })
      end.resolve()
      await stopped
      expect(await queue.find(job.id)).toMatchObject({ state: 'completed' })
      expect(await queue.find(later.job.id)).toMatchObject({ state: 'waiting', attempts: 0 })
    })

    it('puts an unfinished job back when the worker stops, and does not count the attempt', async () => {
      const queue = await open({ timings: { graceMs: 10 } })
      const started = gate()
      const reason = gate<unknown>()
      const act = async ({ signal }: JobRun<Echo>): Promise<{ n: number }> => {
        started.resolve()
        reason.resolve(await aborted(signal))
        throw signal.reason
      }
      const stopping = new AbortController()
      const worker = queue.work([handle(echo, act)], { concurrency: 1, signal: stopping.signal })
      const { job } = await queue.enqueue(echo, { n: 1 })
      await started.promise
      stopping.abort()
      await worker.stop()
      expect(await reason.promise).toMatchObject({ reason: 'stopping' })
      expect(await queue.find(job.id)).toMatchObject({ state: 'waiting', attempts: 0, error: null })
      const heir = await open()
      heir.work([handle(echo, async ({ data, attempt }) => ({ n: data.n + attempt }))], { concurrency: 1 })
      expect(await settled(heir, job.id)).toMatchObject({
        state: 'completed',
        attempts: 1,
        result: { n: 2 },
      })
    })

    it('stops in bounded time although a handler ignores its signal', async () => {
      const queue = await open({ timings: { graceMs: 10, abortMs: 10 } })
      const started = gate()
      const deaf = handle(echo, () => (started.resolve(), new Promise<never>(() => {})))
      const worker = queue.work([deaf], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 1 })
      await started.promise
      await worker.stop()
      await worker.stop()
      expect(await queue.find(job.id)).toMatchObject({ state: 'waiting', attempts: 0 })
    })

    it('cancels a job that was asked to end when the worker stops first', async () => {
      const queue = await open({ timings: { graceMs: 10, abortMs: 10 } })
      const elsewhere = await open()
      const started = gate()
      const deaf = handle(echo, () => (started.resolve(), new Promise<never>(() => {})))
      const worker = queue.work([deaf], { concurrency: 1 })
      const { job } = await queue.enqueue(echo, { n: 1 })
      await started.promise
      await elsewhere.cancel(job.id)
      await worker.stop()
      expect(await queue.find(job.id)).toMatchObject({ state: 'cancelled' })
    })

    it('gives a job back at once that was claimed while the worker was told to stop', async () => {
      const { jobs } = rig().database
      const stopping = new AbortController()
      const thenStop = async (claiming: Promise<Job | undefined>) => {
        const claimed = await claiming
        if (claimed !== undefined) stopping.abort()
        return claimed
      }
      const queue = await open({
        database: withJobs(rig().database, {
          claim: (claim) => thenStop(jobs.claim(claim)),
          claimNext: (claim) => thenStop(jobs.claimNext(claim)),
        }),
      })
      let ran = false
      const act = async ({ data }: JobRun<Echo>) => ((ran = true), data)
      const worker = queue.work([handle(echo, act)], { concurrency: 1, signal: stopping.signal })
      const { job } = await queue.enqueue(echo, { n: 1 })
      await aborted(stopping.signal)
      await worker.stop()
      expect(await queue.find(job.id)).toMatchObject({ state: 'waiting', attempts: 0 })
      expect(ran).toBe(false)
    })

    it('closes once, takes no worker afterwards, and leaves the database open', async () => {
      const queue = await open()
      queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
      await Promise.all([queue.close(), queue.close()])
      expect(() => queue.work([], { concurrency: 1 })).toThrow('closed')
      await rig().database.ping()
    })
  })
}
