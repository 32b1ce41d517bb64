// At what times devices sync by themselves: each at its place, none twice, none left out.
import { assert, constantFrom, integer, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSyncTimes, type SyncTimes } from '../../src/schedules/sync-times.ts'

const timesBy = (SYNC_SCHEDULE?: string, SYNC_SPREAD_SECONDS = 300, syncScheduleZone = 'UTC'): SyncTimes =>
  createSyncTimes({
    ...(SYNC_SCHEDULE !== undefined && { SYNC_SCHEDULE }),
    SYNC_SPREAD_SECONDS,
    syncScheduleZone,
  })
const DAY = new Date('2026-02-01T00:00:00Z')
const later = (ms: number) => new Date(DAY.getTime() + ms)
const nextMs = (times: SyncTimes, id: number, after: Date, syncIntervalMinutes: number | null = null) =>
  Date.parse(times.planAfter({ id, syncIntervalMinutes }, after).nextSyncAt ?? '')

/** How many of these fall into the fullest second. */
function fullestSecond(instants: readonly number[]): number {
  const seconds = new Map<number, number>()
  for (const ms of instants) {
    const second = Math.floor(ms / 1_000)
    seconds.set(second, (seconds.get(second) ?? 0) + 1)
  }
  return Math.max(...seconds.values())
}

describe('the times of devices', () => {
  it('are none without schedule and interval', () => {
    expect(timesBy().planAfter({ id: 1, syncIntervalMinutes: null }, DAY)).toEqual({
      nextSyncAt: null,
      syncSchedule: null,
    })
  })

  it.each([1, 700_001])('of a thousand in a row from %i do not come in one second, nor in a few', (first) => {
    const ids = Array.from({ length: 1_000 }, (_, index) => first + index)
    const times = timesBy('0 3 * * *')
    const three = Date.parse('2026-02-01T03:00:00Z')
    const starts = ids.map((id) => nextMs(times, id, DAY))
    for (const start of starts) {
      expect(start).toBeGreaterThanOrEqual(three)
      expect(start).toBeLessThan(three + 300_000)
    }
    // 1000 in 300 seconds are 3.3 a second.
    expect(fullestSecond(starts)).toBeLessThanOrEqual(6)
    expect(fullestSecond(ids.map((id) => nextMs(times, id, DAY, 5)))).toBeLessThanOrEqual(6)
    const late = ids.map((id) =>
      Date.parse(times.planCatchUp({ id, syncIntervalMinutes: null }, DAY).nextSyncAt ?? ''),
    )
    expect(fullestSecond(late)).toBeLessThanOrEqual(6)
  })

  it('are the same in every process and at every start', () => {
    expect(nextMs(timesBy('0 3 * * *'), 42, DAY)).toBe(nextMs(timesBy('0 3 * * *'), 42, later(3_600_000)))
    expect(nextMs(timesBy(), 42, DAY, 60)).toBe(nextMs(timesBy('0 3 * * *'), 42, DAY, 60))
  })

  it('come once for each time of the schedule, whatever the spread', () => {
    assert(
      property(
        record({
          id: integer({ min: 1, max: 5_000_000 }),
          spread: integer({ min: 0, max: 3_600 }),
          schedule: constantFrom('* * * * *', '*/7 * * * *', '0 * * * *', '0 2-4 * * *', '*/20 * * * * *'),
          zone: constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
          from: constantFrom('2026-03-28T22:00:00Z', '2026-10-24T22:00:00Z', '2026-04-04T12:00:00Z'),
        }),
        ({ id, spread, schedule, zone, from }) => {
          const exact = timesBy(schedule, 0, zone)
          const spreadOut = timesBy(schedule, spread, zone)
          let exactMs = Date.parse(from)
          let ms = nextMs(spreadOut, id, new Date(nextMs(exact, id, new Date(exactMs)) - 1))
          for (let run = 0; run < 12; run += 1) {
            exactMs = nextMs(exact, id, new Date(exactMs))
            const followingMs = nextMs(exact, id, new Date(exactMs))
            expect(ms).toBeGreaterThanOrEqual(exactMs)
            expect(ms).toBeLessThan(Math.min(followingMs, exactMs + spread * 1_000 + 1))
            ms = nextMs(spreadOut, id, new Date(ms))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('by an interval keep the beat of their device', () => {
    assert(
      property(
        record({
          id: integer({ min: 1, max: 5_000_000 }),
          minutes: integer({ min: 1, max: 10_080 }),
          ms: integer(),
        }),
        ({ id, minutes, ms }) => {
          const first = nextMs(timesBy(), id, later(ms), minutes)
          expect(first).toBeGreaterThan(later(ms).getTime())
          expect(first - later(ms).getTime()).toBeLessThanOrEqual(minutes * 60_000)
          expect(nextMs(timesBy(), id, new Date(first), minutes)).toBe(first + minutes * 60_000)
        },
      ),
    )
  })

  it("go by the device's own interval where it has one", () => {
    const plan = timesBy('0 3 * * *').planAfter({ id: 7, syncIntervalMinutes: 10 }, DAY)
    expect(plan.syncSchedule).toBeNull()
    expect(Date.parse(plan.nextSyncAt ?? '')).toBeLessThanOrEqual(later(600_000).getTime())
  })

  it('name the schedule that they come from, zone and spread with it', () => {
    const schedules = [
      timesBy('0 3 * * *'),
      timesBy('0 4 * * *'),
      timesBy('0 3 * * *', 10),
      timesBy('0 3 * * *', 300, 'Asia/Jakarta'),
    ].map(({ schedule }) => schedule)
    expect(new Set(schedules).size).toBe(4)
    expect(timesBy('0 3 * * *').planAfter({ id: 1, syncIntervalMinutes: null }, DAY).syncSchedule).toBe(
      schedules[0],
    )
  })

  it('that were missed are made good within the spread, or with the next time where that comes first', () => {
    const times = timesBy('0 3 * * *')
    const missed = Date.parse(times.planCatchUp({ id: 5, syncIntervalMinutes: null }, DAY).nextSyncAt ?? '')
    expect(missed).toBeGreaterThanOrEqual(DAY.getTime())
    expect(missed).toBeLessThan(later(300_000).getTime())
    for (let id = 1; id <= 50; id += 1) {
      const soon = Date.parse(times.planCatchUp({ id, syncIntervalMinutes: 1 }, DAY).nextSyncAt ?? '')
      expect(soon).toBeLessThanOrEqual(nextMs(times, id, DAY, 1))
    }
  })

  // Looked for one by one, the times of an hour before each took half a second a device.
  it('cost as good as nothing, however often the schedule comes and however wide the spread', () => {
    const times = timesBy('* * * * * *', 3_600, 'Europe/Berlin')
    for (let id = 1; id <= 10_000; id += 1) {
      const after = later(id)
      const next = nextMs(times, id, after)
      expect(next).toBeGreaterThan(after.getTime())
      expect(next - after.getTime()).toBeLessThanOrEqual(2_000)
    }
  }, 60_000)
})
