// What answers where no route does: 405 with `allow` when the path is known by another method, 404 otherwise.
import { ServiceError } from '@org/core'
import fp from 'fastify-plugin'

/** Matches a path against a route's: as many parts, each equal or a parameter. */
function matches(route: readonly string[], path: readonly string[]): boolean {
  return (
    route.length === path.length &&
    route.every((part, i) => part === path[i] || (part.startsWith(':') && path[i] !== ''))
  )
}

/** Register it before the routes, for it learns them as they are declared. */
export const unknownRoutes = fp(
  async (app) => {
    const methodsByRoute = new Map<string, Set<string>>()
    app.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return
      const methods = methodsByRoute.get(url) ?? new Set()
      for (const name of [method].flat()) methods.add(name)
      // HEAD stands only beside GET, which the framework does not always announce.
      if (methods.has('HEAD')) methods.add('GET')
      methodsByRoute.set(url, methods)
    })

    const allowedMethods = (url: string): string[] => {
      const path = url.split('?', 1).join('').split('/')
      const found = [...methodsByRoute].filter(([route]) => matches(route.split('/'), path))
      return [...new Set(found.flatMap(([, methods]) => [...methods]))].sort()
    }

    app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (request, reply) => {
      const allowed = allowedMethods(request.raw.url ?? '')
      if (allowed.length === 0) throw new ServiceError('ROUTE_NOT_FOUND')
      reply.header('allow', allowed.join(', '))
      throw new ServiceError('METHOD_NOT_ALLOWED', { details: { allow: allowed } })
    })
  },
  { name: 'unknown-routes', fastify: '5.x', dependencies: ['@fastify/rate-limit'] },
)
