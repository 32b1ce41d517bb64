// How often one address may ask: in general, and more strictly where a route says so. Core does the counting, in the process or
// in Redis for all processes together; the headers tell a client where it stands.
import { callbackify } from 'node:util'
import rateLimit from '@fastify/rate-limit'
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor, RateLimitOptions } from '@fastify/rate-limit'
import { ServiceError } from '@org/core'
import type { Config, RateCounter } from '@org/core'
import fp from 'fastify-plugin'

/** Window of every limit. */
const WINDOW_MS = 60_000

/** The general limit for all routes declared after it; `config.rateLimit` of a route stands instead of it. */
export const rateLimits = fp<{ config: Config; counter: RateCounter }>(
  async (app, { config, counter }) => {
    await app.register(rateLimit, {
      max: config.RATE_LIMIT_PER_MINUTE,
      timeWindow: WINDOW_MS,
      store: storeOn(counter),
      errorResponseBuilder: (_request, { ttl }) =>
        new ServiceError('RATE_LIMIT_EXCEEDED', { retryAfterSeconds: Math.max(1, Math.ceil(ttl / 1000)) }),
    })
  },
  { name: 'rate-limits', fastify: '5.x' },
)

/**
 * A limit of its own for a route: so many requests a minute from one address.
 * @param name keeps its count apart from others
 */
export function perAddress(name: string, max: number): RateLimitOptions {
  return { max, timeWindow: WINDOW_MS, groupId: `/${name}` }
}

function storeOn(counter: RateCounter): FastifyRateLimitStoreCtor {
  const hit = callbackify(async (key: string, windowMs: number) => {
    const { count, ttlMs } = await counter.hit(`http:${key}`, windowMs)
    return { current: count, ttl: ttlMs }
  })
  return class CountedInCore implements FastifyRateLimitStore {
    incr(...[key, counted, windowMs]: Parameters<FastifyRateLimitStore['incr']>): void {
      hit(key, windowMs, counted)
    }

    /** Routes share the counter: their keys differ by `groupId`. */
    child(): FastifyRateLimitStore {
      return this
    }
  }
}
