// How long a request may take to be answered. Fastify's own handlerTimeout does not serve: its timer ends as soon as a request's
// body has been read.
import { ServiceError } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
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

    const start = (request: FastifyRequest, reply: FastifyReply): void => {
      const giveUp = (): void => {
        if (!reply.sent) void reply.send(new ServiceError('TOO_SLOW'))
      }
      clearTimeout(timers.get(request))
      timers.set(request, setTimeout(giveUp, request.routeOptions.config.answerWithinMs ?? withinMs))
    }
    app.addHook('onRequest', async (request, reply) => {
      start(request, reply)
      reply.raw.once('close', () => clearTimeout(timers.get(request)))
    })
    // How long a body may take to arrive is a bound of its own, and not the answer's fault.
    app.addHook('preParsing', async (request) => {
      clearTimeout(timers.get(request))
    })
    app.addHook('preValidation', async (request, reply) => start(request, reply))
    app.addHook('onSend', async (request) => {
      clearTimeout(timers.get(request))
    })
  },
  { name: 'answer-limit', fastify: '5.x' },
)
