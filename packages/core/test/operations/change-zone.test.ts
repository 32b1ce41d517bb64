// A device's zone changes: stored punches follow, originals stay, and whoever writes meanwhile writes under the zone that holds. In the
// end every row agrees with the history, whatever ran at once.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { SYSTEM, handle, timesCorrection, type DeviceChange } from '../../src/index.ts'
import { readZoneHistory, timeUnder } from '../../src/zone-history.ts'
import { scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'

const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']
const IMPOSSIBLE_31_FEBRUARY = (((26 * 12 + 1) * 31 + 30) * 24 + 8) * 3_600

describe.each(engines)('the zone of a device, in %s', (engine) => {
  const change = ({ services }: ScratchService, id: number, given: DeviceChange) =>
    services.devices.change(id, given, SYSTEM)

  /** Runs what was queued, until nothing is left. */
  async function corrected({ services }: ScratchService): Promise<void> {
    const work = services.jobs.work(
      [
        handle(timesCorrection, ({ data, progress, signal }) =>
          services.correctTimes({ ...data, progress, signal }),
        ),
      ],
      { concurrency: 2 },
    )
    for (const deadline = Date.now() + 60_000; ; await sleep(20)) {
      const { active, waiting } = (await services.jobs.stats()).queues.maintenance
      if (active + waiting === 0) break
      if (Date.now() > deadline) throw new Error('the correction does not end')
    }
    await work.stop()
  }

  async function expectAgreement({ database }: ScratchService, id: number): Promise<void> {
    const zones = await readZoneHistory(database, id)
    for await (const batch of database.punches.each(id)) {
      for (const { wallTime, timezone, at, timeStatus } of batch) {
        const right = timeUnder(zones, wallTime)
        expect({ wallTime, timezone, at, timeStatus }).toEqual({
          wallTime,
          timezone: right.timezone,
          at: right.at,
          timeStatus: right.status,
        })
      }
    }
  }

  async function rows({ database }: ScratchService, id: number) {
    const all = []
    for await (const batch of database.punches.each(id)) all.push(...batch)
    return all
  }

  it('corrects the instants of all punches and touches nothing else of them', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 5, punches: 1_300, seed: 401 })
    terminal.memory.punch({ pin: '1', packedTime: IMPOSSIBLE_31_FEBRUARY })
    terminal.memory.punch({ pin: '1', wallTime: '2026-03-29T02:30:00' })
    const { id } = await service.register(terminal, { timezone: 'UTC' })
    await service.sync(id)
    const before = await rows(service, id)

    const { device } = await change(service, id, { timezone: 'Europe/Berlin' })
    expect(device.timezone).toBe('Europe/Berlin')
    await corrected(service)

    await expectAgreement(service, id)
    const after = await rows(service, id)
    const originals = (all: typeof after) =>
      all.map(({ timezone: _zone, at: _at, timeStatus: _status, ...rest }) => rest)
    expect(originals(after)).toEqual(originals(before))
    expect(after.filter(({ at }) => at === null)).toMatchObject([{ timeStatus: 'invalid' }])
    expect(after.find(({ wallTime }) => wallTime === '2026-03-29T02:30:00')).toMatchObject({
      timeStatus: 'gap',
      at: '2026-03-29T01:30:00.000Z',
    })
  })

  it('moves with timezone_since: punches before keep their instants', async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 3, punches: 0, seed: 402 })
    for (const wallTime of ['2026-05-01T07:59:59', '2026-05-01T08:00:00', '2026-05-02T08:00:00'])
      terminal.memory.punch({ pin: '1', wallTime })
    const { id } = await service.register(terminal, { timezone: 'Asia/Jakarta' })
    await service.sync(id)
    await change(service, id, { timezone: 'Asia/Jayapura', timezoneSince: '2026-05-01T08:00:00' })
    terminal.memory.punch({ pin: '2', wallTime: '2026-04-30T12:00:00' })
    terminal.memory.punch({ pin: '2', wallTime: '2026-05-03T12:00:00' })
    await service.sync(id)
    await corrected(service)
    expect((await rows(service, id)).map(({ timezone, at }) => [timezone, at])).toEqual([
      ['Asia/Jakarta', '2026-04-30T05:00:00.000Z'],
      ['Asia/Jakarta', '2026-05-01T00:59:59.000Z'],
      ['Asia/Jayapura', '2026-04-30T23:00:00.000Z'],
      ['Asia/Jayapura', '2026-05-01T23:00:00.000Z'],
      ['Asia/Jayapura', '2026-05-03T03:00:00.000Z'],
    ])
    await change(service, id, { timezone: 'Asia/Jayapura' })
    await corrected(service)
    expect(new Set((await rows(service, id)).map(({ timezone }) => timezone))).toEqual(
      new Set(['Asia/Jayapura']),
    )
  })

  it('ends right when it changes again and again while a log is read', { timeout: 120_000 }, async () => {
    await using service = await scratchService(engine)
    const terminal = await service.terminal({ people: 20, punches: 12_000, seed: 403, paceMs: 1 })
    const { id } = await service.register(terminal, { timezone: 'UTC' })
    const changes: Promise<unknown>[] = []
    const given: DeviceChange[] = [
      { timezone: 'Asia/Kathmandu' },
      { timezone: 'Europe/Berlin', timezoneSince: '2026-01-05T12:00:00' },
      { timezone: 'America/Caracas' },
      { timezone: 'Australia/Lord_Howe', timezoneSince: '2026-02-01T00:00:00' },
    ]
    const next = (): void => {
      const change_ = given.shift()
      if (change_ !== undefined) changes.push(change(service, id, change_))
    }
    const correcting = (async () => {
      await sleep(50)
      await corrected(service)
    })()
    await service.sync(id, { progress: ({ phase }) => void (phase === 'reading' && next()) })
    await Promise.all(changes)
    await correcting
    await corrected(service)
    expect(given).toEqual([])
    expect(await service.database.punches.count(id)).toBe(12_000)
    await expectAgreement(service, id)
  })

  it('goes over the punches also where it is only named again, and refuses a move without a zone', async () => {
    await using service = await scratchService(engine)
    const { id } = await service.register(await service.terminal({ punches: 1 }), { timezone: 'UTC' })
    await change(service, id, { timezone: 'UTC' })
    expect((await service.services.jobs.stats()).queues.maintenance.total).toBe(1)
    for (const given of [
      { timezoneSince: '2026-01-01T00:00:00' },
      { timezone: 'UTC', timezoneSince: '2026-02-30T00:00:00' },
      { timezone: 'Mars/Olympus' },
    ])
      await expect(change(service, id, given)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  })
})
