// Who is let in, by which token, to what.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '@org/core'
import type { Role } from '@org/core'
import { refused } from '../support/client.ts'
import { listening, listeningForAll } from '../support/listening.ts'
import { ADMIN, LOGIN } from '../support/services-double.ts'
import { readPart, signToken } from '../support/signed-token.ts'

const api = listeningForAll()

const STATS = '/api/v1/queue/stats'
const NOT_LOGGED_IN = 'Unauthorized - Not logged in'

describe('a token', () => {
  it('opens an endpoint while it is valid', async () => {
    expect((await api.client.get(STATS, { token: api.token })).status).toBe(200)
  })

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is no token', 'Bearer nonsense'],
    ['stands beside another scheme', `Basic ${signToken()}`],
    [
      'has the wrong signature',
      `Bearer ${signToken({ secret: 'another secret, also more than 32 bytes long' })}`,
    ],
    ['has no signature', `Bearer ${signToken({ signature: '' })}`],
    ['claims to need no signature', `Bearer ${signToken({ header: { alg: 'none' }, signature: '' })}`],
    ['names another algorithm', `Bearer ${signToken({ header: { alg: 'HS384' }, hash: 'sha384' })}`],
    ['names HS256 in small letters', `Bearer ${signToken({ header: { alg: 'hs256' } })}`],
    ['is a refresh token', `Bearer ${signToken({ claims: { use: 'refresh' } })}`],
    ['does not name its use', `Bearer ${signToken({ claims: { use: undefined } })}`],
    ['has no jti', `Bearer ${signToken({ claims: { jti: undefined } })}`],
    ['has no end', `Bearer ${signToken({ claims: { exp: undefined } })}`],
    ['is for an account that is no number', `Bearer ${signToken({ claims: { sub: '1 OR 1=1' } })}`],
    ['is for account 0', `Bearer ${signToken({ claims: { sub: '0' } })}`],
  ])('that %s is refused with 401', async (_, authorization) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const answer = await api.client.get(STATS, { headers })
    expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED', { message: NOT_LOGGED_IN }))
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  it('that has expired says so', async () => {
    const past = Math.floor(Date.now() / 1000) - 1
    const token = signToken({ claims: { iat: past - 3600, exp: past } })
    const answer = await api.client.get(STATS, { token })
    expect(answer.reply).toEqual(refused(401, 'TOKEN_EXPIRED', { message: NOT_LOGGED_IN }))
  })

  describe('that was good when it was last shown', () => {
    afterEach(() => vi.restoreAllMocks())

    it('is refused as soon as it has expired', async () => {
      const token = signToken()
      expect((await api.client.get(STATS, { token })).status).toBe(200)
      const real = Date.now.bind(Date)
      vi.spyOn(Date, 'now').mockImplementation(() => real() + 3_601_000)
      const answer = await api.client.get(STATS, { token })
      expect(answer.reply).toEqual(refused(401, 'TOKEN_EXPIRED', { message: NOT_LOGGED_IN }))
    })

    it('is refused as soon as its account is', async () => {
      let account: typeof ADMIN | undefined = ADMIN
      await using changing = await listening({ accounts: { findForToken: async () => account } })
      const token = signToken()
      const status = async () => (await changing.client.get('/api/v1/audit', { token })).status
      expect(await status()).toBe(200)
      account = { ...ADMIN, role: 'user' }
      expect(await status()).toBe(403)
      account = undefined
      expect(await status()).toBe(401)
    })

    it('lends nothing to a token that differs from it in one letter', async () => {
      const token = signToken()
      expect((await api.client.get(STATS, { token })).status).toBe(200)
      const [head = '', claims = '', signature = ''] = token.split('.')
      const other = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
      const forged = [head, claims, other].join('.')
      expect((await api.client.get(STATS, { token: forged })).reply).toEqual(refused(401, 'UNAUTHORIZED'))
    })
  })

  it('signed with the previous secret stays valid while that is configured', async () => {
    const previous = 'the secret of last year, more than 32 bytes long'
    await using api = await listening({
      accounts: { tokenSecrets: { current: 'the secret of this year, more than 32 bytes long', previous } },
    })
    const old = await api.client.get(STATS, { token: signToken({ secret: previous }) })
    expect(old.status).toBe(200)
    const strange = await api.client.get(STATS, { token: signToken() })
    expect(strange.reply).toEqual(refused(401, 'UNAUTHORIZED'))
  })

  it('dies with its account', async () => {
    await using api = await listening({ accounts: { findForToken: async () => undefined } })
    const answer = await api.client.get(STATS, { token: api.token })
    expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED', { message: NOT_LOGGED_IN }))
  })

  it('does not say what its account may: the account does', async () => {
    await using api = await listening({
      accounts: { findForToken: async () => ({ ...ADMIN, role: 'user' }) },
    })
    const answer = await api.client.post(
      '/api/v1/devices',
      {},
      { token: signToken({ claims: { role: 'admin' } }) },
    )
    expect(answer.reply).toEqual(refused(403, 'FORBIDDEN', { message: 'Forbidden - Not an admin' }))
  })

  it('is not taken for wrong when the accounts cannot be asked', async () => {
    await using api = await listening({
      accounts: { findForToken: () => Promise.reject(new ServiceError('DATABASE_UNAVAILABLE')) },
    })
    const answer = await api.client.get(STATS, { token: api.token })
    expect(answer.reply).toEqual(refused(503, 'DATABASE_UNAVAILABLE'))
  })
})

