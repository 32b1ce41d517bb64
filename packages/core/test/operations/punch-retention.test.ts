// Punches that are older than they are kept: removed once, in small batches, by one process at a time, and not brought back by any
// read, while every certificate still adds up and no log is cleared of what was never stored.
import { array, assert, asyncProperty, constant, constantFrom, integer, oneof, record } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SYSTEM, type SyncCertificate } from '../../src/index.ts'
import { createOldPunchRemoval, REMOVAL_DUE } from '../../src/operations/remove-old-punches.ts'
import { pause } from '../../src/pause.ts'
import { createPunchRetention } from '../../src/punch-retention.ts'
import { MODES } from '../support/modes.ts'
import type { Named } from '../support/punch-counts.ts'
import { DAY_MS, daysAgo, makeRemovalDue, removalParts, removeOld } from '../support/retention.ts'
import { rowsOf } from '../support/same-as-terminal.ts'
import { scratchService, type ScratchService } from '../support/scratch-service.ts'

const KEPT_DAYS = 400
const KEPT = { PUNCH_RETENTION: `${KEPT_DAYS}d`, DEVICE_IDLE_MS: '0' }
/** Days after which what is stored today is old, however it was recorded. */
const LATER = KEPT_DAYS + 1

/** What is recorded so many days from now is young even then. */
const AHEAD = -30

/** A service and a device whose log holds as many punches of each age as are asked for. */
async function stage(
  service: ScratchService,
  ages: readonly { readonly days: number; readonly punches: number }[],
) {
  const terminal = await service.terminal({ people: 1, punches: 0 })
  const device = await service.register(terminal)
  const [person] = terminal.memory.truth().people
  const punch = (days: number, second: number) =>
    terminal.memory.punch({ pin: person?.pin ?? '1', wallTime: daysAgo(days, second) })
  for (const { days, punches } of ages) for (let i = 0; i < punches; i += 1) punch(days, i)
  return { terminal, device, punch }
}

/** The place where a sync would go on is lost. */
async function loseBookmark({ database }: ScratchService, deviceId: number): Promise<void> {
  await database.transaction(async (tx) => {
    const { bookmark, fenceSeen } = await tx.devices.lock(deviceId)
    const at = new Date().toISOString()
    await tx.devices.moveBookmark(deviceId, { expected: bookmark, next: null, fence: fenceSeen, at })
  })
}

function clear({ services }: ScratchService, deviceId: number) {
  const signal = new AbortController().signal
  return services.clearAttendance({
    deviceId,
    by: SYSTEM,
    jobId: 'clear-1',
    signal,
    progress: () => undefined,
  })
}

