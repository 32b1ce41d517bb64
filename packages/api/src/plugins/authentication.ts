// Who asks, and whether they may. A route says in its `config` who may call it (`role`), what devices have to do with it
// (`devices`) and whether machines may (`apiKeys`), and nothing else does: this guard, the OpenAPI document and the tests read
// those words. Role and standing come from the account or key as it is now, not from the token.
import { createHash, timingSafeEqual } from 'node:crypto'
import { ServiceError, actorOf, mayTouch } from '@org/core'
import type { Actor, Caller, Role } from '@org/core'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { countForCaller } from './account-limits.ts'

/** Who may call a route: anyone at all, or whoever is logged in with this role or a higher one. */
export type Access = 'anyone' | Role

/**
 * What devices have to do with a route, for API keys that name theirs. `path`: it is about the device in its path, which the
 * guard compares. `filtered`: it shows and touches those of `request.caller.deviceIds` alone. `none`: it is about no device.
 * `all`: about all of them, so such a key is refused.
 */
export type DeviceAccess = 'path' | 'filtered' | 'none' | 'all'

declare module 'fastify' {
  interface FastifyContextConfig {
    role?: Access
    /** Left out: `path` where the path names a device, `all` elsewhere. */
    devices?: Exclude<DeviceAccess, 'path' | 'all'>
    /** False: for people who have logged in. */
    apiKeys?: false
    /** A bearer token that opens this route to whoever has it, without an account. */
    openedBy?: string | undefined
  }
  interface FastifyRequest {
    /** Who asks, and for which devices. Throws UNAUTHORIZED on a route that anyone may call. */
    readonly caller: Caller
    /** Who asks, for audit and operations. Throws as `caller` does. */
    readonly actor: Actor
    /** For an answer that goes on for long: whether whoever asked may still have it. Throws as `caller` does. */
    readonly standing: Standing
  }
}

/** What was proved when a request came, and may be over before its answer is. */
export interface Standing {
  /** When the token ends, in milliseconds since 1970; infinite for an API key, whose end shows when it is checked again. */
  readonly endsAtMs: number
  /**
   * Asks again who this is: throws UNAUTHORIZED or TOKEN_EXPIRED once a token or key is no longer good, FORBIDDEN once its role
   * or devices are too few.
   */
  check(): Promise<Caller>
}

const RANK: Readonly<Record<Role, number>> = { user: 1, operator: 2, admin: 3 }
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i
const API_KEY_HEADER = 'x-api-key'
/** How a path names a device. */
const DEVICE_PARAM = 'deviceId'

/** What devices have to do with a route. */
export function deviceAccessOf({ url, config }: Pick<RouteOptions, 'url' | 'config'>): DeviceAccess {
  if (url.split('/').includes(`:${DEVICE_PARAM}`)) return 'path'
  return config?.devices ?? 'all'
}

function bearerOf({ authorization = '' }: FastifyRequest['headers']): string | undefined {
  return BEARER.exec(authorization)?.[1]
}

/** Takes the same time wherever they differ. */
function isSameText(given: string | undefined, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return given !== undefined && timingSafeEqual(digest(given), digest(wanted))
}

/** Guards all routes declared after it in the same scope. A route without `config.role` stops the start. */
export const authentication = fp(
  async (app) => {
    const callers = new WeakMap<FastifyRequest, Caller>()
    const checks = new WeakMap<FastifyRequest, () => Promise<Caller>>()
    /** When the token that a request came with ends, in milliseconds since 1970. */
    const ends = new WeakMap<FastifyRequest, number>()

    const callerOf = (request: FastifyRequest): Caller => {
      const caller = callers.get(request)
      if (caller === undefined) throw new ServiceError('UNAUTHORIZED')
      return caller
    }
    app.decorateRequest('caller', {
      getter(this: FastifyRequest): Caller {
        return callerOf(this)
      },
    })
    app.decorateRequest('actor', {
      getter(this: FastifyRequest): Actor {
        return actorOf(callerOf(this), this.ip)
      },
    })
    app.decorateRequest('standing', {
      getter(this: FastifyRequest): Standing {
        const check = checks.get(this)
        if (check === undefined) throw new ServiceError('UNAUTHORIZED')
        return { endsAtMs: ends.get(this) ?? Number.POSITIVE_INFINITY, check }
      },
    })

    // A hook of the route itself, behind its rate limit: whoever tries tokens is counted before one is looked at.
    app.addHook('onRoute', (route) => {
      const role = route.config?.role
      if (role === undefined)
        throw new Error(`${String(route.method)} ${route.url} does not say who may call it`)
      if (role !== 'anyone') route.onRequest = [...[route.onRequest ?? []].flat(), guard(role, route)]
    })

    const guard = (role: Role, route: RouteOptions) => {
      const { accountLimit: limit, openedBy } = route.config ?? {}
      const check = (request: FastifyRequest, caller: Caller): Caller => {
        if (caller.apiKeyId !== null && route.config?.apiKeys === false)
          throw new ServiceError('FORBIDDEN_KEY')
        if (RANK[caller.role] < RANK[role])
          throw new ServiceError(role === 'admin' ? 'FORBIDDEN' : 'FORBIDDEN_ROLE')
        if (!withinItsDevices(route, request, caller)) throw new ServiceError('FORBIDDEN_DEVICE')
        return caller
      }
      return async (request: FastifyRequest, reply: FastifyReply) => {
        if (openedBy !== undefined && isSameText(bearerOf(request.headers), openedBy)) return
        const caller = await findCaller(request)
        if (limit !== undefined) await countForCaller(app.services.rateCounter, limit, caller, reply)
        callers.set(request, check(request, caller))
        checks.set(request, async () => check(request, await findCaller(request)))
      }
    }

    const findCaller = async (request: FastifyRequest): Promise<Caller> => {
      const key = request.headers[API_KEY_HEADER]
      const caller =
        typeof key === 'string'
          ? await app.services.apiKeys.findCaller(key, request.ip)
          : await findByToken(request)
      if (caller === undefined) throw new ServiceError('UNAUTHORIZED')
      return caller
    }

    const findByToken = async (request: FastifyRequest): Promise<Caller | undefined> => {
      const token = bearerOf(request.headers)
      if (token === undefined) return undefined
      const { sub, family, exp } = app.tokens.readAccessToken(token)
      const account = await app.services.accounts.findForToken(Number(sub), family)
      if (account === undefined) return undefined
      ends.set(request, exp * 1_000)
      const { id, email, role } = account
      return { name: email, role, accountId: id, apiKeyId: null, familyId: family, deviceIds: 'all' }
    }
  },
  { name: 'authentication', fastify: '5.x', dependencies: ['tokens'] },
)

/** Whether a caller has the devices that a route is about. The path is not checked yet: what is no id is no device of a key. */
function withinItsDevices(route: RouteOptions, { params }: FastifyRequest, caller: Caller): boolean {
  if (caller.deviceIds === 'all') return true
  const access = deviceAccessOf(route)
  if (access !== 'path') return access !== 'all'
  const named =
    typeof params === 'object' && params !== null && DEVICE_PARAM in params ? params[DEVICE_PARAM] : ''
  return typeof named === 'string' && /^[1-9]\d*$/.test(named) && mayTouch(caller, Number(named))
}
