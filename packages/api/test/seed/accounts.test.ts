// The seed document on logging in and registering. Each title begins with the id of its statement.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { readPart } from '../support/signed-token.ts'
import { FIRST_ADMIN, MODES, logIn, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const LOGIN = '/api/v1/auth/login'
const REGISTER = '/api/v1/auth/register'
const NEWCOMER = { username: 'john_doe', email: 'john@example.com', password: 'password123', role: 'user' }

/** bcrypt, cost 10, behind its prefix. */
const OLD_PASSWORD = 'danish-old-password'
const BCRYPT_OF_OLD_PASSWORD = '10$/BUVu3v3YKif9Kuad4SmrursqIgE11DlwCJUrMyRnBxhPku7ch3xC'

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

    it('S-AUTH-10 S-AUTH-11 takes the bcrypt hash of an older installation once, and replaces it', async () => {
      for (const [i, prefix] of ['$2b$', '$2a$', '$2y$'].entries()) {
        await service.account('user')
        const { rows } = await service.services.accounts.list({ page: 1, limit: 1000 })
        const { id = 0, email = '' } = rows.at(-1) ?? {}
        const stored = async () => (await service.database.accounts.findById(id))?.passwordHash ?? ''
        const older = prefix + BCRYPT_OF_OLD_PASSWORD
        await service.database.accounts.updatePasswordHash(
          id,
          older,
          new Date().toISOString(),
          await stored(),
        )
        expect((await service.client.post(LOGIN, { email, password: 'another' })).status).toBe(401)
        expect(await stored()).toBe(older)
        const login = await service.client.post(LOGIN, { email, password: OLD_PASSWORD })
        expect({ i, status: login.status }).toEqual({ i, status: 200 })
        expect(await stored()).toMatch(/^\$argon2id\$/)
        expect((await service.client.post(LOGIN, { email, password: OLD_PASSWORD })).status).toBe(200)
      }
    })

    it('S-AUTH-14 a refresh token opens no endpoint', async () => {
      const pair = (await service.client.post(LOGIN, FIRST_ADMIN)).data as Pair
      const answer = await service.client.get('/api/v1/queue/stats', { token: pair.refresh_token })
      expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED'))
    })
  })

  describe('POST /auth/refresh', () => {
    const REFRESH = '/api/v1/auth/refresh'
    const newcomer = async (name: string) => {
      const credentials = { email: `${name}@example.com`, password: 'password123' }
      const body = { username: name, ...credentials, role: 'user' }
      const { data } = await service.client.post(REGISTER, body, { token: service.admin })
      return { ...credentials, id: (data as { id: number }).id }
    }
    const pairOf = async ({ email, password }: { email: string; password: string }) =>
      (await service.client.post(LOGIN, { email, password })).data as Pair
    const refresh = (refresh_token: string) => service.client.post(REFRESH, { refresh_token })
    const stats = async (token: string) => (await service.client.get('/api/v1/queue/stats', { token })).status
    /** In every process within a second. */
    const ends = (token: string) => expect.poll(() => stats(token), { timeout: 20_000 }).toBe(401)

    it('S-AUTH-14 gives new tokens for the refresh token, which is used up by that', async () => {
      const who = await newcomer('renewing')
      const first = await pairOf(who)
      const answer = await refresh(first.refresh_token)
      expect(answer.reply).toMatchObject({
        status: 200,
        body: { data: { token_type: 'Bearer', expires_in: 3600, user: { email: who.email } } },
      })
      expect(answer.headers.get('cache-control')).toBe('no-store')
      const second = answer.data as Pair
      expect(second.refresh_token).not.toBe(first.refresh_token)
      expect(await stats(second.access_token)).toBe(200)
      expect((await refresh(first.refresh_token)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
      expect((await refresh(second.access_token)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
      expect((await refresh(second.refresh_token)).status).toBe(200)
    })

    it('S-AUTH-14 gives the pair to one of requests that overlap, and the login goes on', async () => {
      const first = await pairOf(await newcomer('two-tabs'))
      const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(first.refresh_token)))
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401, 401])
      const { data } = answers.find(({ status }) => status === 200) ?? {}
      expect((await refresh((data as Pair).refresh_token)).status).toBe(200)
    })

    it('S-AUTH-14 ends the login whose used-up token comes again later, for it is in two hands', async () => {
      const who = await newcomer('robbed')
      const first = await pairOf(who)
      const second = (await refresh(first.refresh_token)).data as Pair
      const other = await pairOf(who)
      // Longer than two requests of one moment can be apart.
      await new Promise((resolve) => setTimeout(resolve, 6_000))
      expect((await refresh(first.refresh_token)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
      expect((await refresh(second.refresh_token)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
      await ends(second.access_token)
      expect(await stats(other.access_token)).toBe(200)
      const page = { offset: 0, limit: 1 }
      const { rows } = await service.database.audit.list({ action: 'login.token-reuse' }, page)
      expect(rows).toMatchObject([{ actor: who.email, outcome: 'refused' }])
    })

    it('S-AUTH-14 gives nothing after a logout, which ends the access token too', async () => {
      const who = await newcomer('leaving')
      const [mine, other] = [await pairOf(who), await pairOf(who)]
      const me = await service.client.get('/api/v1/auth/me', { token: mine.access_token })
      expect(me.data).toEqual({ id: who.id, username: 'leaving', email: who.email, role: 'user' })
      const out = await service.client.post('/api/v1/auth/logout', undefined, { token: mine.access_token })
      expect(out.status).toBe(200)
      await ends(mine.access_token)
      expect((await refresh(mine.refresh_token)).status).toBe(401)
      expect(await stats(other.access_token)).toBe(200)
    })

    it('S-AUTH-14 ends other logins when the password changes, and all when an admin acts', async () => {
      const who = await newcomer('changing')
      const [mine, other] = [await pairOf(who), await pairOf(who)]
      const change = { current_password: who.password, new_password: 'password456' }
      const asked = { token: mine.access_token }
      expect((await service.client.post('/api/v1/auth/change-password', change, asked)).status).toBe(200)
      await ends(other.access_token)
      expect(await stats(mine.access_token)).toBe(200)
      expect((await service.client.post(LOGIN, { email: who.email, password: who.password })).status).toBe(
        401,
      )

      const account = `/api/v1/auth/accounts/${who.id}`
      const edited = await service.client.ask('PATCH', account, {
        token: service.admin,
        body: { role: 'operator' },
      })
      expect(edited.data).toMatchObject({ id: who.id, role: 'operator', disabled: false })
      await ends(mine.access_token)
      const last = await pairOf({ ...who, password: 'password456' })
      const removed = await service.client.ask('DELETE', account, { token: service.admin })
      expect(removed.data).toMatchObject({ id: who.id, email: who.email })
      await ends(last.access_token)
      expect((await service.client.ask('DELETE', account, { token: service.admin })).reply).toEqual(
        refused(404, 'ACCOUNT_NOT_FOUND'),
      )
    })
  })

  describe('accounts', () => {
    it('S-REG-08 are listed for admins, a page at a time', async () => {
      const answer = await service.client.get('/api/v1/auth/accounts?limit=1', { token: service.admin })
      expect(answer.reply).toMatchObject({
        status: 200,
        body: {
          data: [{ email: FIRST_ADMIN.email, role: 'admin', disabled: false, username: 'admin' }],
          pagination: { page: 1, limit: 1, total: expect.any(Number), next_cursor: null },
        },
      })
      expect(answer.text).not.toContain('hash')
    })

    it('S-REG-08 keep their last admin', async () => {
      const { id } = (await service.database.accounts.findByEmail(FIRST_ADMIN.email)) ?? { id: 0 }
      for (const ask of [
        { method: 'PATCH', body: { role: 'user' } },
        { method: 'PATCH', body: { disabled: true } },
        { method: 'DELETE', body: undefined },
      ]) {
        const admins = (await service.services.accounts.list({ page: 1, limit: 1000 })).rows.filter(
          (account) => account.role === 'admin' && account.id !== id,
        )
        for (const admin of admins)
          await service.client.ask('DELETE', `/api/v1/auth/accounts/${admin.id}`, { token: service.admin })
        const answer = await service.client.ask(ask.method, `/api/v1/auth/accounts/${id}`, {
          token: service.admin,
          body: ask.body,
        })
        expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
      }
    })

    it.each([{}, { role: 'owner' }, { email: 'new@example.com' }, { password: 'short' }])(
      'S-REG-04 are not changed to %j',
      async (body) => {
        const answer = await service.client.ask('PATCH', '/api/v1/auth/accounts/1', {
          token: service.admin,
          body,
        })
        expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
      },
    )
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

    it('S-SEC-04 shows the audit trail to admins, whole', async () => {
      await service.client.post(LOGIN, { email: 'audited@example.com', password: 'wrong-password' })
      const query = 'actor=audited@example.com&action=login&outcome=refused'
      const listed = await service.client.get(`/api/v1/audit?${query}`, { token: service.admin })
      expect(listed.data).toMatchObject([
        { actor: 'audited@example.com', error_code: 'INVALID_CREDENTIALS', address: '127.0.0.1' },
      ])
      const verdict = await service.client.get('/api/v1/audit/verify', { token: service.admin })
      const { count, hash } = await service.database.audit.head()
      expect(verdict.data).toEqual({ whole: true, count, hash, broken_at: null })
      const actions = (await service.database.audit.list({}, { offset: 0, limit: 1000 })).rows.map(
        ({ action }) => action,
      )
      for (const action of ['logout', 'account.role', 'account.password', 'account.remove'])
        expect(actions).toContain(action)
    })
  })
})
