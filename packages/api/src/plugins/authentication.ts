// Who asks, and whether they may. A route says in `config.role` who may call it, and nothing else does: this guard, the OpenAPI
// document and the tests read that one word. Role and standing come from the account as it is now, not from the token.
import { ServiceError } from '@org/core'
import type { Account, Actor, Role } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { countForAccount, type AccountLimit } from './account-limits.ts'

/** Who may call a route: anyone at all, or whoever is logged in with this role or a higher one. */
export type Access = 'anyone' | Role

declare module 'fastify' {
  interface FastifyContextConfig {
    role?: Access
  }
  interface FastifyRequest {
    /** Who asks, for audit and operations. Throws UNAUTHORIZED on a route that anyone may call. */
    readonly actor: Actor
    /** For an answer that goes on for long: whether whoever asked may still have it. */
    readonly standing: Standing
  }
}

/** What was proved when a request came, and may be over before its answer is. */
export interface Standing {
  /** When it ends by itself, in milliseconds since 1970. */
  readonly endsAtMs: number
  /** Proves it again, as for a new request. Throws what that would be answered with. */
  check(): Promise<void>
}

const RANK: Readonly<Record<Role, number>> = { user: 1, operator: 2, admin: 3 }
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i

/** Who asks, and what for. */
interface Caller {
  readonly account: Account
  /** The role that the route wants. */
  readonly role: Role
  readonly endsAtMs: number
}

function assertRank({ account, role }: Caller): void {
  if (RANK[account.role] < RANK[role])
    throw new ServiceError(role === 'admin' ? 'FORBIDDEN' : 'FORBIDDEN_ROLE')
}

/** Guards all routes declared after it in the same scope. A route without `config.role` stops the start. */
export const authentication = fp(
  async (app) => {
    const callers = new WeakMap<FastifyRequest, Caller>()

    app.decorateRequest('actor', {
      getter(this: FastifyRequest): Actor {
        const account = callers.get(this)?.account
        if (account === undefined) throw new ServiceError('UNAUTHORIZED')
        return { name: account.email, accountId: account.id, address: this.ip }
      },
    })

    app.decorateRequest('standing', {
      getter(this: FastifyRequest): Standing {
        const caller = callers.get(this)
        if (caller === undefined) throw new ServiceError('UNAUTHORIZED')
        const check = async (): Promise<void> => assertRank(await identify(this, caller.role))
        return { endsAtMs: caller.endsAtMs, check }
      },
    })

    // A hook of the route itself, behind its rate limit: whoever tries tokens is counted before one is looked at.
    app.addHook('onRoute', (route) => {
      const role = route.config?.role
      if (role === undefined)
        throw new Error(`${String(route.method)} ${route.url} does not say who may call it`)
      if (role !== 'anyone')
        route.onRequest = [...[route.onRequest ?? []].flat(), guard(role, route.config?.accountLimit)]
    })

    const guard =
      (role: Role, limit?: AccountLimit) => async (request: FastifyRequest, reply: FastifyReply) => {
        const caller = await identify(request, role)
        if (limit !== undefined) await countForAccount(app.services.rateCounter, limit, caller.account, reply)
        assertRank(caller)
        callers.set(request, caller)
      }

    /** Whoever sends this, whatever they may do. */
    const identify = async ({ headers }: FastifyRequest, role: Role): Promise<Caller> => {
      const token = BEARER.exec(headers.authorization ?? '')?.[1]
      if (token === undefined) throw new ServiceError('UNAUTHORIZED')
      const { sub, exp } = app.tokens.readAccessToken(token)
      const account = await app.services.accounts.findForToken(Number(sub))
      if (account === undefined) throw new ServiceError('UNAUTHORIZED')
      return { account, role, endsAtMs: exp * 1_000 }
    }
  },
  { name: 'authentication', fastify: '5.x', dependencies: ['tokens'] },
)
