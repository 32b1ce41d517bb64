// Logging in, and making accounts.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ACCESS_TOKEN_SECONDS } from '@org/core'
import { perAddress } from '../plugins/rate-limits.ts'
import { AccountReply, LoginRequest, RegisterRequest, TokenPair, toAccountReply } from '../schemas/account.ts'
import { failures, succeeded, success } from '../schemas/envelope.ts'

const LOGGED_IN = 'Login successful'
const REGISTERED = 'User berhasil didaftarkan'

export const authRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { accounts, config } = app.services

  app.post(
    '/auth/login',
    {
      config: { role: 'anyone', rateLimit: perAddress('login', config.LOGIN_RATE_LIMIT_PER_MINUTE) },
      schema: {
        tags: ['Auth'],
        operationId: 'login',
        summary: 'Log in and get tokens',
        body: LoginRequest,
        response: { 200: success(LOGGED_IN, TokenPair), ...failures('INVALID_CREDENTIALS') },
      },
    },
    async ({ body, ip }, reply) => {
      const login = await accounts.login({ ...body, address: ip })
      const { accessToken, refreshToken } = app.tokens.sign(login)
      reply.header('cache-control', 'no-store')
      return succeeded(LOGGED_IN, {
        access_token: accessToken,
        refresh_token: refreshToken,
        token_type: 'Bearer' as const,
        expires_in: ACCESS_TOKEN_SECONDS,
        user: toAccountReply(login.account),
      })
    },
  )

  app.post(
    '/auth/register',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Auth'],
        operationId: 'register',
        summary: 'Make an account',
        body: RegisterRequest,
        response: {
          201: success(REGISTERED, AccountReply),
          ...failures('DUPLICATE_EMAIL', 'DUPLICATE_USERNAME'),
        },
      },
    },
    async ({ body, actor }, reply) => {
      const account = await accounts.register(body, actor)
      reply.code(201)
      return succeeded(REGISTERED, toAccountReply(account))
    },
  )
}
