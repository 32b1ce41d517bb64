// A process that is far behind with its work, or whose memory is nearly used up, says so at once instead of letting everybody wait:
// 503 with `retry-after`. Whoever looks after it (health, metrics) is answered all the same.
import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import { ServiceError } from '@org/core'
import fp from 'fastify-plugin'

/** Part of the heap's limit from which on the collector hardly gets anything done. */
const HEAP_LIMIT_PART = 0.92
/** Short enough to notice, long enough not to take one long task for an overload. */
const SAMPLE_MS = 5_000
/** A sample that has seen anything of the start is forgotten so long after it: its own work is no overload. */
const START_FORGOTTEN_MS = 2 * SAMPLE_MS
/** Two samples: by then it is known whether it is over. */
const RETRY_AFTER_SECONDS = 10

/** @param delayMs mean delay of the event loop that is too much; 0: nothing is refused */
export const overload = fp<{ delayMs: number; maxHeapUsedBytes?: number }>(
  async (
    app,
    { delayMs, maxHeapUsedBytes = Math.floor(getHeapStatistics().heap_size_limit * HEAP_LIMIT_PART) },
  ) => {
    if (delayMs === 0) return
    let judgedFrom = Infinity
    app.addHook('onReady', async () => {
      judgedFrom = performance.now() + START_FORGOTTEN_MS
    })
    await app.register(underPressure, {
      maxEventLoopDelay: delayMs,
      maxHeapUsedBytes,
      sampleInterval: SAMPLE_MS,
      async pressureHandler(request, _reply, type) {
        const isOfStart = type === underPressure.TYPE_EVENT_LOOP_DELAY && performance.now() < judgedFrom
        if (isOfStart || request.routeOptions.config.quiet === true) return
        throw new ServiceError('SERVICE_OVERLOADED', { retryAfterSeconds: RETRY_AFTER_SECONDS })
      },
    })
  },
  { name: 'overload', fastify: '5.x' },
)
