// The OpenAPI document and the page that shows it, made from the routes themselves. What all routes have in common (who may call,
// the general errors) is added here, so that no route can forget it.
import swagger from '@fastify/swagger'
import type { SwaggerTransformObject } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { ErrorName } from '@org/core'
import type { FastifyPluginAsync, FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { errorNamesOf, failures } from '../schemas/envelope.ts'
import { exampleOf } from '../schemas/examples.ts'
import type { Access } from './authentication.ts'

const DESCRIPTION = `Attendance, people and doors of ZKTeco terminals.

Log in at \`POST /api/v1/auth/login\`, then send the access token as \`Authorization: Bearer …\`. Answers have \`status\`,
\`message\` and \`data\`; errors have \`status: false\`, \`message\`, \`error\` and \`metadata\`. Times are UTC.`

/** The document and its page; register it before the routes. */
export const openapi = fp(
  async (app) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'ZKTeco Device API',
          version: '1.0.1',
          description: DESCRIPTION,
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/', description: 'This service' }],
        tags: [
          { name: 'Auth', description: 'Logging in, accounts' },
          { name: 'Devices', description: 'Registered terminals' },
          { name: 'Device operations', description: 'What is asked of a terminal itself' },
          { name: 'Door', description: 'Opening doors' },
          { name: 'Attendance', description: 'Punches, and the syncs that bring them' },
          { name: 'Queue', description: 'Background jobs' },
          { name: 'Health', description: 'For load balancers and people on call' },
        ],
        components: {
          securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
        },
      },
      transformObject: leaveOptionalBodiesOptional,
      stripBasePath: false,
      convertConstToEnum: false,
      refResolver: {
        clone: true,
        buildLocalReference: ({ $id }, _base, _fragment, index) =>
          typeof $id === 'string' ? $id : `Schema${index}`,
      },
    })
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { docExpansion: 'list', deepLinking: true, displayRequestDuration: true },
      theme: { title: 'ZKTeco Device API' },
    })
    app.addHook('onRoute', (route) => {
      const role = route.config?.role
      if (role !== undefined && route.schema !== undefined && route.schema.hide !== true)
        route.schema = completeSchema(route, route.schema, role)
    })
  },
  { name: 'openapi', fastify: '5.x' },
)

/** Where programs find the document: `/openapi.json` within its scope, and `/docs` where that is not the page itself. */
export const documentRoutes: FastifyPluginAsync<{ redirectDocs: boolean }> = async (
  app,
  { redirectDocs },
) => {
  const open = { config: { role: 'anyone' }, schema: { hide: true } } as const
  app.get('/openapi.json', open, async () => app.swagger())
  if (redirectDocs) app.get('/docs', open, async (_request, reply) => reply.redirect('/docs/', 302))
}

/** Adds what follows from the route itself: who may call it, and the errors that any route of its kind can answer. */
function completeSchema(route: RouteOptions, schema: FastifySchema, role: Access): FastifySchema {
  const responses = { ...(isObject(schema.response) && schema.response) }
  const own = Object.values(responses).flatMap(errorNamesOf)
  const names = [...new Set([...own, ...generalErrors(route, schema, role)])]
  const extra = { 'x-role': role, ...(isObject(schema.body) && { body: withExample(schema.body) }) }
  return {
    ...schema,
    ...extra,
    security: role === 'anyone' ? [] : [{ bearer: [] }],
    response: { ...responses, ...failures(...names) },
  }
}

function generalErrors({ config }: RouteOptions, schema: FastifySchema, role: Access): readonly ErrorName[] {
  const names: ErrorName[] = ['HEADERS_TOO_LARGE', 'INTERNAL_ERROR', 'TOO_SLOW']
  if (schema.body !== undefined || schema.params !== undefined || schema.querystring !== undefined)
    names.push('VALIDATION_ERROR')
  if (schema.body !== undefined) names.push('REQUEST_TIMEOUT', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  if (role !== 'anyone') names.push('UNAUTHORIZED', 'TOKEN_EXPIRED')
  if (role === 'admin') names.push('FORBIDDEN')
  if (role === 'operator') names.push('FORBIDDEN_ROLE')
  if (role !== 'anyone' || schema.body !== undefined) names.push('DATABASE_UNAVAILABLE', 'SERVICE_STOPPING')
  if (config?.rateLimit !== false) names.push('RATE_LIMIT_EXCEEDED')
  return names
}

/** The plugin says of every body that it must be sent; one without required fields may be left out. */
const leaveOptionalBodiesOptional: SwaggerTransformObject = (document) => {
  if ('swaggerObject' in document) return document.swaggerObject
  for (const item of Object.values(document.openapiObject.paths ?? {})) {
    for (const body of [item?.post, item?.put, item?.patch].map((operation) => operation?.requestBody)) {
      if (body === undefined || '$ref' in body) continue
      const schema = body.content['application/json']?.schema
      if (schema !== undefined && !('$ref' in schema) && schema.required === undefined) body.required = false
    }
  }
  return document.openapiObject
}

function withExample(body: object): object {
  return { ...body, examples: [exampleOf(body)] }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
