// Syncs over real sockets against simulated terminals; each ends with the comparison of every row with the terminal's own truth.
import type { TerminalMemory } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { expectSameAsTerminal, rowsOf } from '../support/same-as-terminal.ts'
import { scratchService, type Engine } from '../support/scratch-service.ts'

const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

describe.each(engines)('a sync into %s', (engine) => {
  it('brings every punch of a log and proves it by its certificate', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 40, punches: 5_000, seed: 3 })
    const device = await service.register(terminal)

    const certificate = await service.sync(device.id)

    expect(certificate).toEqual({
      announced_before: 5_000,
      announced_after: 5_000,
      bytes_announced: 5_000 * 40 + 4,
      bytes_received: 5_000 * 40 + 4,
      from: 0,
      read: 5_000,
      new: 5_000,
      known: 0,
      invalid_time: 0,
    })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
    expect(await service.services.devices.find(device.id)).toMatchObject({
      isConnected: true,
      lastError: null,
      lastSyncAt: expect.any(String),
    })
  })

  it('reads only what is new the second time', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 40, punches: 3_000, seed: 4 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    const bytesBefore = terminal.stats.slices.bytes
    punchesBy(terminal.memory, 25)

    const certificate = await service.sync(device.id)

    expect(certificate).toMatchObject({ from: 3_000, read: 25, new: 25, known: 0, announced_after: 3_025 })
    expect(terminal.stats.slices.bytes - bytesBefore).toBeLessThan(3_000 * 40 * 0.1)
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('finds all of a log known when it is read whole again', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 10, punches: 700, seed: 5 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    punchesBy(terminal.memory, 3)

    const certificate = await service.sync(device.id, { mode: 'full' })

    expect(certificate).toMatchObject({ from: 0, read: 703, new: 3, known: 700 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('keeps both of two punches of one person in one second, in tail and in whole reads', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 5, punches: 50, seed: 6 })
    const [person] = terminal.memory.truth().people
    const twice = { pin: person?.pin ?? '', wallTime: '2026-05-04T08:00:00' }
    terminal.memory.punch(twice)
    terminal.memory.punch(twice)
    const device = await service.register(terminal)
    await service.sync(device.id)
    terminal.memory.punch(twice)

    expect(await service.sync(device.id)).toMatchObject({ read: 1, new: 1 })
    expect(await service.sync(device.id, { mode: 'full' })).toMatchObject({ read: 53, new: 0, known: 53 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('reads an old terminal over UDP', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ profile: 'old', people: 12, punches: 900, seed: 9 })
    const device = await service.register(terminal, { transport: 'udp' })
    expect(await service.sync(device.id)).toMatchObject({ read: 900, new: 900, bytes_received: 900 * 8 + 4 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('takes up an interrupted whole read without losing or doubling a punch', async () => {
    await using service = await scratchService(engine, { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ people: 20, punches: 6_000, seed: 7, paceMs: 0 })
    const device = await service.register(terminal)
    terminal.faults.set({ cut: 150_000 })
    await expect(service.sync(device.id)).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      retryable: true,
    })
    expect((await rowsOf(service.database, device.id)).length).toBeLessThan(6_000)
    punchesBy(terminal.memory, 2)

    const certificate = await service.sync(device.id)

    expect(certificate).toMatchObject({ from: 0, read: 6_002 })
    expect(certificate.known).toBeGreaterThan(0)
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('takes up an interrupted full read of a log that was read before', async () => {
    await using service = await scratchService(engine, { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ people: 20, punches: 6_000, seed: 8 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    punchesBy(terminal.memory, 40)
    terminal.faults.set({ cut: 200_000 })
    await expect(service.sync(device.id, { mode: 'full' })).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
    })

    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 6_040 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })
})

function punchesBy(memory: TerminalMemory, count: number): void {
  const { people } = memory.truth()
  for (let i = 0; i < count; i += 1) memory.punch({ pin: people[i % people.length]?.pin ?? '1' })
}
