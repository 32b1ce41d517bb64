// Which processes watch, in memory and in Redis, and how they share the devices out.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { connectRedis, endRedis } from '../../src/redis.ts'
import { createMemoryRoster } from '../../src/terminals/watch-roster-memory.ts'
import { createRedisRoster } from '../../src/terminals/watch-roster-redis.ts'
import { watcherOf, type WatchRoster } from '../../src/terminals/watch-roster.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { watchRosterContract } from '../contract/watch-roster.contract.ts'
import { quiet } from '../support/scratch-service.ts'

watchRosterContract('memory', () => {
  const roster = createMemoryRoster()
  return Promise.resolve({ roster: () => roster, close: () => Promise.resolve() })
})

function installation(lifeMs = 60_000) {
  const prefix = `test:${randomBytes(6).toString('hex')}`
  const connections: Redis[] = []
  return {
    roster(): WatchRoster {
      const redis = connectRedis(serverUrl('TEST_REDIS_URL'), quiet)
      connections.push(redis)
      return createRedisRoster(redis, { prefix, lifeMs, log: quiet })
    },
    async close() {
      await Promise.all(connections.map((redis) => endRedis(redis, quiet)))
    },
  }
}

describe.skipIf(EMBEDDED_ONLY)('on Redis', () => {
  watchRosterContract('Redis', () => Promise.resolve(installation()))

  it('a roster names all processes that live, and no longer those that have left', async () => {
    const rig = installation()
    const [one, two] = [rig.roster(), rig.roster()]
    await one.beat()
    expect(new Set(await two.beat())).toEqual(new Set([one.name, two.name]))
    await one.leave()
    expect(await two.beat()).toEqual([two.name])
    await rig.close()
  })

  it('a roster forgets a process that is silent for longer than a life', async () => {
    const rig = installation(300)
    const [silent, living] = [rig.roster(), rig.roster()]
    await silent.beat()
    const deadline = Date.now() + 30_000
    while ((await living.beat()).length > 1) {
      expect(Date.now()).toBeLessThan(deadline)
      await sleep(50)
    }
    expect(new Set(await silent.beat())).toEqual(new Set([silent.name, living.name]))
    await rig.close()
  })
})

describe('the watcher of a device', () => {
  const devices = Array.from({ length: 1_000 }, (_, i) => i + 1)
  const shares = (names: readonly string[]) =>
    names.map((name) => devices.filter((id) => watcherOf(id, names) === name).length)

  it('is the same for everyone, in whatever order the names come', () => {
    for (const id of devices) expect(watcherOf(id, ['a', 'b', 'c'])).toBe(watcherOf(id, ['c', 'a', 'b']))
    expect(watcherOf(1, [])).toBeUndefined()
  })

  it('is each of the processes for a fair share', () => {
    for (const share of shares(['a', 'b', 'c', 'd'])) {
      expect(share).toBeGreaterThan(150)
      expect(share).toBeLessThan(350)
    }
  })

  it('changes only for the devices of whoever has gone', () => {
    const changed = devices.filter((id) => watcherOf(id, ['a', 'b', 'c']) !== watcherOf(id, ['a', 'c']))
    expect(changed).toEqual(devices.filter((id) => watcherOf(id, ['a', 'b', 'c']) === 'b'))
  })
})
