// The seed document on devices. Each title begins with the id of its statement.
import { createServer } from 'node:net'
import { DatabaseUnavailable } from '@org/data'
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { refused } from '../support/client.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'
import { TEST_COMM_KEY } from '../../../../scripts/toolchain/test-secrets.ts'

const DEVICES = '/api/v1/devices'

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  let terminal: SimulatedTerminal
  beforeAll(async () => {
    service = await wholeService(mode)
    terminal = await startTerminal({ people: 3, punches: 10, seed: 1 })
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await terminal.stop()
  })

  const register = (body: object, token = service.admin) => service.client.post(DEVICES, body, { token })
  const count = async () => {
    const answer = await service.client.get(DEVICES, { token: service.admin })
    return (answer.body as { pagination: { total: number } }).pagination.total
  }

  /** A port that nothing listens on. */
  async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  describe('POST /devices', () => {
    it('S-DEV-01 S-DEV-03 S-DEV-09 S-DEV-10 S-GEN-05 S-GEN-06 registers a terminal that answers', async () => {
      await using other = await startTerminal({ people: 3, punches: 10, seed: 2 })
      const body = {
        name: 'Main Entrance Reader',
        ip: '127.0.0.1',
        port: other.port,
        password: '',
        location: 'Building A - Main Entrance',
        serial_number: 'ZKT-001-2024',
      }
      const answer = await register(body)
      const { name, ip, port, location, serial_number } = body
      expect(answer.reply).toEqual({
        status: 201,
        body: {
          status: true,
          message: 'Device registered successfully',
          data: {
            id: expect.any(Number),
            name,
            ip,
            port,
            location,
            serial_number,
            status: 'active',
            is_connected: true,
            created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
            warnings: [expect.stringContaining(other.memory.truth().serialNumber)],
          },
        },
      })
      expect(other.stats.sessions).toHaveLength(1)
    })

    it('S-DEV-02 asks at port 4370 when no port is given', async () => {
      const host = '127.0.43.70'
      await using other = await startTerminal({ host, port: 4370, people: 1, punches: 1, seed: 6 })
      const answer = await register({ name: 'Default port', ip: host })
      expect(answer.data).toMatchObject({ ip: host, port: 4370 })
      expect(other.stats.sessions).toHaveLength(1)
    })

    it('S-DEV-01 S-DEV-10 reads what is left out from the terminal, and then has nothing to warn of', async () => {
      await using other = await startTerminal({ people: 3, punches: 10, seed: 3 })
      const answer = await register({ name: 'Back door', ip: '127.0.0.1', port: other.port })
      expect(answer.data).toMatchObject({ location: null, serial_number: other.memory.truth().serialNumber })
      expect(answer.data).not.toHaveProperty('warnings')
      expect(answer.data).not.toHaveProperty('password')
    })

    it('S-DEV-03 takes the comm key that the terminal wants, and never shows it', async () => {
      await using other = await startTerminal({ commKey: TEST_COMM_KEY, people: 3, punches: 10, seed: 4 })
      const answer = await register({
        name: 'Vault',
        ip: '127.0.0.1',
        port: other.port,
        password: String(TEST_COMM_KEY),
      })
      expect(answer.status).toBe(201)
      const { id } = answer.data as { id: number }
      const device = await service.client.get(`${DEVICES}/${id}`, { token: service.admin })
      expect(device.data).toMatchObject({ has_comm_key: true })
      expect(device.text).not.toContain(String(TEST_COMM_KEY))
      expect(JSON.stringify(await service.database.devices.findById(id))).not.toContain(String(TEST_COMM_KEY))
    })

    it.each([
      ['a missing key', ''],
      ['a wrong key', '99'],
    ])('S-DEV-06 S-DEV-11 answers 400 to %s', async (_, password) => {
      await using other = await startTerminal({ commKey: 7, people: 3, punches: 10, seed: 5 })
      const before = await count()
      const answer = await register({ name: 'Vault', ip: '127.0.0.1', port: other.port, password })
      expect(answer.reply).toEqual(refused(400, 'DEVICE_AUTH_FAILED'))
      expect(await count()).toBe(before)
    })

    it.each([
      [{}, ['ip', 'name']],
      [{ name: 'x', ip: 'nowhere at all' }, ['ip']],
      [{ name: 'x', ip: '127.0.0.1', port: '4370' }, ['port']],
      [{ name: 'x', ip: '127.0.0.1', password: 'secret' }, ['password']],
      [{ name: 'x', ip: '8.8.8.8' }, ['ip']],
      [{ name: 'x', ip: '169.254.169.254' }, ['ip']],
      [{ name: 'x', ip: '::ffff:8.8.8.8' }, ['ip']],
    ])('S-DEV-04 answers 400 to invalid data: %j', async (body, faults) => {
      const answer = await register(body)
      expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
      expect(answer.faults).toEqual(faults)
    })

    it('S-DEV-05 S-DEV-11 answers 409 to an address that is taken, without touching the terminal again', async () => {
      await register({ name: 'First', ip: '127.0.0.1', port: terminal.port })
      const [before, sessions] = [await count(), terminal.stats.sessions.length]
      const answer = await register({ name: 'Second', ip: '127.0.0.1', port: terminal.port })
      expect(answer.reply).toEqual(refused(409, 'DEVICE_EXISTS'))
      expect(await count()).toBe(before)
      expect(terminal.stats.sessions).toHaveLength(sessions)
    })

    it('S-DEV-05 answers 409 to a terminal that is registered under another address', async () => {
      await using one = await startTerminal({ serialNumber: 'TWIN00000001', people: 1, punches: 1 })
      await using same = await startTerminal({ serialNumber: 'TWIN00000001', people: 1, punches: 1 })
      expect((await register({ name: 'One', ip: '127.0.0.1', port: one.port })).status).toBe(201)
      const answer = await register({ name: 'Same', ip: '127.0.0.1', port: same.port })
      expect(answer.reply).toEqual(refused(409, 'DEVICE_EXISTS'))
    })

    it('S-DEV-06 S-DEV-11 answers 400 where nothing answers, and stores nothing', async () => {
      const before = await count()
      const answer = await register({ name: 'Nowhere', ip: '127.0.0.1', port: await freePort() })
      expect(answer.reply).toEqual(
        refused(400, 'DEVICE_UNREACHABLE', {
          message: 'Cannot reach device',
          details: expect.objectContaining({ reason: 'refused_connection' }),
        }),
      )
      expect(await count()).toBe(before)
    })

    it('S-DEV-07 S-DEV-11 answers 500 when the database fails, and registers nothing', async () => {
      await using other = await startTerminal({ people: 1, punches: 1, serialNumber: 'UNSTORED' })
      const body = { name: 'Unstored', ip: '127.0.0.1', port: other.port }
      const failing = vi.spyOn(service.database, 'transaction')
      failing.mockRejectedValueOnce(new DatabaseUnavailable('lost'))
      const answer = await register(body)
      failing.mockRestore()
      expect(answer.reply).toEqual(refused(500, 'DATABASE_UNAVAILABLE'))
      expect(other.stats.sessions).toHaveLength(1)
      const listed = await service.client.get(`${DEVICES}?search=Unstored`, { token: service.admin })
      expect(listed.data).toEqual([])
      expect((await register(body)).status).toBe(201)
    })

    it('S-DEV-08 looks at the data, then the address, then the terminal', async () => {
      const taken = { ip: '127.0.0.1', port: terminal.port }
      expect((await register({ ...taken })).status).toBe(400)
      expect((await register({ ...taken, name: 'Again', password: '99' })).status).toBe(409)
    })

    it.each(['user', 'operator'] as const)('is for admins alone, not for the role %s', async (role) => {
      const answer = await register({ name: 'x', ip: '127.0.0.1' }, await service.account(role))
      expect(answer.reply).toEqual(refused(403, 'FORBIDDEN', { message: 'Forbidden - Not an admin' }))
    })
  })

  describe('PUT and PATCH /devices/{deviceId}', () => {
    const change = (method: 'PUT' | 'PATCH', id: number, body: unknown, token = service.admin) =>
      service.client.ask(method, `${DEVICES}/${id}`, { token, body })
    const placed = async (serialNumber: string): Promise<[SimulatedTerminal, number]> => {
      const other = await startTerminal({
        people: 3,
        punches: 10,
        serialNumber: `${serialNumber}-${mode.length}`,
      })
      const { data } = await register({ name: 'Gate', ip: '127.0.0.1', port: other.port, location: 'Hall' })
      return [other, (data as { id: number }).id]
    }

    it.each(['PUT', 'PATCH'] as const)(
      '%s changes the fields that are named and no other',
      async (method) => {
        const [other, id] = await placed(method)
        await using _other = other
        const before = (await service.client.get(`${DEVICES}/${id}`, { token: service.admin })).data as object
        const answer = await change(method, id, {
          name: 'Back door',
          sync_interval_minutes: 30,
          location: null,
        })
        expect(answer.reply).toEqual({
          status: 200,
          body: {
            status: true,
            message: 'Device updated successfully',
            data: {
              ...before,
              name: 'Back door',
              sync_interval_minutes: 30,
              next_sync_at: expect.stringMatching(/Z$/),
              location: null,
              updated_at: expect.any(String),
            },
          },
        })
      },
    )

    it('S-DEV-04 S-DEV-05 S-DEV-06 refuses what registering refuses', async () => {
      const [other, id] = await placed('REFUSE')
      await using _other = other
      await register({ name: 'Taken', ip: '127.0.0.1', port: terminal.port })
      expect((await change('PATCH', id, { port: terminal.port })).reply).toEqual(
        refused(409, 'DEVICE_EXISTS'),
      )
      expect((await change('PATCH', id, { port: await freePort() })).reply).toEqual(
        refused(400, 'DEVICE_UNREACHABLE', { message: 'Cannot reach device' }),
      )
      other.memory.commKey = 7
      expect((await change('PATCH', id, { password: '99' })).reply).toEqual(
        refused(400, 'DEVICE_AUTH_FAILED'),
      )
      const keyed = await change('PATCH', id, { password: '7' })
      expect(keyed.data).toMatchObject({ has_comm_key: true })
      expect(keyed.text).not.toContain('password')
      for (const [body, faults] of [
        [{ id: 7 }, ['id']],
        [{ status: 'broken' }, ['status']],
        [{ sync_interval_minutes: 0 }, ['sync_interval_minutes']],
        [{ location: 7 }, ['location']],
        [{ timezone_since: '2026-01-01T00:00:00' }, ['timezone_since']],
        [{ timezone: 'UTC', timezone_since: 'yesterday' }, ['timezone_since']],
      ] as const) {
        const answer = await change('PATCH', id, body)
        expect({ body, status: answer.status, faults: answer.faults }).toEqual({ body, status: 400, faults })
      }
      expect((await change('PUT', 4711, { name: 'x' })).reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
      expect((await change('PUT', id, { name: 'x' }, await service.account('operator'))).status).toBe(403)
    })

    it('a new zone corrects the instants of all punches', async () => {
      const [other, id] = await placed('ZONE')
      await using _other = other
      const { client, admin } = service
      const list = async () =>
        (await client.get(`/api/v1/attendance?device_id=${id}`, { token: admin })).data as {
          timestamp: string
          local_time: string
          timezone: string
        }[]
      const sync = await client.post(`/api/v1/attendance/device/${id}/sync`, {}, { token: admin })
      await service.finished((sync.data as { job_id: string }).job_id)
      await change('PATCH', id, { timezone: 'Asia/Kathmandu' })
      const right = ({ timestamp, local_time }: { timestamp: string; local_time: string }): boolean =>
        Date.parse(timestamp) === Date.parse(`${local_time}Z`) - 345 * 60_000
      for (const deadline = Date.now() + 60_000; Date.now() < deadline && !(await list()).every(right);)
        await new Promise((resolve) => setTimeout(resolve, 50))
      const after = await list()
      expect(after).toHaveLength(10)
      expect(after.every(right)).toBe(true)
      expect(new Set(after.map(({ timezone }) => timezone))).toEqual(new Set(['Asia/Kathmandu']))
    })
  })

  describe('DELETE /devices/{deviceId}', () => {
    it('deletes a device, frees its address and keeps its punches', async () => {
      await using other = await startTerminal({ people: 2, punches: 5, serialNumber: `GONE-${mode.length}` })
      const body = { name: 'Gate', ip: '127.0.0.1', port: other.port }
      const { id } = (await register(body)).data as { id: number }
      const { client, admin } = service
      const sync = await client.post(`/api/v1/attendance/device/${id}/sync`, {}, { token: admin })
      await service.finished((sync.data as { job_id: string }).job_id)
      const remove = (token = admin) => client.ask('DELETE', `${DEVICES}/${id}`, { token })
      expect((await remove(await service.account('operator'))).status).toBe(403)
      expect((await remove()).reply).toEqual({
        status: 200,
        body: { status: true, message: 'Device deleted successfully', data: { device_id: id } },
      })
      expect((await remove()).reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
      const punches = await client.get(`/api/v1/attendance?device_id=${id}`, { token: admin })
      expect(punches.data).toHaveLength(5)
      expect((await register(body)).data).toMatchObject({ id })
    })
  })

  describe('GET /devices/{deviceId}/status', () => {
    it('tells the last known state without touching the terminal', async () => {
      await using other = await startTerminal({ people: 2, punches: 5, serialNumber: `STATE-${mode.length}` })
      const { id } = (await register({ name: 'Gate', ip: '127.0.0.1', port: other.port })).data as {
        id: number
      }
      const sessions = other.stats.sessionsOpened
      const token = await service.account('user')
      const answer = await service.client.get(`${DEVICES}/${id}/status`, { token })
      expect(answer.data).toEqual({
        device_id: id,
        status: 'active',
        is_connected: true,
        last_seen_at: expect.any(String),
        last_sync_at: null,
        last_error: null,
        clock_drift_seconds: expect.any(Number),
        records: { count: 5, capacity: other.memory.log.capacity },
      })
      expect(other.stats.sessionsOpened).toBe(sessions)
    })
  })

  describe('GET /devices', () => {
    it('S-GEN-07 lists devices by status and by words, page by page', async () => {
      const { client, admin } = service
      const all = (await client.get(`${DEVICES}?limit=1000`, { token: admin })).data as {
        id: number
        name: string
      }[]
      const found = await client.get(`${DEVICES}?search=vault`, { token: admin })
      expect(found.data).toMatchObject([{ name: 'Vault' }])
      const second = await client.get(`${DEVICES}?page=2&limit=1`, { token: admin })
      expect(second.body).toMatchObject({
        data: [{ id: all[1]?.id }],
        pagination: { page: 2, limit: 1, total: all.length, total_pages: all.length },
      })
      const off = await client.get(`${DEVICES}?status=inactive`, { token: admin })
      expect(off.data).toEqual([])
    })

    it('answers 404 for a device that is not there', async () => {
      const answer = await service.client.get(`${DEVICES}/4711`, { token: service.admin })
      expect(answer.reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
    })
  })
})
