// Every request has a name: given by the caller where it has our form, else made here. It is in the answer's header, in every
// error and in every log line, core's and those of jobs that it queued too, with the caller's trace where there is one; and one
// line at the end says how the request went.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { onBehalfOf, originOf } from '@org/core'
import type { WorkOrigin } from '@org/core'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked every few seconds: its requests are logged for debugging only. */
    quiet?: boolean
  }
}

/** Header that carries the request's name, in and out. */
export const REQUEST_ID_HEADER = 'x-request-id'
const NAME_BYTES = 12
/** Random bytes are fetched for so many names at once: each fetching costs as much as all else about a name. */
const NAMES_AT_ONCE = 256
const FORM = /^req-[A-Za-z0-9_-]{3,64}$/

/** The caller's own name for the request when it has the form `req-…`, else a new one. */
export function nameRequest(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers[REQUEST_ID_HEADER]
  return typeof given === 'string' && FORM.test(given) ? given : `req-${takeRandom().toString('base64url')}`
}

let random = Buffer.alloc(0)

/** Bytes that nobody was given before. */
function takeRandom(): Buffer {
  if (random.length === 0) random = randomBytes(NAME_BYTES * NAMES_AT_ONCE)
  const taken = random.subarray(0, NAME_BYTES)
  random = random.subarray(NAME_BYTES)
  return taken
}

/** Whom the work is for: the name that the request was given, and the trace that its headers tell of. */
export function originOfRequest(id: string, { headers }: Pick<IncomingMessage, 'headers'>): WorkOrigin {
  return originOf(id, headers['traceparent'])
}

/** Sends the name back and logs the outcome. Paths are logged as routes are declared: ids in them stay out. */
export const requestId = fp(
  async (app) => {
    // Every line's objects are searched for secrets by name; this one, of which there is one for each request, holds nothing but
    // what is named here.
    const log = app.log.child({}, { redact: [] })
    app.addHook('onRequest', (request, reply, done) => {
      reply.header(REQUEST_ID_HEADER, request.id)
      onBehalfOf(originOfRequest(request.id, request), done)
    })
    // A body arrives by events of its connection, which work for nobody.
    app.addHook('preValidation', (request, _reply, done) => {
      onBehalfOf(originOfRequest(request.id, request), done)
    })
    app.addHook('onResponse', (request, reply, done) => {
      const outcome = {
        ...originOfRequest(request.id, request),
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
      }
      log[request.routeOptions.config.quiet === true ? 'debug' : 'info'](outcome, 'request')
      done()
    })
  },
  { name: 'request-id', fastify: '5.x' },
)
