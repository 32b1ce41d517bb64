// Whoever wants to hear of jobs that failed for good hears of each once, in the transaction that says so.
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import type { JobQueueOptions } from '../../src/jobs/carried-job-queue.ts'
import { handle } from '../../src/jobs/define-job.ts'
import { createDatabaseJobQueue } from '../../src/jobs/job-queue-database.ts'
import { openScratch, quiet, scratchFolder, type Engine } from '../support/scratch-service.ts'
import { ServiceError } from '../../src/index.ts'
import { QUICK, echo, patient, row, settled, until } from './queue-rig.ts'

const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

describe.each(engines)('jobs that fail for good, on %s', (engine) => {
  const setUp = async () => {
    const ending = new AsyncDisposableStack()
    const folder = ending.use(await scratchFolder()).path
    const { database } = ending.use(await openScratch(engine, folder))
    const told: [string, string | undefined, string][] = []
    const open = async (options: Partial<JobQueueOptions> = {}) => {
      const queue = await createDatabaseJobQueue({
        database,
        log: quiet,
        timings: QUICK,
        whenFailed: async (_, { tx, job }) => {
          tx.afterCommit(() => told.push([job.id, job.error?.code, job.state]))
        },
        ...options,
      })
      ending.defer(() => queue.close())
      return queue
    }
    return { database, told, open, [Symbol.asyncDispose]: () => ending.disposeAsync() }
  }
  const failing = async (): Promise<never> => {
    throw new Error('always')
  }

  it('are told after their last attempt, not before, and not where they were cancelled or done', async () => {
    await using rig = await setUp()
    const queue = await rig.open()
    const attempts: number[] = []
    queue.work(
      [
        handle(patient, async ({ data, attempt }) => {
          if (data.n === 0) return { n: 0 }
          attempts.push(attempt)
          expect(rig.told).toEqual([])
          return failing()
        }),
      ],
      { concurrency: 1 },
    )
    const { job: later } = await queue.enqueue(patient, { n: 2 }, { runAt: new Date(Date.now() + 3_600_000) })
    await queue.cancel(later.id)
    const { job: done } = await queue.enqueue(patient, { n: 0 })
    await settled(queue, done.id)
    const { job } = await queue.enqueue(patient, { n: 1 })
    await settled(queue, job.id)
    expect(attempts).toEqual([1, 2, 3, 4])
    await until('it is told', () => rig.told.length > 0)
    expect(rig.told).toEqual([[job.id, 'INTERNAL_ERROR', 'failed']])
  })

  it('are told when a sole process finds them left by one that died', async () => {
    await using rig = await setUp()
    for (const [id, maxAttempts] of [
      ['last', 1],
      ['again', 2],
    ] as const) {
      await rig.database.jobs.insert(row({ id, maxAttempts }))
      // Not before the row may run.
      const now = new Date().toISOString()
      await rig.database.jobs.claim({ id, token: 'dead', now, claimMs: 3_600_000 })
    }
    await rig.open({ soleProcess: true })
    expect(rig.told).toEqual([['last', 'JOB_STALLED', 'failed']])
    expect(await rig.database.jobs.find('again')).toMatchObject({ state: 'waiting' })
  })

  it('stand or fall with what is enqueued because of them', async () => {
    await using rig = await setUp()
    let refusals = 2
    const queue = await rig.open({
      timings: { ...QUICK, claimMs: 400, renewMs: 100 },
      whenFailed: async (its, { tx }) => {
        await its.enqueue(followUp, { n: 7 }, { tx })
        refusals -= 1
        if (refusals >= 0) throw new Error('not yet')
      },
    })
    await rig.database.jobs.insert(row({ id: 'odd', maxAttempts: 9 }))
    queue.work([handle(echo, failingForGood)], { concurrency: 1 })
    expect(await settled(queue, 'odd')).toMatchObject({ state: 'failed', attempts: 3 })
    expect((await queue.stats()).queues.notifications.total).toBe(1)
  })
})

const followUp = { ...echo, name: 'follow-up', queue: 'notifications' as const }

async function failingForGood(): Promise<never> {
  throw new ServiceError('DEVICE_NOT_FOUND')
}
