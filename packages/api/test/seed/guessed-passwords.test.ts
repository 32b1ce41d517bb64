// The seed document's wrong passwords, and what SPEC adds where there are many. Each title begins with the id of its statement.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { FIRST_ADMIN, MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const LOGIN = '/api/v1/auth/login'

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  beforeAll(async () => {
    service = await wholeService(mode, { worker: false })
  })
  afterAll(() => service[Symbol.asyncDispose]())

  it('S-AUTH-08 locks the address out after five, whether there is such an account or not', async () => {
    await service.account('user')
    const known = (await service.services.accounts.list({ page: 1, limit: 1000 })).rows.at(-1)?.email ?? ''
    const replies = []
    for (const email of [known, 'nobody-at-all@example.com']) {
      const guess = (password: string) => service.client.post(LOGIN, { email, password })
      for (let i = 0; i < 5; i += 1) expect((await guess('wrong-password')).status).toBe(401)
      const answer = await guess('password123')
      expect(answer.reply).toEqual(refused(423, 'ACCOUNT_LOCKED'))
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(800)
      const { message, error } = answer.body as { message: string; error: unknown }
      replies.push({ message, error })
    }
    expect(replies[0]).toEqual(replies[1])
  })

  it('S-AUTH-08 locks everybody out after fifty, from wherever they came; who is in stays in', async () => {
    await using behindProxy = await wholeService(mode, { worker: false, env: { TRUST_PROXY: 'true' } })
    const { client, admin } = behindProxy
    const from = (address: string, password: string) =>
      client.post(LOGIN, { ...FIRST_ADMIN, password }, { headers: { 'x-forwarded-for': address } })
    for (let i = 0; i < 50; i += 1)
      expect((await from(`198.51.100.${Math.floor(i / 4) + 1}`, 'wrong-password')).status).toBe(401)
    const answer = await from('203.0.113.9', FIRST_ADMIN.password)
    expect(answer.reply).toEqual(refused(423, 'ACCOUNT_LOCKED'))
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(600)
    expect((await client.get('/api/v1/auth/me', { token: admin })).status).toBe(200)
    const { rows } = await behindProxy.database.audit.list({ action: 'login.lock' }, { offset: 0, limit: 9 })
    expect(rows.map(({ details }) => details)).toMatchObject([{ of: 'everyone', seconds: 900 }])
  })

  it('S-AUTH-08 counts guesses of one moment', async () => {
    const body = { email: 'guessed-at-once@example.com', password: 'wrong-password' }
    const answers = await Promise.all(Array.from({ length: 12 }, () => service.client.post(LOGIN, body)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 423)).toHaveLength(7)
  })
})
