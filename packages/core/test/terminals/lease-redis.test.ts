// Leases across processes, on a real Redis. A process that dies is a keeper whose connection is cut.
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectRedis, endRedis } from '../../src/redis.ts'
import { createRedisLeases } from '../../src/terminals/lease-redis.ts'
import type { Lease, LeaseKeeper } from '../../src/terminals/lease.ts'
import { leaseContract } from '../contract/lease.contract.ts'
import { cuttableProxy, type CuttableProxy } from '../jobs/cuttable-proxy.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { quiet } from '../support/scratch-service.ts'
import { waitUntil } from '../support/wait-until.ts'

/** One installation on Redis, with as many processes as are asked for. */
class Installation {
  readonly #prefix = `test:${randomBytes(6).toString('hex')}`
  readonly #ends: Array<() => Promise<void>> = []
  readonly #leaseMs: number
  #fence = 0
  #known = false
  /** What happens between the question whether a lease was ever granted and the first grant. */
  beforeFirstGrant: () => Promise<void> | void = () => undefined

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  process(redisUrl = serverUrl('TEST_REDIS_URL')): { keeper: LeaseKeeper; redis: Redis } {
    const redis = connectRedis(redisUrl, quiet)
    const keeper = createRedisLeases(redis, {
      leaseMs: this.#leaseMs,
      prefix: this.#prefix,
      issueFence: () => Promise.resolve((this.#fence += 1)),
      isNewInstallation: async () => {
        const isNew = !this.#known
        this.#known = true
        if (isNew) await this.beforeFirstGrant()
        return isNew
      },
      log: quiet,
    })
    this.#ends.push(async () => {
      await keeper.close()
      await endRedis(redis, quiet)
    })
    return { keeper, redis }
  }

  keeper(redisUrl?: string): LeaseKeeper {
    return this.process(redisUrl).keeper
  }

  /** Whether Redis knows since when grants are allowed. */
  async hasBegun(): Promise<boolean> {
    const redis = new Redis(serverUrl('TEST_REDIS_URL'))
    const found = await redis.exists(`${this.#prefix}:leases-since`)
    await redis.quit()
    return found === 1
  }

  /** What FLUSHALL does to this installation. */
  async empty(): Promise<void> {
    const redis = new Redis(serverUrl('TEST_REDIS_URL'))
    const keys = await redis.keys(`${this.#prefix}:*`)
    if (keys.length > 0) await redis.del(...keys)
    await redis.quit()
  }

  /** Cuts the connections on which messages are heard. */
  async silenceMessages(): Promise<void> {
    const redis = new Redis(serverUrl('TEST_REDIS_URL'))
    const clients = String(await redis.client('LIST')).split('\n')
    for (const client of clients.filter((line) => line.includes(`name=${this.#prefix}`)))
      await redis.client('KILL', 'ID', /^id=(\d+)/.exec(client)?.[1] ?? '')
    await redis.quit()
  }

  async close(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()))
    await this.empty()
  }
}

const acquire = (keeper: LeaseKeeper, waitMs: number): Promise<Lease> =>
  keeper.acquire({ deviceId: 1 }, { waitMs, signal: new AbortController().signal })

if (!EMBEDDED_ONLY) leaseContract('Redis', () => Promise.resolve(new Installation(5_000)))

