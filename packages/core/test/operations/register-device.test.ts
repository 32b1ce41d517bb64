// Registering terminals over real sockets; whatever goes wrong, nothing is stored.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createAuditTrail } from '../../src/audit-trail.ts'
import { SYSTEM, type DeviceInput } from '../../src/index.ts'
import { registerDevice, type RegisterDeviceParts } from '../../src/operations/register-device.ts'
import { createSyncTimes } from '../../src/schedules/sync-times.ts'
import { openSecrets } from '../../src/secrets.ts'
import { createDialler, type Dialler } from '../../src/terminals/dial.ts'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import type { LeaseKeeper } from '../../src/terminals/lease.ts'
import { createNetworkBounds } from '../../src/terminals/network-bounds.ts'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { quiet, scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'
import { TEST_COMM_KEY } from '../../../../scripts/toolchain/test-secrets.ts'

const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

const expectNothingStored = async ({ services }: ScratchService): Promise<void> => {
  expect((await services.devices.list({}, { page: 1, limit: 10 })).total).toBe(0)
}

/** What registering is put together from, for tests that put something else in. */
async function partsOf({
  services: { config, jobs },
  database,
}: ScratchService): Promise<RegisterDeviceParts> {
  const secrets = await openSecrets(config)
  const bounds = createNetworkBounds(config.deviceNetworks)
  return {
    config,
    database,
    secrets,
    audit: createAuditTrail(secrets),
    jobs,
    bounds,
    dialler: createDialler(bounds, 5_000),
    leases: createMemoryLeases({ leaseMs: 30_000, issueFence: () => Promise.resolve(0) }),
    syncTimes: createSyncTimes(config),
    log: quiet,
    stopping: new AbortController().signal,
  }
}

describe.each(engines)('registering a terminal, in %s', (engine) => {
  it('reaches it, authenticates, and stores it with what it says of itself', async () => {
    await using service = await scratchService(engine, { DEFAULT_TIMEZONE: 'Asia/Jakarta' })
    const terminal = await service.terminal({
      commKey: TEST_COMM_KEY,
      serialNumber: 'ABC123',
      zone: 'Asia/Jakarta',
    })

    const { device, warnings } = await service.services.devices.register(
      {
        name: 'Main Entrance',
        ip: terminal.host,
        port: terminal.port,
        password: String(TEST_COMM_KEY),
        location: 'Building A',
      },
      SYSTEM,
    )

    expect(warnings).toEqual([])
    expect(device).toMatchObject({
      name: 'Main Entrance',
      ip: '127.0.0.1',
      port: terminal.port,
      location: 'Building A',
      serialNumber: 'ABC123',
      terminalSerialNumber: 'ABC123',
      status: 'active',
      isConnected: true,
      hasCommKey: true,
      timezone: 'Asia/Jakarta',
      unlockUnit: 'tenths',
      live: true,
    })
    expect(Math.abs(device.clockDriftSeconds ?? 99)).toBeLessThanOrEqual(2)
    expect(await service.services.devices.find(device.id)).toEqual(device)
    const row = await service.database.devices.findById(device.id)
    expect(row?.commKeyEncrypted).toMatch(/^v1\./)
    expect(JSON.stringify(row)).not.toContain(String(TEST_COMM_KEY))
    expect(row?.info).toMatchObject({ serialNumber: 'ABC123', records: { count: 1_000 } })
    const { rows } = await service.database.audit.list({}, { offset: 0, limit: 1 })
    expect(rows).toMatchObject([
      { action: 'device.register', targetType: 'device', targetId: String(device.id) },
    ])
    expect(terminal.stats).toMatchObject({ openSessions: 0, leftDisabled: 0 })
  })

  it('keeps a given serial number as a label and warns when the terminal names itself otherwise', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ serialNumber: 'ABC123' })
    const { device, warnings } = await service.services.devices.register(
      { name: 'Gate', ip: terminal.host, port: terminal.port, serialNumber: 'ZKT-001-2024' },
      SYSTEM,
    )
    expect(device).toMatchObject({ serialNumber: 'ZKT-001-2024', terminalSerialNumber: 'ABC123' })
    expect(warnings).toEqual([expect.stringContaining('ABC123')])
  })

  it('says that the address is taken before it dials', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal()
    await service.register(terminal)
    const { sessionsOpened } = terminal.stats
    await expect(service.register(terminal, { ip: '::ffff:127.0.0.1' })).rejects.toMatchObject({
      code: 'DEVICE_EXISTS',
      status: 409,
    })
    expect(terminal.stats.sessionsOpened).toBe(sessionsOpened)
  })

  it('says that the terminal is registered under another address', async () => {
    await using service = await scratchService(engine)
    const [first, second] = [
      await service.terminal({ serialNumber: 'SAME' }),
      await service.terminal({ serialNumber: 'SAME' }),
    ]
    const { id } = await service.register(first)
    await expect(service.register(second)).rejects.toMatchObject({
      code: 'DEVICE_EXISTS',
      status: 409,
      details: { device_id: id },
    })
  })

  it.each([
    ['longer than a column', 'X'.repeat(256)],
    ['unprintable', 'AB\u0007C'],
  ])('does without a serial number that is %s', async (_what, serialNumber) => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ serialNumber, people: 3, punches: 5 })

    const device = await service.register(terminal)

    expect(device).toMatchObject({ serialNumber: null, terminalSerialNumber: null })
    expect((await service.database.devices.findById(device.id))?.info).toMatchObject({ serialNumber: null })
    expect(await service.sync(device.id)).toMatchObject({ read: 5, new: 5 })
  })

  it('brings a deleted device back under its id, so that its log is not stored twice', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 5, punches: 60, seed: 41 })
    const { id } = await service.register(terminal)
    await service.sync(id)
    await service.database.devices.remove(id, new Date().toISOString())

    const back = await service.register(terminal, { name: 'Gate again' })

    expect(back).toMatchObject({ id, name: 'Gate again', status: 'active' })
    expect(await service.sync(id)).toMatchObject({ from: 60, read: 0 })
    await expectSameAsTerminal(service.database, id, terminal.memory)
  })

  it('brings one back in the zone to which it was to move some day as moved already', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal, { timezone: 'Asia/Jakarta' })
    const { devices } = service.services
    await devices.change(id, { timezone: 'Asia/Tokyo', timezoneSince: '2099-01-01T00:00:00' }, SYSTEM)
    await service.database.devices.remove(id, new Date().toISOString())
    await service.register(terminal, { timezone: 'Asia/Tokyo' })
    const [first, moved, ...more] = await service.database.devices.listZones(id)
    expect([first?.timezone, moved?.timezone, more]).toEqual(['Asia/Jakarta', 'Asia/Tokyo', []])
    expect(moved?.since).toMatch(/^20[2-8]\d-/)
  })

  it('stores one device when two requests register it at once', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal()
    const outcomes = await Promise.allSettled([service.register(terminal), service.register(terminal)])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
    expect((await service.services.devices.list({}, { page: 1, limit: 10 })).total).toBe(1)
  })
})

