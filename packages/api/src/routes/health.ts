// Whether the process lives, and whether requests should come to it. Open to all and never limited: what asks has no account.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError } from '@org/core'
import type { Health } from '@org/core'
import { failures, succeeded, success } from '../schemas/envelope.ts'
import { LiveReply, ReadyReply, toComponents } from '../schemas/health.ts'

const LIVE = 'The process answers'
const READY = 'Ready for requests'

/** `documented: false` for the second place where the same routes answer. */
export const healthRoutes: FastifyPluginAsyncTypebox<{ documented: boolean }> = async (
  app,
  { documented },
) => {
  const open = { role: 'anyone', rateLimit: false, quiet: true } as const

  app.get(
    '/health/live',
    {
      config: open,
      schema: {
        hide: !documented,
        tags: ['Health'],
        operationId: 'live',
        summary: 'Ask whether the process lives',
        response: { 200: success(LIVE, LiveReply) },
      },
    },
    async () => succeeded(LIVE, { state: 'live' as const }),
  )

  app.get(
    '/health/ready',
    {
      config: open,
      schema: {
        hide: !documented,
        tags: ['Health'],
        operationId: 'ready',
        summary: 'Ask whether requests should come',
        response: {
          200: success(READY, ReadyReply),
          ...failures('DATABASE_UNAVAILABLE', 'QUEUE_UNAVAILABLE', 'SERVICE_STOPPING'),
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      if (!app.services.ready) throw new ServiceError('SERVICE_STOPPING')
      const health = await app.services.health()
      if (!health.ready) throw notReady(health)
      return succeeded(READY, { state: 'ready' as const, ...toComponents(health) })
    },
  )
}

function notReady(health: Health): ServiceError {
  const name = health.database.state === 'up' ? 'QUEUE_UNAVAILABLE' : 'DATABASE_UNAVAILABLE'
  return new ServiceError(name, { details: toComponents(health) })
}
