// How often one account or API key may do something, wherever it comes from: counted after it is known who asks and before it is asked
// whether they may, so that refused requests count as well.
import { ServiceError } from '@org/core'
import type { Caller, RateCounter } from '@org/core'
import type { FastifyReply } from 'fastify'

/** So many requests a minute from one account or API key. */
export interface AccountLimit {
  /** Keeps its count apart from others. */
  readonly name: string
  readonly max: number
}

declare module 'fastify' {
  interface FastifyContextConfig {
    accountLimit?: AccountLimit
  }
}

const WINDOW_MS = 60_000

/** Counts a request and says in its headers where the caller stands. Throws RATE_LIMIT_EXCEEDED. */
export async function countForCaller(
  counter: RateCounter,
  { name, max }: AccountLimit,
  { accountId, apiKeyId }: Caller,
  reply: FastifyReply,
): Promise<void> {
  const who = apiKeyId === null ? `account:${name}:${accountId}` : `key:${name}:${apiKeyId}`
  const { count, ttlMs } = await counter.hit(who, WINDOW_MS)
  const seconds = Math.max(1, Math.ceil(ttlMs / 1000))
  reply.header('x-ratelimit-limit', max)
  reply.header('x-ratelimit-remaining', Math.max(0, max - count))
  reply.header('x-ratelimit-reset', seconds)
  if (count > max) throw new ServiceError('RATE_LIMIT_EXCEEDED', { retryAfterSeconds: seconds })
}
