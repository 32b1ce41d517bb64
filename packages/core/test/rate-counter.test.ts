// Rate counts in memory and on a real Redis.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMemoryRateCounter } from '../src/rate-counter-memory.ts'
import { createRedisRateCounter } from '../src/rate-counter-redis.ts'
import { connectRedis, endRedis } from '../src/redis.ts'
import { rateCounterContract } from './contract/rate-counter.contract.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../scripts/toolchain/scratch-database.ts'
import { quiet } from './support/scratch-service.ts'

rateCounterContract('memory', () =>
  Promise.resolve({ counter: createMemoryRateCounter(), close: () => Promise.resolve() }),
)

async function redisCounter() {
  const redis = connectRedis(serverUrl('TEST_REDIS_URL'), quiet)
  await redis.ping()
  const counter = createRedisRateCounter(redis, `test:${randomBytes(6).toString('hex')}`, quiet)
  return { redis, counter, close: () => endRedis(redis, quiet) }
}

describe('a rate counter in memory', () => {
  it('forgets the oldest windows rather than growing without bound', async () => {
    let now = 0
    const counter = createMemoryRateCounter(() => now)
    await counter.hit('first', 60_000)
    for (let i = 0; i < 25_000; i += 1) {
      now += 1
      await counter.hit(`stranger ${i}`, 60_000)
    }
    expect(await counter.hit('first', 60_000)).toMatchObject({ count: 1 })
    expect(await counter.hit('stranger 24999', 60_000)).toMatchObject({ count: 2 })
  })
})

if (!EMBEDDED_ONLY) rateCounterContract('Redis', redisCounter)

describe.skipIf(EMBEDDED_ONLY)('a rate counter in Redis', () => {
  it('goes on counting in the process while Redis is away', async () => {
    const { redis, counter, close } = await redisCounter()
    await counter.hit('a', 60_000)
    redis.disconnect()
    expect(await counter.hit('a', 60_000)).toMatchObject({ count: 1 })
    expect(await counter.hit('a', 60_000)).toMatchObject({ count: 2 })
    await close()
  })
})
