// The schedule on the devices' rows, kept by four at once on a clock of the test's own: each time of a device is one sync, and what
// nobody was there for is one as well.
import { describe, expect, it } from 'vitest'
import { attendanceSync } from '../../src/index.ts'
import { ScheduleRig, SCHEDULE_MODES, timesOf } from './schedule-rig.ts'

const START = '2026-02-01T00:00:00.000Z'
const HOUR_S = 3_600

describe.each(SCHEDULE_MODES)('scheduled syncs, in %s', (_name, engine) => {
  it(
    'are queued once for each time of a device, however many look at once',
    { timeout: 300_000 },
    async () => {
      await using rig = await ScheduleRig.open(engine, START)
      const declared = { schedule: '*/10 * * * *', spreadSeconds: 60 }
      const ids = [...(await rig.devices(8)), ...(await rig.devices(8, { syncIntervalMinutes: 7 }, 100))]
      const keepers = rig.keepers(declared)
      await rig.correct(keepers)
      await rig.pass(keepers, 22 * 60)

      const times = timesOf(declared)
      for (const [index, id] of ids.entries()) {
        const device = { id, syncIntervalMinutes: index < 8 ? null : 7 }
        const expected: number[] = []
        for (let at = new Date(START); ;) {
          at = new Date(times.planAfter(device, at).nextSyncAt ?? '')
          if (at > rig.now) break
          expected.push(at.getTime())
        }
        const queued = await rig.queuedAt(id)
        expect([id, queued.length]).toEqual([id, expected.length])
        for (const [run, at] of expected.entries()) {
          expect((queued[run] ?? 0) - at).toBeGreaterThan(-1_000)
          expect((queued[run] ?? 0) - at).toBeLessThanOrEqual(5_000)
        }
        expect(Date.parse((await rig.nextOf(id)) ?? '')).toBeGreaterThan(rig.now.getTime())
      }
      expect(new Set(rig.outcomes)).toEqual(new Set(['queued']))
      const [job] = (await rig.database.jobs.list({}, { offset: 0, limit: 1 })).rows
      expect(job).toMatchObject({ source: 'schedule', data: { mode: 'auto' }, maxAttempts: 4 })
    },
  )

  it(
    'that were missed while nobody looked are one a device, not all at once',
    { timeout: 300_000 },
    async () => {
      await using rig = await ScheduleRig.open(engine, '2026-02-01T10:20:00.000Z')
      const ids = [
        ...(await rig.devices(40)),
        ...(await rig.devices(10, { syncIntervalMinutes: 1_440 }, 100)),
      ]
      const keepers = rig.keepers({ schedule: '0 * * * *' })
      await rig.correct(keepers)
      rig.now = new Date('2026-02-04T10:20:00.000Z')
      // Those that a daily time awaits within these minutes get that one.
      await rig.pass(keepers, 310)
      const starts: number[] = []
      for (const id of ids) {
        const queued = await rig.queuedAt(id)
        expect([id, queued.length]).toEqual([id, 1])
        starts.push(...queued)
      }
      expect(rig.outcomes.filter((outcome) => outcome === 'late')).toHaveLength(ids.length)
      const inOneLook = starts.map((at) => starts.filter((other) => Math.abs(other - at) < 5_000).length)
      expect(Math.max(...inOneLook)).toBeLessThanOrEqual(8)
      await rig.pass(keepers, 34 * 60, 60)
      for (const id of ids.slice(0, 40)) expect(await rig.queuedAt(id)).toHaveLength(1)
    },
  )

  it('of a thousand devices do not begin in one second', { timeout: 300_000 }, async () => {
    await using rig = await ScheduleRig.open(engine, '2026-02-01T02:59:59.000Z')
    await rig.devices(1_000)
    const [keeper] = rig.keepers({ schedule: '0 3 * * *', spreadSeconds: 120 })
    if (keeper === undefined) throw new Error('nobody keeps the schedule')
    await rig.correct([keeper])
    let most = 0
    for (let second = 0; second <= 121; second += 1) {
      const before = rig.outcomes.length
      rig.now = new Date(rig.now.getTime() + 1_000)
      await rig.look([keeper])
      most = Math.max(most, rig.outcomes.length - before)
    }
    expect(rig.outcomes).toHaveLength(1_000)
    expect(most).toBeLessThanOrEqual(16)
  })

  // Each is put off only once: where looking at all of them takes longer than a time may be late, none was queued ever.
  it.each([0, 5])(
    'are queued where there are more than can be looked at in time (spread: %i s)',
    async (spreadSeconds) => {
      await using rig = await ScheduleRig.open(engine, '2026-02-01T02:59:59.000Z')
      const ids = await rig.devices(40)
      const declared = { schedule: '0 3 * * *', spreadSeconds }
      await rig.correct(rig.keepers(declared))
      const [keeper] = rig.keepers(declared, (jobs) => jobs, 1_000)
      if (keeper === undefined) throw new Error('nobody keeps the schedule')
      rig.now = new Date('2026-02-01T03:00:10.000Z')
      for (let look = 0; look < 5; look += 1) await rig.look([keeper])
      for (const id of ids) expect([id, (await rig.queuedAt(id)).length]).toEqual([id, 1])
    },
  )

  it('are not queued beside one that is unfinished, whoever asked for it', async () => {
    await using rig = await ScheduleRig.open(engine, START)
    const id = await rig.device(1, { syncIntervalMinutes: 1 })
    const keepers = rig.keepers({})
    await rig.correct(keepers)
    for (let minute = 0; minute < 3; minute += 1)
      for (let step = 0; step < 12; step += 1) {
        rig.now = new Date(rig.now.getTime() + 5_000)
        await rig.look(keepers)
      }
    expect(rig.outcomes).toEqual(['queued', 'unfinished', 'unfinished'])
    expect(await rig.queuedAt(id)).toHaveLength(1)
  })

  it('are none of devices that are switched off or deleted', async () => {
    await using rig = await ScheduleRig.open(engine, START)
    const [on, off, gone] = await rig.devices(3, { syncIntervalMinutes: 1 })
    const keepers = rig.keepers({ schedule: '* * * * *' })
    await rig.correct(keepers)
    await rig.database.devices.update(off ?? 0, { status: 'inactive' }, START)
    await rig.database.devices.remove(gone ?? 0, START)
    await rig.pass(keepers, 300)
    await rig.correct(keepers)
    expect(await rig.queuedAt(on ?? 0)).toHaveLength(5)
    expect(await rig.queuedAt(off ?? 0)).toEqual([])
    expect(await rig.queuedAt(gone ?? 0)).toEqual([])
  })

  it('follow another schedule as soon as it is declared, and end with it', async () => {
    await using rig = await ScheduleRig.open(engine, START)
    const id = await rig.device(1)
    await rig.correct(rig.keepers({ schedule: '0 3 * * *' }))
    expect(await rig.nextOf(id)).toMatch(/^2026-02-01T03:0/)
    const evening = rig.keepers({ schedule: '0 20 * * *', zone: 'Asia/Jakarta' })
    await rig.correct(evening)
    expect(await rig.nextOf(id)).toMatch(/^2026-02-01T13:0/)
    // What was missed by the old one is made good before the new one counts.
    rig.now = new Date('2026-02-02T00:00:00.000Z')
    const hourly = rig.keepers({ schedule: '30 * * * *' })
    await rig.look(hourly)
    await rig.correct(hourly)
    await rig.pass(hourly, 305)
    expect(await rig.queuedAt(id)).toHaveLength(1)
    expect(await rig.nextOf(id)).toMatch(/^2026-02-02T00:3/)
    const none = rig.keepers({})
    await rig.correct(none)
    expect(await rig.nextOf(id)).toBeNull()
    await rig.pass(none, 2 * HOUR_S, 600)
    expect(await rig.queuedAt(id)).toHaveLength(1)
  })

  it('outlive clocks that are set', async () => {
    await using rig = await ScheduleRig.open(engine, '2026-02-01T12:00:00.000Z')
    const ids = await rig.devices(5, { syncIntervalMinutes: 60 })
    const keepers = rig.keepers({})
    await rig.correct(keepers)
    await rig.pass(keepers, HOUR_S, 5)
    // Set back by less than an interval: nothing that was done is done again.
    rig.now = new Date(rig.now.getTime() - 600_000)
    await rig.correct(keepers)
    await rig.pass(keepers, 600, 5)
    for (const id of ids) expect(await rig.queuedAt(id)).toHaveLength(1)
    // A clock that was years ahead for a while.
    const right = rig.now
    rig.now = new Date('2031-01-01T00:00:00.000Z')
    await rig.look(keepers)
    await rig.pass(keepers, 305, 5)
    for (const id of ids) expect(await rig.queuedAt(id)).toHaveLength(2)
    rig.now = right
    await rig.correct(keepers)
    await rig.pass(keepers, HOUR_S + 5, 5)
    for (const id of ids) {
      expect(Date.parse((await rig.nextOf(id)) ?? '')).toBeLessThanOrEqual(rig.now.getTime() + 3_600_000)
      expect((await rig.queuedAt(id)).length).toBeGreaterThanOrEqual(3)
    }
  }, 300_000)

  it('of one device that cannot be queued do not hold up the others', async () => {
    await using rig = await ScheduleRig.open(engine, START)
    const ids = await rig.devices(5, { syncIntervalMinutes: 1 })
    const [broken] = ids
    const keepers = rig.keepers({}, (jobs) => ({
      ...jobs,
      enqueue: (job, data, options) =>
        JSON.stringify(data).includes(`"deviceId":${String(broken)},`)
          ? Promise.reject(new Error('not this one'))
          : jobs.enqueue(job, data, options),
    }))
    await rig.correct(keepers)
    await rig.pass(keepers, 60)
    for (const id of ids) expect([id, (await rig.queuedAt(id)).length]).toEqual([id, id === broken ? 0 : 1])
    // Its time stands, so it is queued as soon as it can be.
    await rig.pass(rig.keepers({}), 60)
    expect((await rig.queuedAt(broken ?? 0)).length).toBeGreaterThanOrEqual(1)
  })

  it('keep the source of the job that stood already', async () => {
    await using rig = await ScheduleRig.open(engine, START)
    const id = await rig.device(1, { syncIntervalMinutes: 1 })
    let asked: Promise<unknown> | undefined
    const keepers = rig.keepers({}, (jobs) => {
      asked ??= jobs.enqueue(attendanceSync, { deviceId: id, mode: 'full' })
      return jobs
    })
    await asked
    await rig.correct(keepers)
    rig.now = new Date(rig.now.getTime() + 60_000)
    await rig.look(keepers)
    const { rows } = await rig.database.jobs.list({ deviceId: id }, { offset: 0, limit: 9 })
    expect(rows).toMatchObject([{ source: 'request', data: { mode: 'full' } }])
  })
})
