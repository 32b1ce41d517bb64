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
import { deviceAccessOf } from './authentication.ts'
import type { Access } from './authentication.ts'

const DESCRIPTION = `Attendance, people and doors of ZKTeco terminals.

Log in at \`POST /api/v1/auth/login\`, then send the access token as \`Authorization: Bearer …\`; machines send an API key as
\`x-api-key\`. Answers have \`status\`, \`message\` and \`data\`; errors have \`status: false\`, \`message\`, \`error\` and
\`metadata\`. Times are UTC.

\`x-role\` says who may call an operation, \`x-devices\` what an API key that names its devices gets of it: \`path\`, if the device in
the path is one of them; \`filtered\`, what is of them; \`none\`, all, for it is about no device; \`all\`, nothing but 403.`

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
          { name: 'Auth', description: 'Logging in, accounts, API keys' },
          { name: 'Devices', description: 'Registered terminals' },
          { name: 'Device operations', description: 'What is asked of a terminal itself' },
          { name: 'Door', description: 'Opening doors' },
          { name: 'Attendance', description: 'Punches, and the syncs that bring them' },
          { name: 'Audit', description: 'Who did what, in a chain that shows tampering' },
          { name: 'Users', description: 'People on terminals' },
          { name: 'Queue', description: 'Background jobs' },
          { name: 'Cache', description: 'Lists that are kept for a while' },
          { name: 'Notifications', description: 'What people and programs are told of' },
          { name: 'Health', description: 'For load balancers and people on call' },
        ],
        components: {
          securitySchemes: {
            bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
            apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
          },
        },
      },
      transformObject: leaveOptional,
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
  const extra = {
    'x-role': role,
    ...(role !== 'anyone' && { 'x-devices': deviceAccessOf(route) }),
    ...(isObject(schema.body) && { body: withExample(schema.body) }),
  }
  return {
    ...schema,
    ...extra,
    security: securityOf(role, route),
    response: { ...responses, ...failures(...names) },
  }
}

/** How a caller may show who it is. */
function securityOf(role: Access, { config }: RouteOptions): NonNullable<FastifySchema['security']> {
  if (role === 'anyone') return []
  return config?.apiKeys === false ? [{ bearer: [] }] : [{ bearer: [] }, { apiKey: [] }]
}

function generalErrors(route: RouteOptions, schema: FastifySchema, role: Access): readonly ErrorName[] {
  const { config } = route
  const names: ErrorName[] = ['HEADERS_TOO_LARGE', 'INTERNAL_ERROR', 'TOO_SLOW']
  if (config?.quiet !== true) names.push('SERVICE_OVERLOADED')
  if (schema.body !== undefined || schema.params !== undefined || schema.querystring !== undefined)
    names.push('VALIDATION_ERROR')
  if (schema.body !== undefined) names.push('REQUEST_TIMEOUT', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  if (role !== 'anyone') names.push('UNAUTHORIZED', 'TOKEN_EXPIRED')
  if (role === 'admin') names.push('FORBIDDEN')
  if (role === 'operator') names.push('FORBIDDEN_ROLE')
  if (role !== 'anyone' && config?.apiKeys === false) names.push('FORBIDDEN_KEY')
  else if (role !== 'anyone' && deviceAccessOf(route) !== 'none') names.push('FORBIDDEN_DEVICE')
  if (role !== 'anyone' || schema.body !== undefined) names.push('DATABASE_UNAVAILABLE', 'SERVICE_STOPPING')
  if (config?.rateLimit !== false) names.push('RATE_LIMIT_EXCEEDED')
  return names
}

/**
 * Tells what may be left out. The plugin says of every body that it must be sent, though nothing need stand in some; and handlers are
 * given a parameter's default, so to its schema it is always there, though nobody has to send it.
 */
const leaveOptional: SwaggerTransformObject = (document) => {
  if ('swaggerObject' in document) return document.swaggerObject
  for (const item of Object.values(document.openapiObject.paths ?? {})) {
    for (const operation of [item?.get, item?.post, item?.put, item?.patch, item?.delete]) {
      for (const parameter of operation?.parameters ?? []) {
        if ('$ref' in parameter || parameter.schema === undefined || '$ref' in parameter.schema) continue
        if (parameter.schema.default !== undefined) parameter.required = false
      }
      const body = operation?.requestBody
      if (body === undefined || '$ref' in body) continue
      const schema = body.content['application/json']?.schema
      if (schema === undefined || '$ref' in schema) continue
      if (schema.required === undefined && schema.minProperties === undefined) body.required = false
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
