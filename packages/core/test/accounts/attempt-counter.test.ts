// Attempts counted in memory and on a real Redis.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createMemoryAttemptCounter } from '../../src/accounts/attempt-counter-memory.ts'
import { createRedisAttemptCounter } from '../../src/accounts/attempt-counter-redis.ts'
import { connectRedis, endRedis } from '../../src/redis.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { attemptCounterContract } from '../contract/attempt-counter.contract.ts'
import { quiet } from '../support/scratch-service.ts'

const RULE = { most: 2, windowMs: 60_000 }

attemptCounterContract('memory', () =>
  Promise.resolve({ counter: createMemoryAttemptCounter(), close: () => Promise.resolve() }),
)

async function redisCounter() {
  const redis = connectRedis(serverUrl('TEST_REDIS_URL'), quiet)
  await redis.ping()
  const counter = createRedisAttemptCounter(redis, `test:${randomBytes(6).toString('hex')}`, quiet)
  return { redis, counter, close: () => endRedis(redis, quiet) }
}

if (!EMBEDDED_ONLY) attemptCounterContract('Redis', redisCounter)

describe('an attempt counter in memory', () => {
  it('keeps who is kept out, however many strangers come', async () => {
    const counter = createMemoryAttemptCounter(() => 0)
    await counter.begin('guessed', RULE)
    await counter.begin('guessed', RULE)
    for (let i = 0; i < 120_000; i += 1) await counter.begin(`stranger ${i}`, RULE)
    expect(await counter.begin('guessed', RULE)).toMatchObject({ allowed: false })
  })
})

describe.skipIf(EMBEDDED_ONLY)('an attempt counter in Redis', () => {
  it('counts in the process while Redis is away', async () => {
    const { redis, counter, close } = await redisCounter()
    await counter.begin('a', RULE)
    redis.disconnect()
    expect(await counter.begin('a', RULE)).toEqual({ allowed: true, last: false })
    expect(await counter.begin('a', RULE)).toEqual({ allowed: true, last: true })
    expect(await counter.begin('a', RULE)).toMatchObject({ allowed: false })
    await counter.clear('a')
    expect(await counter.begin('a', RULE)).toEqual({ allowed: true, last: false })
    await close()
  })
})
