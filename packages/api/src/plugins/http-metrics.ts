// Every answer counted for Prometheus, by the path as it is declared: what callers write into paths never becomes a label.
import type { Metrics } from '@org/core'
import fp from 'fastify-plugin'

/** What no route answered. */
const NO_ROUTE = 'none'
/** Methods that HTTP knows; anything else would be a label of a stranger's making. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export const httpMetrics = fp<{ metrics: Metrics }>(
  async (app, { metrics }) => {
    app.addHook('onResponse', (request, reply, done) => {
      metrics.noteRequest({
        method: METHODS.has(request.method) ? request.method : 'other',
        route: request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE),
        status: reply.statusCode,
        seconds: reply.elapsedTime / 1000,
      })
      done()
    })
  },
  { name: 'http-metrics', fastify: '5.x' },
)
