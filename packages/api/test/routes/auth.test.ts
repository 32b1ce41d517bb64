// /auth: what goes to the service, and how its answers look.
import { describe, expect, it } from 'vitest'
import { ServiceError } from '@org/core'
import type { Actor } from '@org/core'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'
import { ADMIN, LOGIN as FAMILY } from '../support/services-double.ts'

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
