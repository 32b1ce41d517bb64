// Changing and deleting devices: only what is named, tried as on registering, and nothing half-done.
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { SYSTEM, type DeviceChange } from '../../src/index.ts'
import { scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'
import { TEST_COMM_KEY } from '../../../../scripts/toolchain/test-secrets.ts'

const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

const change = ({ services }: ScratchService, id: number, given: DeviceChange) =>
  services.devices.change(id, given, SYSTEM)
const rowOf = async ({ database }: ScratchService, id: number) => database.devices.findById(id)
const audited = async ({ database }: ScratchService, action: string) =>
  (await database.audit.list({ action }, { offset: 0, limit: 9 })).rows

describe.each(engines)('changing a device, in %s', (engine) => {
  it('changes the fields that are named, without touching the terminal', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ punches: 0 })
    const before = await service.register(terminal, { location: 'Hall', syncIntervalMinutes: 5 })
    const sessions = terminal.stats.sessionsOpened
    const { device, warnings } = await change(service, before.id, {
      name: 'Gate 2',
      syncIntervalMinutes: null,
      unlockUnit: 'seconds',
      port: terminal.port,
    })
    expect(device).toEqual({
      ...before,
      name: 'Gate 2',
      syncIntervalMinutes: null,
      nextSyncAt: null,
      unlockUnit: 'seconds',
      updatedAt: device.updatedAt,
    })
    expect(warnings).toEqual([])
    expect(terminal.stats.sessionsOpened).toBe(sessions)
    const [row] = await audited(service, 'device.change')
    expect(row?.details).toEqual({ fields: 'name, port, sync_interval_minutes, unlock_unit' })
    expect(await change(service, before.id, {})).toEqual({ device, warnings: [] })
    await expect(change(service, 4_711, { name: 'x' })).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
  })

  it('takes a new interval at once, and forgets its time while it is switched off', async () => {
    await using service = await scratchService(engine, { SYNC_SCHEDULE: '0 3 1 1 *' })
    const terminal = await service.terminal({ punches: 0 })
    const { id, nextSyncAt: byYear } = await service.register(terminal)
    expect((await rowOf(service, id))?.nextSyncAt).toBe(byYear)
    expect(byYear).toMatch(/-01-01T03:0\d:/)
    const untilNext = (at: string | null) => Date.parse(at ?? '') - Date.now()
    const { device } = await change(service, id, { syncIntervalMinutes: 5 })
    expect(untilNext(device.nextSyncAt)).toBeLessThanOrEqual(300_000)
    expect((await change(service, id, { name: 'Gate 3' })).device.nextSyncAt).toBe(device.nextSyncAt)
    expect((await change(service, id, { status: 'inactive' })).device.nextSyncAt).toBeNull()
    const { device: again } = await change(service, id, { status: 'active', syncIntervalMinutes: 60 })
    expect(untilNext(again.nextSyncAt)).toBeLessThanOrEqual(3_600_000)
    expect((await change(service, id, { syncIntervalMinutes: null })).device.nextSyncAt).toBe(byYear)
    await service.services.devices.remove(id, SYSTEM)
    const { device: back } = await service.services.devices.register(
      { name: 'Gate', ip: terminal.host, port: terminal.port, syncIntervalMinutes: 7 },
      SYSTEM,
    )
    expect(back.id).toBe(id)
    expect(untilNext(back.nextSyncAt)).toBeLessThanOrEqual(420_000)
  })

  it('takes a new key that the terminal accepts, sealed and told to nobody, and refuses another', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    terminal.memory.commKey = TEST_COMM_KEY
    await expect(change(service, id, { password: '99' })).rejects.toMatchObject({
      code: 'DEVICE_AUTH_FAILED',
      status: 400,
    })
    expect((await rowOf(service, id))?.commKeyEncrypted).toBeNull()
    const { device } = await change(service, id, { password: String(TEST_COMM_KEY) })
    expect(device).toMatchObject({ hasCommKey: true, isConnected: true, lastError: null })
    expect(JSON.stringify([await rowOf(service, id), await audited(service, 'device.change')])).not.toContain(
      String(TEST_COMM_KEY),
    )
    await service.services.devices.readInfo(id, new AbortController().signal)
    terminal.memory.commKey = 0
    expect((await change(service, id, { password: '' })).device.hasCommKey).toBe(false)
  })

  it('follows its terminal to another address, past the breaker, which it closes', async () => {
    await using service = await scratchService(engine, { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    const { memory } = terminal
    await terminal.stop()
    const ask = () => service.services.devices.readInfo(id, new AbortController().signal)
    for (let failure = 0; failure < 4; failure += 1)
      await expect(ask()).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE' })
    const there = await service.terminal({ memory })
    const { device } = await change(service, id, { port: there.port })
    expect(device).toMatchObject({ port: there.port, isConnected: true })
    expect((await ask()).facts.serialNumber).toBe(memory.serialNumber)
  })

  it('that reached its terminal ends an outage: a contact that fails an hour later is the first of another one', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    const anHourAgo = new Date(Date.now() - 3_600_000).toISOString()
    await service.database.devices.noteContact(id, { isConnected: false, unreachableSince: anHourAgo })
    await change(service, id, { password: '' })
    expect(await service.database.devices.findById(id)).toMatchObject({
      isConnected: true,
      unreachableSince: null,
      offlineTold: false,
    })
  })

  it('is refused where nothing answers, another terminal does, or the address is taken', async () => {
    await using service = await scratchService(engine)
    const [mine, other, third] = [
      await service.terminal({ punches: 0 }),
      await service.terminal({ punches: 0 }),
      await service.terminal({ punches: 0 }),
    ]
    const { id } = await service.register(mine)
    await service.register(other)
    const before = await service.services.devices.find(id)
    await expect(change(service, id, { port: other.port })).rejects.toMatchObject({ code: 'DEVICE_EXISTS' })
    await expect(change(service, id, { ip: '127.0.0.2', port: 1 })).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      status: 400,
    })
    await expect(change(service, id, { port: third.port })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ field: 'ip', message: expect.stringContaining(third.memory.serialNumber) }],
    })
    await expect(change(service, id, { ip: '8.8.8.8' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    expect(await service.services.devices.find(id)).toEqual(before)
    expect(await audited(service, 'device.change')).toEqual([])
  })

  it('is refused where somebody else changed the address while this one was tried', async () => {
    await using service = await scratchService(engine)
    const { id } = await service.register(await service.terminal({ punches: 0 }))
    const outcomes = await Promise.allSettled([
      change(service, id, { transport: 'tcp' }),
      change(service, id, { transport: 'udp' }),
    ])
    const won = outcomes.findIndex(({ status }) => status === 'fulfilled')
    expect(outcomes[1 - won]).toMatchObject({ status: 'rejected', reason: { code: 'DEVICE_BUSY' } })
    const { transport } = await service.services.devices.find(id)
    expect(transport).toBe(['tcp', 'udp'][won])
  })

  it('switched off cancels what was queued, and nothing touches the terminal until it is on again', async () => {
    await using service = await scratchService(engine)
    const { services } = service
    const terminal = await service.terminal({ punches: 3 })
    const { id, serialNumber } = await service.register(terminal)
    await services.devices.readInfo(id, new AbortController().signal)
    expect(terminal.stats.openSessions).toBe(1)
    const { job } = await services.attendance.requestSync(id, {}, SYSTEM)
    const confirm = serialNumber ?? ''
    const clearing = await services.attendance.requestClearing(id, { confirm }, SYSTEM)
    await change(service, id, { status: 'inactive', timezone: 'Asia/Kathmandu' })
    expect(await services.jobs.find(job.id)).toMatchObject({ state: 'cancelled' })
    expect(await services.jobs.find(clearing.job.id)).toMatchObject({ state: 'cancelled' })
    expect((await services.jobs.stats()).queues.maintenance.waiting).toBe(1)
    expect(terminal.stats.openSessions).toBe(0)
    const refusedAsInactive = { code: 'DEVICE_INACTIVE', status: 409 }
    await expect(service.sync(id)).rejects.toMatchObject(refusedAsInactive)
    await expect(services.attendance.requestSync(id, {}, SYSTEM)).rejects.toMatchObject(refusedAsInactive)
    await change(service, id, { status: 'active' })
    expect(await service.sync(id)).toMatchObject({ read: 3 })
  })

  it('deleted cancels its jobs, frees its address, and keeps its punches', async () => {
    await using service = await scratchService(engine)
    const { services } = service
    const terminal = await service.terminal({ punches: 7 })
    const { id } = await service.register(terminal, { timezone: 'UTC' })
    await service.sync(id)
    const { job } = await services.attendance.requestSync(id, {}, SYSTEM)
    await services.devices.remove(id, SYSTEM)
    expect(await services.jobs.find(job.id)).toMatchObject({ state: 'cancelled' })
    await expect(services.devices.find(id)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    await expect(services.devices.remove(id, SYSTEM)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    const page = { page: 1, limit: 100 }
    expect((await services.attendance.list({ deviceIds: [id], denied: 'all' }, page)).total).toBe(7)
    expect(await audited(service, 'device.delete')).toMatchObject([{ targetId: String(id) }])

    // The same terminal is the same device again; in another zone it has moved since, so that old instants stay.
    const back = await service.register(terminal, { timezone: 'Asia/Jakarta' })
    expect(back).toMatchObject({ id, timezone: 'Asia/Jakarta' })
    const [first, second] = await service.database.devices.listZones(id)
    expect([first?.timezone, second?.timezone]).toEqual(['UTC', 'Asia/Jakarta'])
  })
})
