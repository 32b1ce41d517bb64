// Logs that grow, shrink, are cleared, refilled, full or odd: what a bookmark must not be fooled by.
import { profileNamed, TerminalMemory, encodePerson, type Profile } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import type { SyncProgress } from '../../src/index.ts'
import { expectSameAsTerminal, rowsOf, sorted, toldBy } from '../support/same-as-terminal.ts'
import { scratchService, type Engine } from '../support/scratch-service.ts'

const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

describe.each(engines)('a changing log, into %s', (engine) => {
  it('takes along what is punched while the log is read', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 20, punches: 4_000, seed: 11 })
    const device = await service.register(terminal)
    terminal.faults.set({ grow: { atSlice: 2, punches: 7 } })

    const certificate = await service.sync(device.id)

    expect(terminal.faults.struck).toEqual(['grow'])
    expect(certificate).toMatchObject({
      announced_before: 4_000,
      announced_after: 4_007,
      read: 4_007,
      new: 4_007,
    })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('reads anew when the log is cleared while it is read, and keeps what it had read', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 20, punches: 4_000, seed: 12 })
    const device = await service.register(terminal)
    const before = toldBy(terminal.memory)
    terminal.faults.set({ clear: { atSlice: 2, refill: 5 } })

    const certificate = await service.sync(device.id)

    expect(terminal.faults.struck).toEqual(['clear'])
    expect(certificate).toMatchObject({ from: 0, read: 5, new: 5, announced_after: 5 })
    expect(await rowsOf(service.database, device.id)).toEqual(sorted([...before, ...toldBy(terminal.memory)]))
  })

  it('counts as new what it stored itself before it read anew', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 20, punches: 300, seed: 22 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    for (let second = 0; second < 30; second += 1) punchAt(terminal.memory, second)
    let swapped = false
    const swapOnce = ({ phase }: SyncProgress): void => {
      if (phase !== 'checking' || swapped) return
      swapped = true
      swapLastTwo(terminal.memory)
    }

    const certificate = await service.sync(device.id, { progress: swapOnce })

    expect(certificate).toMatchObject({ from: 0, read: 330, new: 30, known: 300 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('notices a log that was cleared and refilled to the same count', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 20, punches: 300, seed: 13 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    const before = toldBy(terminal.memory)
    terminal.memory.clearLog()
    for (let second = 0; second < 300; second += 1)
      terminal.memory.punch({ pin: '1', wallTime: `2027-01-01T10:${two(second / 60)}:${two(second % 60)}` })

    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 300, new: 300 })
    expect(await rowsOf(service.database, device.id)).toEqual(sorted([...before, ...toldBy(terminal.memory)]))
  })

  it('keeps every punch of a log that was cleared, and goes on from its new beginning', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 20, punches: 200, seed: 14 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    terminal.memory.clearLog()

    expect(await service.sync(device.id)).toMatchObject({ read: 0, new: 0 })
    terminal.memory.punch({ pin: '1', wallTime: '2027-01-01T10:00:00' })
    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 1, new: 1 })
    terminal.memory.punch({ pin: '1', wallTime: '2027-01-01T10:00:01' })
    expect(await service.sync(device.id)).toMatchObject({ from: 1, read: 1, new: 1 })
    expect(await rowsOf(service.database, device.id)).toHaveLength(202)
  })

  it('does not trust the clock: punches after it was set back are new', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 20, punches: 100, seed: 15 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    terminal.memory.punch({ pin: '1', wallTime: '2001-01-01T00:00:00' })
    terminal.memory.punch({ pin: '1', wallTime: '2001-01-01T00:00:00' })

    expect(await service.sync(device.id)).toMatchObject({ from: 100, read: 2, new: 2 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it.each(['overwrite-oldest', 'shift', 'drop-block'] as const)(
    'reads a full log whole each time, where the terminal makes room by %s',
    async (fullLog) => {
      await using service = await scratchService(engine)
      const terminal = await service.terminal({ memory: smallMemory({ fullLog }) })
      const device = await service.register(terminal)
      const seen = new Map<string, ReturnType<typeof toldBy>[number]>()
      for (let round = 0; round < 4; round += 1) {
        for (let i = 0; i < 30; i += 1) punchAt(terminal.memory, round * 30 + i)
        for (const punch of toldBy(terminal.memory)) seen.set(punch.wallTime, punch)
        await service.sync(device.id)
      }
      expect(await rowsOf(service.database, device.id)).toEqual(sorted([...seen.values()]))
    },
  )

  it('reads a log whose terminal counts none, and proves it by bytes', async () => {
    await using service = await scratchService(engine)
    const profile = { ...profileNamed('typical'), tellsRecordCount: false }
    const terminal = await service.terminal({ profile, people: 10, punches: 90, seed: 16 })
    const device = await service.register(terminal)

    expect(await service.sync(device.id)).toMatchObject({
      announced_before: null,
      announced_after: null,
      bytes_announced: 90 * 40 + 4,
      bytes_received: 90 * 40 + 4,
      read: 90,
      new: 90,
    })
    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 90, known: 90 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('reads everything when another terminal stands at the address', async () => {
    await using service = await scratchService(engine, { DEVICE_IDLE_MS: '0' })
    const first = await service.terminal({ people: 10, punches: 80, seed: 17 })
    const device = await service.register(first)
    await service.sync(device.id)
    const before = toldBy(first.memory)
    const { port } = first
    await first.stop()
    const second = await service.terminal({ port, people: 12, punches: 95, seed: 18 })

    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 95, new: 95 })
    expect(await rowsOf(service.database, device.id)).toEqual(sorted([...before, ...toldBy(second.memory)]))
  })

  it('keeps a punch whose date is impossible, without an instant', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 10, punches: 20, seed: 19 })
    terminal.memory.punch({ pin: '7', packedTime: packed('2026-02-31T08:15:00') })
    const device = await service.register(terminal)

    expect(await service.sync(device.id)).toMatchObject({ read: 21, new: 21, invalid_time: 1 })
    const { rows } = await service.services.attendance.list({ timeStatus: 'invalid' }, { page: 1, limit: 10 })
    expect(rows).toMatchObject([
      { pin: '7', wallTime: '2026-02-31T08:15:00', at: null, timeStatus: 'invalid' },
    ])
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('names people of an 8-byte log by their PIN, and keeps it when the uid changes hands', async () => {
    await using service = await scratchService(engine)
    const profile: Profile = { ...profileNamed('old'), transports: ['tcp'] }
    const memory = new TerminalMemory({ profile, serialNumber: 'OLD1' })
    memory.people.store(encodePerson(profile.personLayout, { uid: 3, pin: '1003', name: 'Ana' }))
    const terminal = await service.terminal({ memory, transports: ['tcp'] })
    memory.punch({ uid: 3, wallTime: '2026-05-04T08:00:00' })
    memory.punch({ uid: 9, wallTime: '2026-05-04T08:00:01' })
    const device = await service.register(terminal)
    await service.sync(device.id)
    memory.people.remove(3)
    memory.people.store(encodePerson(profile.personLayout, { uid: 3, pin: '2003', name: 'Eka' }))
    memory.punch({ uid: 3, wallTime: '2026-05-04T09:00:00' })
    await service.sync(device.id)

    const { rows } = await service.services.attendance.list({}, { page: 1, limit: 10, sort: 'timestamp' })
    expect(rows.map(({ wallTime, pin, userName }) => [wallTime.slice(11), pin, userName])).toEqual([
      ['08:00:00', '1003', 'Ana'],
      ['08:00:01', '9', null],
      ['09:00:00', '2003', 'Eka'],
    ])
    expect(await service.sync(device.id, { mode: 'full' })).toMatchObject({ read: 3, new: 0, known: 3 })
  })

  it('marks the attempts that an access panel refused and lists them only when asked', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ profile: 'access-panel', people: 5, punches: 0, seed: 20 })
    const [person] = terminal.memory.truth().people
    const pin = person?.pin ?? '1'
    terminal.memory.punch({ pin, wallTime: '2026-05-04T08:00:00' })
    terminal.memory.punch({ pin, wallTime: '2026-05-04T08:00:05', state: 7 })
    const device = await service.register(terminal)
    await service.sync(device.id)

    const page = { page: 1, limit: 10 }
    const { attendance } = service.services
    expect((await attendance.list({}, page)).rows).toHaveLength(1)
    expect((await attendance.list({ denied: true }, page)).rows).toMatchObject([{ denied: true }])
    expect((await attendance.list({ denied: 'all' }, page)).rows).toHaveLength(2)
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('turns wall times into instants by the zone of the device, and marks the hour that comes twice', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 1, punches: 0, seed: 21 })
    for (const wallTime of ['2026-03-29T02:30:00', '2026-07-01T12:00:00', '2026-10-25T02:30:00'])
      terminal.memory.punch({ pin: '1', wallTime })
    const device = await service.register(terminal, { timezone: 'Europe/Berlin' })
    await service.sync(device.id)

    const { rows } = await service.services.attendance.list({}, { page: 1, limit: 10, sort: 'timestamp' })
    expect(rows.map(({ at, timeStatus }) => [at, timeStatus])).toEqual([
      ['2026-03-29T01:30:00.000Z', 'gap'],
      ['2026-07-01T10:00:00.000Z', 'ok'],
      ['2026-10-25T00:30:00.000Z', 'overlap'],
    ])
  })
})

function smallMemory(habit: Pick<Profile, 'fullLog'>): TerminalMemory {
  const typical = profileNamed('typical')
  const profile = { ...typical, ...habit, capacity: { ...typical.capacity, records: 50 } }
  return new TerminalMemory({ profile, serialNumber: `SMALL-${habit.fullLog}` })
}

function punchAt(memory: TerminalMemory, second: number): void {
  memory.punch({ pin: '1', wallTime: `2026-05-04T08:${two(second / 60)}:${two(second % 60)}` })
}

/** The same punches in another order: for a reader, another log. */
function swapLastTwo(memory: TerminalMemory): void {
  const records = memory.truth().punches.map(({ raw }) => Buffer.from(raw, 'hex'))
  memory.clearLog()
  for (const record of [...records.slice(0, -2), ...records.slice(-2).toReversed()]) memory.log.append(record)
}

function two(number: number): string {
  return String(Math.floor(number)).padStart(2, '0')
}

/** The packed form, also of a day that no calendar has. */
function packed(wallTime: string): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = wallTime.split(/[-T:]/).map(Number)
  return (((year - 2000) * 12 + month - 1) * 31 + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
}
