// The queues in Redis in a browser, in queue mode: bull-board behind an admin's login. It shows what carries the jobs and changes
// nothing: of its routes only those that read exist here, because what they would change the table of jobs would not know.
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { createBullBoard } from '@bull-board/api'
import { FastifyAdapter } from '@bull-board/fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError } from '@org/core'
import type { Actor } from '@org/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { loginPage, logoutPage } from '../pages/queue-login-page.ts'
import type { PageNotice } from '../pages/queue-login-page.ts'
import { beginErrorReply } from '../plugins/error-replies.ts'
import {
  LOGIN_PATH,
  QUEUE_PAGE_PATH,
  checkFormToken,
  giveFormToken,
  giveSession,
  queuePageSession,
  takeSession,
} from '../plugins/queue-page-session.ts'
import { perAddress } from '../plugins/rate-limits.ts'
import { LoginRequest } from '../schemas/account.ts'

const HTML = 'text/html; charset=utf-8'
const FormToken = Type.String({ maxLength: 64 })
const LoginForm = Type.Object(
  { ...LoginRequest.properties, form: FormToken },
  { additionalProperties: false },
)
const LogoutForm = Type.Object({ form: FormToken }, { additionalProperties: false })
const HIDDEN = { hide: true }
/** bull-board's page would fetch its letters from elsewhere, which browsers are told not to do here: they need not try. */
const LETTERS_FROM_ELSEWHERE = /<link href="https:[^>]*>/g
const POLICY = 'content-security-policy'

/** bull-board without the routes by which it would change what it shows. */
class ReadingAdapter extends FastifyAdapter {
  override setApiRoutes(routes: Parameters<FastifyAdapter['setApiRoutes']>[0]): FastifyAdapter {
    return super.setApiRoutes(routes.filter(({ method }) => method === 'get'))
  }
}

/** Register it under QUEUE_PAGE_PATH, where there are carriers to show. */
export const queuePageRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { accounts, carriers, config } = app.services
  await app.register(queuePageSession)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, text, done) => done(null, Object.fromEntries(new URLSearchParams(text))),
  )

  const showLogin = (request: FastifyRequest, reply: FastifyReply, notice?: PageNotice): FastifyReply => {
    reply.header('cache-control', 'no-store').type(HTML)
    return reply.send(loginPage(giveFormToken(request, reply), notice))
  }
  const showRefusal = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { message, details, retryAfterSeconds } = beginErrorReply(thrown, request, reply)
    const told = typeof details === 'string' ? details : undefined
    void showLogin(request, reply, { message, details: told, retryAfterSeconds })
  }

  app.get(
    '/login',
    { config: { role: 'anyone' }, schema: HIDDEN, errorHandler: showRefusal },
    async (request, reply) => showLogin(request, reply),
  )

  app.post(
    '/login',
    {
      config: { role: 'anyone', rateLimit: perAddress('login', config.LOGIN_RATE_LIMIT_PER_MINUTE) },
      schema: { ...HIDDEN, body: LoginForm },
      errorHandler: showRefusal,
    },
    async (request, reply) => {
      const { email, password, form } = request.body
      checkFormToken(request, form)
      const login = await accounts.login({ email, password, address: request.ip })
      const { account, refreshFamily } = login
      if (account.role !== 'admin') {
        const by: Actor = { name: account.email, accountId: account.id, address: request.ip }
        await accounts.logOut(refreshFamily.id, by)
        throw new ServiceError('FORBIDDEN')
      }
      giveSession(login, request, reply)
      reply.header('cache-control', 'no-store')
      return reply.redirect(`${QUEUE_PAGE_PATH}/`, 303)
    },
  )

  app.get('/logout', { schema: HIDDEN }, async (request, reply) =>
    reply.type(HTML).send(logoutPage(giveFormToken(request, reply), request.queuePageSession.actor.name)),
  )

  app.post('/logout', { schema: { ...HIDDEN, body: LogoutForm } }, async (request, reply) => {
    checkFormToken(request, request.body.form)
    const { familyId, actor } = request.queuePageSession
    await accounts.logOut(familyId, actor)
    takeSession(request, reply)
    return reply.redirect(LOGIN_PATH, 303)
  })

  // The page names by <base> where its files are: within this origin it may.
  app.addHook('onSend', async (_request, reply, payload) => {
    const policy = reply.getHeader(POLICY)
    if (typeof policy === 'string') reply.header(POLICY, policy.replace("base-uri 'none'", "base-uri 'self'"))
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
    return isPage && typeof payload === 'string' ? payload.replaceAll(LETTERS_FROM_ELSEWHERE, '') : payload
  })
  const adapter = new ReadingAdapter()
  createBullBoard({
    queues: carriers.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })),
    serverAdapter: adapter.setBasePath(QUEUE_PAGE_PATH),
    options: {
      uiConfig: {
        boardTitle: 'ZKTeco Device API',
        hideDocsLink: true,
        miscLinks: [{ text: 'Log out', url: `${QUEUE_PAGE_PATH}/logout` }],
      },
    },
  })
  await app.register(adapter.registerPlugin())
}
