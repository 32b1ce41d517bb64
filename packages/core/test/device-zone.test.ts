// Wall times to instants, held against two references that share no code with it: the definition itself, tried on every zone,
// and Temporal, which Node has behind a flag, for zones that do something curious.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { deviceZone, isZone, wallClockMs } from '../src/device-zone.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe('a wall time in a zone', () => {
  it.each([
    ['Europe/Berlin', '2026-07-01T12:00:00', '2026-07-01T10:00:00.000Z', 'ok'],
    ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z', 'gap'],
    ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00.000Z', 'overlap'],
    ['Australia/Lord_Howe', '2026-10-04T02:15:00', '2026-10-03T15:45:00.000Z', 'gap'],
    ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00.000Z', 'overlap'],
    ['Pacific/Chatham', '2026-01-15T08:00:00', '2026-01-14T18:15:00.000Z', 'ok'],
    ['Asia/Kathmandu', '2026-01-15T08:00:00', '2026-01-15T02:15:00.000Z', 'ok'],
    ['Pacific/Apia', '2011-12-30T10:00:00', '2011-12-30T20:00:00.000Z', 'gap'],
    ['America/New_York', '2026-12-31T23:59:59', '2027-01-01T04:59:59.000Z', 'ok'],
    ['Pacific/Kiritimati', '2026-01-01T00:00:00', '2025-12-31T10:00:00.000Z', 'ok'],
    ['UTC', '2099-12-31T23:59:59', '2099-12-31T23:59:59.000Z', 'ok'],
  ] as const)('%s %s is %s (%s)', (zone, wallTime, at, status) => {
    expect(deviceZone(zone).instantOf(wallTime)).toEqual({ at, status })
  })

  it.each([
    '2026-02-30T00:00:00',
    '2025-02-29T00:00:00',
    '2100-02-29T00:00:00',
    '2026-04-31T00:00:00',
    '2026-00-10T00:00:00',
    '2026-13-10T00:00:00',
    '2026-01-00T00:00:00',
    '2026-01-32T00:00:00',
    '2026-01-10T24:00:00',
    '2026-01-10T00:60:00',
    '2026-01-10T00:00:60',
    '2026-01-10 00:00:00',
    '2026-01-10T00:00:00Z',
    '2026-1-10T00:00:00',
    '0026-01-10T00:00:0x',
    '',
  ])('%s is no real date and has no instant', (wallTime) => {
    expect(deviceZone('UTC').instantOf(wallTime)).toEqual({ at: null, status: 'invalid' })
  })

  it(
    'is what its definition says, on every transition day of every zone from 2000 to 2040',
    { timeout: 240_000 },
    () => {
      let compared = 0
      const wrong: unknown[] = []
      const odd = new Set<number>()
      for (const name of Intl.supportedValuesOf('timeZone')) {
        const clock = clockOf(name)
        for (const change of changesBetween(clock, 2000, 2040)) {
          const around = { offsets: offsetsAround(clock, change), before: clock(change - 1_000) }
          odd.add(Math.abs(clock(change) / 60_000) % 60)
          for (const wall of wallsAround(clock, change)) {
            const wallTime = new Date(wall).toISOString().slice(0, 19)
            const found = deviceZone(name).instantOf(wallTime)
            const expected = byDefinition(clock, wall, around)
            if (found.at !== expected.at || found.status !== expected.status)
              wrong.push({ name, wallTime, found, expected })
            compared += 1
          }
        }
      }
      expect(wrong).toEqual([])
      expect(compared).toBeGreaterThan(100_000)
      // Half and quarter hours were among them.
      expect([...odd]).toEqual(expect.arrayContaining([0, 30, 45]))
    },
  )

  it('is what Temporal says, in zones that do something curious', { timeout: 240_000 }, async () => {
    const zones = [
      'Pacific/Apia',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Pyongyang',
      'America/Caracas',
    ]
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--harmony-temporal',
        fileURLToPath(new URL('support/temporal-reference.mjs', import.meta.url)),
        '2011',
        '2018',
        ...zones,
      ],
      { maxBuffer: 64 * 1024 * 1024 },
    )
    const lines = stdout.trim().split('\n')
    expect(lines.length).toBeGreaterThan(1_000)
    for (const line of lines) {
      const [zone, wallTime, utcMs, status] = JSON.parse(line) as [string, string, number, string]
      const expected = { at: new Date(utcMs).toISOString(), status }
      expect({ wallTime, ...deviceZone(zone).instantOf(wallTime) }).toEqual({ wallTime, ...expected })
    }
  })
})

