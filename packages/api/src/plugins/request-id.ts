// Every request has a name: given by the caller where it has our form, else made here. It is in the answer's header, in every
// error and in every log line, and one line at the end says how the request went.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked every few seconds: its requests are logged for debugging only. */
    quiet?: boolean
  }
}

/** Header that carries the request's name, in and out. */
export const REQUEST_ID_HEADER = 'x-request-id'
const FORM = /^req-[A-Za-z0-9_-]{3,64}$/

/** The caller's own name for the request when it has the form `req-…`, else a new one. */
export function nameRequest(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers[REQUEST_ID_HEADER]
  return typeof given === 'string' && FORM.test(given)
    ? given
    : `req-${randomBytes(12).toString('base64url')}`
}

/** Sends the name back and logs the outcome. Paths are logged as routes are declared: ids in them stay out. */
export const requestId = fp(
  async (app) => {
    app.addHook('onRequest', async (request, reply) => {
      reply.header(REQUEST_ID_HEADER, request.id)
    })
    app.addHook('onResponse', async (request, reply) => {
      const outcome = {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        address: request.ip,
      }
      request.log[request.routeOptions.config.quiet === true ? 'debug' : 'info'](outcome, 'request')
    })
  },
  { name: 'request-id', fastify: '5.x' },
)
