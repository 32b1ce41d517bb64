// A service in queue mode on servers that a test takes away: two processes' worth of it, and terminals to sync.
import { openDatabase, type Database } from '@org/data'
import { madeUpMemory, startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { scratchDatabase } from '../../../../scripts/toolchain/scratch-database.ts'
import type { PrivateServer } from '../../../../scripts/toolchain/servers.ts'
import { createServices, readConfig, SYSTEM, type JobView, type Services } from '../../src/index.ts'
import { endedJob, workQuickly } from './quick-worker.ts'
import { quiet, scratchFolder } from './scratch-service.ts'
import { waitUntil } from './wait-until.ts'
import { QUICK } from './watched-terminal.ts'

const TERMINALS = 3
/** Patient enough for what an outage takes in tests; the worker's own is more so. */
const BACKOFF_MS = [500, 2_000, 5_000]

/** A terminal and its device. */
export interface Gate {
  readonly deviceId: number
  readonly terminal: SimulatedTerminal
}

/** Two services that share everything, of which one is spoken to. */
export class PrivateService implements AsyncDisposable {
  readonly #ending: AsyncDisposableStack
  readonly #all: readonly Services[]
  readonly gates: readonly Gate[]
  readonly services: Services
  readonly database: Database

  private constructor(parts: {
    readonly ending: AsyncDisposableStack
    readonly all: readonly Services[]
    readonly services: Services
    readonly database: Database
    readonly gates: readonly Gate[]
  }) {
    this.#ending = parts.ending
    this.#all = parts.all
    this.services = parts.services
    this.database = parts.database
    this.gates = parts.gates
  }

  /** Both watch, until this ends. */
  watch(): void {
    for (const services of this.#all) {
      const watch = services.watchDevices()
      this.#ending.defer(() => watch.stop())
    }
  }

  static async start(seed: number, mariadb: PrivateServer, redis: PrivateServer): Promise<PrivateService> {
    const ending = new AsyncDisposableStack()
    const { url } = ending.use(await scratchDatabase(mariadb.url))
    const { path } = ending.use(await scratchFolder())
    const config = readConfig({
      DATA_DIR: path,
      DATABASE_URL: url,
      REDIS_URL: redis.url,
      JWT_SECRET: 'j'.repeat(40),
      ENCRYPTION_KEY: 'e'.repeat(40),
      JOB_CLAIM_MS: '3000',
      DEVICE_LEASE_MS: '6000',
      LOG_LEVEL: 'silent',
    })
    const all: Services[] = []
    const open = async (): Promise<readonly [Services, Database]> => {
      const database = await openDatabase(config.databaseUrl)
      ending.defer(() => database.close())
      const services = await createServices(config, database, {
        role: 'both',
        log: quiet,
        watchTimings: QUICK,
      })
      ending.defer(() => services.close())
      workQuickly(services, TERMINALS, BACKOFF_MS)
      all.push(services)
      return [services, database]
    }
    const [services, database] = await open()
    await open()
    const gates: Gate[] = []
    for (let number = 0; number < TERMINALS; number += 1) {
      const memory = madeUpMemory({ people: 10, punches: 3_000, seed: seed * 100 + number })
      const terminal = ending.use(await startTerminal({ memory, paceMs: 2 }))
      const { device } = await waitUntil('the terminal is registered', () =>
        services.devices.register(
          { name: memory.serialNumber, ip: terminal.host, port: terminal.port },
          SYSTEM,
        ),
      )
      gates.push({ deviceId: device.id, terminal })
    }
    return new PrivateService({ ending, all, services, database, gates })
  }

  /** Asks for a sync of every terminal, after somebody has punched there. The jobs' ids. */
  async askForAll(): Promise<string[]> {
    const jobs: string[] = []
    for (const { deviceId, terminal } of this.gates) {
      terminal.memory.punch({ pin: '1' })
      jobs.push((await this.services.attendance.requestSync(deviceId, {}, SYSTEM)).job.id)
    }
    return jobs
  }

  /** The jobs, once they have ended, with those that see what came too late for them. */
  async ended(jobIds: readonly string[]): Promise<JobView[]> {
    const jobs: JobView[] = []
    for (const id of jobIds) jobs.push(await endedJob(this.services, id))
    for (const id of await this.askForAll()) jobs.push(await endedJob(this.services, id))
    return jobs
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync()
  }
}
