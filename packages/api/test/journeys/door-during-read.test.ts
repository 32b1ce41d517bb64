// Nobody stands before a door while a log is read: an unlock asked for in the middle of a long read opens before that read ends, in
// the process that reads and in another one. Told by the terminal's own record.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  madeUpMemory,
  profileNamed,
  startTerminal,
  type SimulatedTerminal,
  type TerminalMemory,
} from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { startQueueMode } from './support/queue-mode-service.ts'
import { RestClient } from './support/rest-client.ts'
import { expectTableIsTerminal } from './support/same-punches.ts'
import { startProcess } from './support/service-process.ts'

const LOG = 100_000
const ADMIN = { email: 'admin@journey.example', password: 'a long journey 4' }

describe('an unlock in the middle of a read of 100,000 punches', { timeout: 600_000 }, () => {
  it('joins the read of its own process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zk-journey-'))
    const databaseUrl = `sqlite:${join(folder, 'service.db')}`
    try {
      await using gate = await startGate()
      await using service = await startProcess({
        script: 'scripts/start.ts',
        args: ['--no-demo'],
        env: { DATA_DIR: folder, PORT: '0', ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password },
        readyMessage: 'listening',
      })
      const client = new RestClient(String(service.ready['address']))
      await client.logIn(ADMIN.email, ADMIN.password)
      const deviceId = await openDuringRead(client, gate)
      expect(gate.terminal.stats.sessionsOpened).toBe(1)
      await expectTableIsTerminal(databaseUrl, deviceId, gate.memory)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it.skipIf(EMBEDDED_ONLY)(
    'is given the terminal by the process that reads, which then goes on',
    async () => {
      await using gate = await startGate()
      await using service = await startQueueMode({ apis: 1, workers: 1 })
      const [client = expect.fail()] = service.clients
      const deviceId = await openDuringRead(client, gate)
      expect(gate.terminal.stats.maxConcurrentSessions).toBe(1)
      await expectTableIsTerminal(service.databaseUrl, deviceId, gate.memory)
    },
  )
})

interface Gate extends AsyncDisposable {
  readonly terminal: SimulatedTerminal
  readonly memory: TerminalMemory
  /** How many slices of tables had been asked for when the door opened. */
  readonly slicesWhenOpened: () => number | undefined
}

async function startGate(): Promise<Gate> {
  const typical = profileNamed('typical')
  const profile = { ...typical, capacity: { ...typical.capacity, records: LOG + 1 } }
  const memory = madeUpMemory({ profile, people: 80, punches: LOG, seed: 13 })
  const terminal = await startTerminal({ memory })
  const openFor = memory.door.openFor.bind(memory.door)
  let slices: number | undefined
  Object.assign(memory.door, {
    openFor(milliseconds: number) {
      slices = terminal.stats.slices.count
      openFor(milliseconds)
    },
  })
  return {
    terminal,
    memory,
    slicesWhenOpened: () => slices,
    [Symbol.asyncDispose]: () => terminal.stop(),
  }
}

async function openDuringRead(
  client: RestClient,
  { terminal, memory, slicesWhenOpened }: Gate,
): Promise<number> {
  const { id } = await client.registerDevice({ name: 'Gate', ip: terminal.host, port: terminal.port })
  terminal.stats.reset()
  const { job_id } = await client.requestSync(id)
  await client.waitForJob(job_id, ({ progress }) => progress?.phase === 'reading' && progress.done > 1_000)
  expect(await client.attempt('POST', `/devices/${id}/unlock`)).toMatchObject({ status: 200 })
  expect(await client.job(job_id)).toMatchObject({ state: 'active' })

  const job = await client.finishedJob(job_id)
  expect(job).toMatchObject({ state: 'completed', attempts: 1, error: null })
  expect(job.result).toMatchObject({ from: 0, read: LOG, new: LOG })
  expect(memory.door.unlocks).toHaveLength(1)
  expect(slicesWhenOpened()).toBeLessThan(terminal.stats.slices.count - 3)
  return id
}