describe('a terminal that cannot be registered', () => {
  it('does not answer: nothing listens there', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal()
    await terminal.stop()
    await expect(service.register(terminal)).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      status: 400,
      message: 'Cannot reach device',
      details: { reason: 'refused_connection' },
    })
    await expectNothingStored(service)
  })

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'not_a_terminal'],
    ['a C3 panel', Buffer.from('aa01c8000000f88155', 'hex'), 'pull_panel'],
  ])('is %s', async (_what, answer, reason) => {
    await using service = await scratchService()
    const server = createServer((socket) => {
      socket.on('data', () => socket.write(answer))
      socket.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await expect(
      service.services.devices.register({ name: 'x', ip: '127.0.0.1', port }, SYSTEM),
    ).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE', status: 400, details: { reason } })
    server.close()
    await expectNothingStored(service)
  })

  it('refuses clients of this protocol', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ profile: 'no-clients' })
    await expect(service.register(terminal)).rejects.toMatchObject({
      details: { reason: 'not_this_protocol' },
    })
    await expectNothingStored(service)
  })

  it.each([
    ['needs a key and gets none', ''],
    ['has another key', '99'],
  ])('%s', async (_what, password) => {
    await using service = await scratchService()
    const terminal = await service.terminal({ commKey: TEST_COMM_KEY })
    await expect(service.register(terminal, { password })).rejects.toMatchObject({
      code: 'DEVICE_AUTH_FAILED',
      status: 400,
    })
    await expectNothingStored(service)
  })

  it('has a host name that nobody knows', async () => {
    await using service = await scratchService()
    await expect(
      service.services.devices.register({ name: 'x', ip: 'no-such-host.invalid' }, SYSTEM),
    ).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE', status: 400, details: { reason: 'unknown_host' } })
  })

  it.each<[string, Partial<DeviceInput>, string[]]>([
    ['an address outside the networks', { ip: '8.8.8.8' }, ['ip']],
    ['the address of cloud metadata, spelled another way', { ip: '::ffff:169.254.169.254' }, ['ip']],
    ['a key that is no number', { password: 'secret' }, ['password']],
    ['a key that is too large', { password: '4294967296' }, ['password']],
    [
      'everything wrong at once',
      { password: '-1', timezone: 'Mars', nameEncoding: 'klingon', ip: '1.1.1.1' },
      ['password', 'timezone', 'name_encoding', 'ip'],
    ],
  ])('has %s', async (_what, input, fields) => {
    await using service = await scratchService()
    const error: unknown = await service.services.devices
      .register({ name: 'x', ip: '127.0.0.1', ...input }, SYSTEM)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', status: 400 })
    expect((error as { details: { field: string }[] }).details.map(({ field }) => field)).toEqual(fields)
    await expectNothingStored(service)
  })

  it('is too slow: it never came to an end within the time it gets', async () => {
    await using service = await scratchService()
    const dial: Dialler['dial'] = async (_address, _occasion, signal) => {
      await once(signal, 'abort')
      throw signal.reason
    }
    const slow = { ...(await partsOf(service)), dialler: { dial }, conversationMs: 20 }
    await expect(registerDevice(slow, { name: 'x', ip: '127.0.0.1' }, SYSTEM)).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      status: 400,
      message: 'Cannot reach device',
      details: { reason: 'silent' },
      retryable: true,
    })
    await expectNothingStored(service)
  })

  it('does not answer in the time that begins with its turn, however long that was waited for', async () => {
    await using service = await scratchService()
    const parts = await partsOf(service)
    const conversationMs = 50
    const leases: LeaseKeeper = {
      ...parts.leases,
      async acquire(target, options) {
        await sleep(2 * conversationMs)
        return parts.leases.acquire(target, options)
      },
    }
    const left: boolean[] = []
    const dial: Dialler['dial'] = (address, occasion, signal) => {
      left.push(!signal.aborted)
      return parts.dialler.dial(address, occasion, AbortSignal.any([]))
    }
    const late = { ...parts, leases, dialler: { dial }, conversationMs }
    await expect(registerDevice(late, { name: 'x', ip: '127.0.0.1', port: 1 }, SYSTEM)).rejects.toMatchObject(
      {
        details: { reason: 'refused_connection' },
      },
    )
    expect(left).toEqual([true])
  })

  it('cannot be stored because the database is away: 500, as the seed has it', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal()
    const { database } = service
    const { DatabaseUnavailable } = await import('@org/data')
    const transaction = database.transaction.bind(database)
    database.transaction = () => Promise.reject(new DatabaseUnavailable('lost'))
    await expect(service.register(terminal)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      status: 500,
    })
    database.transaction = transaction
    await expectNothingStored(service)
  })
})
