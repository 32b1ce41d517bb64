// The tally in memory and in a real Redis.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, serverUrl } from '../../../scripts/toolchain/scratch-database.ts'
import { connectRedis, endRedis } from '../src/redis.ts'
import { createMemoryTally } from '../src/tally-memory.ts'
import { createRedisTally } from '../src/tally-redis.ts'
import { tallyContract } from './contract/tally.contract.ts'
import { cuttableProxy } from './jobs/cuttable-proxy.ts'
import { quiet } from './support/scratch-service.ts'

tallyContract('memory', () => {
  const tally = createMemoryTally()
  return Promise.resolve({ tally, close: () => tally.close() })
})

async function redisTally({ url = serverUrl('TEST_REDIS_URL'), prefix = '' } = {}) {
  const redis = connectRedis(url, quiet)
  await redis.ping()
  const key = prefix === '' ? `test:${randomBytes(6).toString('hex')}` : prefix
  const tally = createRedisTally(redis, key, quiet)
  return {
    redis,
    prefix: key,
    tally,
    async close() {
      await tally.close()
      await endRedis(redis, quiet)
    },
  }
}

if (!EMBEDDED_ONLY) tallyContract('Redis', () => redisTally())

describe.skipIf(EMBEDDED_ONLY)('a tally in Redis', () => {
  it('is one for all processes, and has what a process counted when that has ended', async () => {
    const here = await redisTally()
    const there = await redisTally({ prefix: here.prefix })
    here.tally.add('a', 1)
    there.tally.add('a', 2)
    await there.close()
    expect(await here.tally.read()).toEqual(new Map([['a', 3]]))
    await here.close()
  })

  it('goes on counting while Redis is away, and hands on what it counted', async () => {
    const proxy = await cuttableProxy(serverUrl('TEST_REDIS_URL'))
    const here = await redisTally({ url: proxy.url })
    const { tally } = here
    const isReady = () => here.redis.status === 'ready'
    tally.add('a', 1)
    await tally.read()
    await proxy.cut()
    while (isReady()) await new Promise((resolve) => setTimeout(resolve, 10))
    tally.add('a', 1)
    await expect(tally.read()).rejects.toThrow('Redis is away')
    await proxy.mend()
    while (!isReady()) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await tally.read()).toEqual(new Map([['a', 2]]))
    await here.close()
    await proxy.cut()
  })
})
