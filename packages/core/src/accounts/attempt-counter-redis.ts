// Attempts counted by all processes together, in Redis. While Redis is away, or slow to answer, this process counts for itself.
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { answerOf } from '../redis.ts'
import { createMemoryAttemptCounter } from './attempt-counter-memory.ts'
import type { AttemptCounter, AttemptTurn } from './attempt-counter.ts'

/** Gives the number of the attempt, or 0 and what is left of the time of keeping out. */
const BEGIN = `
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local most = tonumber(ARGV[1])
if count >= most then return {0, redis.call('PTTL', KEYS[1])} end
count = redis.call('INCR', KEYS[1])
if count == 1 or count == most then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {count, 0}`

const TAKE_BACK = `
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
return 0`

/** Checking a password takes longer. */
const ANSWER_WITHIN_MS = 500

/** The caller owns `redis`. */
export function createRedisAttemptCounter(redis: Redis, prefix: string, log: Logger): AttemptCounter {
  const ownCounts = createMemoryAttemptCounter()
  const placeOf = (key: string): string => `${prefix}:attempts:${key}`

  const shared = async <T>(ask: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> => {
    if (redis.status !== 'ready') return otherwise()
    try {
      return await answerOf(ask(), { withinMs: ANSWER_WITHIN_MS })
    } catch (error) {
      log.warn({ err: error }, 'failed logins are counted in this process')
      return otherwise()
    }
  }

  return {
    begin: (key, rule) =>
      shared(
        async () => parseTurn(await redis.eval(BEGIN, 1, placeOf(key), rule.most, rule.windowMs), rule.most),
        () => ownCounts.begin(key, rule),
      ),
    takeBack: (key) =>
      shared(
        async () => void (await redis.eval(TAKE_BACK, 1, placeOf(key))),
        () => ownCounts.takeBack(key),
      ),
    async clear(key) {
      await ownCounts.clear(key)
      await shared(
        async () => void (await redis.del(placeOf(key))),
        () => Promise.resolve(),
      )
    },
  }
}

function parseTurn(reply: unknown, most: number): AttemptTurn {
  if (Array.isArray(reply)) {
    const [number, leftMs]: unknown[] = reply
    if (typeof number === 'number' && typeof leftMs === 'number')
      return number === 0
        ? { allowed: false, retryAfterMs: Math.max(0, leftMs) }
        : { allowed: true, last: number === most }
  }
  throw new Error('Redis answered the attempt counter in a form that it cannot have')
}
