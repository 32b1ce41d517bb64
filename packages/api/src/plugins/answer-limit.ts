// How long a request may take to be answered. Fastify's own handlerTimeout does not serve: its timer ends as soon as a request's
// body has been read.
import { ServiceError } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * How long this route may take to begin its answer, in milliseconds, instead of the general limit; where that hangs on what is
     * asked, counted from when the request was read and found valid.
     */
    answerWithinMs?: number | ((request: FastifyRequest) => number)
  }
}

/** For all routes declared after it: an answer that is not begun within this time is TOO_SLOW. */
export const answerLimit = fp<{ withinMs: number }>(
  async (app, { withinMs }) => {
    const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>()

    const start = (request: FastifyRequest, reply: FastifyReply, ms: number): void => {
      const giveUp = (): void => {
        if (!reply.sent) void reply.send(new ServiceError('TOO_SLOW'))
      }
      clearTimeout(timers.get(request))
      timers.set(request, setTimeout(giveUp, ms))
    }
    const fixedLimit = ({ routeOptions }: FastifyRequest): number => {
      const { answerWithinMs } = routeOptions.config
      return typeof answerWithinMs === 'number' ? answerWithinMs : withinMs
    }
    app.addHook('onRequest', (request, reply, done) => {
      start(request, reply, fixedLimit(request))
      reply.raw.once('close', () => clearTimeout(timers.get(request)))
      done()
    })
    // How long a body may take to arrive is a bound of its own, and not the answer's fault.
    app.addHook('preParsing', (request, _reply, _payload, done) => {
      clearTimeout(timers.get(request))
      done()
    })
    app.addHook('preValidation', (request, reply, done) => {
      start(request, reply, fixedLimit(request))
      done()
    })
    app.addHook('preHandler', (request, reply, done) => {
      const { answerWithinMs } = request.routeOptions.config
      if (typeof answerWithinMs === 'function' && !reply.sent) start(request, reply, answerWithinMs(request))
      done()
    })
    app.addHook('onSend', (request, _reply, _payload, done) => {
      clearTimeout(timers.get(request))
      done()
    })
  },
  { name: 'answer-limit', fastify: '5.x' },
)
