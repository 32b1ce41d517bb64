// /auth: what goes to the service, and how its answers look.
import { describe, expect, it } from 'vitest'
import { ServiceError } from '@org/core'
import type { Actor } from '@org/core'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'
import { ADMIN, LOGIN as FAMILY } from '../support/services-double.ts'
import { readPart, signToken } from '../support/signed-token.ts'

const LOGIN = '/api/v1/auth/login'
const REGISTER = '/api/v1/auth/register'

describe('POST /auth/login', () => {
  it('answers with a pair of tokens that nobody may keep', async () => {
    await using api = await listening()
    const answer = await api.client.post(LOGIN, { email: ADMIN.email, password: 'password' })
    expect(answer.reply).toEqual({
      status: 200,
      body: {
        status: true,
        message: 'Login successful',
        data: {
          access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
          refresh_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
          token_type: 'Bearer',
          expires_in: 3600,
          user: { id: 1, username: 'admin', email: 'admin@example.com', role: 'admin' },
        },
      },
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('hands e-mail, password and address on as they came', async () => {
    const seen: unknown[] = []
    await using api = await listening({
      accounts: {
        login: async (input) => {
          seen.push(input)
          return FAMILY
        },
      },
    })
    await api.client.post(LOGIN, { email: 'Admin@Example.com', password: ' p ' })
    expect(seen).toEqual([{ email: 'Admin@Example.com', password: ' p ', address: '127.0.0.1' }])
  })

  it('answers a wrong password as the seed document does, and whole', async () => {
    await using api = await listening({
      accounts: {
        login: async () => {
          throw new ServiceError('INVALID_CREDENTIALS')
        },
      },
    })
    const answer = await api.client.post(LOGIN, { email: 'someone@example.com', password: 'wrong' })
    expect(answer.reply).toEqual(
      refused(401, 'INVALID_CREDENTIALS', {
        message: 'Invalid credentials',
        details: 'Email atau password salah',
      }),
    )
  })
})

describe('POST /auth/refresh', () => {
  const REFRESH = '/api/v1/auth/refresh'
  const refreshToken = (claims: Record<string, unknown> = {}, secret?: string) =>
    signToken({ claims: { use: 'refresh', ...claims }, ...(secret !== undefined && { secret }) })

  it('hands on what the token says, and answers with a pair that nobody may keep', async () => {
    const seen: unknown[] = []
    await using api = await listening({
      accounts: {
        refresh: async (input) => {
          seen.push(input)
          return { ...FAMILY, refreshFamily: { ...FAMILY.refreshFamily, tokenId: 'refresh-2' } }
        },
      },
    })
    const answer = await api.client.post(REFRESH, { refresh_token: refreshToken({ jti: 'refresh-1' }) })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { access_token, refresh_token } = answer.data as { access_token: string; refresh_token: string }
    expect(readPart(refresh_token, 'claims')).toMatchObject({ use: 'refresh', jti: 'refresh-2' })
    expect(readPart(access_token, 'claims')).toMatchObject({ use: 'access', family: 'family-1' })
    expect(seen).toEqual([{ accountId: 1, familyId: 'family-1', tokenId: 'refresh-1', address: '127.0.0.1' }])
  })

  it.each([
    ['an access token', signToken()],
    ['a token without a use', signToken({ claims: { use: undefined } })],
    ['a token of another secret', refreshToken({}, 'x'.repeat(40))],
    ['an unsigned token', signToken({ claims: { use: 'refresh' }, header: { alg: 'none' }, signature: '' })],
    ['no token at all', 'nonsense'],
  ])('refreshes nothing for %s', async (_, refresh_token) => {
    await using api = await listening()
    const answer = await api.client.post(REFRESH, { refresh_token })
    expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED'))
  })

  it('says that a refresh token has expired', async () => {
    await using api = await listening()
    const past = Math.floor(Date.now() / 1000) - 1
    const answer = await api.client.post(REFRESH, { refresh_token: refreshToken({ exp: past }) })
    expect(answer.reply).toEqual(refused(401, 'TOKEN_EXPIRED', { details: 'The refresh token has expired' }))
  })

  it('takes a token of the previous secret, and signs with the current one', async () => {
    const tokenSecrets = { current: 'c'.repeat(40), previous: 'p'.repeat(40) }
    await using api = await listening({ accounts: { tokenSecrets } })
    const answer = await api.client.post(REFRESH, { refresh_token: refreshToken({}, tokenSecrets.previous) })
    const { access_token: token } = answer.data as { access_token: string }
    await using rotated = await listening({
      accounts: { tokenSecrets: { current: tokenSecrets.current, previous: undefined } },
    })
    expect((await rotated.client.get('/api/v1/auth/me', { token })).status).toBe(200)
  })
})

describe('one’s own account', () => {
  it('is logged out of without a body, and only without one', async () => {
    const ended: unknown[] = []
    await using api = await listening({
      accounts: { logOut: async (familyId, by) => void ended.push([familyId, by.name]) },
    })
    const answer = await api.client.post('/api/v1/auth/logout', undefined, { token: api.token })
    expect(answer.reply).toEqual({ status: 200, body: { status: true, message: 'Logged out', data: null } })
    expect(ended).toEqual([['family-1', ADMIN.email]])
    const withBody = await api.client.post('/api/v1/auth/logout', { all: true }, { token: api.token })
    expect(withBody.faults).toEqual(['all'])
  })

  it('gets a new password of 8 to 128 characters', async () => {
    const seen: unknown[] = []
    await using api = await listening({
      accounts: { changePassword: async (change) => void seen.push(change) },
    })
    const change = (new_password: string) =>
      api.client.post(
        '/api/v1/auth/change-password',
        { current_password: 'old', new_password },
        { token: api.token },
      )
    for (const wrong of ['x'.repeat(7), 'x'.repeat(129)])
      expect((await change(wrong)).faults).toEqual(['new_password'])
    expect((await change('x'.repeat(8))).status).toBe(200)
    expect(seen).toEqual([
      {
        accountId: 1,
        familyId: 'family-1',
        currentPassword: 'old',
        newPassword: 'x'.repeat(8),
        address: '127.0.0.1',
      },
    ])
  })
})

describe('a locked account', () => {
  it('is answered with 423 and when to come again', async () => {
    await using api = await listening({
      accounts: {
        login: async () => {
          throw new ServiceError('ACCOUNT_LOCKED', { retryAfterSeconds: 900 })
        },
      },
    })
    const answer = await api.client.post(LOGIN, { email: ADMIN.email, password: 'right' })
    expect(answer.reply).toEqual(refused(423, 'ACCOUNT_LOCKED'))
    expect(answer.headers.get('retry-after')).toBe('900')
  })
})

describe('POST /auth/register', () => {
  const newcomer = { username: 'john_doe', email: 'john@example.com', password: 'password123', role: 'user' }

  it('answers with the account and never with its password', async () => {
    const makers: Actor[] = []
    await using api = await listening({
      accounts: {
        register: async ({ username, email, role }, by) => {
          makers.push(by)
          return { ...ADMIN, id: 2, username, email, role }
        },
      },
    })
    const answer = await api.client.post(REGISTER, newcomer, { token: api.token })
    expect(answer.reply).toEqual({
      status: 201,
      body: {
        status: true,
        message: 'User berhasil didaftarkan',
        data: { id: 2, username: 'john_doe', email: 'john@example.com', role: 'user' },
      },
    })
    expect(makers).toEqual([{ name: ADMIN.email, accountId: 1, address: '127.0.0.1' }])
  })

  it.each(['DUPLICATE_EMAIL', 'DUPLICATE_USERNAME'] as const)('answers %s with 400', async (code) => {
    await using api = await listening({
      accounts: {
        register: async () => {
          throw new ServiceError(code)
        },
      },
    })
    const answer = await api.client.post(REGISTER, newcomer, { token: api.token })
    expect(answer.reply).toEqual(refused(400, code))
  })
})
