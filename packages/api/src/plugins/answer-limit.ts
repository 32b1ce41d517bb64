// How long a request may take to be answered. Fastify's own handlerTimeout does not serve: its timer ends as soon as a request's
// body has been read.
import { ServiceError } from '@org/core'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long this route may take to begin its answer, in milliseconds, instead of the general limit. */
    answerWithinMs?: number
  }
}

/** For all routes declared after it: an answer that is not begun within this time is TOO_SLOW. */
export const answerLimit = fp<{ withinMs: number }>(
  async (app, { withinMs }) => {
    const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>()

    app.addHook('onRequest', async (request, reply) => {
      const giveUp = (): void => {
        if (!reply.sent) void reply.send(new ServiceError('TOO_SLOW'))
      }
      timers.set(request, setTimeout(giveUp, request.routeOptions.config.answerWithinMs ?? withinMs))
      reply.raw.once('close', () => clearTimeout(timers.get(request)))
    })
    app.addHook('onSend', async (request) => {
      clearTimeout(timers.get(request))
    })
  },
  { name: 'answer-limit', fastify: '5.x' },
)
