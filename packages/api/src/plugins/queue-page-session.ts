// Who looks at the queue page: an admin who has logged in on it, by a cookie that goes to no other path and holds a token that opens
// nothing else. Role and standing come from the account as it is now, as at every other request; no header lets anybody in.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { ACCESS_TOKEN_SECONDS, ServiceError, validationError } from '@org/core'
import type { Actor, Login } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isFrameworkError, replyWithError } from './error-replies.ts'

/** Where the queue page is; its cookies go nowhere else. */
export const QUEUE_PAGE_PATH = '/admin/queues'
export const LOGIN_PATH = `${QUEUE_PAGE_PATH}/login`

const SESSION_COOKIE = 'zk_queues'
const FORM_COOKIE = 'zk_queues_form'
const FORM_TOKEN_BYTES = 24
/** A form that was left open for longer is asked for anew. */
const FORM_SECONDS = 3_600

/** An admin's login on the page. */
export interface QueuePageSession {
  readonly familyId: string
  readonly actor: Actor
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The login that opened this page. Throws UNAUTHORIZED on a page that is open to anyone. */
    readonly queuePageSession: QueuePageSession
  }
}

/** Guards all routes declared after it in the same scope, but for those whose `config.role` is `anyone`. */
export const queuePageSession = fp(
  async (app) => {
    const sessions = new WeakMap<FastifyRequest, QueuePageSession>()
    app.decorateRequest('queuePageSession', {
      getter(this: FastifyRequest): QueuePageSession {
        const session = sessions.get(this)
        if (session === undefined) throw new ServiceError('UNAUTHORIZED')
        return session
      },
    })

    const findSession = async (request: FastifyRequest): Promise<QueuePageSession> => {
      const token = cookieOf(request, SESSION_COOKIE)
      if (token === undefined) throw new ServiceError('UNAUTHORIZED')
      const { sub, family } = app.tokens.readQueuePageToken(token)
      const account = await app.services.accounts.findForToken(Number(sub), family)
      if (account === undefined) throw new ServiceError('UNAUTHORIZED')
      if (account.role !== 'admin') throw new ServiceError('FORBIDDEN')
      return {
        familyId: family,
        actor: { name: account.email, accountId: account.id, address: request.ip },
      }
    }
    const guard = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      reply.header('cache-control', 'no-store')
      sessions.set(request, await findSession(request))
    }

    // A hook of the route itself, behind its rate limit, as the API's own guard is.
    app.addHook('onRoute', (route) => {
      if (route.config?.role === 'anyone') return
      route.errorHandler = sendToLogin
      route.config = { ...route.config, role: 'admin' }
      route.onRequest = [...[route.onRequest ?? []].flat(), guard]
    })
  },
  { name: 'queue-page-session', fastify: '5.x', dependencies: ['tokens'] },
)

/** A browser that wants a page and is not logged in is sent to where it can; everybody else is answered as by the API. */
function sendToLogin(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  // A file whose reader went away half-way: there is nobody to answer.
  if (reply.raw.headersSent) {
    reply.raw.destroy()
    return
  }
  const wantsPage = request.headers.accept?.includes('text/html') === true
  if (wantsPage && thrown instanceof ServiceError && thrown.status === 401) reply.redirect(LOGIN_PATH, 303)
  else if (thrown instanceof ServiceError || isFrameworkError(thrown)) replyWithError(thrown, request, reply)
  // What the page shows is read from Redis, so what fails otherwise is Redis.
  else replyWithError(new ServiceError('QUEUE_UNAVAILABLE', { cause: thrown }), request, reply)
}

/** Hands a login to the browser; it lives as long as an access token. */
export function giveSession(login: Login, request: FastifyRequest, reply: FastifyReply): void {
  const token = request.server.tokens.signForQueuePage(login)
  setCookie({ name: SESSION_COOKIE, value: token, seconds: ACCESS_TOKEN_SECONDS }, request, reply)
}

/** Takes it back; the login itself is ended by whoever calls this. */
export function takeSession(request: FastifyRequest, reply: FastifyReply): void {
  setCookie({ name: SESSION_COOKIE, value: '', seconds: 0 }, request, reply)
}

/**
 * What a form of these pages sends along, to show that it was sent from one: the same stands in a cookie, which no other site
 * can read, write or have sent with its own form.
 */
export function giveFormToken(request: FastifyRequest, reply: FastifyReply): string {
  const token = cookieOf(request, FORM_COOKIE) ?? randomBytes(FORM_TOKEN_BYTES).toString('base64url')
  setCookie({ name: FORM_COOKIE, value: token, seconds: FORM_SECONDS }, request, reply)
  return token
}

/** Throws VALIDATION_ERROR for a form that was not sent from a page of this browser. */
export function checkFormToken(request: FastifyRequest, given: string): void {
  const kept = cookieOf(request, FORM_COOKIE)
  if (kept === undefined || !isSame(kept, given))
    throw validationError([{ field: 'form', message: 'is too old, or from another site; send this one' }])
}

function isSame(kept: string, given: string): boolean {
  const [a, b] = [Buffer.from(kept), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** A cookie of ours; undefined where it is not sent, or not of the letters that ours are made of. */
function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  const pair = (headers.cookie ?? '').split(/; */).find((it) => it.startsWith(`${name}=`))
  const value = pair?.slice(name.length + 1)
  return value !== undefined && /^[\w.-]+$/.test(value) ? value : undefined
}

function setCookie(
  { name, value, seconds }: { readonly name: string; readonly value: string; readonly seconds: number },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const secure = request.protocol === 'https' ? '; Secure' : ''
  const bounds = `Path=${QUEUE_PAGE_PATH}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`
  reply.header('set-cookie', `${name}=${value}; ${bounds}`)
}
