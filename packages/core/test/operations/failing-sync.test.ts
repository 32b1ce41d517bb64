// Syncs that cannot succeed: each ends in bounded time with one clear error, which says whether waiting may cure it, and leaves
// the terminal free and enabled.
import { profileNamed, TerminalMemory } from '@org/zk-sim'
import { DatabaseUnavailable } from '@org/data'
import { describe, expect, it, vi } from 'vitest'
import { ServiceError, SYSTEM, type SyncProgress } from '../../src/index.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { scratchService } from '../support/scratch-service.ts'
import { TEST_COMM_KEY } from '../../../../scripts/toolchain/test-secrets.ts'

describe('a sync that cannot succeed', () => {
  it('says that there is no such device', async () => {
    await using service = await scratchService()
    await expect(service.sync(99)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND', retryable: false })
  })

  it('says that the device was switched off by an admin', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ punches: 3 })
    const device = await service.register(terminal)
    await service.database.devices.update(device.id, { status: 'inactive' }, new Date().toISOString())
    await expect(service.sync(device.id)).rejects.toMatchObject({ code: 'DEVICE_INACTIVE', retryable: false })
  })

  it('says that the terminal is unreachable, fails at once after repeated failures, and notes it', async () => {
    await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ punches: 3 })
    const device = await service.register(terminal)
    await terminal.stop()
    const refused = {
      code: 'DEVICE_UNREACHABLE',
      status: 503,
      details: { reason: 'refused_connection' },
      retryable: true,
    }
    for (let i = 0; i < 3; i += 1) await expect(service.sync(device.id)).rejects.toMatchObject(refused)

    const broken: unknown = await service.sync(device.id).catch((error: unknown) => error)
    expect(broken).toMatchObject(refused)
    expect(broken).toHaveProperty('cause', expect.any(ServiceError))
    expect(await service.services.devices.find(device.id)).toMatchObject({
      isConnected: false,
      lastError: 'DEVICE_UNREACHABLE',
    })
  })

  it('does not retry a stored key that has become wrong', async () => {
    await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ commKey: TEST_COMM_KEY, punches: 3 })
    const device = await service.register(terminal, { password: String(TEST_COMM_KEY) })
    terminal.memory.commKey = 13
    await expect(service.sync(device.id)).rejects.toMatchObject({
      code: 'DEVICE_AUTH_FAILED',
      status: 503,
      retryable: false,
    })
  })

  it('stores nothing of records whose form is not known, and does not try again', async () => {
    await using service = await scratchService()
    const memory = new TerminalMemory({ profile: profileNamed('typical'), serialNumber: 'ODD' })
    for (let i = 0; i < 41; i += 1) memory.log.append(new Uint8Array(40).fill(0xee))
    const device = await service.register(await service.terminal({ memory }))
    await expect(service.sync(device.id)).rejects.toMatchObject({
      code: 'DEVICE_DATA_UNREADABLE',
      retryable: false,
    })
    expect(await service.database.punches.count(device.id)).toBe(0)
  })

  it('keeps the bytes of such records, encrypted, for a week, and of one device the newest only', async () => {
    await using service = await scratchService()
    const memory = new TerminalMemory({ profile: profileNamed('typical'), serialNumber: 'ODD' })
    for (let i = 0; i < 41; i += 1) memory.log.append(new Uint8Array(40).fill(0xe0 + (i % 7)))
    const device = await service.register(await service.terminal({ memory }))
    for (let i = 0; i < 3; i += 1) await expect(service.sync(device.id)).rejects.toThrow(ServiceError)

    const { keptTransfers } = service.services
    const kept = await keptTransfers.list()
    expect(kept).toHaveLength(2)
    const [newest = expect.fail()] = kept
    expect(newest).toMatchObject({
      deviceId: device.id,
      keptBytes: 41 * 40 + 4,
      tableBytes: 41 * 40 + 4,
      announcedRecords: 41,
    })
    expect(Date.parse(newest.keptUntil) - Date.parse(newest.keptAt)).toBe(7 * 86_400_000)
    const opened = await keptTransfers.open(newest.id)
    expect(Buffer.from(opened?.bytes ?? []).subarray(4)).toEqual(Buffer.from(memory.log.snapshot()))

    const stored = await service.database.keptTransfers.find(newest.id, newest.keptAt)
    expect(stored?.sealed).toMatch(/^v1\./)
    expect(stored?.sealed).not.toContain(Buffer.from(memory.log.snapshot()).toString('base64').slice(8, 60))
    expect(await service.database.keptTransfers.find(newest.id, newest.keptUntil)).toBeUndefined()
  })

  it('fails for a moment only when such bytes cannot be kept: they are not given up', async () => {
    await using service = await scratchService()
    const memory = new TerminalMemory({ profile: profileNamed('typical'), serialNumber: 'ODD' })
    for (let i = 0; i < 41; i += 1) memory.log.append(new Uint8Array(40).fill(0xee))
    const device = await service.register(await service.terminal({ memory }))
    const insert = vi.spyOn(service.database.keptTransfers, 'insert')
    insert.mockRejectedValueOnce(new DatabaseUnavailable('timeout'))
    await expect(service.sync(device.id)).rejects.toThrow(DatabaseUnavailable)
    await expect(service.sync(device.id)).rejects.toMatchObject({ code: 'DEVICE_DATA_UNREADABLE' })
    expect(await service.services.keptTransfers.list()).toHaveLength(1)
  })

  it('gives up on a log that is never twice the same', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ people: 5, punches: 4_000, seed: 31 })
    const device = await service.register(terminal)
    let clears = 0
    const clearAgain = ({ phase }: SyncProgress): void => {
      if (phase !== 'checking') return
      clears += 1
      terminal.memory.clearLog()
      for (let i = 0; i < 4_000; i += 1)
        terminal.memory.punch({ pin: String(clears), wallTime: `2026-05-04T10:00:${10 + (i % 50)}` })
    }
    await expect(service.sync(device.id, { progress: clearAgain })).rejects.toMatchObject({
      code: 'DEVICE_TRANSFER_INCOMPLETE',
      retryable: true,
    })
    expect(clears).toBe(2)
    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 4_000, new: 4_000 })
  })

  it('is over soon after its signal aborts, and leaves the terminal to others', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ people: 5, punches: 20_000, seed: 32, paceMs: 2 })
    const device = await service.register(terminal)
    const stop = new AbortController()
    const reading = (progress: SyncProgress): void => {
      if (progress.phase === 'reading') stop.abort(new ServiceError('SERVICE_STOPPING'))
    }
    await expect(service.sync(device.id, { signal: stop.signal, progress: reading })).rejects.toMatchObject({
      code: 'SERVICE_STOPPING',
    })
    await service.services.close()
    expect(terminal.stats).toMatchObject({ openSessions: 0, buffersNotFreed: 0, leftDisabled: 0 })
  })

  it('ends within the service’s own end', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ people: 5, punches: 20_000, seed: 33, paceMs: 2 })
    const device = await service.register(terminal)
    const begun = Promise.withResolvers<void>()
    const sync = service.sync(device.id, {
      progress: ({ phase }) => {
        if (phase === 'reading') begun.resolve()
      },
    })
    const failure = sync.catch((error: unknown) => error)
    await begun.promise
    await service.services.close()
    expect(await failure).toMatchObject({ code: 'SERVICE_STOPPING', retryable: true })
    expect(terminal.stats).toMatchObject({ openSessions: 0, leftDisabled: 0 })
  })

  it('takes its turn: many syncs of one device at once never share a connection', async () => {
    await using service = await scratchService('sqlite', { DEVICE_WAIT_MS: '60000' })
    const terminal = await service.terminal({ people: 5, punches: 2_000, seed: 34 })
    const device = await service.register(terminal)
    const certificates = await Promise.all(Array.from({ length: 10 }, () => service.sync(device.id)))
    expect(certificates.map((certificate) => certificate.new).toSorted((a, b) => b - a)).toEqual([
      2_000,
      ...Array.from({ length: 9 }, () => 0),
    ])
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('gives a terminal that is held for too long up with DEVICE_BUSY', async () => {
    await using service = await scratchService('sqlite', { DEVICE_WAIT_MS: '100', DEVICE_LEASE_MS: '3000' })
    const terminal = await service.terminal({ people: 5, punches: 50, seed: 35, enrolment: 'by-hand' })
    const device = await service.register(terminal)
    const stop = new AbortController()
    // A finger that is awaited cannot be parted, where a long read would give way.
    const enrolment = service.services.people
      .add({
        deviceId: device.id,
        pin: '99',
        name: 'Nobody yet',
        enrol: { finger: 6, timeoutSeconds: 60 },
        by: SYSTEM,
        mayGrant: false,
        signal: stop.signal,
      })
      .catch((error: unknown) => error)
    await vi.waitFor(() => expect(terminal.stats.requests).toHaveProperty('startEnrolment'), 10_000)
    await expect(service.sync(device.id)).rejects.toMatchObject({ code: 'DEVICE_BUSY', retryable: true })
    stop.abort(new ServiceError('SERVICE_STOPPING'))
    await enrolment
  })
})
