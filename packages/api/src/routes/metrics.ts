// Numbers for Prometheus.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { MetricsText } from '../schemas/metrics.ts'

/** `documented: false` for the second place where the same route answers. */
export const metricsRoutes: FastifyPluginAsyncTypebox<{ documented: boolean }> = async (
  app,
  { documented },
) => {
  const { metrics, config } = app.services

  app.get(
    '/metrics',
    {
      config: { role: 'admin', openedBy: config.METRICS_TOKEN, quiet: true },
      schema: {
        hide: !documented,
        tags: ['Health'],
        operationId: 'metrics',
        summary: 'Numbers for Prometheus',
        description: "For an admin's token, or METRICS_TOKEN as the bearer token.",
        response: { 200: MetricsText },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await metrics.render()
      return reply.header('cache-control', 'no-store').type(contentType).send(text)
    },
  )
}