describe('the tokens of a login', () => {
  it('are signed with HS256, live as long as they say, and differ in use and jti', async () => {
    const answer = await api.client.post('/api/v1/auth/login', { email: ADMIN.email, password: 'password' })
    const { data } = answer.body as { data: { access_token: string; refresh_token: string } }
    const access = readPart(data.access_token, 'claims')
    const refresh = readPart(data.refresh_token, 'claims')

    for (const token of [data.access_token, data.refresh_token])
      expect(readPart(token, 'header')).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect(access).toMatchObject({
      sub: '1',
      email: ADMIN.email,
      role: 'admin',
      use: 'access',
      family: 'family-1',
    })
    expect(refresh).toMatchObject({
      sub: '1',
      use: 'refresh',
      jti: LOGIN.refreshFamily.tokenId,
      family: 'family-1',
    })
    expect(Number(access['exp']) - Number(access['iat'])).toBe(3600)
    expect(Number(refresh['exp']) - Number(refresh['iat'])).toBe(604_800)
    expect(access['jti']).not.toBe(refresh['jti'])
  })
})

describe('a role', () => {
  const asked = {
    'POST /api/v1/auth/register': 'admin',
    'POST /api/v1/devices': 'admin',
    'POST /api/v1/attendance/device/1/sync': 'operator',
    'GET /api/v1/attendance': 'user',
    'GET /api/v1/devices': 'user',
    'GET /api/v1/devices/1': 'user',
    'GET /api/v1/queue/stats': 'user',
    'GET /api/v1/queue/jobs/some': 'user',
  } satisfies Record<string, Role>
  const rank = { user: 1, operator: 2, admin: 3 }

  const endpoints = Object.entries(asked).map(([endpoint, needed]) => {
    const [method = '', path = ''] = endpoint.split(' ')
    return { endpoint, method, path, needed }
  })

  it.each(['user', 'operator', 'admin'] as const)(
    '%s opens what it should and nothing else',
    async (role) => {
      await using api = await listening({ accounts: { findForToken: async () => ({ ...ADMIN, role }) } })
      const opened: string[] = []
      for (const { endpoint, method, path } of endpoints) {
        const answer = await api.client.ask(method, path, {
          token: api.token,
          ...(method === 'POST' && { body: {} }),
        })
        if (answer.status !== 403) opened.push(endpoint)
      }
      expect(opened).toEqual(
        endpoints.filter(({ needed }) => rank[role] >= rank[needed]).map(({ endpoint }) => endpoint),
      )
    },
  )
})
