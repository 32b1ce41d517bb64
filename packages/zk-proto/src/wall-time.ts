// The terminal's zoneless time: packed into 32 bits (records, clock) and spelled in six bytes (live events).
// It is what the terminal's clock showed and nothing more; the host's zone and `Date` have no place here.
import { u8At } from './bytes.ts'
import { ZkUsageError } from './errors.ts'

const SECONDS_A_DAY = 86_400
const DAYS_A_MONTH = 31
const MONTHS_A_YEAR = 12
const FIRST_YEAR = 2000
const LAST_YEAR = 2099

/** The greatest packed time that names a year the format was made for: 2099-12-31T23:59:59. */
export const LAST_PACKED_TIME = 3_214_079_999

/** A moment on a terminal's clock. `month` and `day` count from 1. It may name a day that does not exist. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** Splits a packed time into its fields, also one that names no real day. Source: docs/protocol §11.1. */
export function unpackTime(packed: number): WallTime {
  let rest = packed
  const second = rest % 60
  rest = Math.floor(rest / 60)
  const minute = rest % 60
  rest = Math.floor(rest / 60)
  const hour = rest % 24
  rest = Math.floor(rest / 24)
  const day = (rest % DAYS_A_MONTH) + 1
  rest = Math.floor(rest / DAYS_A_MONTH)
  const month = (rest % MONTHS_A_YEAR) + 1
  return { year: FIRST_YEAR + Math.floor(rest / MONTHS_A_YEAR), month, day, hour, minute, second }
}

/** Whether all fields are whole numbers within their ranges, in a month of so many days. */
function fits(time: WallTime, daysAMonth: number): boolean {
  const { year, month, day, hour, minute, second } = time
  return (
    [year, month, day, hour, minute, second].every((field) => Number.isInteger(field)) &&
    year >= FIRST_YEAR &&
    year <= LAST_YEAR &&
    month >= 1 &&
    month <= MONTHS_A_YEAR &&
    day >= 1 &&
    day <= daysAMonth &&
    hour >= 0 &&
    hour < 24 &&
    minute >= 0 &&
    minute < 60 &&
    second >= 0 &&
    second < 60
  )
}

/**
 * Packs a wall time; the inverse of `unpackTime`. Days 1 to 31 of every month can be packed, 31 February too,
 * because terminals hold such values. Throws ZK_VALUE_OUT_OF_RANGE for fields outside 2000 to 2099.
 */
export function packTime(time: WallTime): number {
  const { year, month, day, hour, minute, second } = time
  if (!fits(time, DAYS_A_MONTH)) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `A terminal’s clock cannot show ${formatWallTime(time)}; expected 2000-01-01 to 2099-12-31`,
    )
  }
  const days = ((year - FIRST_YEAR) * MONTHS_A_YEAR + (month - 1)) * DAYS_A_MONTH + (day - 1)
  return days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second
}

/** How many days a month has. `month` counts from 1. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Whether the fields name a moment of the calendar between 2000 and 2099. */
export function isRealWallTime(time: WallTime): boolean {
  return fits(time, daysInMonth(time.year, time.month))
}

/** Whether a packed time names a day that exists, between 2000 and 2099. */
export function isRealPackedTime(packed: number): boolean {
  if (packed > LAST_PACKED_TIME) return false
  const days = Math.floor(packed / SECONDS_A_DAY)
  const day = (days % DAYS_A_MONTH) + 1
  if (day <= 28) return true
  const months = Math.floor(days / DAYS_A_MONTH)
  return day <= daysInMonth(FIRST_YEAR + Math.floor(months / MONTHS_A_YEAR), (months % MONTHS_A_YEAR) + 1)
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** `YYYY-MM-DDTHH:MM:SS`, without a zone, exactly as the fields say. */
export function formatWallTime(time: WallTime): string {
  const year = String(time.year).padStart(4, '0')
  return `${year}-${two(time.month)}-${two(time.day)}T${two(time.hour)}:${two(time.minute)}:${two(time.second)}`
}

/** A packed time as `YYYY-MM-DDTHH:MM:SS`, also when the day does not exist. */
export function formatPackedTime(packed: number): string {
  return formatWallTime(unpackTime(packed))
}

const WALL_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})$/

/** Reads `YYYY-MM-DDTHH:MM:SS`. Throws ZK_VALUE_OUT_OF_RANGE for any other spelling. */
export function parseWallTime(spelled: string): WallTime {
  const fields = WALL_TIME.exec(spelled)?.slice(1).map(Number)
  if (fields === undefined) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `Expected YYYY-MM-DDTHH:MM:SS, got ${typeof spelled === 'string' ? spelled.slice(0, 40) : typeof spelled}`,
    )
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields
  return { year, month, day, hour, minute, second }
}

/** The bytes that a spelled time takes. */
export const SPELLED_TIME_BYTES = 6

/** Reads the six-byte time of live events: year − 2000, month, day, hour, minute, second. Source: docs/protocol §11.2. */
export function readSpelledTime(bytes: Uint8Array, at: number): WallTime {
  return {
    year: FIRST_YEAR + u8At(bytes, at),
    month: u8At(bytes, at + 1),
    day: u8At(bytes, at + 2),
    hour: u8At(bytes, at + 3),
    minute: u8At(bytes, at + 4),
    second: u8At(bytes, at + 5),
  }
}

/** The six-byte time of live events. Throws ZK_VALUE_OUT_OF_RANGE for years outside 2000 to 2255. */
export function spellTime(time: WallTime): Uint8Array {
  const year = time.year - FIRST_YEAR
  const fields = [year, time.month, time.day, time.hour, time.minute, time.second]
  if (!fields.every((field) => Number.isInteger(field) && field >= 0 && field <= 0xff)) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `A live event cannot carry ${formatWallTime(time)}`)
  }
  return Uint8Array.from(fields)
}
