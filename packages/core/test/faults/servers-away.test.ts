// Redis and the database, killed and started again in the middle of syncs and of asking for them. What was asked for and accepted is
// done in the end, what could not be accepted is said, no job hangs, and no punch is lost or doubled. The servers are private.
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseUnavailable } from '@org/data'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { startPrivateServer, type PrivateServer } from '../../../../scripts/toolchain/servers.ts'
import { PrivateService } from '../support/private-service.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { seededRandom, seedsOf } from '../support/seeded-runs.ts'
import { waitUntil } from '../support/wait-until.ts'

const REDIS_RUNS = 6
const DATABASE_RUNS = 4

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
    await using stage = await PrivateService.start(seed, mariadb, redis)
    const asked = await stage.askForAll()
    await sleep(random.below(600))
    if (random.chance(0.5)) await saveToDisk(redis)
    else redis.empty()
    await sleep(random.below(100))
    await redis.kill()

    const whileAway = await stage.askForAll()
    expect(whileAway).toHaveLength(asked.length)
    await sleep(random.below(3_000))
    await redis.start()
    await expectAllDone(stage, [...asked, ...whileAway])
  })

  it.each(seedsOf(DATABASE_RUNS))('of the database (seed %i)', async (seed) => {
    const random = seededRandom(seed)
    await using stage = await PrivateService.start(seed, mariadb, redis)
    const asked = await stage.askForAll()
    await sleep(random.below(600))
    await mariadb.kill()
    await expect(stage.askForAll()).rejects.toThrow(DatabaseUnavailable)
    await sleep(random.below(2_000))
    await mariadb.start()
    const again = await waitUntil('the database takes jobs again', () => stage.askForAll().catch(unlessAway))
    await expectAllDone(stage, [...asked, ...again])
  })
})

/** Every job ended well, every row is a record, every record a row, and nothing waits. */
async function expectAllDone(service: PrivateService, jobIds: readonly string[]): Promise<void> {
  const jobs = await service.ended(jobIds)
  expect(jobs.map(({ state, error }) => [state, error])).toEqual(jobs.map(() => ['completed', null]))
  for (const { deviceId, terminal } of service.gates)
    await expectSameAsTerminal(service.database, deviceId, terminal.memory)
  const { totals } = await service.services.jobs.stats()
  expect(totals).toMatchObject({ active: 0, waiting: 0, failed: 0 })
}

async function saveToDisk({ url }: PrivateServer): Promise<void> {
  const client = new Redis(url)
  await client.save()
  client.disconnect()
}

function unlessAway(error: unknown): undefined {
  if (!(error instanceof DatabaseUnavailable)) throw error
}
