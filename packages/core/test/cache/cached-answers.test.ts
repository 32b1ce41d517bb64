// Cached answers in memory and in a real Redis, and what each bounds or outlives by itself.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { createMemoryCacheStore } from '../../src/cache/cache-memory.ts'
import { createRedisCacheStore } from '../../src/cache/cache-redis.ts'
import { KEEP_MS, type CacheStore } from '../../src/cache/cache-store.ts'
import { sendable } from '../../src/cache/cached-answers.ts'
import { connectRedis, endRedis } from '../../src/redis.ts'
import { cachedAnswersContract } from '../contract/cached-answers.contract.ts'
import { cuttableProxy } from '../jobs/cuttable-proxy.ts'
import { quiet } from '../support/scratch-service.ts'

cachedAnswersContract('memory', () =>
  Promise.resolve({ store: createMemoryCacheStore(), close: () => Promise.resolve() }),
)

const place = (digest: string) => ({ subject: 'attendance', scope: 'any', digest }) as const

async function keep(store: CacheStore, digest: string, answer: string): Promise<void> {
  const found = await store.look(place(digest))
  await store.keep(found?.ticket ?? 'none', sendable(answer))
}

async function kept(store: CacheStore, digest: string): Promise<string | undefined> {
  return (await store.look(place(digest)))?.kept?.bytes.toString()
}

describe('the store in memory', () => {
  it('S-ATT-03 forgets after five minutes', async () => {
    let now = 0
    const store = createMemoryCacheStore({ now: () => now })
    await keep(store, 'a', 'answer')
    now = KEEP_MS - 1
    expect(await kept(store, 'a')).toBe('answer')
    now = KEEP_MS
    expect(await kept(store, 'a')).toBeUndefined()
  })

  it('lets go what was asked for least recently when its room is used up', async () => {
    const store = createMemoryCacheStore({ mostBytes: 10_000 })
    for (const digest of ['a', 'b', 'c']) await keep(store, digest, 'x'.repeat(3_000))
    expect(await kept(store, 'a')).toBeDefined()
    await keep(store, 'd', 'x'.repeat(3_000))
    expect(await kept(store, 'b')).toBeUndefined()
    for (const digest of ['a', 'c', 'd']) expect(await kept(store, digest)).toBeDefined()
  })

  it('keeps no more than a number of answers, however small', async () => {
    const store = createMemoryCacheStore()
    for (let i = 0; i < 10_001; i += 1) await keep(store, String(i), 'x')
    expect(await kept(store, '0')).toBeUndefined()
    expect(await kept(store, '10000')).toBe('x')
    expect(await store.clear()).toBe(10_000)
  })
})

async function redisStore(options: { url?: string; prefix?: string; mostBytes?: number } = {}) {
  const { url = serverUrl('TEST_REDIS_URL'), prefix = `test:${randomBytes(6).toString('hex')}` } = options
  const redis = connectRedis(url, quiet)
  await redis.ping()
  const store = createRedisCacheStore(redis, prefix, quiet, options.mostBytes)
  return { redis, prefix, store, close: () => endRedis(redis, quiet) }
}

/** Looks until it finds what is wanted, for half a minute. */
async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`after half a minute still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

if (!EMBEDDED_ONLY) cachedAnswersContract('Redis', () => redisStore())

describe.skipIf(EMBEDDED_ONLY)('the store in Redis', () => {
  it('S-ATT-03 S-PER-01 forgets after five minutes, generations not before the answers', async () => {
    const { redis, prefix, store, close } = await redisStore()
    await keep(store, 'a', 'answer')
    const [answer] = await redis.keys(`${prefix}:cache:sendable:*`)
    const ttl = await redis.pttl(answer ?? '')
    expect(ttl).toBeGreaterThan(KEEP_MS - 30_000)
    expect(ttl).toBeLessThanOrEqual(KEEP_MS)
    for (const key of await redis.keys(`${prefix}:cache:generation*`))
      expect(await redis.pttl(key)).toBeGreaterThan(KEEP_MS)
    await close()
  })

  it('takes no more room than it may', async () => {
    const { store, close } = await redisStore({ mostBytes: 10_000 })
    for (const digest of ['a', 'b', 'c']) await keep(store, digest, 'x'.repeat(4_000))
    expect(await kept(store, 'b')).toBeDefined()
    expect(await kept(store, 'c')).toBeUndefined()
    await close()
  })

  it('is one for all processes', async () => {
    const here = await redisStore()
    await here.store.look(place('a'))
    const there = await redisStore({ prefix: here.prefix })
    await there.store.look(place('a'))
    await keep(here.store, 'a', 'answer')
    expect(await kept(there.store, 'a')).toBe('answer')
    await there.store.forget('attendance', ['any'])
    expect(await kept(here.store, 'a')).toBeUndefined()
    await here.close()
    await there.close()
  })

  it('finds nothing that was kept before Redis was emptied, nor keeps it afterwards under a generation of old', async () => {
    const { redis, prefix, store, close } = await redisStore()
    const early = await store.look(place('a'))
    await redis.del(...(await redis.keys(`${prefix}:cache:*`)))
    await store.look(place('a'))
    await store.keep(early?.ticket ?? '', sendable('what was true before'))
    expect(await kept(store, 'a')).toBeUndefined()
    await close()
  })

  it('says within a moment that nothing can be known while Redis is away, and then forgets what it could not forget', async () => {
    const proxy = await cuttableProxy(serverUrl('TEST_REDIS_URL'))
    const cutOff = await redisStore({ url: proxy.url })
    const other = await redisStore({ prefix: cutOff.prefix })
    await cutOff.store.look(place('a'))
    await other.store.look(place('a'))
    await keep(cutOff.store, 'a', 'what was true before')
    expect(await kept(other.store, 'a')).toBe('what was true before')

    await proxy.cut()
    await until('the connection is lost', async () => cutOff.redis.status !== 'ready')
    expect(await cutOff.store.look(place('a'))).toBeUndefined()
    await cutOff.store.forget('attendance', ['any'])

    await proxy.mend()
    // Nobody asks the process that was away: it makes good by itself, for the others too.
    await until('the other is not given it', async () => (await kept(other.store, 'a')) === undefined)
    expect(await kept(cutOff.store, 'a')).toBeUndefined()
    await keep(cutOff.store, 'a', 'what is true now')
    expect(await kept(other.store, 'a')).toBe('what is true now')
    await cutOff.close()
    await other.close()
    await proxy.cut()
  })

  it('does not wait for a Redis that says nothing, and forgets everything before it trusts it again', async () => {
    const proxy = await cuttableProxy(serverUrl('TEST_REDIS_URL'))
    const { store, close } = await redisStore({ url: proxy.url })
    await keep(store, 'a', 'what was true before')
    proxy.silence()
    expect(await store.look(place('a'))).toBeUndefined()
    await store.forget('attendance', ['any'])
    await proxy.mend()
    await until('it is looked into again', async () => (await store.look(place('a'))) !== undefined)
    expect(await kept(store, 'a')).toBeUndefined()
    await close()
    await proxy.cut()
  })

  it('is cleared of its answers alone', async () => {
    const { redis, prefix, store, close } = await redisStore()
    const others = ['jobs:attendance-sync:1', 'lease:1', 'rate:http:1', 'session', 'tally', 'cachet']
    for (const name of others) await redis.set(`${prefix}:${name}`, '1', 'PX', 60_000)
    await keep(store, 'a', '1')
    await keep(store, 'b', '2')
    expect(await store.clear()).toBe(2)
    for (const name of others) expect(await redis.get(`${prefix}:${name}`)).toBe('1')
    await close()
  })
})