describe.each(MODES)('punches that are older than they are kept, on %s', (_name, engine, env) => {
  it('are not stored when a log is read for the first time, and the certificate says so', async () => {
    await using service = await scratchService(engine, { ...env(), ...KEPT })
    const { device } = await stage(service, [
      { days: 900, punches: 30 },
      { days: 10, punches: 20 },
    ])
    expect(await service.sync(device.id)).toMatchObject({ read: 50, new: 20, known: 0, expired: 30 })
    expect(await service.sync(device.id)).toMatchObject({ from: 50, read: 0 })
    expect(await service.sync(device.id, { mode: 'full' })).toMatchObject({
      read: 50,
      known: 20,
      expired: 30,
    })
    expect(await service.database.punches.count(device.id)).toBe(20)
  })

  it('are removed, counted in the audit trail, and stay removed when the whole log is read again', async () => {
    await using service = await scratchService(engine, { ...env(), DEVICE_IDLE_MS: '0' })
    const { database } = service
    const { device, punch } = await stage(service, [
      { days: 900, punches: 1_200 },
      { days: AHEAD, punches: 20 },
    ])
    expect(await service.sync(device.id)).not.toHaveProperty('expired')
    expect(await removeOld(service, { keptDays: KEPT_DAYS })).toBe(0) // they came today
    await makeRemovalDue(database)
    expect(await removeOld(service, { keptDays: KEPT_DAYS, inDays: LATER })).toBe(1_200)
    const { rows } = await database.audit.list({ action: 'attendance.expire' }, { offset: 0, limit: 10 })
    expect(rows.map(({ actor, targetId, details }) => [actor, targetId, details])).toEqual([
      ['system', String(device.id), { removed: 1_200, recorded_before: expect.stringMatching(/^\d{4}-/) }],
    ])

    // This service keeps punches for ever: what was removed before stays removed.
    expect(await service.sync(device.id, { mode: 'full' })).toMatchObject({ known: 20, expired: 1_200 })
    await loseBookmark(service, device.id)
    punch(AHEAD, 100)
    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 1_221, new: 1, expired: 1_200 })
    expect(await database.punches.count(device.id)).toBe(21)
  })

  it('are cleared from a terminal with all the others, whose proof still holds', async () => {
    await using service = await scratchService(engine, { ...env(), ...KEPT })
    const { device, terminal, punch } = await stage(service, [{ days: 900, punches: 40 }])
    await service.sync(device.id)
    for (let i = 0; i < 5; i += 1) punch(1, i)
    expect(await clear(service, device.id)).toMatchObject({ cleared: 45, read: 45, new: 5 })
    expect(terminal.memory.log.count).toBe(0)
    punch(1, 100)
    expect(await service.sync(device.id)).toMatchObject({ read: 1, new: 1 })
    expect(await service.database.punches.count(device.id)).toBe(6)
  })

  it('are those that are old by both clocks: one that fell back makes no new punch an old one', async () => {
    await using service = await scratchService(engine, { ...env(), ...KEPT })
    const { database } = service
    const { device, terminal } = await stage(service, [{ days: 1, punches: 3 }])
    await service.sync(device.id)
    terminal.memory.punch({ pin: '77', wallTime: '2000-01-01T00:00:10' })
    expect(await service.sync(device.id)).toMatchObject({ read: 1, new: 1 })
    expect(await removeOld(service, { keptDays: KEPT_DAYS, inDays: 100 })).toBe(0)
    await loseBookmark(service, device.id)
    expect(await service.sync(device.id)).toMatchObject({ read: 4, known: 4 })
    await makeRemovalDue(database)
    expect(await removeOld(service, { keptDays: KEPT_DAYS, inDays: LATER })).toBe(4)
  })

  it('are none that a whole read finds behind the moment at which the clock fell back', async () => {
    await using service = await scratchService(engine, { ...env(), ...KEPT })
    const { database } = service
    const { device, terminal } = await stage(service, [
      { days: 900, punches: 7 },
      { days: 1, punches: 3 },
    ])
    await service.sync(device.id)
    terminal.memory.clock.set('2000-01-05T08:00:00')
    for (const wallTime of ['2000-01-01T00:00:10', '2000-01-01T00:00:10', '2000-01-05T07:59:00'])
      terminal.memory.punch({ pin: '77', wallTime })
    await loseBookmark(service, device.id)
    expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 13, new: 3, known: 3, expired: 7 })
    await loseBookmark(service, device.id)
    expect(await service.sync(device.id)).toMatchObject({ from: 0, new: 0, known: 6, expired: 7 })
    expect(await clear(service, device.id)).toMatchObject({ cleared: 13 })
    expect(await database.punches.count(device.id)).toBe(6)
  })

  it('are removed by one process at a time, once an hour, also after one that died at it', async () => {
    await using service = await scratchService(engine, { ...env(), DEVICE_IDLE_MS: '0' })
    const { database } = service
    const { device } = await stage(service, [{ days: 900, punches: 1_100 }])
    await service.sync(device.id)
    const both = await Promise.all([
      removeOld(service, { keptDays: 40, inDays: 41 }),
      removeOld(service, { keptDays: 40, inDays: 41 }),
    ])
    expect(both.filter((removed) => removed !== undefined)).toEqual([1_100])
    expect(await removeOld(service, { keptDays: 40, inDays: 41 })).toBeUndefined()
    expect(await removeOld(service, { keptDays: 40, inDays: 42 })).toBe(0)

    // A clock that has been set back since must not put it off for years.
    await database.settings.replace(REMOVAL_DUE, {
      expected: (await database.settings.find(REMOVAL_DUE)) ?? '',
      value: new Date(Date.now() + 4_000 * DAY_MS).toISOString(),
    })
    expect(await removeOld(service, { keptDays: 40, inDays: 42 })).toBe(0)

    // One that ends before its end leaves the turn to run out.
    await removeOld(service, { keptDays: 40, inDays: 43, signal: AbortSignal.abort() })
    expect(await removeOld(service, { keptDays: 40, inDays: 43 })).toBeUndefined()
    expect(await removeOld(service, { keptDays: 40, inDays: 44 })).toBe(0)
  })

  it('are removed while others write to the same device, without a fault on either side', async () => {
    await using service = await scratchService(engine, { ...env(), DEVICE_IDLE_MS: '0' })
    const { device, punch } = await stage(service, [{ days: 900, punches: 3_000 }])
    await service.sync(device.id)
    const removing = removeOld(service, { keptDays: 40, inDays: 41 })
    for (let i = 0; i < 5; i += 1) {
      punch(AHEAD, i)
      await service.sync(device.id)
    }
    expect(await removing).toBe(3_000)
    expect(await service.database.punches.count(device.id)).toBe(5)
  })

  it('are recorded as far as they were removed when the process stops in the middle', async () => {
    await using service = await scratchService(engine, { ...env(), DEVICE_IDLE_MS: '0' })
    const { database } = service
    const { device } = await stage(service, [{ days: 900, punches: 3_000 }])
    await service.sync(device.id)
    const removal = createOldPunchRemoval(await removalParts(service, { keptDays: 40, inDays: 41 }))
    const ran = removal.run()
    while ((await database.punches.count(device.id)) === 3_000) await pause(1, new AbortController().signal)
    await removal.close()
    await ran
    const removed = 3_000 - (await database.punches.count(device.id))
    const { rows } = await database.audit.list({ action: 'attendance.expire' }, { offset: 0, limit: 10 })
    expect(rows.map(({ details }) => details?.['removed'])).toEqual([removed])
  })

  it('are the same after a change of zone, and of a device that was deleted and brought back', async () => {
    await using service = await scratchService(engine, { ...env(), ...KEPT })
    const { database } = service
    const { device, terminal } = await stage(service, [{ days: 900, punches: 10 }])
    await service.sync(device.id)
    const from = (await database.devices.findById(device.id))?.punchesFrom
    expect(from).toEqual(expect.any(Number))
    const zones = [{ since: '', timezone: 'Pacific/Honolulu' }]
    await database.transaction((tx) => tx.devices.replaceZones(device.id, zones, new Date().toISOString()))
    await service.sync(device.id, { mode: 'full' })
    expect((await database.devices.findById(device.id))?.punchesFrom).toBe(from)

    await database.devices.remove(device.id, new Date().toISOString())
    expect((await service.register(terminal)).id).toBe(device.id)
    expect((await database.devices.findById(device.id))?.punchesFrom).toBeGreaterThanOrEqual(from ?? NaN)
    expect(await service.sync(device.id, { mode: 'full' })).toMatchObject({ read: 10, expired: 10 })
  })

  it('have no say in whether a log that somebody set out to clear was cleared', async () => {
    await using service = await scratchService(engine, { ...env(), DEVICE_IDLE_MS: '0' })
    const { database } = service
    const { device, terminal, punch } = await stage(service, [{ days: 900, punches: 40 }])
    await service.sync(device.id)
    await removeOld(service, { keptDays: 40, inDays: 41 })
    // As a process leaves it that died before it sent the command; then the log loses its oldest records, as a full one does.
    await database.transaction(async (tx) => {
      const { bookmark, fenceSeen } = await tx.devices.lock(device.id)
      if (bookmark === null) throw new Error('the log was read')
      const next = { ...bookmark, clearing: true }
      const at = new Date().toISOString()
      await tx.devices.moveBookmark(device.id, { expected: bookmark, next, fence: fenceSeen, at })
    })
    const { punches } = terminal.memory.truth()
    terminal.memory.clearLog()
    for (const { logNumber, wallTime } of punches.slice(5))
      terminal.memory.punch({ pin: logNumber, wallTime })
    for (let i = 0; i < 10; i += 1) punch(AHEAD, i)
    expect(await service.sync(device.id)).toMatchObject({ read: 45, new: 10, expired: 35 })
    expect(await database.punches.count(device.id)).toBe(10)
  })
})

