// The service put together: its modes, its roles, its health, its end; and a job that goes all the way.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  attendanceSync,
  ConfigError,
  createServices,
  handle,
  readConfig,
  type JobView,
  type Services,
} from '../src/index.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../scripts/toolchain/scratch-database.ts'
import { expectSameAsTerminal } from './support/same-as-terminal.ts'
import { openScratch, quiet, scratchFolder, scratchService, type Engine } from './support/scratch-service.ts'

const SECRETS = { JWT_SECRET: 'j'.repeat(40), ENCRYPTION_KEY: 'e'.repeat(40) }
const redisEnv = (): Record<string, string> => ({ REDIS_URL: serverUrl('TEST_REDIS_URL'), ...SECRETS })

/** Every way to run: name, database, environment. */
const modes: readonly [string, Engine, () => Record<string, string>][] = [
  ['SQLite alone', 'sqlite', () => ({})],
  ...(EMBEDDED_ONLY
    ? []
    : ([
        ['MySQL alone', 'mysql', () => ({})],
        ['SQLite with Redis', 'sqlite', redisEnv],
        ['MySQL with Redis', 'mysql', redisEnv],
      ] satisfies [string, Engine, () => Record<string, string>][])),
]

describe.each(modes)('the service on %s', (_name, engine, env) => {
  it('carries a sync from its request to its certificate', async () => {
    await using service = await scratchService(engine, env())
    const { services, database } = service
    const terminal = await service.terminal({ people: 12, punches: 1_500, seed: 51 })
    const device = await service.register(terminal)
    const by = { name: 'admin@example.org', accountId: 1, address: null }

    const [first, second] = await Promise.all([
      services.attendance.requestSync(device.id, {}, by),
      services.attendance.requestSync(device.id, { mode: 'auto' }, by),
    ])
    expect(first.job.id).toBe(second.job.id)
    expect(first.deduplicated).not.toBe(second.deduplicated)
    expect(first.job.id).toBe(
      `sync-device-${device.id}-${first.job.queuedAt.slice(0, 19).replaceAll(/[-:T]/g, '')}`,
    )

    const work = startWork(services)
    const job = await finished(services, first.job.id)
    await work.stop()

    expect(job).toMatchObject({
      state: 'completed',
      attempts: 1,
      deviceId: device.id,
      result: { announced_before: 1_500, read: 1_500, new: 1_500, known: 0, from: 0 },
      progress: { phase: 'done', done: 1_500, total: 1_500 },
    })
    await expectSameAsTerminal(database, device.id, terminal.memory)
    const stats = await services.jobs.stats()
    expect(stats.queues['attendance-sync']).toMatchObject({ completed: 1, total: 1 })
  })

  it('is ready, says how long each part took to answer, and is not ready once it ends', async () => {
    await using service = await scratchService(engine, env())
    const { services } = service
    const health = await services.health()
    expect(health).toMatchObject({ ready: true, database: { state: 'up' }, queue: { state: 'up' } })
    expect(health.redis === null).toBe(services.mode.coordination === 'memory')
    expect(services.ready).toBe(true)
    await Promise.all([services.close(), services.close()])
    expect(services.ready).toBe(false)
  })
})

describe('one process that must be alone', () => {
  it('refuses a second one on the same data, and lets it start when the first has ended', async () => {
    await using service = await scratchService()
    const { openDatabase } = await import('@org/data')
    const database = await openDatabase(service.url)
    const config = readConfig({ DATA_DIR: service.folder, DATABASE_URL: service.url })
    const start = () => createServices(config, database, { role: 'both', log: quiet })
    await expect(start()).rejects.toThrow(ConfigError)
    await expect(start()).rejects.toThrow('another service process')
    await service.services.close()
    const second = await start()
    await second.close()
    await database.close()
  })

  it.each(['api', 'worker'] as const)('refuses to be %s only', async (role) => {
    await using folder = await scratchFolder()
    await using scratch = await openScratch('sqlite', folder.path)
    const config = readConfig({ DATA_DIR: folder.path, DATABASE_URL: scratch.url })
    await expect(createServices(config, scratch.database, { role, log: quiet })).rejects.toThrow(
      `a process of role ${role} needs both`,
    )
  })
})

describe.skipIf(EMBEDDED_ONLY)('queue mode', () => {
  it(
    'lets processes share the terminals: no two of them ever speak to one at once',
    { timeout: 120_000 },
    async () => {
      await using service = await scratchService('mysql', { ...redisEnv(), DEVICE_WAIT_MS: '100000' })
      const terminal = await service.terminal({ people: 5, punches: 800, seed: 52 })
      const device = await service.register(terminal)
      const config = service.services.config
      const { openDatabase } = await import('@org/data')
      const others = await Promise.all(
        [1, 2].map(async () => {
          const database = await openDatabase(service.url)
          return {
            database,
            services: await createServices(config, database, { role: 'worker', log: quiet }),
          }
        }),
      )
      const all = [service.services, ...others.map((other) => other.services)]
      const signal = new AbortController().signal
      const certificates = await Promise.all(
        Array.from({ length: 9 }, (_, i) => {
          const services = all[i % all.length] ?? service.services
          return services.syncAttendance({
            deviceId: device.id,
            mode: 'auto',
            signal,
            progress: () => undefined,
          })
        }),
      )
      expect(certificates.reduce((sum, certificate) => sum + certificate.new, 0)).toBe(800)
      expect(terminal.stats.maxConcurrentSessions).toBe(1)
      await expectSameAsTerminal(service.database, device.id, terminal.memory)
      for (const { services, database } of others) {
        await services.close()
        await database.close()
      }
    },
  )

  it('says that Redis is down when it is', async () => {
    const env = { ...SECRETS, REDIS_URL: 'redis://127.0.0.1:1' }
    await using service = await scratchService('sqlite', env)
    expect(await service.services.health()).toMatchObject({
      ready: false,
      database: { state: 'up' },
      redis: { state: 'down' },
    })
  })
})

function startWork(services: Services) {
  const handler = handle(attendanceSync, ({ data, progress, signal }) =>
    services.syncAttendance({ deviceId: data.deviceId, mode: data.mode, progress, signal }),
  )
  return services.jobs.work([handler], { concurrency: 2 })
}

async function finished(services: Services, jobId: string): Promise<JobView> {
  const deadline = Date.now() + 50_000
  for (;;) {
    const job = await services.jobs.find(jobId)
    if (job !== undefined && job.finishedAt !== null) return job
    if (Date.now() > deadline) throw new Error(`job ${jobId} did not finish: ${JSON.stringify(job)}`)
    await sleep(20)
  }
}
