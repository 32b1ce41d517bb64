// Everything that an integrator does, in the order of a site's life, by a client that was generated from the OpenAPI document.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpReceiver } from '../../../../scripts/toolchain/http-receiver.ts'
import type { HttpReceiver } from '../../../../scripts/toolchain/http-receiver.ts'
import { TEST_COMM_KEY, TEST_WEBHOOK_SECRET } from '../../../../scripts/toolchain/test-secrets.ts'
import { FIRST_ADMIN, MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'
import { answered, clientOf, followed, logIn, Refused, resultOf, until } from './journey.ts'
import type { ApiClient } from './journey.ts'

const PUNCHES = 120

describe.each(MODES)('a generated client in %s', (mode) => {
  const opened = new AsyncDisposableStack()
  let service: WholeService
  let terminal: SimulatedTerminal
  let second: SimulatedTerminal
  let receiver: HttpReceiver
  let address: string
  let api: ApiClient
  let deviceId: number
  let secondId: number

  beforeAll(async () => {
    terminal = opened.use(
      await startTerminal({ serialNumber: 'JOURNEY1', people: 12, punches: PUNCHES, commKey: TEST_COMM_KEY }),
    )
    second = opened.use(await startTerminal({ serialNumber: 'JOURNEY2', people: 0, punches: 0 }))
    receiver = opened.use(await httpReceiver())
    const env = { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: TEST_WEBHOOK_SECRET }
    service = opened.use(await wholeService(mode, { env }))
    address = service.client.address
    ;({ api } = await logIn(address, FIRST_ADMIN))
  })
  afterAll(() => opened.disposeAsync())

  const device = () => ({ path: { deviceId } })

  it('logs in, and is told why it may not', async () => {
    const wrong = logIn(address, { ...FIRST_ADMIN, password: 'password124' })
    await expect(wrong).rejects.toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' })
    await expect(answered(clientOf(address).GET('/api/v1/auth/me'))).rejects.toEqual(
      expect.objectContaining({ status: 401, code: 'UNAUTHORIZED' }),
    )
    const { data } = await answered(api.GET('/api/v1/auth/me'))
    expect(data).toMatchObject({ email: FIRST_ADMIN.email, role: 'admin' })
  })

  it('registers a terminal, asks it and sets its clock', async () => {
    const body = {
      name: 'Main Entrance',
      ip: terminal.host,
      port: terminal.port,
      password: String(TEST_COMM_KEY),
      timezone: 'Asia/Jakarta',
    }
    const { data: registered } = await answered(api.POST('/api/v1/devices', { body }))
    expect(registered).toMatchObject({ serial_number: 'JOURNEY1', is_connected: true })
    deviceId = registered.id
    const { data: all, pagination } = await answered(api.GET('/api/v1/devices'))
    expect(all.map(({ id, has_comm_key }) => ({ id, has_comm_key }))).toEqual([
      { id: deviceId, has_comm_key: true },
    ])
    expect(pagination.total).toBe(1)

    const { data: info } = await answered(api.GET('/api/v1/devices/{deviceId}/info', { params: device() }))
    expect(info.records?.count).toBe(terminal.memory.log.count)
    const { data: clock } = await answered(
      api.POST('/api/v1/devices/{deviceId}/sync-time', { params: device() }),
    )
    expect(clock.timezone).toBe('Asia/Jakarta')
    const { data: state } = await answered(api.GET('/api/v1/devices/{deviceId}/status', { params: device() }))
    expect(state).toMatchObject({ is_connected: true, last_error: null })
  })

  it('syncs until the certificate is there, which names every punch', async () => {
    const { data: receipt } = await answered(
      api.POST('/api/v1/attendance/device/{deviceId}/sync', { params: device(), body: { mode: 'full' } }),
    )
    const certificate = await resultOf(api, receipt.job_id)
    if (!('announced_before' in certificate)) throw new Error('no certificate')
    expect(certificate.read).toBe(terminal.memory.log.count)
    expect(certificate.new + certificate.known).toBe(certificate.read)
    const { data: jobs } = await answered(
      api.GET('/api/v1/queue/jobs', {
        params: { query: { device_id: deviceId, queue: 'attendance-sync', state: 'completed' } },
      }),
    )
    expect(jobs.map(({ job_id }) => job_id)).toEqual([receipt.job_id])
    const { data: stats } = await answered(api.GET('/api/v1/queue/stats'))
    expect(stats.queues['attendance-sync']?.completed).toBe(1)
    // What is over stays as it is.
    const { data: job } = await answered(
      api.POST('/api/v1/queue/jobs/{jobId}/cancel', { params: { path: { jobId: receipt.job_id } } }),
    )
    expect(job.state).toBe('completed')
  })

  it('lists punches by filter, by page and by cursor, and not again what it has', async () => {
    const query = { device_id: deviceId, denied: 'all', limit: 50 } as const
    const first = await answered(api.GET('/api/v1/attendance', { params: { query } }))
    expect(first.pagination).toMatchObject({ page: 1, total: terminal.memory.log.count })
    const ids = first.data.map(({ id }) => id)
    let cursor = first.pagination.next_cursor
    while (cursor !== null) {
      const next = await answered(api.GET('/api/v1/attendance', { params: { query: { ...query, cursor } } }))
      ids.push(...next.data.map(({ id }) => id))
      cursor = next.pagination.next_cursor
    }
    expect(new Set(ids).size).toBe(terminal.memory.log.count)

    const { response } = await api.GET('/api/v1/attendance', { params: { query } })
    expect(response.headers.get('x-cache')).toBe('HIT')
    const etag = response.headers.get('etag') ?? ''
    const again = await api.GET('/api/v1/attendance', {
      params: { query },
      headers: { 'if-none-match': etag },
    })
    expect(again.response.status).toBe(304)

    const [punch] = first.data
    if (punch === undefined) throw new Error('no punch')
    const userId = punch.user_id
    const { data: ofUser } = await answered(
      api.GET('/api/v1/attendance/user/{userId}', {
        params: { path: { userId }, query: { denied: 'all', sort: 'timestamp' } },
      }),
    )
    expect(ofUser.map(({ id }) => id)).toContain(punch.id)
    const { data: ofDay } = await answered(
      api.GET('/api/v1/attendance/device/{deviceId}', {
        params: {
          ...device(),
          query: { from: punch.local_time, to: punch.local_time, user_id: userId, denied: 'all' },
        },
      }),
    )
    expect(ofDay.map(({ id }) => id)).toContain(punch.id)
  })

  it('exports them as files', async () => {
    const query = { device_id: deviceId, denied: 'all' } as const
    const csv = await answered(api.GET('/api/v1/attendance/export', { params: { query }, parseAs: 'text' }))
    expect(csv.trimEnd().split('\r\n')).toHaveLength(terminal.memory.log.count + 1)
    const lines = await answered(
      api.GET('/api/v1/attendance/export', {
        params: { query: { ...query, format: 'ndjson' } },
        parseAs: 'text',
      }),
    )
    expect(lines.trimEnd().split('\n')).toHaveLength(terminal.memory.log.count)
  })

  it('syncs people, adds one with a finger, changes and removes them', async () => {
    const { data: receipt } = await answered(
      api.POST('/api/v1/users/device/{deviceId}/syncUserToDb', { params: device() }),
    )
    const report = await resultOf(api, receipt.job_id)
    if (!('inserted' in report)) throw new Error('no report')
    expect(report.read).toBe(12)

    const { data: added } = await answered(
      api.POST('/api/v1/users/device/{deviceId}', {
        params: device(),
        body: { user_id: '2001', name: 'Siti Rahma', password: '73519864', finger: 3 },
      }),
    )
    expect(added).toMatchObject({ user_id: '2001', fingers: [3], has_password: true })
    const person = { path: { deviceId, userId: '2001' } }
    const { data: changed } = await answered(
      api.PUT('/api/v1/users/device/{deviceId}/{userId}', {
        params: person,
        body: { card_number: 8_812_345 },
      }),
    )
    expect(changed).toMatchObject({ name: 'Siti Rahma', card_number: 8_812_345 })
    const { data: found } = await answered(
      api.GET('/api/v1/users', { params: { query: { search: 'rahma', on_device: 'true' } } }),
    )
    expect(found.map(({ user_id }) => user_id)).toEqual(['2001'])
    const { data: now } = await answered(
      api.GET('/api/v1/users/device/{deviceId}', { params: { ...device(), query: { source: 'device' } } }),
    )
    expect(now).toHaveLength(13)
  })

  it('copies people to a second terminal', async () => {
    const { data: registered } = await answered(
      api.POST('/api/v1/devices', { body: { name: 'Back Door', ip: second.host, port: second.port } }),
    )
    secondId = registered.id
    const { data: receipt } = await answered(
      api.POST('/api/v1/users/device/{deviceId}/syncUserToDevice', {
        params: { path: { deviceId: secondId } },
        body: { from_device_id: deviceId, user_ids: ['2001'] },
      }),
    )
    const report = await resultOf(api, receipt.job_id)
    if (!('chosen' in report)) throw new Error('no report')
    expect(report.added.users).toMatchObject([{ user_id: '2001', fingers: [3] }])
    expect(second.memory.people.findByPin('2001')?.name).toBe('Siti Rahma')
    const { data: removed } = await answered(
      api.DELETE('/api/v1/users/device/{deviceId}/{userId}', {
        params: { path: { deviceId, userId: '2001' } },
      }),
    )
    expect(removed).toEqual({ device_id: deviceId, user_id: '2001' })
    expect(terminal.memory.people.findByPin('2001')).toBeUndefined()
  })

  it('opens the door once for one idempotency key', async () => {
    const ask = () =>
      api.POST('/api/v1/devices/{deviceId}/unlock', {
        params: { ...device(), header: { 'idempotency-key': 'visitor-4711' } },
        body: { seconds: 5, reason: 'visitor' },
      })
    const first = await answered(ask())
    const again = await ask()
    expect(again.data).toEqual(first)
    expect(again.response.headers.get('idempotency-replayed')).toBe('true')
    expect(terminal.memory.door.unlocks).toHaveLength(1)
  })

  it('follows punches as they come', async () => {
    const query = { sort: '-timestamp', limit: 1000, denied: 'all' } as const
    const { data: known } = await answered(api.GET('/api/v1/attendance', { params: { query } }))
    const last = Math.max(...known.map(({ id }) => id))
    const pins = terminal.memory.truth().people.slice(0, 3)
    const following = followed(api, last, pins.length)
    for (const { pin } of pins) terminal.hand.present(pin)
    const { data: receipt } = await answered(
      api.POST('/api/v1/attendance/device/{deviceId}/sync', { params: device() }),
    )
    await resultOf(api, receipt.job_id)
    const ids = await following
    const { data: listed } = await answered(api.GET('/api/v1/attendance', { params: { query } }))
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
  })

  it('makes a key for one device, which opens that one alone until it is revoked', async () => {
    const { data: made } = await answered(
      api.POST('/api/v1/auth/api-keys', { body: { name: 'payroll', role: 'user', device_ids: [deviceId] } }),
    )
    const machine = clientOf(address, { 'x-api-key': made.key })
    const { data: own } = await answered(machine.GET('/api/v1/devices'))
    expect(own.map(({ id }) => id)).toEqual([deviceId])
    const other = machine.GET('/api/v1/devices/{deviceId}', { params: { path: { deviceId: secondId } } })
    await expect(answered(other)).rejects.toMatchObject({ status: 403, code: 'FORBIDDEN' })
    const { data: keys } = await answered(api.GET('/api/v1/auth/api-keys'))
    expect(keys.map(({ name }) => name)).toEqual(['payroll'])
    await answered(
      api.DELETE('/api/v1/auth/api-keys/{apiKeyId}', { params: { path: { apiKeyId: made.id } } }),
    )
    await until(async () =>
      (await machine.GET('/api/v1/devices')).response.status === 401 ? true : undefined,
    )
  })

  it('gives a person an account, another role, another password, and takes it back', async () => {
    const login = { email: 'clerk@example.com', password: 'password123' }
    const { data: account } = await answered(
      api.POST('/api/v1/auth/register', { body: { username: 'clerk', role: 'user', ...login } }),
    )
    const params = { path: { accountId: account.id } }
    await answered(api.PATCH('/api/v1/auth/accounts/{accountId}', { params, body: { role: 'operator' } }))
    const clerk = await logIn(address, login)
    expect(clerk.user.role).toBe('operator')
    await answered(
      clerk.api.POST('/api/v1/auth/change-password', {
        body: { current_password: login.password, new_password: 'another password 123' },
      }),
    )
    const changed = await logIn(address, { ...login, password: 'another password 123' })
    const { data: next } = await answered(
      clientOf(address).POST('/api/v1/auth/refresh', { body: { refresh_token: changed.refresh_token } }),
    )
    const renewed = clientOf(address, { authorization: `Bearer ${next.access_token}` })
    expect((await answered(renewed.GET('/api/v1/auth/me'))).data.email).toBe(login.email)
    const { data: accounts } = await answered(api.GET('/api/v1/auth/accounts'))
    expect(accounts.map(({ username }) => username)).toContain('clerk')
    await answered(api.DELETE('/api/v1/auth/accounts/{accountId}', { params }))
    await until(async () =>
      (await renewed.GET('/api/v1/auth/me')).response.status === 401 ? true : undefined,
    )
  })

  it('clears the cache, tests the notices and reads the numbers', async () => {
    const { data: cleared } = await answered(api.POST('/api/v1/cache/clear'))
    expect(cleared.cleared_keys).toBeGreaterThanOrEqual(0)
    const { data: test } = await answered(api.POST('/api/v1/notifications/test'))
    expect(test.channels).toEqual(['webhook'])
    for (const { job_id } of test.jobs) {
      expect(await resultOf(api, job_id)).toMatchObject({ channel: 'webhook' })
    }
    expect(receiver.received.some(({ body }) => body.includes('"kind":"test"'))).toBe(true)
    const numbers = await answered(api.GET('/api/v1/metrics', { parseAs: 'text' }))
    expect(numbers).toContain('# HELP')
    expect((await answered(api.GET('/api/v1/health/ready'))).data.state).toBe('ready')
    expect((await answered(api.GET('/api/v1/health/live'))).data.state).toBe('live')
  })

  it('corrects the zone of a terminal, and with it the instants of its punches', async () => {
    const { data: changed } = await answered(
      api.PATCH('/api/v1/devices/{deviceId}', { params: device(), body: { timezone: 'Asia/Tokyo' } }),
    )
    expect(changed.timezone).toBe('Asia/Tokyo')
    const jobs = await answered(
      api.GET('/api/v1/queue/jobs', { params: { query: { device_id: deviceId, queue: 'maintenance' } } }),
    )
    const [job] = jobs.data
    if (job === undefined) throw new Error('no job corrects the times')
    const correction = await resultOf(api, job.job_id)
    if (!('seen' in correction)) throw new Error('no correction')
    expect(correction.seen).toBe(terminal.memory.log.count)
    const { data: punches } = await answered(
      api.GET('/api/v1/attendance/device/{deviceId}', { params: { ...device(), query: { denied: 'all' } } }),
    )
    expect(new Set(punches.map(({ timezone }) => timezone))).toEqual(new Set(['Asia/Tokyo']))
  })

  it('clears the log of a terminal once everything is proved to be stored', async () => {
    const path = '/api/v1/attendance/device/{deviceId}' as const
    const held = terminal.memory.log.count
    const wrong = answered(api.DELETE(path, { params: device(), body: { confirm: 'JOURNEY2' } }))
    await expect(wrong).rejects.toBeInstanceOf(Refused)
    await expect(wrong).rejects.toMatchObject({ status: 400 })
    const { data: receipt } = await answered(
      api.DELETE(path, { params: device(), body: { confirm: 'JOURNEY1' } }),
    )
    const clearing = await resultOf(api, receipt.job_id)
    if (!('cleared' in clearing)) throw new Error('no clearing')
    expect(clearing.cleared).toBe(held)
    expect(terminal.memory.log.count).toBe(0)
    const { pagination } = await answered(
      api.GET(path, { params: { ...device(), query: { denied: 'all' } } }),
    )
    expect(pagination.total).toBe(held)
  })

  it('restarts a terminal and finds it again', async () => {
    const { data: restart } = await answered(
      api.POST('/api/v1/devices/{deviceId}/restart', { params: device() }),
    )
    expect(restart.status).toBe('restarting')
    const { data: info } = await until(async () => {
      const asked = await api.GET('/api/v1/devices/{deviceId}/info', { params: device() })
      return asked.data
    })
    expect(info.serial_number).toBe('JOURNEY1')
  })

  it('reads who did what, and proves that it is whole', async () => {
    const { data: rows } = await answered(
      api.GET('/api/v1/audit', { params: { query: { action: 'door.unlock' } } }),
    )
    expect(rows).toMatchObject([{ actor: FIRST_ADMIN.email, outcome: 'success' }])
    const { data: verdict } = await answered(api.GET('/api/v1/audit/verify'))
    expect(verdict).toMatchObject({ whole: true, broken_at: null })
  })

  it('deletes a device, whose punches stay, and logs out', async () => {
    await answered(api.DELETE('/api/v1/devices/{deviceId}', { params: device() }))
    const gone = answered(api.GET('/api/v1/devices/{deviceId}', { params: device() }))
    await expect(gone).rejects.toMatchObject({ status: 404, code: 'DEVICE_NOT_FOUND' })
    const { data: punches } = await answered(
      api.GET('/api/v1/attendance', { params: { query: { device_id: deviceId, limit: 1 } } }),
    )
    expect(punches).toHaveLength(1)
    const { api: leaving } = await logIn(address, FIRST_ADMIN)
    await answered(leaving.POST('/api/v1/auth/logout'))
    await expect(answered(leaving.GET('/api/v1/auth/me'))).rejects.toMatchObject({ status: 401 })
  })
})
