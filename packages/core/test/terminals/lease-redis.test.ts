// Leases across processes, on a real Redis. A process that dies is a keeper whose connection is cut.
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { connectRedis, endRedis } from '../../src/redis.ts'
import { createRedisLeases } from '../../src/terminals/lease-redis.ts'
import type { Lease, LeaseKeeper } from '../../src/terminals/lease.ts'
import { leaseContract } from '../contract/lease.contract.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { quiet } from '../support/scratch-service.ts'

/** One installation on Redis, with as many processes as are asked for. */
class Installation {
  readonly #prefix = `test:${randomBytes(6).toString('hex')}`
  readonly #ends: Array<() => Promise<void>> = []
  readonly #leaseMs: number
  #fence = 0
  #known = false

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  process(): { keeper: LeaseKeeper; redis: Redis } {
    const redis = connectRedis(serverUrl('TEST_REDIS_URL'), quiet)
    const keeper = createRedisLeases(redis, {
      leaseMs: this.#leaseMs,
      prefix: this.#prefix,
      issueFence: () => Promise.resolve((this.#fence += 1)),
      isNewInstallation: () => {
        const isNew = !this.#known
        this.#known = true
        return Promise.resolve(isNew)
      },
      log: quiet,
    })
    this.#ends.push(async () => {
      await keeper.close()
      await endRedis(redis, quiet)
    })
    return { keeper, redis }
  }

  keeper(): LeaseKeeper {
    return this.process().keeper
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
