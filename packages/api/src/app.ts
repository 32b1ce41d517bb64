// The HTTP service as a table of contents: what every request passes, then what there is to ask for.
import { readFile } from 'node:fs/promises'
import Fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { logOf } from '@org/core'
import type { Config, Services } from '@org/core'
import { answerLimit } from './plugins/answer-limit.ts'
import { authentication } from './plugins/authentication.ts'
import { farewell } from './plugins/farewell.ts'
import { httpMetrics } from './plugins/http-metrics.ts'
import { documentRoutes, openapi } from './plugins/openapi.ts'
import { overload } from './plugins/overload.ts'
import { errorReplies, replyToBrokenRequest, replyWithError } from './plugins/error-replies.ts'
import { rateLimits } from './plugins/rate-limits.ts'
import { nameRequest, originOfRequest, requestId } from './plugins/request-id.ts'
import { QUEUE_PAGE_PATH } from './plugins/queue-page-session.ts'
import { requestLog } from './plugins/request-log.ts'
import { securityHeaders } from './plugins/security-headers.ts'
import { tokens } from './plugins/tokens.ts'
import { routedPath, unknownRoutes } from './plugins/unknown-routes.ts'
import { ajvOptions, validation } from './plugins/validation.ts'
import { accountRoutes } from './routes/accounts.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { attendanceExportRoutes } from './routes/attendance-export.ts'
import { attendanceStreamRoutes } from './routes/attendance-stream.ts'
import { attendanceRoutes } from './routes/attendance.ts'
import { auditRoutes } from './routes/audit.ts'
import { authRoutes } from './routes/auth.ts'
import { cacheRoutes } from './routes/cache.ts'
import { deviceOperationRoutes } from './routes/device-operations.ts'
import { deviceRoutes } from './routes/devices.ts'
import { doorRoutes } from './routes/door.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { notificationRoutes } from './routes/notifications.ts'
import { peopleRoutes } from './routes/people.ts'
import { queueRoutes } from './routes/queue.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly services: Services
  }
}

/** Where every path of the API begins. */
const BASE_PATH = '/api/v1'
/** What SPEC 9 grants a request: a body of 1 MiB, 30 seconds to arrive and 30 to be answered. */
const BODY_LIMIT_BYTES = 1_048_576
const ARRIVAL_LIMIT_MS = 30_000
/** Headers come in one piece from whoever means well; how often it is looked for those that do not. */
const ARRIVAL_BOUNDS = {
  headersTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
}
const PLAIN_SERVER = { http: ARRIVAL_BOUNDS }
const ANSWER_LIMIT_MS = 30_000
const KEEP_ALIVE_MS = 75_000

/** Builds the HTTP service on what core offers; it listens to nothing yet, and closing it closes none of core. */
export async function buildApp(services: Services): Promise<FastifyInstance> {
  const { config } = services
  const log: FastifyBaseLogger = services.log
  const logController = new LogController({ disableRequestLogging: true })
  const app = Fastify({
    loggerInstance: log,
    logController,
    childLoggerFactory: (parent, bindings, _options, request) =>
      requestLog(parent, () =>
        logOf(services.log, originOfRequest(String(bindings[logController.requestIdLogLabel]), request)),
      ),
    genReqId: nameRequest,
    trustProxy: config.trustProxy,
    ...PLAIN_SERVER,
    https: await readTls(config),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: ARRIVAL_LIMIT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    rewriteUrl: routedPath,
    routerOptions: { maxParamLength: ARRIVAL_BOUNDS.maxHeaderSize },
    ajv: ajvOptions,
    frameworkErrors: replyWithError,
    clientErrorHandler: replyToBrokenRequest,
  })

  app.decorate('services', services)
  await app.register(requestId)
  await app.register(errorReplies)
  await app.register(httpMetrics, { metrics: services.metrics })
  await app.register(farewell, { services })
  await app.register(answerLimit, { withinMs: ANSWER_LIMIT_MS })
  await app.register(securityHeaders, { config })
  await app.register(overload, { delayMs: config.OVERLOAD_DELAY_MS })
  await app.register(rateLimits, { config, counter: services.rateCounter })
  await app.register(unknownRoutes)
  await app.register(validation)
  await app.register(tokens, { secrets: services.accounts.tokenSecrets })
  await app.register(openapi)

  await app.register(healthRoutes, { documented: false })
  await app.register(documentRoutes, { redirectDocs: false })
  await app.register(async (root) => {
    await root.register(authentication)
    await root.register(metricsRoutes, { documented: false })
  })

  await app.register(
    async (api) => {
      await api.register(authentication)
      await api.register(authRoutes)
      await api.register(accountRoutes)
      await api.register(apiKeyRoutes)
      await api.register(auditRoutes)
      await api.register(deviceRoutes)
      await api.register(deviceOperationRoutes)
      await api.register(doorRoutes)
      await api.register(attendanceRoutes)
      await api.register(attendanceExportRoutes)
      await api.register(peopleRoutes)
      await api.register(attendanceStreamRoutes)
      await api.register(queueRoutes)
      await api.register(cacheRoutes)
      await api.register(metricsRoutes, { documented: true })
      await api.register(notificationRoutes)
      await api.register(healthRoutes, { documented: true })
      await api.register(documentRoutes, { redirectDocs: true })
    },
    { prefix: BASE_PATH },
  )

  if (services.carriers.length > 0) {
    // Loaded where it is shown alone: loading bull-board takes a tenth of a second, and a start should not.
    const { queuePageRoutes } = await import('./routes/queue-page.ts')
    await app.register(queuePageRoutes, { prefix: QUEUE_PAGE_PATH })
  }

  await app.ready()
  return app
}

/** Of the key pair, where there is one. */
async function readTls({ TLS_CERT, TLS_KEY }: Config): Promise<object | null> {
  if (TLS_CERT === undefined || TLS_KEY === undefined) return null
  const [cert, key] = await Promise.all([readFile(TLS_CERT), readFile(TLS_KEY)])
  return { ...ARRIVAL_BOUNDS, cert, key }
}
