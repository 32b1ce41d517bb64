// The road in embedded mode: one process as `npm start -- --no-demo` runs it, SQLite, real sockets, real HTTP, a simulated
// terminal with a comm key. Every journey ends by comparing database and terminal.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { madeUpMemory, recordedMemory, startTerminal } from '@org/zk-sim'
import { RestClient } from './support/rest-client.ts'
import { expectApiListsTerminal, expectTableIsTerminal } from './support/same-punches.ts'
import { startProcess } from './support/service-process.ts'
import { TEST_COMM_KEY } from '../../../../scripts/toolchain/test-secrets.ts'

const ADMIN = { email: 'admin@journey.example', password: 'a long journey 1' }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-journey-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const databaseUrl = () => `sqlite:${join(folder, 'service.db')}`

function startEmbedded() {
  return startProcess({
    script: 'scripts/start.ts',
    args: ['--no-demo'],
    env: {
      DATA_DIR: folder,
      PORT: '0',
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      DEVICE_IDLE_MS: '500',
      // A watch would read what is new before the sync that is asked for it.
      LIVE_WATCH: 'false',
    },
    readyMessage: 'listening',
  })
}

async function loggedIn(origin: unknown): Promise<RestClient> {
  const client = new RestClient(String(origin))
  await client.logIn(ADMIN.email, ADMIN.password)
  return client
}

describe('embedded mode', () => {
  it('carries every punch of a terminal into the database and out of the API, and then only what is new', async () => {
    const memory = recordedMemory({ punches: 3_000, seed: 4, commKey: TEST_COMM_KEY })
    await using terminal = await startTerminal({ memory })
    await using service = await startEmbedded()
    const client = await loggedIn(service.ready['address'])

    const device = await client.registerDevice({
      name: 'Gate',
      ip: terminal.host,
      port: terminal.port,
      password: String(TEST_COMM_KEY),
    })
    expect(device).toMatchObject({ is_connected: true, serial_number: memory.serialNumber })

    const held = memory.truth().punches.length
    const whole = await client.finishedJob((await client.requestSync(device.id)).job_id)
    expect(whole).toMatchObject({ state: 'completed', attempts: 1 })
    expect(whole.result).toMatchObject({
      announced_before: held,
      announced_after: held,
      from: 0,
      read: held,
      new: held,
      known: 0,
    })
    await expectApiListsTerminal(client, device.id, memory)

    for (let count = 0; count < 7; count++) memory.punch({ pin: memory.truth().people[0]?.pin ?? '1' })
    const tail = await client.finishedJob((await client.requestSync(device.id)).job_id)
    expect(tail.result).toMatchObject({ announced_after: held + 7, from: held, read: 7, new: 7, known: 0 })
    await expectApiListsTerminal(client, device.id, memory)

    expect(await client.stats()).toMatchObject({
      total_jobs: 2,
      completed: 2,
      failed: 0,
      active: 0,
      waiting: 0,
    })
    expect(await service.stop()).toBe(0)
    await expectTableIsTerminal(databaseUrl(), device.id, memory)
    expect(terminal.stats).toMatchObject({ buffersNotFreed: 0, leftDisabled: 0, badChecksums: 0 })
  })

  it('has every punch once after SIGKILL in the middle of a sync and a new start', async () => {
    const memory = madeUpMemory({ people: 60, punches: 12_000, seed: 9 })
    await using terminal = await startTerminal({ memory, paceMs: 5 })
    let jobId: string
    let deviceId: number
    {
      await using service = await startEmbedded()
      const client = await loggedIn(service.ready['address'])
      deviceId = (await client.registerDevice({ name: 'Gate', ip: terminal.host, port: terminal.port })).id
      jobId = (await client.requestSync(deviceId)).job_id
      await client.waitForJob(jobId, ({ progress }) => progress?.phase === 'reading' && progress.done > 1_000)
      await service.kill()
    }
    await using service = await startEmbedded()
    const client = await loggedIn(service.ready['address'])
    const job = await client.finishedJob(jobId)
    expect(job).toMatchObject({ state: 'completed', error: null })
    await expectApiListsTerminal(client, deviceId, memory)
    await service.stop()
    await expectTableIsTerminal(databaseUrl(), deviceId, memory)
  })

  it('refuses a second process on the same data', async () => {
    await using _first = await startEmbedded()
    await expect(startEmbedded()).rejects.toThrow(/already|in use|another/i)
  })
})
