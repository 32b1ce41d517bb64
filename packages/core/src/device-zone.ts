// From a terminal's wall time and its IANA zone to the UTC instant. The terminal's clock knows no zone, so a wall time inside a
// change of daylight saving is marked: in an overlap the earlier instant is meant, in a gap the one shifted by the gap's width
// (what Temporal calls `compatible`). Changes of offset are looked up once a zone and year, so that a long log costs little.
import type { TimeStatus } from './attendance.ts'

/** What a wall time means. `at` is ISO 8601 in UTC, null where the wall time is no real date. */
export interface ZonedTime {
  readonly at: string | null
  readonly status: TimeStatus
}

/** One zone's rules. */
export interface DeviceZone {
  readonly name: string
  /** `wallTime` is YYYY-MM-DDTHH:MM:SS; anything that is no real date and time is `invalid`. */
  instantOf(wallTime: string): ZonedTime
  /** What a clock of this zone shows at an instant, in milliseconds as if the wall time were UTC. */
  wallClockAt(utcMs: number): number
}

/** True for the name of an IANA zone; offsets such as +07:00 are none. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Offsets are sampled this far apart; no zone changes twice within it. */
const SAMPLE_MS = DAY_MS

/** What Intl writes for an offset: GMT, GMT+05:45, GMT-00:44:30. */
const LONG_OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/

/** A stretch of time with one offset: from `start` (UTC) on, wall = UTC + offset. */
interface Stretch {
  readonly start: number
  readonly end: number
  readonly offset: number
}

const zones = new Map<string, DeviceZone>()

/** The rules of a zone, kept for the life of the process. Throws RangeError for a name that `isZone` refuses. */
export function deviceZone(name: string): DeviceZone {
  const known = zones.get(name)
  if (known !== undefined) return known
  const made = createZone(name)
  zones.set(name, made)
  return made
}

function createZone(name: string): DeviceZone {
  if (!isZone(name)) throw new RangeError(`"${name}" is no IANA zone`)
  const offsetAt = offsetReader(name)
  const years = new Map<number, readonly Stretch[]>()

  const stretchesOf = (year: number): readonly Stretch[] => {
    const known = years.get(year)
    if (known !== undefined) return known
    const found = findStretches(offsetAt, year)
    years.set(year, found)
    return found
  }

  return {
    name,
    wallClockAt: (utcMs) => utcMs + offsetAt(utcMs),
    instantOf(wallTime) {
      const wall = wallClockMs(wallTime)
      if (wall === undefined) return { at: null, status: 'invalid' }
      return resolveWall(wall, stretchesOf(new Date(wall).getUTCFullYear()))
    },
  }
}

/** A wall time as if it were UTC, in milliseconds; undefined where it is no real date and time. */
export function wallClockMs(wallTime: string): number | undefined {
  if (wallTime.length !== 19 || wallTime[4] !== '-' || wallTime[7] !== '-' || wallTime[10] !== 'T')
    return undefined
  if (wallTime[13] !== ':' || wallTime[16] !== ':') return undefined
  const year = digits(wallTime, 0) * 100 + digits(wallTime, 2)
  const month = digits(wallTime, 5)
  const day = digits(wallTime, 8)
  const hour = digits(wallTime, 11)
  const minute = digits(wallTime, 14)
  const second = digits(wallTime, 17)
  const inRange =
    year >= 1000 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59
  if (!inRange || day > daysIn(year, month)) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The two digits at an offset; NaN where there are none. */
function digits(text: string, offset: number): number {
  const tens = text.charCodeAt(offset) - 48
  const ones = text.charCodeAt(offset + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function resolveWall(wall: number, stretches: readonly Stretch[]): ZonedTime {
  let first: number | undefined
  let matches = 0
  let beforeGap: number | undefined
  for (const { start, end, offset } of stretches) {
    const instant = wall - offset
    if (instant >= end) beforeGap = instant
    if (instant < start || instant >= end) continue
    first ??= instant
    matches += 1
  }
  if (first !== undefined)
    return { at: new Date(first).toISOString(), status: matches > 1 ? 'overlap' : 'ok' }
  if (beforeGap === undefined) throw new Error('a wall time lies outside the stretches of its own year')
  return { at: new Date(beforeGap).toISOString(), status: 'gap' }
}

/** All stretches that a wall time of this year can lie in: the year and two days on either side, as no offset is longer. */
function findStretches(offsetAt: (utc: number) => number, year: number): readonly Stretch[] {
  const from = Date.UTC(year, 0, 1) - 2 * DAY_MS
  const to = Date.UTC(year + 1, 0, 1) + 2 * DAY_MS
  const stretches: Stretch[] = []
  let start = from
  let offset = offsetAt(from)
  for (let sample = from + SAMPLE_MS; sample <= to; sample += SAMPLE_MS) {
    const next = offsetAt(sample)
    if (next === offset) continue
    const change = findChange(offsetAt, sample - SAMPLE_MS, sample)
    stretches.push({ start, end: change, offset })
    start = change
    offset = next
  }
  stretches.push({ start, end: to, offset })
  return stretches
}

/** The first second with the later offset. */
function findChange(offsetAt: (utc: number) => number, before: number, after: number): number {
  const old = offsetAt(before)
  let low = before
  let high = after
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000
    if (offsetAt(middle) === old) low = middle
    else high = middle
  }
  return high
}

/** A function that gives a zone's offset from UTC at an instant, in milliseconds. */
function offsetReader(name: string): (utc: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hour: 'numeric',
    timeZoneName: 'longOffset',
  })
  return (utc) => {
    const [, sign, hours, minutes, seconds] = LONG_OFFSET.exec(format.format(utc)) ?? []
    const width = Number(hours ?? 0) * HOUR_MS + Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000
    return sign === '-' ? -width : width
  }
}
