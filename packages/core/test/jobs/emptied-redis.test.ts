// Redis emptied, or lost and started again with nothing, while jobs are in every state that they can be in. Nothing is lost, nothing
// that still runs begins a second time, and attempts go on to be counted where they were. The Redis is private, so FLUSHALL is
// FLUSHALL.
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { type JobRun, handle } from '../../src/jobs/define-job.ts'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { startPrivateServer, type PrivateServer } from '../../../../scripts/toolchain/servers.ts'
import { onServer, onSqlite, silent } from './carried-rigs.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
import { type Echo, QUICK, echo, gate, inState, range, settled, until } from './queue-rig.ts'

const server = onServer()

describe.skipIf(EMBEDDED_ONLY)('a Redis that has lost everything', { timeout: 180_000 }, () => {
  let redis: PrivateServer
  beforeAll(async () => {
    redis = await startPrivateServer('Redis')
  }, 120_000)
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]()
    await server.drop()
  })

  const flushed = async () => {
    const client = new Redis(redis.url)
    await client.flushall()
    client.disconnect()
  }
  const restartedEmpty = async () => {
    await redis.kill()
    redis.empty()
    await redis.start()
  }

  it.each([
    { what: 'by FLUSHALL', lose: flushed, on: 'SQLite', scratch: onSqlite },
    { what: 'by FLUSHALL', lose: flushed, on: 'a server', scratch: server.scratch },
    { what: 'by a crash', lose: restartedEmpty, on: 'SQLite', scratch: onSqlite },
    { what: 'by a crash', lose: restartedEmpty, on: 'a server', scratch: server.scratch },
  ])('costs no job, $what, on $on', async ({ lose, scratch }) => {
    const { database, discard } = await scratch()
    const open = () =>
      createBullmqJobQueue({ database, log: silent, redisUrl: redis.url, timings: QUICK, prefix: 'lost' })
    const [queue, other] = [await open(), await open()]
    const alone = { ...echo, oneAtATime: ({ lane }: Echo) => lane ?? null, dedupe: () => null }
    const stubborn = { ...alone, name: 'stubborn', retries: 2, backoffMs: [3_000, 0] }
    const once = { ...alone, name: 'once', dedupe: ({ key }: Echo) => key ?? null }
    const runs = new Map<string, number>()
    const end = gate()
    const act = async ({ jobId, data, attempt }: JobRun<Echo>) => {
      runs.set(jobId, (runs.get(jobId) ?? 0) + 1)
      if (data.n === 1) await end.promise
      if (data.n === 2 && attempt < 3) throw new ServiceError('DEVICE_UNREACHABLE')
      return { n: data.n }
    }
    const work = () => {
      for (const it of [queue, other])
        it.work([handle(alone, act), handle(stubborn, act), handle(once, act)], { concurrency: 4 })
    }

    const active = await queue.enqueue(alone, { n: 1, lane: 'a' })
    const behind = await queue.enqueue(alone, { n: 3, lane: 'a' })
    work()
    const retried = await queue.enqueue(stubborn, { n: 2 })
    await inState(queue, active.job.id, 'active')
    await until('its first attempt has failed', async () => {
      const view = await queue.find(retried.job.id)
      return view !== undefined && view.attempts > 0 && view.state !== 'active'
    })
    const runAt = new Date(Date.now() + 4_000)
    const delayed = await queue.enqueue(alone, { n: 4 }, { runAt })
    const far = await queue.enqueue(once, { n: 5, key: 'k' }, { runAt: new Date(Date.now() + 3_600_000) })
    const cancelled = await queue.enqueue(alone, { n: 6 }, { runAt })
    await queue.cancel(cancelled.job.id)
    const waiting = await Promise.all(range(30).map((n) => other.enqueue(alone, { n: 10 + n, lane: 'a' })))

    await lose()
    expect(await other.enqueue(once, { n: 5, key: 'k' })).toMatchObject({
      deduplicated: true,
      job: { id: far.job.id },
    })
    const after = await queue.enqueue(alone, { n: 7 })
    end.resolve()

    const all = [active, behind, delayed, after, ...waiting]
    for (const { job } of all)
      expect(await settled(queue, job.id)).toMatchObject({ state: 'completed', attempts: 1 })
    expect(await settled(queue, retried.job.id)).toMatchObject({ state: 'completed', attempts: 3 })
    expect(Object.fromEntries(runs)).toEqual({
      ...Object.fromEntries(all.map(({ job }) => [job.id, 1])),
      [retried.job.id]: 3,
    })
    expect(Date.parse((await queue.find(delayed.job.id))?.startedAt ?? '')).toBeGreaterThanOrEqual(
      runAt.getTime(),
    )
    expect(await queue.find(far.job.id)).toMatchObject({ state: 'waiting', attempts: 0 })
    expect((await queue.stats()).totals).toMatchObject({
      total: all.length + 3,
      active: 0,
      waiting: 1,
      delayed: 1,
      completed: all.length + 1,
      failed: 1,
    })
    await Promise.all([queue.close(), other.close()])
    await discard()
  })
})