type Event =
  | { readonly kind: 'punch'; readonly days: number; readonly times: number }
  | { readonly kind: 'sync'; readonly mode: 'auto' | 'full' }
  | { readonly kind: 'remove'; readonly inDays: number; readonly keptDays: number }
  | { readonly kind: 'lose the bookmark' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'zone'; readonly timezone: string }

const event: Arbitrary<Event> = oneof(
  {
    weight: 5,
    arbitrary: record({
      kind: constant('punch' as const),
      days: constantFrom(-500, AHEAD, 0, 1, 350, 398, 402, 450, 900, 6_000),
      times: integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 5,
    arbitrary: record({
      kind: constant('sync' as const),
      mode: constantFrom('auto' as const, 'auto' as const, 'full' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: record({
      kind: constant('remove' as const),
      inDays: constantFrom(0, 30, 401),
      keptDays: constantFrom(400, 380, 31),
    }),
  },
  { weight: 2, arbitrary: constant({ kind: 'lose the bookmark' as const }) },
  { weight: 1, arbitrary: constant({ kind: 'clear' as const }) },
  {
    weight: 1,
    arbitrary: record({
      kind: constant('zone' as const),
      timezone: constantFrom('UTC', 'Asia/Jakarta', 'America/New_York'),
    }),
  },
)

const RUNS = { sqlite: 60, mysql: 12 }

describe.each(MODES)('after any history with old punches, on %s', (_name, engine, env) => {
  it(
    'none is lost that is to be kept, none is doubled, and none comes back',
    { timeout: 900_000 },
    async () => {
      await using service = await scratchService(engine, { ...env(), ...KEPT, DEVICE_WAIT_MS: '15000' })
      const histories = array(event, { minLength: 5, maxLength: 18 })
      await assert(
        asyncProperty(histories, (events) => live(service, events)),
        { numRuns: RUNS[engine] },
      )
    },
  )
})

async function live(service: ScratchService, events: readonly Event[]): Promise<void> {
  const { database } = service
  const { terminal, device } = await stage(service, [{ days: 0, punches: 3 }])
  const made = new Map<string, Named>(terminal.memory.truth().punches.map((punch) => [nameOf(punch), punch]))
  /** What was removed from the table; no person and second is used twice. */
  const gone = new Set<string>()
  let second = 0
  let horizon = 0
  let ahead = 0

  const stored = async (): Promise<string[]> => (await rowsOf(database, device.id)).map(nameOf)
  const sync = async (mode: 'auto' | 'full'): Promise<SyncCertificate> => {
    const before = await database.punches.count(device.id)
    const certificate = await service.sync(device.id, { mode })
    const { read, known, expired = 0 } = certificate
    expect(read).toBe(certificate.new + known + expired)
    expect(await database.punches.count(device.id)).toBe(before + certificate.new)
    return certificate
  }

  for (const step of [...events, { kind: 'sync', mode: 'full' } as const]) {
    switch (step.kind) {
      case 'punch':
        for (let i = 0; i < step.times; i += 1) {
          second += 1
          const punch = terminal.memory.punch({ pin: '1', wallTime: daysAgo(step.days, second * 2) })
          if (punch !== undefined) made.set(nameOf(punch), punch)
        }
        break
      case 'sync':
        await sync(step.mode)
        break
      case 'remove': {
        await makeRemovalDue(database)
        // The days pass for the terminal too: a clock that stayed behind would be one that fell back.
        ahead = Math.max(ahead, step.inDays)
        terminal.memory.clock.set(daysAgo(-ahead))
        const before = await stored()
        const removed = await removeOld(service, step)
        const after = new Set(await stored())
        const lacking = before.filter((name) => !after.has(name))
        for (const name of lacking) gone.add(name)
        // Those of devices of earlier histories are among the removed.
        if ((removed ?? 0) < lacking.length)
          throw new Error(`${removed} were removed, and ${lacking.length} are gone`)
        break
      }
      case 'lose the bookmark':
        await loseBookmark(service, device.id)
        break
      case 'clear':
        await clear(service, device.id)
        if (terminal.memory.log.count > 0) throw new Error('the log was not cleared')
        break
      case 'zone': {
        const zones = [{ since: '', timezone: step.timezone }]
        await database.transaction((tx) =>
          tx.devices.replaceZones(device.id, zones, new Date().toISOString()),
        )
      }
    }
    const { punchesFrom } = (await database.devices.findById(device.id)) ?? {}
    expect(punchesFrom ?? 0, 'the time from which punches are kept').toBeGreaterThanOrEqual(horizon)
    horizon = punchesFrom ?? 0
    const names = await stored()
    expect(new Set(names).size, 'doubled').toBe(names.length)
    expect(
      names.filter((name) => gone.has(name)),
      'came back',
    ).toEqual([])
  }
  const names = new Set(await stored())
  const owed = [...made].filter(([name, { packedTime }]) => packedTime >= horizon && !names.has(name))
  expect(owed, 'lost').toEqual([])
  expect(
    [...gone].filter((name) => (made.get(name)?.packedTime ?? 0) >= horizon),
    'removed too early',
  ).toEqual([])
  await database.devices.remove(device.id, new Date().toISOString())
  await terminal.stop()
}

function nameOf({ packedTime, logNumber }: Named): string {
  return `${packedTime} ${logNumber}`
}

describe('the time from which punches are kept', () => {
  it('is what the clock of the device shows, and none where punches are kept for ever', async () => {
    await using service = await scratchService()
    const { database } = service
    const { device } = await stage(service, [])
    const at = Date.UTC(2026, 5, 1, 20)
    const raise = (keptForMs: number | undefined) =>
      database.transaction((tx) => createPunchRetention(keptForMs, () => at).raiseIn(tx, device.id))
    const from = async () => (await database.devices.findById(device.id))?.punchesFrom
    await raise(undefined)
    expect(await from()).toBeNull()
    const zones = [{ since: '', timezone: 'Asia/Jakarta' }]
    await database.transaction((tx) => tx.devices.replaceZones(device.id, zones, new Date(at).toISOString()))
    await raise(31 * 86_400_000)
    // 2026-05-01T20:00Z is the 2nd of May, 3 o'clock, in Jakarta.
    expect(await from()).toBe(((26 * 12 + 4) * 31 + 1) * 86_400 + 3 * 3_600)
    await raise(31 * 366 * 86_400_000) // before terminals had clocks
    expect(await from()).toBe(((26 * 12 + 4) * 31 + 1) * 86_400 + 3 * 3_600)
  })

  it('is what the clock of the device showed then, where the device has been in another zone since', async () => {
    await using service = await scratchService()
    const { database } = service
    const { device } = await stage(service, [])
    const at = Date.UTC(2026, 5, 1, 20)
    const zones = [
      { since: '', timezone: 'Pacific/Honolulu' },
      { since: '2026-05-20T00:00:00', timezone: 'Pacific/Kiritimati' },
    ]
    await database.transaction((tx) => tx.devices.replaceZones(device.id, zones, new Date(at).toISOString()))
    await database.transaction((tx) => createPunchRetention(31 * DAY_MS, () => at).raiseIn(tx, device.id))
    // 2026-05-01T20:00Z was 10 o'clock in Honolulu.
    expect((await database.devices.findById(device.id))?.punchesFrom).toBe(
      (26 * 12 + 4) * 31 * 86_400 + 10 * 3_600,
    )
  })
})
