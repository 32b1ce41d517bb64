// Every act that touches security leaves its row in the audit trail: who did it, what, to what, from where, and what became of it.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FIRST_ADMIN, MODES, wholeService } from './support/whole-service.ts'
import type { WholeService } from './support/whole-service.ts'

const NEWCOMER = { username: 'audited', email: 'audited@example.com', password: 'password123', role: 'user' }
const LOGIN = '/api/v1/auth/login'

/** What a row must say. */
interface Row {
  readonly action: string
  readonly outcome: string
  readonly actor?: string
  readonly error_code?: string
  readonly target_type?: string | null
  readonly details?: object
}

describe.each(MODES)('the audit trail in %s', (mode) => {
  let service: WholeService
  let terminal: SimulatedTerminal
  beforeAll(async () => {
    service = await wholeService(mode)
    terminal = await startTerminal({ people: 3, punches: 20, enrolment: 'good' })
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await terminal.stop()
  })

  /** What the acts leave for one another. */
  const made = { account: 0, device: 0, key: 0, secret: '' }
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    token: string | undefined = service.admin,
  ) => {
    const answer = await service.client.ask(method, `/api/v1${path}`, { token, body })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`)
    return answer.data
  }
  const guess = (email: string) => service.client.post(LOGIN, { email, password: 'wrong-password' })
  const byKey = (key: string) =>
    service.client.get('/api/v1/devices', { headers: { 'x-api-key': key } }).then(({ status }) => status)

  const asAdmin = { outcome: 'success', actor: FIRST_ADMIN.email }
  const toAccount = { ...asAdmin, target_type: 'account' }
  const toDevice = { ...asAdmin, target_type: 'device' }
  const toKey = { ...asAdmin, target_type: 'api-key' }

  const ACTS: readonly (readonly [string, () => Promise<unknown>, Row])[] = [
    ['a login', () => service.client.post(LOGIN, FIRST_ADMIN), { action: 'login', ...toAccount }],
    [
      'a failed login',
      () => guess(FIRST_ADMIN.email),
      { action: 'login', outcome: 'refused', actor: FIRST_ADMIN.email, error_code: 'INVALID_CREDENTIALS' },
    ],
    [
      'a failed login of nobody',
      () => guess('nobody@example.com'),
      { action: 'login', outcome: 'refused', actor: 'nobody@example.com', target_type: null },
    ],
    [
      'a lock',
      async () => {
        for (let i = 0; i < 5; i += 1) await guess('locked@example.com')
      },
      { action: 'login.lock', outcome: 'success', actor: 'locked@example.com', error_code: 'ACCOUNT_LOCKED' },
    ],
    [
      'a login while it is locked',
      () => guess('locked@example.com'),
      { action: 'login', outcome: 'refused', actor: 'locked@example.com', error_code: 'ACCOUNT_LOCKED' },
    ],
    [
      'an account that is made',
      async () => {
        const { id } = (await ask('POST', '/auth/register', NEWCOMER)) as { id: number }
        made.account = id
      },
      { action: 'account.register', ...toAccount, details: { role: 'user' } },
    ],
    [
      'a password that is changed by its owner',
      async () => {
        const { email, password } = NEWCOMER
        const answer = await service.client.post(LOGIN, { email, password })
        const { access_token: token } = answer.data as { access_token: string }
        const change = { current_password: password, new_password: 'password456' }
        await ask('POST', '/auth/change-password', change, token)
      },
      { action: 'account.password', outcome: 'success', actor: NEWCOMER.email, target_type: 'account' },
    ],
    [
      'a role that is changed',
      () => ask('PATCH', `/auth/accounts/${made.account}`, { role: 'operator' }),
      { action: 'account.role', ...toAccount, details: { from: 'user', to: 'operator' } },
    ],
    [
      'a password that an admin sets',
      () => ask('PATCH', `/auth/accounts/${made.account}`, { password: 'password124' }),
      { action: 'account.password', ...toAccount },
    ],
    [
      'an account that is switched off',
      () => ask('PATCH', `/auth/accounts/${made.account}`, { disabled: true }),
      { action: 'account.disable', ...toAccount },
    ],
    [
      'an account that is switched on again',
      () => ask('PATCH', `/auth/accounts/${made.account}`, { disabled: false }),
      { action: 'account.enable', ...toAccount },
    ],
    [
      'a logout',
      async () => {
        const answer = await service.client.post(LOGIN, FIRST_ADMIN)
        await ask('POST', '/auth/logout', undefined, (answer.data as { access_token: string }).access_token)
      },
      { action: 'logout', ...toAccount },
    ],
    [
      'an account that is removed',
      () => ask('DELETE', `/auth/accounts/${made.account}`),
      { action: 'account.remove', ...toAccount, details: { email: NEWCOMER.email } },
    ],
    [
      'an API key that is made',
      async () => {
        const key = (await ask('POST', '/auth/api-keys', { name: 'audited', role: 'user' })) as {
          id: number
          key: string
        }
        made.key = key.id
        made.secret = key.key
      },
      { action: 'api-key.create', ...toKey, details: { name: 'audited' } },
    ],
    [
      'an API key that is revoked',
      () => ask('DELETE', `/auth/api-keys/${made.key}`),
      { action: 'api-key.revoke', ...toKey },
    ],
    [
      'an API key that is refused',
      () => expect.poll(() => byKey(made.secret), { timeout: 20_000 }).toBe(401),
      { action: 'api-key.use', outcome: 'refused', actor: 'key:audited', error_code: 'UNAUTHORIZED' },
    ],
    [
      'an API key that nobody knows',
      () => byKey('zk_nobody'),
      { action: 'api-key.use', outcome: 'refused', actor: 'key:?', details: { why: 'unknown' } },
    ],
    [
      'a device that is made',
      async () => {
        const body = { name: 'Gate', ip: '127.0.0.1', port: terminal.port }
        made.device = ((await ask('POST', '/devices', body)) as { id: number }).id
      },
      { action: 'device.register', ...toDevice },
    ],
    [
      'a device that is changed by PATCH',
      () => ask('PATCH', `/devices/${made.device}`, { name: 'Side gate' }),
      { action: 'device.change', ...toDevice, details: { fields: 'name' } },
    ],
    [
      'a device that is changed by PUT',
      () => ask('PUT', `/devices/${made.device}`, { location: 'North' }),
      { action: 'device.change', ...toDevice, details: { fields: 'location' } },
    ],
    [
      'a clock that is set',
      () => ask('POST', `/devices/${made.device}/sync-time`),
      { action: 'device.set-clock', ...toDevice },
    ],
    [
      'a door that is opened',
      () => ask('POST', `/devices/${made.device}/unlock`, { reason: 'Delivery' }),
      { action: 'door.unlock', ...toDevice, details: { seconds: 5, reason: 'Delivery' } },
    ],
    [
      'a person who is added',
      () => ask('POST', `/users/device/${made.device}`, { user_id: '77', name: 'Siti' }),
      { action: 'person.add', ...toDevice, details: { user_id: '77' } },
    ],
    [
      'a person who is changed',
      () => ask('PUT', `/users/device/${made.device}/77`, { name: 'Siti Rahma' }),
      { action: 'person.edit', ...toDevice, details: { user_id: '77' } },
    ],
    [
      'a person who is removed',
      () => ask('DELETE', `/users/device/${made.device}/77`),
      { action: 'person.remove', ...toDevice, details: { user_id: '77' } },
    ],
    ['a cache that is cleared', () => ask('POST', '/cache/clear'), { action: 'cache.clear', ...asAdmin }],
    [
      'a log that is cleared',
      async () => {
        const body = { confirm: terminal.memory.serialNumber }
        const { job_id } = (await ask('DELETE', `/attendance/device/${made.device}`, body)) as {
          job_id: string
        }
        expect((await service.finished(job_id)).state).toBe('completed')
      },
      { action: 'attendance.clear', ...toDevice },
    ],
    [
      'a terminal that is restarted',
      () => ask('POST', `/devices/${made.device}/restart`),
      { action: 'device.restart', ...toDevice },
    ],
    [
      'a device that is deleted',
      () => ask('DELETE', `/devices/${made.device}`),
      { action: 'device.delete', ...toDevice },
    ],
  ]

  it.each(ACTS)('S-SEC-04 has a row for %s', async (_, act, row) => {
    const newest = async () => {
      const data = await ask('GET', `/audit?limit=1000&action=${row.action}`)
      return data as { id: number; address: string | null }[]
    }
    const before = (await newest())[0]?.id ?? 0
    await act()
    const rows = (await newest()).filter(({ id }) => id > before)
    expect(rows).toEqual(expect.arrayContaining([expect.objectContaining({ address: '127.0.0.1' })]))
    expect(rows.find((it) => matches(it, row)) ?? rows).toMatchObject(row)
  })

  it('holds none of the secrets that were said, and is whole', async () => {
    const trail = await service.client.get('/api/v1/audit?limit=1000', { token: service.admin })
    expect(trail.text).not.toMatch(/password\d|wrong-password|danish123|argon2|zk_[\w-]{20}/)
    expect(await ask('GET', '/audit/verify')).toMatchObject({ whole: true })
  })
})

function matches(row: object, wanted: Row): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => typeof value === 'object' || Reflect.get(row, name) === value,
  )
}
