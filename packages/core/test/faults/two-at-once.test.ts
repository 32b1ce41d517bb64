// Two syncs of one terminal at once, in two processes: one as a job, one asked for directly, past the queue. They take turns by the
// lease, give way to each other, and whoever finds that the other has moved the bookmark begins anew.
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '@org/data'
import { madeUpMemory, startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { createServices, readConfig, ServiceError, SYSTEM, type Services } from '../../src/index.ts'
import { endedJob, workQuickly } from '../support/quick-worker.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { quiet } from '../support/scratch-service.ts'
import { runSeeds, seededRandom, seedsOf } from '../support/seeded-runs.ts'
import { waitUntil } from '../support/wait-until.ts'

const RUNS = 20
const LANES = 3

it.skipIf(EMBEDDED_ONLY)(
  'two syncs at once, in two processes, store every punch once',
  { timeout: 600_000 },
  async () => {
    await using ending = new AsyncDisposableStack()
    const { url } = ending.use(await scratchDatabase())
    const open = async (): Promise<Services> => {
      const config = readConfig({
        DATABASE_URL: url,
        REDIS_URL: serverUrl('TEST_REDIS_URL'),
        JWT_SECRET: 'j'.repeat(40),
        ENCRYPTION_KEY: 'e'.repeat(40),
        DEVICE_WAIT_MS: '30000',
        DEVICE_IDLE_MS: '100',
        LOG_LEVEL: 'silent',
      })
      const connected = await openDatabase(url)
      ending.defer(() => connected.close())
      const services = await createServices(config, connected, { role: 'both', log: quiet })
      ending.defer(() => services.close())
      return services
    }
    const [one, other] = [await open(), await open()]
    workQuickly(one, LANES)
    const database = await openDatabase(url)
    ending.defer(() => database.close())

    const stages = Array.from({ length: LANES }, () => ({ one, other }))
    await runSeeds(seedsOf(RUNS), stages, async (seed) => {
      const random = seededRandom(seed)
      const memory = madeUpMemory({ people: 12, punches: 3_000 + random.below(3_000), seed })
      await using terminal = await startTerminal({ memory, paceMs: 1 })
      const { device } = await one.devices.register(
        { name: `Gate ${seed}`, ip: terminal.host, port: terminal.port },
        SYSTEM,
      )
      if (random.chance(0.4)) {
        await direct(one, device.id, 'auto')
        for (let i = 0; i < 2_000; i += 1) memory.punch({ pin: '1', wallTime: wallTimeOf(i) })
      }

      const { job } = await one.attendance.requestSync(
        device.id,
        { mode: random.pick(['auto', 'full']) },
        SYSTEM,
      )
      await sleep(random.below(400))
      const [ended, certificate] = await Promise.all([
        endedJob(one, job.id),
        direct(other, device.id, random.pick(['auto', 'full'])),
      ])
      expect(ended).toMatchObject({ state: 'completed', error: null })
      expect(certificate.read).toBe(certificate.new + certificate.known)
      await expectSameAsTerminal(database, device.id, memory)
      expect(await direct(other, device.id, 'auto')).toMatchObject({ from: memory.log.count, read: 0 })
      expect(terminal.stats).toMatchObject({ maxConcurrentSessions: 1, leftDisabled: 0 })
      await database.devices.remove(device.id, new Date().toISOString())
    })
  },
)

/** A sync past the queue, as often as the other one breaks it off. */
function direct(services: Services, deviceId: number, mode: 'auto' | 'full') {
  const input = { deviceId, mode, signal: new AbortController().signal, progress: () => undefined }
  return waitUntil('a direct sync', () =>
    services.syncAttendance(input).catch((error: unknown) => {
      if (!(error instanceof ServiceError) || !error.retryable) throw error
      return undefined
    }),
  )
}

/** A second of its own for each, years after the made-up ones. */
function wallTimeOf(number: number): string {
  return new Date(Date.UTC(2031, 0, 1) + number * 1_000).toISOString().slice(0, 19)
}
