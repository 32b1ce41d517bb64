// The roster in Redis: a sorted set of names by the time of their last beat, on Redis's clock.
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { answerOf } from '../redis.ts'
import type { WatchRoster } from './watch-roster.ts'

/** What a roster in Redis needs. */
export interface RedisRosterSettings {
  /** Begins the key, so that several installations may share one Redis. */
  readonly prefix: string
  /** How long a process is on the roster without a beat: less than a lease outlives its holder. */
  readonly lifeMs: number
  readonly log: Logger
}

const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 10)
return redis.call('ZRANGE', KEYS[1], 0, -1)`

const ANSWER_WITHIN_MS = 2_000

/** The caller owns `redis`. */
export function createRedisRoster(redis: Redis, { prefix, lifeMs, log }: RedisRosterSettings): WatchRoster {
  const key = `${prefix}:watchers`
  const name = randomUUID()
  return {
    name,
    async beat() {
      const reply = await answerOf(redis.eval(BEAT, 1, key, name, lifeMs), { withinMs: ANSWER_WITHIN_MS })
      if (!Array.isArray(reply)) throw new Error('Redis answered with no list of watchers')
      return reply.filter((it) => typeof it === 'string')
    },
    async leave() {
      try {
        await answerOf(redis.zrem(key, name), { withinMs: ANSWER_WITHIN_MS })
      } catch (error) {
        log.debug({ err: error }, 'a process could not take itself off the roster; it ends there by time')
      }
    },
  }
}
