// The queue that BullMQ carries, on both kinds of database, and what is true of BullMQ alone: what it leaves in Redis, and what
// happens when Redis or a whole worker process goes away.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JobRun, handle } from '../../src/jobs/define-job.ts'
import { jobQueueContract } from '../contract/job-queue.contract.ts'
import { type BullmqRig, bullmqRig, onServer, onSqlite } from './carried-rigs.ts'
import { type CuttableProxy, cuttableProxy } from './cuttable-proxy.ts'
import {
  type Echo,
  QUICK,
  echo,
  gate,
  inState,
  openerOf,
  patient,
  range,
  row,
  settled,
  until,
} from './queue-rig.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'

const server = onServer()
afterAll(() => server.drop())

if (!EMBEDDED_ONLY) {
  jobQueueContract('BullMQ with SQLite', () => bullmqRig(onSqlite))
  jobQueueContract('BullMQ with a server', () => bullmqRig(server.scratch))
}

describe.skipIf(EMBEDDED_ONLY)('carriers in Redis', () => {
  let rig: BullmqRig
  const open = openerOf(() => rig)
  beforeEach(async () => {
    rig = await bullmqRig(onSqlite)
  })
  afterEach(() => rig.close())

  it('are gone when their jobs have finished, failed or been cancelled', async () => {
    const queue = await open()
    const act = async ({ data }: JobRun<Echo>) => {
      if (data.n % 2 === 0) throw new Error('even')
      return data
    }
    const cancelled = await queue.enqueue(echo, { n: 1 })
    await queue.cancel(cancelled.job.id)
    queue.work([handle(echo, act)], { concurrency: 3 })
    const jobs = await Promise.all(range(12).map((n) => queue.enqueue(echo, { n })))
    for (const { job } of jobs) await settled(queue, job.id)
    const left = async () => (await rig.keys()).filter((key) => key.includes(':echo-'))
    await until('no carrier is left', async () => (await left()).length === 0)
    expect(await left()).toEqual([])
  })

  it('may come twice, late or as garbage without a job running twice', async () => {
    const queue = await open()
    const redis = new Redis(serverUrl('TEST_REDIS_URL'))
    const carriers = new Queue('maintenance', { connection: redis, prefix: rig.prefix })
    const runs: number[] = []
    const end = gate()
    const { job } = await queue.enqueue(echo, { n: 1 })
    for (const turn of range(5)) await carriers.add('echo', { jobId: job.id, turn })
    for (const garbage of [null, 'text', { jobId: 7 }, { jobId: 'never-was', turn: 0 }]) {
      await carriers.add('echo', garbage)
    }
    queue.work([handle(echo, async ({ data }) => (runs.push(data.n), await end.promise, data))], {
      concurrency: 4,
    })
    await inState(queue, job.id, 'active')
    end.resolve()
    expect(await settled(queue, job.id)).toMatchObject({ state: 'completed', attempts: 1 })
    await carriers.add('echo', { jobId: job.id, turn: 0 })
    await until('all carriers were dealt with', async () => {
      const counts = await carriers.getJobCounts('waiting', 'active', 'delayed')
      return Object.values(counts).every((count) => count === 0)
    })
    expect(runs).toEqual([1])
    redis.disconnect()
  })

  it('are made after the commit, and not at all for what was undone', async () => {
    const queue = await open()
    const carriersOf = async (id: string) => (await rig.keys()).filter((key) => key.includes(`:${id}.`))
    let undone = ''
    const failing = rig.database.transaction(async (tx) => {
      undone = (await queue.enqueue(echo, { n: 1 }, { tx })).job.id
      expect(await carriersOf(undone)).toEqual([])
      throw new Error('the cause was undone')
    })
    await expect(failing).rejects.toThrow('the cause was undone')
    const { job } = await rig.database.transaction((tx) => queue.enqueue(echo, { n: 2 }, { tx }))
    await until('what was committed is carried', async () => (await carriersOf(job.id)).length === 1)
    expect(await carriersOf(undone)).toEqual([])
  })

  it('have a new id at each publication, while BullMQ still holds the one before', async () => {
    // Without the relay, which may at any time publish once more what is just being published.
    const queue = await open({ timings: { relayMs: 3_600_000 } })
    const seen: string[][] = []
    const act = async ({ attempt, jobId, data }: JobRun<Echo>) => {
      const mine = (await rig.keys()).map((key) => key.split(':').at(-1) ?? '')
      seen.push(mine.filter((name) => name.startsWith(`${jobId}.`)))
      if (attempt < 3) throw new Error('once more')
      return { n: data.n }
    }
    const atOnce = { ...patient, backoffMs: [0] }
    const { job } = await queue.enqueue(atOnce, { n: 1 })
    await until('it is carried', async () => (await rig.keys()).some((key) => key.includes(job.id)))
    queue.work([handle(atOnce, act)], { concurrency: 1 })
    expect(await settled(queue, job.id)).toMatchObject({ state: 'completed', attempts: 3 })
    expect(seen).toEqual([[`${job.id}.0`], [`${job.id}.1`], [`${job.id}.2`]])
    await until('none is left', async () => !(await rig.keys()).some((key) => key.includes(job.id)))
  })

  it('are made for every waiting row, however many there are', async () => {
    const queue = await open()
    const count = 2_200
    for (const n of range(count)) await rig.database.jobs.insert(row({ id: `orphan-${n}`, data: { n } }))
    let ran = 0
    queue.work([handle(echo, async ({ data }) => ((ran += 1), data))], { concurrency: 20 })
    await until('all have run', async () => (await queue.stats()).totals.completed === count)
    expect(ran).toBe(count)
  })
})

