// The seed document on what is asked of a terminal itself. Each title begins with the id of its statement.
import { profileNamed, startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal, TerminalOptions } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const WAIT = { timeout: 30_000 }

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  beforeAll(async () => {
    service = await wholeService(mode)
  })
  afterAll(() => service[Symbol.asyncDispose]())

  async function place(options: TerminalOptions, body: object = {}): Promise<[SimulatedTerminal, number]> {
    const terminal = await startTerminal(options)
    const device = { name: 'Gate', ip: '127.0.0.1', port: terminal.port, ...body }
    const { data } = await service.client.post('/api/v1/devices', device, { token: service.admin })
    return [terminal, (data as { id: number }).id]
  }
  const infoOf = (id: number, token = service.admin) =>
    service.client.get(`/api/v1/devices/${id}/info`, { token })
  const syncTime = (id: number, token = service.admin) =>
    service.client.post(`/api/v1/devices/${id}/sync-time`, undefined, { token })

  /** A clock shows whole seconds, and a loaded machine reads it late: to two seconds is as near as a test can tell. */
  const near = (data: unknown, drift: number): boolean =>
    Math.abs((data as { drift_seconds: number }).drift_seconds - drift) <= 2

  it('S-OPS-01 tells what the terminal says of itself now', async () => {
    const [terminal, id] = await place({
      people: 7,
      punches: 41,
      seed: 21,
      serialNumber: `INFO-${mode.length}`,
    })
    await using _terminal = terminal
    terminal.memory.punch({ pin: '1', wallTime: '2026-01-01T08:00:00' })
    const { personLayout, capacity } = profileNamed('typical')
    expect(personLayout).toBe('person/72')
    const answer = await infoOf(id, await service.account('user'))
    expect(answer.reply).toEqual({
      status: 200,
      body: {
        status: true,
        message: 'Device info',
        data: {
          device_id: id,
          model: 'K20',
          platform: 'JZ4725_TFT',
          firmware: 'Ver 6.60 Jun 9 2017',
          serial_number: terminal.memory.serialNumber,
          mac: expect.any(String),
          fingerprint_version: '10',
          face_version: null,
          users: { count: 7, capacity: capacity.people },
          fingerprints: { count: 0, capacity: capacity.fingerprints },
          faces: { count: 0, capacity: capacity.faces },
          records: { count: 42, capacity: capacity.records },
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
          drift_seconds: expect.any(Number),
        },
      },
    })
  })

  it('S-OPS-02 answers 503 for a terminal that does not', async () => {
    const [terminal, id] = await place({
      people: 1,
      punches: 1,
      seed: 22,
      serialNumber: `AWAY-${mode.length}`,
    })
    await using _terminal = terminal
    await terminal.hand.pullPlug()
    for (const answer of [await infoOf(id), await syncTime(id)]) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    }
    expect((await infoOf(999_999)).reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
  })

  const restart = (id: number, token = service.admin) =>
    service.client.post(`/api/v1/devices/${id}/restart`, undefined, { token })
  const restartsOf = async (id: number) => {
    const page = { offset: 0, limit: 100 }
    const { rows } = await service.database.audit.list({ action: 'device.restart' }, page)
    return rows.filter(({ targetId }) => targetId === String(id)).map(({ outcome }) => outcome)
  }

  it(
    'S-OPS-04 S-OPS-06 S-OPS-08 restarts a terminal: all its sessions end, it is away, and back',
    { timeout: 90_000 },
    async () => {
      const options = { people: 1, punches: 1, seed: 25, serialNumber: `BOOT-${mode.length}` }
      const [terminal, id] = await place(options)
      await using _terminal = terminal
      await infoOf(id)
      const before = [...terminal.stats.sessions]
      const answer = await restart(id)
      expect(answer.reply).toEqual({
        status: 200,
        body: {
          status: true,
          message: 'Device restart initiated',
          data: {
            device_id: id,
            status: 'restarting',
            restarted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
            acknowledged: true,
          },
        },
      })
      expect(await restartsOf(id)).toEqual(['success', 'attempted'])
      expect(before.length).toBeGreaterThan(0)
      await expect.poll(() => before.every(({ endedAt }) => endedAt !== undefined), WAIT).toBe(true)
      const state = async () =>
        (await service.client.get(`/api/v1/devices/${id}/status`, { token: service.admin })).data
      expect(await state()).toMatchObject({ device_id: id, is_connected: false })
      const deadline = Date.now() + 60_000
      while (!((await state()) as { is_connected: boolean }).is_connected && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await state()).toMatchObject({ is_connected: true, last_error: null })
      expect(terminal.stats.requests['restartTerminal']).toBe(1)
    },
  )

  it.each(['user', 'operator'] as const)('S-OPS-03 restarts nothing for the role %s', async (role) => {
    const answer = await restart(1, await service.account(role))
    expect(answer.reply).toEqual(refused(403, 'FORBIDDEN', { message: 'Forbidden - Not an admin' }))
  })

  it('S-OPS-05 S-OPS-09 answers 500 when a terminal cannot be restarted, and records it', async () => {
    const options = { people: 1, punches: 1, seed: 26, serialNumber: `DEAD-${mode.length}` }
    const [terminal, id] = await place(options)
    await using _terminal = terminal
    await terminal.hand.pullPlug()
    const answer = await restart(id)
    expect(answer.reply).toEqual(refused(500, 'DEVICE_UNREACHABLE'))
    expect(answer.headers.get('retry-after')).toBeNull()
    expect(await restartsOf(id)).toEqual(['unreachable', 'attempted'])
    expect((await infoOf(id)).reply).toEqual(refused(503, 'DEVICE_UNREACHABLE'))
    expect((await restart(999_999)).reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
  })

  it('sets a clock that is off to now in the zone of its device, and says how far off it was', async () => {
    const options = { people: 1, punches: 1, seed: 23, serialNumber: `LATE-${mode.length}` }
    const zone = 'Asia/Kathmandu'
    const [terminal, id] = await place({ ...options, zone, driftSeconds: -95 }, { timezone: zone })
    await using _terminal = terminal
    expect(near((await infoOf(id)).data, -95)).toBe(true)

    const answer = await syncTime(id, await service.account('operator'))
    expect(answer.data).toMatchObject({ device_id: id, timezone: zone })
    expect(near(answer.data, -95)).toBe(true)
    const { before, after } = answer.data as { before: string; after: string }
    const gained = (Date.parse(`${after}Z`) - Date.parse(`${before}Z`)) / 1_000
    expect(gained).toBeGreaterThanOrEqual(93)
    expect(near((await infoOf(id)).data, 0)).toBe(true)
    const { rows } = await service.database.audit.list(
      { action: 'device.set-clock' },
      { offset: 0, limit: 1 },
    )
    expect(rows[0]).toMatchObject({ outcome: 'success', targetId: String(id), details: { before, after } })
  })

  it('lets only operators and admins set a clock', async () => {
    const [terminal, id] = await place({
      people: 1,
      punches: 1,
      seed: 24,
      serialNumber: `ROLE-${mode.length}`,
    })
    await using _terminal = terminal
    expect((await syncTime(id, await service.account('user'))).reply).toEqual(refused(403, 'FORBIDDEN'))
  })
})
