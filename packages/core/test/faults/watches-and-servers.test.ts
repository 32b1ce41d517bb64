// Watches that hold terminals while Redis is emptied under them, or the database is killed: they let go in time, nobody else is on a
// terminal beside them, and in the end every punch is stored, once.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { startPrivateServer, type PrivateServer } from '../../../../scripts/toolchain/servers.ts'
import { PrivateService, type Gate } from '../support/private-service.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { waitUntil } from '../support/wait-until.ts'

describe.skipIf(EMBEDDED_ONLY)('watches go on', { timeout: 600_000 }, () => {
  let redis: PrivateServer
  let mariadb: PrivateServer
  beforeAll(async () => {
    ;[redis, mariadb] = await Promise.all([startPrivateServer('Redis'), startPrivateServer('MariaDB')])
  }, 120_000)
  afterAll(async () => {
    await Promise.all([redis[Symbol.asyncDispose](), mariadb[Symbol.asyncDispose]()])
  })

  const outages: readonly (readonly [string, () => Promise<void>])[] = [
    ['after Redis was emptied under them', () => emptied(redis)],
    [
      'after an outage of Redis that is longer than a lease',
      async () => {
        await redis.kill()
        await sleep(8_000)
        await redis.start()
      },
    ],
    [
      'after an outage of the database',
      async () => {
        await mariadb.kill()
        await sleep(2_000)
        await mariadb.start()
      },
    ],
  ]

  it.each(outages)('%s', async (_name, outage) => {
    await using stage = await PrivateService.start(1, mariadb, redis)
    stage.watch()
    await caughtUp(stage)
    const punching = punchEverywhere(stage.gates)
    await outage()
    await caughtUp(stage)
    await punching
    await caughtUp(stage)
    for (const { deviceId, terminal } of stage.gates) {
      await expectSameAsTerminal(stage.database, deviceId, terminal.memory)
      expect(terminal.stats).toMatchObject({ maxConcurrentSessions: 1, leftDisabled: 0 })
    }
  })
})

async function punchEverywhere(gates: readonly Gate[]): Promise<void> {
  for (let i = 0; i < 60; i += 1) {
    await sleep(100)
    for (const { terminal } of gates) terminal.hand.present('1001')
  }
}

/** Until every bookmark stands behind its terminal's last record and no row waits for the log's. */
async function caughtUp({ database, gates }: PrivateService): Promise<void> {
  for (const { deviceId, terminal } of gates) {
    const look = async (): Promise<true | undefined> => {
      const { bookmark } = (await database.devices.findById(deviceId)) ?? {}
      if (bookmark?.index !== terminal.memory.log.count) return undefined
      for await (const batch of database.punches.each(deviceId))
        if (batch.some(({ early }) => early)) return undefined
      return true
    }
    await waitUntil('the watch has read all', () => look().catch(() => undefined))
  }
}

async function emptied({ url }: PrivateServer): Promise<void> {
  const client = new Redis(url)
  await client.flushall()
  client.disconnect()
}
