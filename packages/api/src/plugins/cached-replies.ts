// Lists that are answered from the cache, and not at all to whoever has them already: `x-cache` says where an answer came from, `etag`
// names it, and `if-none-match` with that name gets 304.
import type { CacheQuestion, CachedAnswers } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** One name in `if-none-match`; a comma may stand within the quotes. */
const ETAG = /(?:W\/)?"([^"]*)"/g

/** Says whether it came from the cache. */
export const CACHE_HEADER = 'x-cache'

/**
 * Answers with the body that `make` makes, or with the kept one. What `make` gives is sent as it stands, so it must be a body that the
 * route's schema describes. Use it as the last thing of a handler: `return replyFromCache(…)`.
 */
export async function replyFromCache(
  answers: CachedAnswers,
  request: FastifyRequest,
  reply: FastifyReply,
  question: CacheQuestion,
  make: () => Promise<object>,
): Promise<FastifyReply> {
  const { bytes, etag, hit } = await answers.answer(question, async () => JSON.stringify(await make()))
  reply.header(CACHE_HEADER, hit ? 'HIT' : 'MISS')
  reply.header('etag', `"${etag}"`)
  // Rows of people: only the caller's own browser may keep them, and it asks each time whether they are still the same.
  reply.header('cache-control', 'private, no-cache')
  reply.header('vary', varying(reply.getHeader('vary')))
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type('application/json; charset=utf-8').send(bytes)
}

/** An answer to one caller is none to another; what it varies by already, such as the origin, stays. */
function varying(already: ReturnType<FastifyReply['getHeader']>): string {
  return [already, 'authorization', 'x-api-key'].flat().filter(Boolean).join(', ')
}

/** Weakly: `W/"a"` and `"a"` name the same. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return [...ifNoneMatch.matchAll(ETAG)].some(([, name]) => name === etag)
}
