// What a machine with an API key gets of a whole service: its role, its devices, and nothing else.
import { randomBytes } from 'node:crypto'
import { startTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from './support/client.ts'
import { MODES, wholeService } from './support/whole-service.ts'
import type { WholeService } from './support/whole-service.ts'

const KEYS = '/api/v1/auth/api-keys'

describe.each(MODES)('an API key in %s', (mode) => {
  const opened = new AsyncDisposableStack()
  let service: WholeService
  let mine: number
  let other: number

  const newDevice = async (): Promise<number> => {
    const terminal = await startTerminal({ serialNumber: `T${randomBytes(6).toString('hex')}` })
    opened.defer(() => terminal.stop())
    const body = { name: 'Gate', ip: terminal.host, port: terminal.port }
    const answer = await service.client.post('/api/v1/devices', body, { token: service.admin })
    return (answer.data as { id: number }).id
  }
  const makeKey = async (body: Readonly<Record<string, unknown>>) => {
    const answer = await service.client.post(KEYS, body, { token: service.admin })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer.data as { id: number; key: string }
  }
  const withKey = (key: string) => ({ headers: { 'x-api-key': key } })
  const get = (path: string, key: string) => service.client.get(`/api/v1${path}`, withKey(key))
  const post = (path: string, key: string) => service.client.post(`/api/v1${path}`, undefined, withKey(key))
  const FOREIGN = refused(403, 'FORBIDDEN', { message: 'Forbidden - This API key is for other devices' })

  beforeAll(async () => {
    service = opened.use(await wholeService(mode))
    mine = await newDevice()
    other = await newDevice()
    for (const [deviceId, pin] of [
      [mine, '1'],
      [other, '2'],
    ] as const)
      await service.database.transaction((tx) =>
        tx.punches.insertEarly(deviceId, {
          packedTime: 800_000_000,
          logNumber: pin,
          pin,
          uid: null,
          wallTime: '2026-03-01T12:00:00',
          timezone: 'UTC',
          at: '2026-03-01T12:00:00.000Z',
          timeStatus: 'ok',
          state: 0,
          verifyMode: 1,
          workCode: null,
          denied: false,
          receivedAt: '2026-03-01T12:00:01.000Z',
        }),
      )
  })
  afterAll(() => opened.disposeAsync())

  it('is shown once, never listed, and used with its role', async () => {
    const made = await service.client.post(KEYS, { name: 'reader', role: 'user' }, { token: service.admin })
    expect(made.headers.get('cache-control')).toBe('no-store')
    const { key, id } = made.data as { key: string; id: number }
    expect(key).toMatch(/^zk_[\w-]{43}$/)
    expect((await get('/devices', key)).status).toBe(200)
    const listed = await service.client.get(KEYS, { token: service.admin })
    expect(listed.text).not.toContain(key)
    expect(listed.data).toContainEqual({
      id,
      name: 'reader',
      role: 'user',
      device_ids: null,
      created_by: 'admin@example.com',
      created_at: expect.any(String),
      expires_at: null,
      last_used_at: expect.any(String),
    })
    expect((await get('/audit', key)).reply).toEqual(
      refused(403, 'FORBIDDEN', { message: 'Forbidden - Not an admin' }),
    )
    expect((await post(`/attendance/device/${mine}/sync`, key)).status).toBe(403)
    expect((await get('/auth/me', key)).reply).toEqual(refused(403, 'FORBIDDEN'))
  })

  it('is refused once it is revoked', async () => {
    const { key, id } = await makeKey({ name: 'revoked', role: 'user' })
    expect((await get('/devices', key)).status).toBe(200)
    const revoked = await service.client.ask('DELETE', `${KEYS}/${id}`, { token: service.admin })
    expect(revoked.data).toMatchObject({ id, name: 'revoked' })
    await expect.poll(async () => (await get('/devices', key)).status, { timeout: 20_000 }).toBe(401)
    expect((await service.client.ask('DELETE', `${KEYS}/${id}`, { token: service.admin })).reply).toEqual(
      refused(404, 'API_KEY_NOT_FOUND'),
    )
  })

  it.each([
    [{}, ['name', 'role']],
    [{ name: '  ', role: 'user' }, ['name']],
    [{ name: 'k', role: 'owner' }, ['role']],
    [{ name: 'k', role: 'user', device_ids: [] }, ['device_ids']],
    [{ name: 'k', role: 'user', device_ids: [1, 1] }, ['device_ids']],
    [{ name: 'k', role: 'user', device_ids: [987_654] }, ['device_ids']],
    [{ name: 'k', role: 'user', expires_at: 'tomorrow' }, ['expires_at']],
    [{ name: 'k', role: 'user', expires_at: '2001-02-03T04:05:06Z' }, ['expires_at']],
  ])('is not made of %j', async (body, faults) => {
    const answer = await service.client.post(KEYS, body, { token: service.admin })
    expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
    expect(answer.faults).toEqual(faults)
  })

  describe('that names its devices', () => {
    let key: string
    beforeAll(async () => {
      key = (await makeKey({ name: 'gate', role: 'admin', device_ids: [mine] })).key
    })

    it('sees those alone in lists', async () => {
      const devices = await get('/devices', key)
      expect((devices.data as { id: number }[]).map(({ id }) => id)).toEqual([mine])
      expect(devices.body).toMatchObject({ pagination: { total: 1 } })
      const punches = await get('/attendance', key)
      expect(punches.data).toMatchObject([{ device_id: mine, user_id: '1' }])
      expect(punches.body).toMatchObject({ pagination: { total: 1 } })
      expect((await get(`/attendance?device_id=${mine}`, key)).data).toHaveLength(1)
      expect((await get(`/attendance?device_id=${other}`, key)).data).toEqual([])
      const all = await service.client.get('/api/v1/attendance', { token: service.admin })
      expect(all.data).toHaveLength(2)
    })

    it('touches those alone', async () => {
      expect((await get(`/devices/${mine}`, key)).status).toBe(200)
      expect((await get(`/devices/${mine}/info`, key)).status).toBe(200)
      for (const path of [
        `/devices/${other}`,
        `/devices/${other}/info`,
        '/devices/999999',
        `/devices/0${mine}`,
      ])
        expect((await get(path, key)).reply).toEqual(FOREIGN)
      for (const path of [`/devices/${other}/unlock`, `/attendance/device/${other}/sync`])
        expect((await post(path, key)).reply).toEqual(FOREIGN)
    })

    it('is named where an e-mail address would stand', async () => {
      const opened = await post(`/devices/${mine}/unlock`, key)
      expect(opened.data).toMatchObject({ unlocked_by: 'key:gate', device_id: mine })
      const trail = await service.client.get('/api/v1/audit?actor=key:gate', { token: service.admin })
      expect(trail.data).toMatchObject([{ action: 'door.unlock', outcome: 'success' }])
    })

    it('sees the jobs of those alone', async () => {
      const own = await post(`/attendance/device/${mine}/sync`, key)
      expect(own.status).toBe(202)
      const { job_id: ownJob } = own.data as { job_id: string }
      expect((await get(`/queue/jobs/${ownJob}`, key)).status).toBe(200)
      const foreign = await service.client.post(`/api/v1/attendance/device/${other}/sync`, undefined, {
        token: service.admin,
      })
      const { job_id: foreignJob } = foreign.data as { job_id: string }
      expect((await get(`/queue/jobs/${foreignJob}`, key)).reply).toEqual(refused(404, 'JOB_NOT_FOUND'))
      await service.finished(ownJob)
      await service.finished(foreignJob)
    })

    it('sees the same whether a list was asked for by others before, or after', async () => {
      const asAdmin = (path: string) => service.client.get(`/api/v1${path}`, { token: service.admin })
      for (const path of ['/attendance?limit=21', '/attendance/user/2?limit=21', '/users?limit=21'])
        for (const round of [1, 2]) {
          const all = await asAdmin(path)
          const own = await get(path, key)
          const devicesOf = (data: unknown) =>
            (data as { device_id: number }[]).map(({ device_id }) => device_id)
          expect({ path, round, devices: devicesOf(own.data).filter((id) => id !== mine) }).toEqual({
            path,
            round,
            devices: [],
          })
          expect(own.headers.get('x-cache')).toBe(round === 1 ? 'MISS' : 'HIT')
          const theirs = { 'if-none-match': all.headers.get('etag') ?? '' }
          const headers = { ...theirs, 'x-api-key': key }
          const again = await service.client.get(`/api/v1${path}`, { headers })
          expect(again.status).toBe(all.text === own.text ? 304 : 200)
        }
    })

    it('exports those alone, in whatever format', async () => {
      const DEVICE_OF = { csv: /^\d+,(\d+),/, ndjson: /^\{"id":\d+,"device_id":(\d+),/ }
      for (const [format, deviceOf] of Object.entries(DEVICE_OF)) {
        const own = await get(`/attendance/export?format=${format}`, key)
        const devices = own.text.split('\n').flatMap((line) => deviceOf.exec(line)?.[1] ?? [])
        expect([...new Set(devices)]).toEqual([String(mine)])
        const foreign = await get(`/attendance/export?format=${format}&device_id=${other}`, key)
        expect(foreign.text.split('\n').filter((line) => deviceOf.test(line))).toEqual([])
      }
    })

    it('follows those alone', async () => {
      const ending = new AbortController()
      const stream = await fetch(`${service.client.address}/api/v1/attendance/stream`, {
        headers: { 'x-api-key': key, 'last-event-id': '0' },
        signal: ending.signal,
      })
      let seen = ''
      for await (const bytes of stream.body ?? []) {
        seen += new TextDecoder().decode(bytes)
        if (seen.length > 20_000 || seen.includes('"user_id":"1"')) break
      }
      ending.abort()
      expect([...new Set(seen.match(/"device_id":\d+/g))]).toEqual([`"device_id":${mine}`])
    })

    it('copies people of those alone', async () => {
      const copy = (body: unknown) =>
        service.client.post(`/api/v1/users/device/${mine}/syncUserToDevice`, body, withKey(key))
      expect((await copy({ from_device_id: other })).reply).toEqual(FOREIGN)
      await service.database.people.upsertMany(
        other,
        [
          {
            pin: '4711',
            uid: 47,
            name: 'Of The Other',
            privilege: 0,
            cardNumber: null,
            groupNumber: 1,
            hasPassword: false,
            fingers: [],
          },
        ],
        new Date().toISOString(),
      )
      const { data } = await copy({ dry_run: true })
      const job = await service.finished((data as { job_id: string }).job_id)
      expect(JSON.stringify(job.result)).not.toContain('4711')
    })

    it('cancels and lists jobs of those alone', async () => {
      const foreign = await service.client.post(`/api/v1/attendance/device/${other}/sync`, undefined, {
        token: service.admin,
      })
      const { job_id: jobId } = foreign.data as { job_id: string }
      expect((await post(`/queue/jobs/${jobId}/cancel`, key)).reply).toEqual(refused(404, 'JOB_NOT_FOUND'))
      await service.finished(jobId)
      const listed = (await get('/queue/jobs?limit=1000', key)).data as { device_id: number }[]
      expect(listed.length).toBeGreaterThan(0)
      expect(listed.filter(({ device_id }) => device_id !== mine)).toEqual([])
      expect((await get(`/queue/jobs?device_id=${other}`, key)).data).toEqual([])
    })

    it('gets nothing that is about all devices, accounts or keys', async () => {
      for (const path of [
        '/queue/stats',
        '/auth/accounts',
        '/auth/api-keys',
        '/audit',
        '/audit/verify',
        '/metrics',
      ])
        expect((await get(path, key)).reply).toEqual(FOREIGN)
      for (const path of ['/cache/clear', '/notifications/test'])
        expect((await post(path, key)).reply).toEqual(FOREIGN)
      const more = { name: 'more', role: 'admin' }
      expect((await service.client.post(KEYS, more, withKey(key))).reply).toEqual(FOREIGN)
      const device = { name: 'Gate', ip: '127.0.0.1' }
      expect((await service.client.post('/api/v1/devices', device, withKey(key))).reply).toEqual(FOREIGN)
    })
  })

  it('of an admin for all devices makes keys, whose maker it is', async () => {
    const { key } = await makeKey({ name: 'provisioner', role: 'admin' })
    const made = await service.client.post(KEYS, { name: 'made by a key', role: 'user' }, withKey(key))
    expect(made.data).toMatchObject({ created_by: 'key:provisioner' })
  })

  it('has a limit of its own at the door', async () => {
    const config = { UNLOCK_RATE_LIMIT_PER_MINUTE: '2' }
    await using strict = await wholeService(mode, { worker: false, env: config })
    const keyOf = async (name: string) => {
      const answer = await strict.client.post(KEYS, { name, role: 'admin' }, { token: strict.admin })
      return (answer.data as { key: string }).key
    }
    const unlock = async (key: string) =>
      (await strict.client.post('/api/v1/devices/77/unlock', undefined, withKey(key))).status
    const [one, two] = [await keyOf('one'), await keyOf('two')]
    expect([await unlock(one), await unlock(one), await unlock(one)]).toEqual([404, 404, 429])
    expect(await unlock(two)).toBe(404)
  })
})
