// Logging in and out, tokens, one's own account, and making accounts.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ACCESS_TOKEN_SECONDS, ServiceError } from '@org/core'
import type { Caller, Login } from '@org/core'
import { perAddress } from '../plugins/rate-limits.ts'
import {
  AccountReply,
  LoginRequest,
  NothingToSay,
  PasswordChangeRequest,
  RefreshRequest,
  RegisterRequest,
  TokenPair,
  toAccountReply,
} from '../schemas/account.ts'
import { failures, succeeded, success, successOnly } from '../schemas/envelope.ts'

const LOGGED_IN = 'Login successful'
const REFRESHED = 'Tokens refreshed'
const LOGGED_OUT = 'Logged out'
const WHO = 'Account'
const CHANGED = 'Password changed'
const REGISTERED = 'User berhasil didaftarkan'

export const authRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { accounts, config } = app.services

  const toTokenPair = (login: Login) => {
    const { accessToken, refreshToken } = app.tokens.sign(login)
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      token_type: 'Bearer' as const,
      expires_in: ACCESS_TOKEN_SECONDS,
      user: toAccountReply(login.account),
    }
  }

  app.post(
    '/auth/login',
    {
      config: { role: 'anyone', rateLimit: perAddress('login', config.LOGIN_RATE_LIMIT_PER_MINUTE) },
      schema: {
        tags: ['Auth'],
        operationId: 'login',
        summary: 'Log in and get tokens',
        body: LoginRequest,
        response: {
          200: success(LOGGED_IN, TokenPair),
          ...failures('INVALID_CREDENTIALS', 'ACCOUNT_LOCKED'),
        },
      },
    },
    async ({ body, ip }, reply) => {
      const login = await accounts.login({ ...body, address: ip })
      reply.header('cache-control', 'no-store')
      return succeeded(LOGGED_IN, toTokenPair(login))
    },
  )

  app.post(
    '/auth/refresh',
    {
      config: { role: 'anyone' },
      schema: {
        tags: ['Auth'],
        operationId: 'refresh',
        summary: 'Exchange a refresh token for new tokens',
        description:
          'The old refresh token is used up. Whoever sends it again later is taken for a thief: that login ends. Of requests that overlap one gets the pair, the others 401, and the login goes on.',
        body: RefreshRequest,
        response: { 200: success(REFRESHED, TokenPair), ...failures('UNAUTHORIZED', 'TOKEN_EXPIRED') },
      },
    },
    async ({ body, ip }, reply) => {
      const { sub, family, jti } = app.tokens.readRefreshToken(body.refresh_token)
      const token = { accountId: Number(sub), familyId: family, tokenId: jti, address: ip }
      const login = await accounts.refresh(token)
      reply.header('cache-control', 'no-store')
      return succeeded(REFRESHED, toTokenPair(login))
    },
  )

  app.post(
    '/auth/logout',
    {
      config: { role: 'user', devices: 'none', apiKeys: false },
      schema: {
        tags: ['Auth'],
        operationId: 'logout',
        summary: 'Log out: end all tokens of this login',
        body: NothingToSay,
        response: { 200: successOnly(LOGGED_OUT) },
      },
    },
    async ({ caller, actor }) => {
      await accounts.logOut(loginOf(caller).familyId, actor)
      return succeeded(LOGGED_OUT, null)
    },
  )

  app.get(
    '/auth/me',
    {
      config: { role: 'user', devices: 'none', apiKeys: false },
      schema: {
        tags: ['Auth'],
        operationId: 'me',
        summary: 'See your own account',
        response: { 200: success(WHO, AccountReply) },
      },
    },
    async ({ caller }, reply) => {
      const { accountId, familyId } = loginOf(caller)
      const account = await accounts.findForToken(accountId, familyId)
      if (account === undefined) throw new ServiceError('UNAUTHORIZED')
      reply.header('cache-control', 'no-store')
      return succeeded(WHO, toAccountReply(account))
    },
  )

  app.post(
    '/auth/change-password',
    {
      config: {
        role: 'user',
        devices: 'none',
        apiKeys: false,
        rateLimit: perAddress('change-password', config.LOGIN_RATE_LIMIT_PER_MINUTE),
      },
      schema: {
        tags: ['Auth'],
        operationId: 'changePassword',
        summary: 'Change your own password',
        description: 'All other logins of the account end.',
        body: PasswordChangeRequest,
        response: { 200: successOnly(CHANGED), ...failures('ACCOUNT_LOCKED') },
      },
    },
    async ({ body, caller, ip }) => {
      const { current_password: currentPassword, new_password: newPassword } = body
      await accounts.changePassword({ ...loginOf(caller), currentPassword, newPassword, address: ip })
      return succeeded(CHANGED, null)
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

/** The login that a caller's token comes from. */
function loginOf({ accountId, familyId }: Caller): { accountId: number; familyId: string } {
  if (accountId === null || familyId === null) throw new ServiceError('FORBIDDEN_KEY')
  return { accountId, familyId }
}