describe.skipIf(EMBEDDED_ONLY)('a lease that ends by time', () => {
  let installation: Installation
  afterEach(() => installation.close())

  it('outlives its life by renewal', async () => {
    installation = new Installation(3_000)
    const lease = await acquire(installation.keeper(), 0)
    await expect(acquire(installation.keeper(), 4_500)).rejects.toMatchObject({ code: 'DEVICE_BUSY' })
    lease.assertHeld()
    await lease.release()
  })

  it('ends by time when its holder dies, and its holder knows before', async () => {
    installation = new Installation(800)
    const { keeper, redis } = installation.process()
    const lease = await acquire(keeper, 0)
    const lostAt = new Promise<number>((resolve) => {
      lease.signal.addEventListener('abort', () => resolve(performance.now()))
    })
    redis.disconnect()
    const next = await acquire(installation.keeper(), 30_000)
    const grantedAt = performance.now()
    expect(await lostAt).toBeLessThanOrEqual(grantedAt)
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'DEVICE_BUSY' }))
    expect(next.fence).toBeGreaterThan(lease.fence)
    await next.release()
  })

  it('is granted at once in a new installation, also to those who ask first at the same time', async () => {
    installation = new Installation(600_000)
    const [first, second] = [installation.keeper(), installation.keeper()]
    let overtaking: Promise<Lease> | undefined
    installation.beforeFirstGrant = async () => {
      // The first knows by now that all is new; the second, who is told otherwise, is sooner at Redis.
      overtaking = acquire(second, 120_000)
      await waitUntil('the second has asked', async () => (await installation.hasBegun()) || undefined)
    }
    const lease = await acquire(first, 120_000)
    lease.assertHeld()
    await lease.release()
    const next = await overtaking
    expect(next?.fence).toBeGreaterThan(lease.fence)
    await next?.release()
  })

  it('is lost to its holder when Redis has forgotten it, and granted to nobody for one lease time', async () => {
    installation = new Installation(1_200)
    const lease = await acquire(installation.keeper(), 0)
    const lost = new Promise((resolve) => {
      lease.signal.addEventListener('abort', () => resolve(lease.signal.reason))
    })
    await installation.empty()
    const emptiedAt = performance.now()
    const next = await acquire(installation.keeper(), 30_000)
    expect(performance.now() - emptiedAt).toBeGreaterThanOrEqual(1_100)
    expect(await lost).toMatchObject({ code: 'DEVICE_BUSY', retryable: true })
    await next.release()
  })

  it('is granted at once in a new installation', async () => {
    installation = new Installation(60_000)
    const lease = await acquire(installation.keeper(), 0)
    expect(lease.remainingMs()).toBeGreaterThan(0)
    await lease.release()
  })

  it('is refused with QUEUE_UNAVAILABLE while Redis is away', async () => {
    installation = new Installation(5_000)
    const { keeper, redis } = installation.process()
    redis.disconnect()
    await expect(acquire(keeper, 50)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', status: 503 })
  })

  it('reaches a waiter also when no message wakes it', async () => {
    installation = new Installation(5_000)
    const lease = await acquire(installation.keeper(), 0)
    const waiting = acquire(installation.keeper(), 30_000)
    await installation.silenceMessages()
    await lease.release()
    const next = await waiting
    expect(next.fence).toBeGreaterThan(lease.fence)
    await next.release()
  })
})

describe.skipIf(EMBEDDED_ONLY)('a lease while Redis takes every question and answers none', () => {
  let installation: Installation
  let proxy: CuttableProxy
  beforeEach(async () => {
    proxy = await cuttableProxy(serverUrl('TEST_REDIS_URL'))
  })
  afterEach(async () => {
    await proxy.mend()
    await installation.close()
    await proxy.cut()
  })

  it('is given up by its holder before another process gets it', async () => {
    installation = new Installation(3_000)
    const lease = await acquire(installation.keeper(proxy.url), 0)
    proxy.silence()
    const next = await acquire(installation.keeper(), 30_000)
    expect(lease.signal.reason).toMatchObject({ code: 'DEVICE_BUSY', retryable: true })
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'DEVICE_BUSY' }))
    await next.release()
  })

  it('is refused with QUEUE_UNAVAILABLE', async () => {
    installation = new Installation(60_000)
    const keeper = installation.keeper(proxy.url)
    await (await acquire(keeper, 0)).release()
    proxy.silence()
    await expect(acquire(keeper, 100)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', status: 503 })
  })

  it('is not kept by whoever has given up when Redis grants it belatedly', async () => {
    installation = new Installation(60_000)
    installation.beforeFirstGrant = () => proxy.silence()
    await expect(acquire(installation.keeper(proxy.url), 0)).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
    })
    await proxy.mend()
    const next = await acquire(installation.keeper(), 20_000)
    await next.release()
  })

  it('is no longer waited for when the signal aborts, nor when the keeper closes', async () => {
    installation = new Installation(60_000)
    const keeper = installation.keeper(proxy.url)
    await (await acquire(keeper, 0)).release()
    proxy.silence()
    const stop = new AbortController()
    const reason = new Error('the caller went away')
    const waiting = keeper.acquire({ deviceId: 1 }, { waitMs: 600_000, signal: stop.signal })
    setTimeout(() => stop.abort(reason), 20)
    await expect(waiting).rejects.toBe(reason)
    const failure = acquire(keeper, 600_000).catch((error: unknown) => error)
    await keeper.close()
    expect(await failure).toMatchObject({ code: 'SERVICE_STOPPING' })
  })

  it('is released without waiting for the answer, and free when Redis has read it', async () => {
    installation = new Installation(60_000)
    const lease = await acquire(installation.keeper(proxy.url), 0)
    proxy.silence()
    await lease.release()
    expect(lease.remainingMs()).toBe(0)
    await proxy.mend()
    const next = await acquire(installation.keeper(), 20_000)
    expect(next.fence).toBeGreaterThan(lease.fence)
    await next.release()
  })
})
