// The end of a service with everything under way: it comes within ten seconds, whatever the terminals do, and leaves them in order.
import { setTimeout as sleep } from 'node:timers/promises'
import { createServices, readConfig, SYSTEM } from '@org/core'
import { openDatabase } from '@org/data'
import type { SimulatedTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { quiet, scratchService, type Engine } from '../../core/test/support/scratch-service.ts'
import { waitUntil } from '../../core/test/support/wait-until.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../scripts/toolchain/scratch-database.ts'
import { startWorker } from '../src/index.ts'

const STOP_WITHIN_MS = 10_000
const MODES: readonly (readonly [string, Engine])[] = EMBEDDED_ONLY
  ? [['embedded', 'sqlite']]
  : [
      ['embedded', 'sqlite'],
      ['queue mode', 'mysql'],
    ]

function envOf(engine: Engine): Record<string, string> {
  if (engine === 'sqlite') return {}
  return {
    REDIS_URL: serverUrl('TEST_REDIS_URL'),
    JWT_SECRET: 'j'.repeat(40),
    ENCRYPTION_KEY: 'e'.repeat(40),
    DEVICE_LEASE_MS: '6000',
  }
}

it.each(MODES)(
  'ends with watches, syncs and streams under way, at terminals that hang, are gone, or send, in %s',
  { timeout: 240_000 },
  async (_name, engine) => {
    await using service = await scratchService(engine, envOf(engine))
    const { services } = service
    const worker = startWorker(services)
    const terminals: SimulatedTerminal[] = []
    for (let i = 0; i < 6; i += 1) {
      const terminal = await service.terminal({ people: 3, punches: 4_000, seed: i, paceMs: 20 })
      const { id } = await waitUntil('registered', () => service.register(terminal))
      terminals.push(terminal)
      if (i < 4) await services.attendance.requestSync(id, { mode: 'full' }, SYSTEM)
    }
    const ending = new AbortController()
    const heard = services.attendance.follow({ filter: {}, signal: ending.signal })
    await waitUntil('the first punches come', async () => {
      const { done } = await heard.next()
      return done === true ? undefined : true
    })
    terminals[0]?.faults.set('stall=0')
    terminals[4]?.faults.set('stall=0')
    await terminals[1]?.hand.pullPlug()
    await terminals[5]?.hand.pullPlug()
    await sleep(1_500)

    const begun = performance.now()
    await worker.stop()
    await services.close()
    expect(performance.now() - begun).toBeLessThan(STOP_WITHIN_MS)
    for (const { memory } of terminals) expect(memory.isEnabled).toBe(true)
  },
)

it.skipIf(EMBEDDED_ONLY)(
  'gives its watches to another worker at once when it stops, not when their leases end, also beside a terminal that hangs',
  { timeout: 240_000 },
  async () => {
    // Longer than the test may take: what is taken over within it was given.
    const env = { ...envOf('mysql'), DEVICE_LEASE_MS: '600000' }
    await using service = await scratchService('mysql', env)
    const first = startWorker(service.services)
    await using ending = new AsyncDisposableStack()
    const ends = [0, 1, 2, 3, 4, 5].map(async (seed) => {
      const terminal = await service.terminal({ people: 3, punches: 20, seed })
      return { terminal, deviceId: (await service.register(terminal)).id }
    })
    const [hanging, ...others] = await Promise.all(ends)
    const rowsOf = async (deviceId: number): Promise<number> => {
      let count = 0
      for await (const batch of service.database.punches.each(deviceId)) count += batch.length
      return count
    }
    /** Somebody punches at each; gives how many of these terminals have told of it. */
    const heardAt = async (): Promise<number> => {
      let heard = 0
      for (const { terminal, deviceId } of others) {
        const before = await rowsOf(deviceId)
        await waitUntil('the terminal takes a finger', () =>
          terminal.hand.present(terminal.memory.truth().people[0]?.pin ?? ''),
        )
        await waitUntil('the punch is a row', async () => (await rowsOf(deviceId)) > before || undefined)
        heard += 1
      }
      return heard
    }
    expect(await heardAt()).toBe(others.length)

    hanging?.terminal.faults.set('stall=0')
    const database = ending.adopt(await openDatabase(service.url), (it) => it.close())
    const config = readConfig({ DATA_DIR: service.folder, DATABASE_URL: service.url, ...env })
    const services = ending.adopt(
      await createServices(config, database, { role: 'worker', log: quiet }),
      (it) => it.close(),
    )
    const stopped = first.stop()
    ending.adopt(startWorker(services), (it) => it.stop())
    expect(await heardAt()).toBe(others.length)
    await stopped
  },
)
