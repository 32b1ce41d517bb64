// How often one account may do something, wherever it comes from: counted after it is known who asks and before it is asked
// whether they may, so that refused requests count as well.
import { ServiceError } from '@org/core'
import type { Account, RateCounter } from '@org/core'
import type { FastifyReply } from 'fastify'

/** So many requests a minute from one account. */
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

/** Counts a request and says in its headers where the account stands. Throws RATE_LIMIT_EXCEEDED. */
export async function countForAccount(
  counter: RateCounter,
  { name, max }: AccountLimit,
  account: Account,
  reply: FastifyReply,
): Promise<void> {
  const { count, ttlMs } = await counter.hit(`account:${name}:${account.id}`, WINDOW_MS)
  const seconds = Math.max(1, Math.ceil(ttlMs / 1000))
  reply.header('x-ratelimit-limit', max)
  reply.header('x-ratelimit-remaining', Math.max(0, max - count))
  reply.header('x-ratelimit-reset', seconds)
  if (count > max) throw new ServiceError('RATE_LIMIT_EXCEEDED', { retryAfterSeconds: seconds })
}
