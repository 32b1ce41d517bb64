// Redis and the database, killed and started again in the middle of syncs and of asking for them. What was asked for and accepted is
// done in the end, what could not be accepted is said, no job hangs, and no punch is lost or doubled. The servers are private.
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseUnavailable, openDatabase, type Database } from '@org/data'
import { Redis } from 'ioredis'
import { madeUpMemory, startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase } from '../../../../scripts/toolchain/scratch-database.ts'
import { startPrivateServer, type PrivateServer } from '../../../../scripts/toolchain/servers.ts'
import { createServices, readConfig, SYSTEM, type Services } from '../../src/index.ts'
import { endedJob, workQuickly } from '../support/quick-worker.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { quiet, scratchFolder } from '../support/scratch-service.ts'
import { seededRandom, seedsOf } from '../support/seeded-runs.ts'
import { waitUntil } from '../support/wait-until.ts'

const TERMINALS = 3
const REDIS_RUNS = 6
const DATABASE_RUNS = 4
/** Patient enough for what an outage takes here; the worker's own is more so. */
const BACKOFF_MS = [500, 2_000, 5_000]

describe.skipIf(EMBEDDED_ONLY)('syncs go on after an outage', { timeout: 600_000 }, () => {
  let redis: PrivateServer
  let mariadb: PrivateServer
  beforeAll(async () => {
    ;[redis, mariadb] = await Promise.all([startPrivateServer('Redis'), startPrivateServer('MariaDB')])
  }, 120_000)
  afterAll(async () => {
    await Promise.all([redis[Symbol.asyncDispose](), mariadb[Symbol.asyncDispose]()])
  })

  it.each(seedsOf(REDIS_RUNS))('of Redis, emptied or as it was a while ago (seed %i)', async (seed) => {
    const random = seededRandom(seed)
    await using stage = await Stage.set(seed, mariadb, redis)
    const asked = await stage.askForAll()
    await sleep(random.below(600))
    if (random.chance(0.5)) await saveToDisk(redis)
    else redis.empty()
    await sleep(random.below(100))
    await redis.kill()

    const whileAway = await stage.askForAll()
    expect(whileAway).toHaveLength(TERMINALS)
    await sleep(random.below(3_000))
    await redis.start()
    await stage.expectAllDone([...asked, ...whileAway])
  })

  it.each(seedsOf(DATABASE_RUNS))('of the database (seed %i)', async (seed) => {
    const random = seededRandom(seed)
    await using stage = await Stage.set(seed, mariadb, redis)
    const asked = await stage.askForAll()
    await sleep(random.below(600))
    await mariadb.kill()
    await expect(stage.askForAll()).rejects.toThrow(DatabaseUnavailable)
    await sleep(random.below(2_000))
    await mariadb.start()
    const again = await waitUntil('the database takes jobs again', () => stage.askForAll().catch(unlessAway))
    await stage.expectAllDone([...asked, ...again])
  })
})

interface Gate {
  readonly deviceId: number
  readonly terminal: SimulatedTerminal
}

/** Terminals, and two processes' worth of service on private servers. */
class Stage implements AsyncDisposable {
  readonly #ending: AsyncDisposableStack
  readonly #gates: readonly Gate[]
  readonly #services: Services
  readonly #database: Database

  private constructor(
    ending: AsyncDisposableStack,
    services: Services,
    database: Database,
    gates: readonly Gate[],
  ) {
    this.#ending = ending
    this.#services = services
    this.#database = database
    this.#gates = gates
  }

  static async set(seed: number, mariadb: PrivateServer, redis: PrivateServer): Promise<Stage> {
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
    const open = async (): Promise<readonly [Services, Database]> => {
      const database = await openDatabase(config.databaseUrl)
      ending.defer(() => database.close())
      const services = await createServices(config, database, { role: 'both', log: quiet })
      ending.defer(() => services.close())
      workQuickly(services, TERMINALS, BACKOFF_MS)
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
    return new Stage(ending, services, database, gates)
  }

  /** Asks for a sync of every terminal, after somebody has punched there. The jobs' ids. */
  async askForAll(): Promise<string[]> {
    const jobs: string[] = []
    for (const { deviceId, terminal } of this.#gates) {
      terminal.memory.punch({ pin: '1' })
      jobs.push((await this.#services.attendance.requestSync(deviceId, {}, SYSTEM)).job.id)
    }
    return jobs
  }

  /** Every job ended well, and after one more sync every row is a record and every record a row. */
  async expectAllDone(jobIds: readonly string[]): Promise<void> {
    for (const id of new Set([...jobIds, ...(await this.#endedAfter(jobIds))])) {
      expect(await endedJob(this.#services, id)).toMatchObject({ id, state: 'completed', error: null })
    }
    for (const { deviceId, terminal } of this.#gates)
      await expectSameAsTerminal(this.#database, deviceId, terminal.memory)
    const { totals } = await this.#services.jobs.stats()
    expect(totals).toMatchObject({ active: 0, waiting: 0, failed: 0 })
  }

  /** What is asked for once those are over finds what they could not see. */
  async #endedAfter(jobIds: readonly string[]): Promise<string[]> {
    for (const id of jobIds) await endedJob(this.#services, id)
    return this.askForAll()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync()
  }
}

async function saveToDisk({ url }: PrivateServer): Promise<void> {
  const client = new Redis(url)
  await client.save()
  client.disconnect()
}

function unlessAway(error: unknown): undefined {
  if (!(error instanceof DatabaseUnavailable)) throw error
}
