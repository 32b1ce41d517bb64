// Rate counts shared by all processes, in Redis. While Redis is away, or slow to answer, this process counts for itself.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { createMemoryRateCounter } from './rate-counter-memory.ts'
import type { RateCount, RateCounter } from './rate-counter.ts'

const HIT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`

/** A limit must not cost more than what it guards. */
const ANSWER_WITHIN_MS = 200

/** The caller owns `redis`. */
export function createRedisRateCounter(redis: Redis, prefix: string, log: Logger): RateCounter {
  const ownCounts = createMemoryRateCounter()

  const hitShared = async (key: string, windowMs: number): Promise<RateCount> =>
    parseCount(await redis.eval(HIT, 1, `${prefix}:rate:${key}`, windowMs))

  return {
    async hit(key, windowMs) {
      if (redis.status !== 'ready') return ownCounts.hit(key, windowMs)
      const late = new AbortController()
      try {
        return await Promise.race([
          hitShared(key, windowMs),
          sleep(ANSWER_WITHIN_MS, undefined, { signal: late.signal, ref: false }).then(() => {
            throw new Error(`Redis did not count within ${ANSWER_WITHIN_MS} ms`)
          }),
        ])
      } catch (error) {
        log.debug({ err: error }, 'rate limits are counted in this process')
        return await ownCounts.hit(key, windowMs)
      } finally {
        late.abort()
      }
    },
  }
}

function parseCount(reply: unknown): RateCount {
  if (Array.isArray(reply)) {
    const [count, ttlMs]: unknown[] = reply
    if (typeof count === 'number' && typeof ttlMs === 'number') return { count, ttlMs: Math.max(0, ttlMs) }
  }
  throw new Error('Redis answered the rate counter in a form that it cannot have')
}
