// An API process that is killed while it takes requests for syncs. Between the row of a job and its way to a worker there is a moment;
// whatever has a row is done, and whatever was answered has one.
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '@org/data'
import { madeUpMemory, startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { createServices, readConfig, SYSTEM } from '../../src/index.ts'
import { Killable } from '../support/killable.ts'
import { endedJob, workQuickly } from '../support/quick-worker.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { quiet } from '../support/scratch-service.ts'
import { seededRandom, seedsOf } from '../support/seeded-runs.ts'
import { waitUntil } from '../support/wait-until.ts'

const KILLS = 12
const DEVICES = 6

it.skipIf(EMBEDDED_ONLY)(
  'an API process killed while it takes requests leaves no job hanging',
  { timeout: 600_000 },
  async () => {
    await using ending = new AsyncDisposableStack()
    const { url } = ending.use(await scratchDatabase())
    const env = {
      DATABASE_URL: url,
      REDIS_URL: serverUrl('TEST_REDIS_URL'),
      JWT_SECRET: 'j'.repeat(40),
      ENCRYPTION_KEY: 'e'.repeat(40),
      LOG_LEVEL: 'silent',
    }
    const database = await openDatabase(url)
    ending.defer(() => database.close())
    const services = await createServices(readConfig(env), database, { role: 'both', log: quiet })
    ending.defer(() => services.close())
    workQuickly(services, DEVICES)
    const gates: { readonly id: number; readonly memory: ReturnType<typeof madeUpMemory> }[] = []
    for (let number = 0; number < DEVICES; number += 1) {
      const memory = madeUpMemory({ people: 5, punches: 200, seed: 500 + number })
      const terminal = ending.use(await startTerminal({ memory }))
      const { device } = await services.devices.register(
        { name: memory.serialNumber, ip: terminal.host, port: terminal.port },
        SYSTEM,
      )
      gates.push({ id: device.id, memory })
    }

    for (const seed of seedsOf(KILLS)) {
      const random = seededRandom(seed)
      for (const { memory } of gates) memory.punch({ pin: '1' })
      await using api = await new Killable({ ROLE: 'api', ...env }).start()
      const asked = gates.map(({ id }) => api.again(id).catch(() => undefined))
      await sleep(random.below(60))
      await api.kill()
      const answered = (await Promise.all(asked)).filter((jobId) => jobId !== undefined)
      for (const jobId of answered) expect((await endedJob(services, jobId)).error).toBeNull()
      await waitUntil(`nothing is left to do (seed ${seed})`, async () => {
        const { totals } = await services.jobs.stats()
        return totals.active + totals.waiting === 0 ? totals : undefined
      })
      for (const { id } of gates)
        await endedJob(services, (await services.attendance.requestSync(id, {}, SYSTEM)).job.id)
      for (const { id, memory } of gates) await expectSameAsTerminal(database, id, memory)
    }
    expect((await services.jobs.stats()).totals).toMatchObject({ failed: 0, active: 0, waiting: 0 })
  },
)
