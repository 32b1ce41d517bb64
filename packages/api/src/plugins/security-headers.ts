// What browsers are told: load nothing from elsewhere, be framed by nobody, and call from no other origin unless CORS_ORIGINS
// names it. The docs page lives within these rules, so it works without a network.
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import cors from '@fastify/cors'
import type { FastifyCorsOptions } from '@fastify/cors'
import type { Config } from '@org/core'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import helmet from 'helmet'
import type { HelmetOptions } from 'helmet'

/** Seconds for which browsers remember an answer to a preflight. */
const PREFLIGHT_MAX_AGE_SECONDS = 600

/** The same for what is answered before any plugin sees it: there is nothing to load from such an answer at all. */
export const BARE_SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export const securityHeaders = fp<{ config: Config }>(
  async (app, { config }) => {
    const speaksTls = config.TLS_CERT !== undefined
    const headers = headersOf({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          baseUri: ["'none'"],
          connectSrc: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'", "'unsafe-inline'"],
        },
      },
      xFrameOptions: { action: 'deny' },
      // A browser that was once told to use HTTPS here could not come back to plain HTTP.
      strictTransportSecurity: speaksTls,
      crossOriginResourcePolicy: { policy: config.corsOrigins.length > 0 ? 'cross-origin' : 'same-origin' },
    })
    app.addHook('onRequest', (_request, reply, done) => {
      for (const [name, value] of headers) reply.header(name, value)
      done()
    })
    if (config.corsOrigins.length > 0) {
      const rules: FastifyCorsOptions = {
        origin: [...config.corsOrigins],
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        allowedHeaders: [
          'authorization',
          'content-type',
          'idempotency-key',
          'if-none-match',
          'x-api-key',
          'x-request-id',
        ],
        exposedHeaders: [
          'x-request-id',
          'x-cache',
          'etag',
          'content-disposition',
          'idempotency-replayed',
          'x-ratelimit-limit',
          'x-ratelimit-remaining',
          'x-ratelimit-reset',
          'retry-after',
        ],
        maxAge: PREFLIGHT_MAX_AGE_SECONDS,
      }
      // Whoever sends OPTIONS and is no browser that asks before it calls is answered as without CORS: 405, or 404.
      await app.register(cors, {
        delegator: ({ headers }: FastifyRequest, done: (error: null, options: FastifyCorsOptions) => void) =>
          done(null, {
            ...rules,
            preflight: headers['access-control-request-method'] !== undefined && headers.origin !== undefined,
          }),
      })
    }
  },
  { name: 'security-headers', fastify: '5.x' },
)

/** What helmet sets by these rules: the same for every answer, so it is asked once, with an answer that goes nowhere. */
function headersOf(rules: HelmetOptions): readonly (readonly [string, string])[] {
  const answer = new ServerResponse(new IncomingMessage(new Socket()))
  helmet(rules)(answer.req, answer, () => undefined)
  return Object.entries(answer.getHeaders()).map(([name, value]) => [name, String(value)])
}