describe('the clock of a zone', () => {
  it('shows what instantOf reads', () => {
    const zone = deviceZone('Asia/Kathmandu')
    const utc = Date.parse('2026-05-04T03:02:01.000Z')
    expect(zone.wallClockAt(utc)).toBe(wallClockMs('2026-05-04T08:47:01'))
  })
})

describe('the name of a zone', () => {
  it.each(['UTC', 'Asia/Jakarta', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('is %s', (name) =>
    expect(isZone(name)).toBe(true),
  )
  it.each(['', '+07:00', 'Mars/Olympus', 'local', '-05', 'Asia/Jakarta '])('is not "%s"', (name) => {
    expect(isZone(name)).toBe(false)
    expect(() => deviceZone(name)).toThrow(RangeError)
  })
})

/** Wall time minus UTC at an instant, by the fields that Intl shows. */
type Clock = (utc: number) => number

function clockOf(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return (utc) => {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = format
      .format(utc)
      .split(/\D+/)
      .map(Number)
    return Date.UTC(year, month - 1, day, hour, minute, second) - utc
  }
}

/** No zone changes its offset twice within so many days: a Ramadan lies between, or a season. */
const LOOK_EVERY_DAYS = 24

/** The first seconds with another offset than the second before. */
function changesBetween(clock: Clock, firstYear: number, lastYear: number): number[] {
  const changes: number[] = []
  const end = Date.UTC(lastYear + 1, 0, 1)
  let before = Date.UTC(firstYear, 0, 1)
  let old = clock(before)
  while (before < end) {
    const after = before + LOOK_EVERY_DAYS * DAY_MS
    const offset = clock(after)
    if (offset !== old) {
      let [low, high] = [before, after]
      while (high - low > 1_000) {
        const middle = low + Math.floor((high - low) / 2_000) * 1_000
        if (clock(middle) === old) low = middle
        else high = middle
      }
      changes.push(high)
    }
    before = after
    old = offset
  }
  return changes
}

/** Wall times before, within and behind a gap or overlap. */
function wallsAround(clock: Clock, change: number): number[] {
  const edges = [change + clock(change - 1_000), change + clock(change)]
  return edges.flatMap((edge) =>
    [-5_400, -1, 0, 1, 1_799, 3_599, 5_400].map((seconds) => edge + seconds * 1_000),
  )
}

/** The offsets that a clock has around a change. */
function offsetsAround(clock: Clock, change: number): readonly number[] {
  return [...new Set([change - 2 * HOUR_MS, change - 1_000, change, change + 2 * HOUR_MS].map(clock))]
}

/** All instants whose clock shows the wall time: the earliest of them, or the one after the gap shifted by its width. */
function byDefinition(
  clock: Clock,
  wall: number,
  { offsets, before }: { readonly offsets: readonly number[]; readonly before: number },
): { at: string; status: string } {
  const instants = offsets
    .map((offset) => wall - offset)
    .filter((instant) => instant + clock(instant) === wall)
    .toSorted((a, b) => a - b)
  const [earliest = wall - before] = instants
  const status = instants.length === 0 ? 'gap' : instants.length === 1 ? 'ok' : 'overlap'
  return { at: new Date(earliest).toISOString(), status }
}
