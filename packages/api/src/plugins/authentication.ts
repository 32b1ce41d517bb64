// Who asks, and whether they may. A route says in `config.role` who may call it, and nothing else does: this guard, the OpenAPI
// document and the tests read that one word. Role and standing come from the account as it is now, not from the token.
import { createHash, timingSafeEqual } from 'node:crypto'
import { ServiceError } from '@org/core'
import type { Account, Actor, Role } from '@org/core'
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { countForAccount } from './account-limits.ts'

/** Who may call a route: anyone at all, or whoever is logged in with this role or a higher one. */
export type Access = 'anyone' | Role

declare module 'fastify' {
  interface FastifyContextConfig {
    role?: Access
    /** A bearer token that opens this route to whoever has it, without an account. */
    openedBy?: string | undefined
  }
  interface FastifyRequest {
    /** Who asks, for audit and operations. Throws UNAUTHORIZED on a route that anyone may call. */
    readonly actor: Actor
  }
}

const RANK: Readonly<Record<Role, number>> = { user: 1, operator: 2, admin: 3 }
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1]
}

/** Takes the same time wherever they differ. */
function isSameText(given: string | undefined, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return given !== undefined && timingSafeEqual(digest(given), digest(wanted))
}

/** Guards all routes declared after it in the same scope. A route without `config.role` stops the start. */
export const authentication = fp(
  async (app) => {
    const callers = new WeakMap<FastifyRequest, Account>()

    app.decorateRequest('actor', {
      getter(this: FastifyRequest): Actor {
        const account = callers.get(this)
        if (account === undefined) throw new ServiceError('UNAUTHORIZED')
        return { name: account.email, accountId: account.id, address: this.ip }
      },
    })

    // A hook of the route itself, behind its rate limit: whoever tries tokens is counted before one is looked at.
    app.addHook('onRoute', (route) => {
      const role = route.config?.role
      if (role === undefined)
        throw new Error(`${String(route.method)} ${route.url} does not say who may call it`)
      if (role !== 'anyone')
        route.onRequest = [...[route.onRequest ?? []].flat(), guard(role, route.config ?? {})]
    })

    const guard =
      (role: Role, { accountLimit: limit, openedBy }: FastifyContextConfig) =>
      async (request: FastifyRequest, reply: FastifyReply) => {
        if (openedBy !== undefined && isSameText(bearerOf(request), openedBy)) return
        const account = await findCaller(request)
        if (limit !== undefined) await countForAccount(app.services.rateCounter, limit, account, reply)
        if (RANK[account.role] < RANK[role])
          throw new ServiceError(role === 'admin' ? 'FORBIDDEN' : 'FORBIDDEN_ROLE')
        callers.set(request, account)
      }

    const findCaller = async (request: FastifyRequest): Promise<Account> => {
      const token = bearerOf(request)
      if (token === undefined) throw new ServiceError('UNAUTHORIZED')
      const { sub } = app.tokens.readAccessToken(token)
      const account = await app.services.accounts.findForToken(Number(sub))
      if (account === undefined) throw new ServiceError('UNAUTHORIZED')
      return account
    }
  },
  { name: 'authentication', fastify: '5.x', dependencies: ['tokens'] },
)
