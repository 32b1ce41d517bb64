// What answers where no route does: 405 with `allow` when the path is known by another method, 404 otherwise, and 400 where the
// path cannot even be read. Before anything else of such a request is looked at, but counted like any other.
import { ServiceError, validationError } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** Where no route is: to this path go requests whose own cannot be decoded, so that they pass what all requests pass. */
const NOWHERE = '/:unreadable'

/** For the framework: the path to look for. The request keeps its own as `originalUrl`. */
export function routedPath({ url = '/' }: { readonly url?: string | undefined }): string {
  return isReadable(url) ? url : NOWHERE
}

function isReadable(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(pathOf(url))
    return true
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}

function pathOf(url: string): string {
  return url.split(/[?#]/, 1).join('')
}

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
      const path = pathOf(url).split('/')
      const found = [...methodsByRoute].filter(([route]) => matches(route.split('/'), path))
      return [...new Set(found.flatMap(([, methods]) => [...methods]))].sort()
    }
    const refusalOf = (url: string, reply: FastifyReply): ServiceError => {
      if (!isReadable(url))
        return validationError([{ field: 'path', message: 'is not a well-formed URL path' }])
      const allowed = allowedMethods(url)
      if (allowed.length === 0) return new ServiceError('ROUTE_NOT_FOUND')
      reply.header('allow', allowed.join(', '))
      return new ServiceError('METHOD_NOT_ALLOWED', { details: { allow: allowed } })
    }

    const count = app.rateLimit()
    app.addHook('onRequest', async function (request: FastifyRequest, reply) {
      if (!request.is404) return
      await count.call(app, request, reply)
      throw refusalOf(request.originalUrl, reply)
    })
    // For what a route of a plugin hands on.
    app.setNotFoundHandler({ preHandler: count }, async (request, reply) => {
      throw refusalOf(request.originalUrl, reply)
    })
  },
  { name: 'unknown-routes', fastify: '5.x', dependencies: ['@fastify/rate-limit'] },
)
