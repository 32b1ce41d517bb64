// How long a request may take to be answered. Fastify's own handlerTimeout does not serve: its timer ends as soon as a request's
// body has been read.
import { ServiceError } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For a route that may take longer: how many milliseconds from when its request was read and found valid. */
    answerWithinMs?: (request: FastifyRequest) => number
  }
}

/** For all routes declared after it: an answer that is not begun within this time is TOO_SLOW. */
export const answerLimit = fp<{ withinMs: number }>(
  async (app, { withinMs }) => {
    const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>()

    const limit = (request: FastifyRequest, reply: FastifyReply, ms: number): void => {
      const giveUp = (): void => {
        if (!reply.sent) void reply.send(new ServiceError('TOO_SLOW'))
      }
      clearTimeout(timers.get(request))
      timers.set(request, setTimeout(giveUp, ms))
    }

    app.addHook('onRequest', async (request, reply) => {
      limit(request, reply, withinMs)
      reply.raw.once('close', () => clearTimeout(timers.get(request)))
    })
    app.addHook('preHandler', async (request, reply) => {
      const { answerWithinMs } = request.routeOptions.config
      if (answerWithinMs !== undefined && !reply.sent) limit(request, reply, answerWithinMs(request))
    })
    app.addHook('onSend', async (request) => {
      clearTimeout(timers.get(request))
    })
  },
  { name: 'answer-limit', fastify: '5.x' },
)
