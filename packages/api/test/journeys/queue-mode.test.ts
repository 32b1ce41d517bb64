// The road in queue mode: one API process and two worker processes on a real MariaDB and a real Redis, a simulated terminal,
// real HTTP. Every journey ends by comparing database and terminal.
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { madeUpMemory, recordedMemory, startTerminal } from '@org/zk-sim'
import {
  EMBEDDED_ONLY,
  scratchDatabase,
  serverUrl,
  type ScratchDatabase,
} from '../../../../scripts/toolchain/scratch-database.ts'
import { RestClient } from './support/rest-client.ts'
import { expectApiListsTerminal, expectTableIsTerminal } from './support/same-punches.ts'
import { startProcess } from './support/service-process.ts'

const ADMIN = { email: 'admin@journey.example', password: 'a long journey 2' }
/** A logical database of Redis that no other test uses. */
const REDIS_DATABASE = 15

describe.skipIf(EMBEDDED_ONLY)('queue mode', () => {
  let database: ScratchDatabase
  let env: Record<string, string>
  beforeEach(async () => {
    database = await scratchDatabase()
    env = {
      DATABASE_URL: database.url,
      REDIS_URL: `${serverUrl('TEST_REDIS_URL')}/${REDIS_DATABASE}`,
      JWT_SECRET: randomBytes(32).toString('hex'),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      PORT: '0',
      JOB_CLAIM_MS: '2000',
      DEVICE_LEASE_MS: '4000',
      DEVICE_IDLE_MS: '500',
      DRAIN_SECONDS: '0',
      OVERLOAD_DELAY_MS: '0',
      LIVE_WATCH: 'false',
    }
  })
  afterEach(() => database[Symbol.asyncDispose]())

  const startApi = () => startProcess({ script: 'packages/api/src/main.ts', env, readyMessage: 'listening' })
  const startWorker = () =>
    startProcess({ script: 'packages/worker/src/main.ts', env, readyMessage: 'worker ready' })
  async function loggedIn(origin: unknown): Promise<RestClient> {
    const client = new RestClient(String(origin))
    await client.logIn(ADMIN.email, ADMIN.password)
    return client
  }

  it('S-ATT-12 carries every punch of several terminals into MariaDB and out of the API, by two workers', async () => {
    await using api = await startApi()
    await using first = await startWorker()
    await using second = await startWorker()
    const client = await loggedIn(api.ready['address'])

    const memories = [1, 2, 3].map((seed) =>
      recordedMemory({ punches: 1_500, seed, serialNumber: `JOURNEY-${seed}` }),
    )
    await using terminals = new AsyncDisposableStack()
    const devices: number[] = []
    for (const memory of memories) {
      const terminal = terminals.use(await startTerminal({ memory }))
      devices.push(
        (await client.registerDevice({ name: memory.serialNumber, ip: terminal.host, port: terminal.port }))
          .id,
      )
    }
    const asked = await Promise.all(devices.map((id) => client.requestSync(id)))
    for (const { job_id } of asked) {
      const job = await client.finishedJob(job_id)
      expect(job).toMatchObject({ state: 'completed', error: null })
    }
    for (const [index, memory] of memories.entries()) {
      const deviceId = devices[index] ?? 0
      await expectApiListsTerminal(client, deviceId, memory)
      await expectTableIsTerminal(database.url, deviceId, memory)
    }
    expect(await client.stats()).toMatchObject({ total_jobs: 3, completed: 3, failed: 0 })
    for (const service of [first, second, api]) expect(await service.stop()).toBe(0)
  })

  it('has every punch once after SIGKILL of the worker in the middle of a sync and a new start', async () => {
    const memory = madeUpMemory({ people: 60, punches: 12_000, seed: 10 })
    await using terminal = await startTerminal({ memory, paceMs: 5 })
    await using api = await startApi()
    const client = await loggedIn(api.ready['address'])
    const { id } = await client.registerDevice({ name: 'Gate', ip: terminal.host, port: terminal.port })
    const { job_id } = await client.requestSync(id)
    {
      await using worker = await startWorker()
      await client.waitForJob(
        job_id,
        ({ progress }) => progress?.phase === 'reading' && progress.done > 1_000,
      )
      await worker.kill()
    }
    await using _worker = await startWorker()
    const job = await client.finishedJob(job_id)
    expect(job).toMatchObject({ state: 'completed', error: null })
    expect(job.attempts).toBeGreaterThan(1)
    await expectApiListsTerminal(client, id, memory)
    await expectTableIsTerminal(database.url, id, memory)
  })

  it('gives the same job back while a sync of that device is queued', async () => {
    await using terminal = await startTerminal({ people: 3, punches: 10 })
    await using api = await startApi()
    const client = await loggedIn(api.ready['address'])
    const { id } = await client.registerDevice({ name: 'Gate', ip: terminal.host, port: terminal.port })
    const asked = await Promise.all(Array.from({ length: 20 }, () => client.requestSync(id)))
    expect(new Set(asked.map(({ job_id }) => job_id)).size).toBe(1)
    expect(asked.filter(({ deduplicated }) => deduplicated !== true)).toHaveLength(1)
  })
})
