// The bus across processes, on a real Redis.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createRedisBus } from '../../src/bus/bus-redis.ts'
import type { Bus } from '../../src/bus/bus.ts'
import { connectRedis, endRedis } from '../../src/redis.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { busContract } from '../contract/bus.contract.ts'
import { quiet } from '../support/scratch-service.ts'

function installation() {
  const prefix = `test:${randomBytes(6).toString('hex')}`
  const ends: Array<() => Promise<void>> = []
  return {
    prefix,
    bus(): Bus {
      const redis = connectRedis(serverUrl('TEST_REDIS_URL'), quiet)
      const bus = createRedisBus(redis, { prefix, log: quiet })
      ends.push(async () => {
        bus.close()
        await endRedis(redis, quiet)
      })
      return bus
    },
    async close() {
      await Promise.all(ends.map((end) => end()))
    },
  }
}

describe.skipIf(EMBEDDED_ONLY)('on Redis', () => {
  busContract('Redis', () => Promise.resolve(installation()))

  it('a bus leaves alone what is none of its messages', async () => {
    const rig = installation()
    const bus = rig.bus()
    const heard: unknown[] = []
    bus.listen('changed', (message) => heard.push(message))
    const redis = connectRedis(serverUrl('TEST_REDIS_URL'), quiet)
    const nonsense = [
      '',
      'x',
      '[]',
      '["changed"]',
      '["changed",{}]',
      '["changed",{"of":"doors","deviceId":1}]',
    ]
    const rest = ['["changed",{"of":"people","deviceId":"1"}]', '["gone",{}]', '{"changed":1}', 'null']
    const deadline = Date.now() + 30_000
    while (heard.length === 0) {
      expect(Date.now()).toBeLessThan(deadline)
      for (const text of [...nonsense, ...rest]) await redis.publish(`${rig.prefix}:bus`, text)
      await redis.publish(`${rig.prefix}:bus`, '["changed",{"of":"people","deviceId":1,"more":true}]')
      await sleep(20)
    }
    expect(heard[0]).toEqual({ of: 'people', deviceId: 1 })
    expect(new Set(heard.map((it) => JSON.stringify(it))).size).toBe(1)
    await endRedis(redis, quiet)
    await rig.close()
  })
})