describe.skipIf(EMBEDDED_ONLY)('Redis that goes away', () => {
  let proxy: CuttableProxy
  let rig: BullmqRig
  const open = openerOf(() => rig)
  beforeEach(async () => {
    proxy = await cuttableProxy(serverUrl('TEST_REDIS_URL'))
    rig = await bullmqRig(onSqlite, proxy.url)
  })
  afterEach(async () => {
    await rig.close()
    await proxy.cut()
  })

  it('costs no job: what is enqueued meanwhile runs when it is back', async () => {
    const queue = await open()
    queue.work([handle(echo, async ({ data }) => data)], { concurrency: 2 })
    const before = await queue.enqueue(echo, { n: 0 })
    await settled(queue, before.job.id)
    await proxy.cut()
    const meanwhile = await Promise.all(range(5).map((n) => queue.enqueue(echo, { n })))
    await until('it is noticed', async () => (await queue.health()).state === 'down')
    await proxy.mend()
    for (const { job } of meanwhile) expect((await settled(queue, job.id)).state).toBe('completed')
    await until('it is noticed', async () => (await queue.health()).state === 'up')
  })

  it('does not stop a running job, whose outcome is kept', async () => {
    const queue = await open()
    const end = gate()
    queue.work([handle(echo, async ({ data }) => (await end.promise, data))], { concurrency: 1 })
    const { job } = await queue.enqueue(echo, { n: 3 })
    await inState(queue, job.id, 'active')
    await proxy.cut()
    end.resolve()
    expect(await settled(queue, job.id)).toMatchObject({ state: 'completed', result: { n: 3 } })
    await proxy.mend()
    const next = await queue.enqueue(echo, { n: 4 })
    expect((await settled(queue, next.job.id)).state).toBe('completed')
  })

  it('may be away when the queue is opened and a worker begins', async () => {
    await proxy.cut()
    const queue = await open()
    queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
    const { job } = await queue.enqueue(echo, { n: 1 })
    expect((await queue.health()).state).toBe('down')
    await proxy.mend()
    expect((await settled(queue, job.id)).state).toBe('completed')
  })

  it('does not keep a queue from closing', async () => {
    const queue = await open()
    const other = await open()
    queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
    const { job } = await queue.enqueue(echo, { n: 1 })
    await settled(queue, job.id)
    await proxy.cut()
    other.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
    await expect(Promise.all([queue.close(), other.close()])).resolves.toBeDefined()
    await proxy.mend()
  })
})

describe.skipIf(EMBEDDED_ONLY)('a worker process', () => {
  it.for(['up', 'down'] as const)('ends by itself when its queue is closed, with Redis %s', async (state) => {
    const rig = await bullmqRig(onSqlite)
    const url = state === 'up' ? serverUrl('TEST_REDIS_URL') : 'redis://127.0.0.1:1'
    const child = start('closing-process.ts', url, rig.prefix)
    const said = once(child.stdout, 'data')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(String(await said)).toBe(state)
    await rig.close()
  })

  it('that is killed loses its job to another process, which runs it again', async () => {
    const scratch = await server.scratch()
    const rig = await bullmqRig(() => Promise.resolve(scratch))
    const queue = await rig.open({ timings: { claimMs: 2_000, relayMs: 100 } })
    const child = start('hanging-worker.ts', scratch.url, serverUrl('TEST_REDIS_URL'), rig.prefix)
    const { job } = await queue.enqueue(patient, { n: 5 })
    const [printed] = await once(child.stdout, 'data')
    expect(String(printed).trim()).toBe(job.id)
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    expect(await queue.find(job.id)).toMatchObject({ state: 'active', attempts: 1 })
    queue.work([handle(patient, async ({ data, attempt }) => ({ n: data.n + attempt }))], { concurrency: 1 })
    expect(await settled(queue, job.id)).toMatchObject({ state: 'completed', attempts: 2, result: { n: 7 } })
    await rig.close()
  })

  it('that was frozen and wakes up after another has taken over changes nothing of what that one writes', async () => {
    const scratch = await server.scratch()
    const rig = await bullmqRig(() => Promise.resolve(scratch))
    const queue = await rig.open({ timings: { ...QUICK, claimMs: 2_000, relayMs: 100 } })
    const child = start('frozen-worker.ts', scratch.url, serverUrl('TEST_REDIS_URL'), rig.prefix)
    const said = createInterface(child.stdout)[Symbol.asyncIterator]()
    const { job } = await queue.enqueue(patient, { n: 5 })
    expect(await said.next()).toMatchObject({ value: job.id })
    await until('it has reported', async () => (await queue.find(job.id))?.progress?.phase === 'frozen')
    child.kill('SIGSTOP')
    const end = gate()
    const act = async ({ data, attempt, progress }: JobRun<Echo>) => {
      progress({ phase: 'heir', done: 1, total: 2 })
      await end.promise
      return { n: data.n + attempt }
    }
    queue.work([handle(patient, act)], { concurrency: 1 })
    await until('the heir has it', async () => (await queue.find(job.id))?.progress?.phase === 'heir')
    child.kill('SIGCONT')
    child.stdin.write('go on')
    expect(await said.next()).toMatchObject({ value: 'woken' })
    // Its handler has reported progress and returned a result; when its process has ended, nothing more can come of it.
    const gone = once(child, 'exit')
    child.stdin.end()
    await gone
    expect(await queue.find(job.id)).toMatchObject({
      state: 'active',
      attempts: 2,
      result: null,
      progress: { phase: 'heir' },
    })
    end.resolve()
    expect(await settled(queue, job.id)).toMatchObject({ state: 'completed', attempts: 2, result: { n: 7 } })
    await rig.close()
  })
})

function start(script: string, ...args: readonly string[]) {
  const path = new URL(script, import.meta.url).pathname
  return spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}
