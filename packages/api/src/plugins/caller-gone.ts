// Whether anybody still waits for an answer. Fastify's own `request.signal` cannot be used for this: it aborts as soon as a request's
// body has been read.
import type { FastifyReply } from 'fastify'

/** Aborts when the connection closes before the answer is out. */
export function callerGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the caller has gone'))
  })
  return gone.signal
}
