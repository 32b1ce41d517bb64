// The cache of lists: emptied by hand.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ClearCacheRequest, ClearedCache } from '../schemas/cache.ts'
import { succeeded, success } from '../schemas/envelope.ts'

const CLEARED = 'Cache cleared successfully'

export const cacheRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/cache/clear',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Cache'],
        operationId: 'clearCache',
        summary: 'Forget every cached list',
        description:
          'Lists come from the database again and are kept anew as they are asked for. Jobs, sessions, leases and rate limits stay.',
        body: ClearCacheRequest,
        response: { 200: success(CLEARED, ClearedCache) },
      },
    },
    async ({ actor }) => succeeded(CLEARED, { cleared_keys: await app.services.clearCache(actor) }),
  )
}
