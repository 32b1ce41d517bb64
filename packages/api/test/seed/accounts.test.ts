// The seed document on logging in and registering. Each title begins with the id of its statement.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { readPart } from '../support/signed-token.ts'
import { FIRST_ADMIN, MODES, logIn, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const LOGIN = '/api/v1/auth/login'
const REGISTER = '/api/v1/auth/register'
const NEWCOMER = { username: 'john_doe', email: 'john@example.com', password: 'password123', role: 'user' }

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  beforeAll(async () => {
    service = await wholeService(mode)
  })
  afterAll(() => service[Symbol.asyncDispose]())

  interface Pair {
    readonly access_token: string
    readonly refresh_token: string
  }

  describe('POST /auth/login', () => {
    it('S-AUTH-01 S-AUTH-03 S-AUTH-04 S-AUTH-12 takes e-mail and password without a token and answers with tokens', async () => {
      const answer = await service.client.post(LOGIN, FIRST_ADMIN)
      expect(answer.reply).toEqual({
        status: 200,
        body: {
          status: true,
          message: 'Login successful',
          data: {
            access_token: expect.any(String),
            refresh_token: expect.any(String),
            token_type: 'Bearer',
            expires_in: 3600,
            user: {
              id: expect.any(Number),
              username: expect.any(String),
              email: FIRST_ADMIN.email,
              role: 'admin',
            },
          },
        },
      })
    })

    it('S-AUTH-01 compares e-mail addresses without case', async () => {
      const answer = await service.client.post(LOGIN, {
        ...FIRST_ADMIN,
        email: FIRST_ADMIN.email.toUpperCase(),
      })
      expect(answer.status).toBe(200)
    })

    it.each(['admin', 'admin@', '@example.com', 'a b@example.com', '', 'admin@example.com\n'])(
      'S-AUTH-02 refuses an e-mail that is none: %j',
      async (email) => {
        const answer = await service.client.post(LOGIN, { ...FIRST_ADMIN, email })
        expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
        expect(answer.faults).toEqual(['email'])
      },
    )

    it('S-AUTH-05 S-AUTH-06 S-AUTH-07 gives HS256 tokens of one hour and seven days', async () => {
      const pair = (await service.client.post(LOGIN, FIRST_ADMIN)).data as Pair
      const lifetime = (token: string) => {
        const { exp, iat } = readPart(token, 'claims')
        return Number(exp) - Number(iat)
      }
      expect(lifetime(pair.access_token)).toBe(3600)
      expect(lifetime(pair.refresh_token)).toBe(604_800)
      expect(readPart(pair.access_token, 'header')).toEqual({ typ: 'JWT', alg: 'HS256' })
      expect(readPart(pair.refresh_token, 'header')).toEqual({ typ: 'JWT', alg: 'HS256' })
    })

    it('S-AUTH-06 gives two logins of one second different tokens', async () => {
      const pairs = await Promise.all(
        [1, 2].map(async () => (await service.client.post(LOGIN, FIRST_ADMIN)).data as Pair),
      )
      const tokens = pairs.flatMap(({ access_token, refresh_token }) => [access_token, refresh_token])
      expect(new Set(tokens).size).toBe(4)
    })

    it('S-AUTH-08 S-AUTH-09 answers a wrong password and an unknown e-mail alike', async () => {
      const expected = refused(401, 'INVALID_CREDENTIALS', {
        message: 'Invalid credentials',
        details: 'Email atau password salah',
      })
      const wrong = await service.client.post(LOGIN, { ...FIRST_ADMIN, password: 'wrong-password' })
      const unknown = await service.client.post(LOGIN, { ...FIRST_ADMIN, email: 'nobody@example.com' })
      expect(wrong.reply).toEqual(expected)
      expect(unknown.reply).toEqual(expected)
    })

    it('S-AUTH-10 S-AUTH-11 keeps of a password its argon2id hash alone', async () => {
      const row = await service.database.accounts.findByEmail(FIRST_ADMIN.email)
      expect(row?.passwordHash).toMatch(/^\$argon2id\$/)
      expect(JSON.stringify(row)).not.toContain(FIRST_ADMIN.password)
    })

    it('S-AUTH-14 a refresh token opens no endpoint', async () => {
      const pair = (await service.client.post(LOGIN, FIRST_ADMIN)).data as Pair
      const answer = await service.client.get('/api/v1/queue/stats', { token: pair.refresh_token })
      expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED'))
    })
  })

  describe('POST /auth/register', () => {
    it('S-REG-01 S-REG-02 S-REG-03 makes an account for an admin, and shows no password', async () => {
      const answer = await service.client.post(REGISTER, NEWCOMER, { token: service.admin })
      expect(answer.reply).toEqual({
        status: 201,
        body: {
          status: true,
          message: 'User berhasil didaftarkan',
          data: { id: expect.any(Number), username: 'john_doe', email: 'john@example.com', role: 'user' },
        },
      })
      const { email, password } = NEWCOMER
      expect(await logIn(service.client, { email, password })).toEqual(expect.any(String))
    })

    it.each([
      [{}, ['email', 'password', 'role', 'username']],
      [{ ...NEWCOMER, email: 'john' }, ['email']],
      [{ ...NEWCOMER, password: 'short' }, ['password']],
      [{ ...NEWCOMER, password: 'x'.repeat(129) }, ['password']],
      [{ ...NEWCOMER, role: 'owner' }, ['role']],
      [{ ...NEWCOMER, id: 1, disabled: false }, ['disabled', 'id']],
    ])('S-REG-04 refuses what is missing or invalid, every fault at once: %j', async (body, faults) => {
      const answer = await service.client.post(REGISTER, body, { token: service.admin })
      expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
      expect(answer.faults).toEqual(faults)
    })

    it.each([undefined, 'not.a.token'])('S-REG-05 answers 401 to the token %s', async (token) => {
      const answer = await service.client.post(REGISTER, NEWCOMER, { token })
      expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED', { message: 'Unauthorized - Not logged in' }))
    })

    it.each(['user', 'operator'] as const)('S-REG-06 answers 403 to the role %s', async (role) => {
      const answer = await service.client.post(REGISTER, NEWCOMER, { token: await service.account(role) })
      expect(answer.reply).toEqual(refused(403, 'FORBIDDEN', { message: 'Forbidden - Not an admin' }))
    })

    it('S-REG-07 answers 400 to an e-mail that is used, in whatever case', async () => {
      const body = { ...NEWCOMER, username: 'other', email: FIRST_ADMIN.email.toUpperCase() }
      const answer = await service.client.post(REGISTER, body, { token: service.admin })
      expect(answer.reply).toEqual(refused(400, 'DUPLICATE_EMAIL'))
    })

    it('S-REG-07 answers 400 to a username that is used', async () => {
      const first = { ...NEWCOMER, username: 'twice', email: 'first@example.com' }
      await service.client.post(REGISTER, first, { token: service.admin })
      const answer = await service.client.post(
        REGISTER,
        { ...first, email: 'second@example.com' },
        { token: service.admin },
      )
      expect(answer.reply).toEqual(refused(400, 'DUPLICATE_USERNAME'))
    })

    it.each(['admin', 'operator', 'user'] as const)('S-REG-08 knows the role %s', async (role) => {
      const token = await service.account(role)
      expect((await service.client.get('/api/v1/queue/stats', { token })).status).toBe(200)
    })

    it('S-REG-09 looks at the token, then the role, then the body', async () => {
      const user = await service.account('user')
      expect((await service.client.post(REGISTER, {})).status).toBe(401)
      expect((await service.client.post(REGISTER, {}, { token: user })).status).toBe(403)
      expect((await service.client.post(REGISTER, {}, { token: service.admin })).status).toBe(400)
    })

    it('S-SEC-04 leaves a row in the audit trail for each login and each account', async () => {
      const before = (await service.database.audit.head()).count
      await service.client.post(LOGIN, FIRST_ADMIN)
      await service.client.post(LOGIN, { ...FIRST_ADMIN, password: 'wrong-password' })
      expect((await service.database.audit.head()).count).toBe(before + 2)
    })
  })
})
