// From the query of a list of punches to the filter that the service takes. `from` and `to` are bounds on the instant when they
// name a zone, and on the recorded time when they do not.
import type { PunchFilter, PunchPaging } from '@org/core'
import type { Static } from 'typebox'
import type { PunchExportQuery, PunchQuery } from './punch.ts'

/** A bound as a query spells it: a date, or a date and a time, with a zone or without. */
const BOUND = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/

/** One bound, read: an instant in UTC or a wall time. */
type TimeBound = { readonly kind: 'at' | 'wall'; readonly time: string }

/** What every database can hold. */
const FIRST_INSTANT_MS = Date.parse('1000-01-01T00:00:00.000Z')
const LAST_INSTANT_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** Whether a text is a bound that `from` and `to` accept: of the right form, and a real date and time. */
export function isTimeBound(text: string): boolean {
  return readBound(text, 'first') !== undefined
}

/** Filter and paging of a query that has passed its schema. */
export function toPunchRequest(query: Static<typeof PunchQuery>): {
  filter: PunchFilter
  paging: PunchPaging
} {
  const { sort, page, limit, cursor } = query
  return {
    filter: toPunchFilter(query),
    paging: cursor === undefined ? { page, limit, sort } : { cursor, limit, sort },
  }
}

/** The filter of a query that has passed its schema. */
export function toPunchFilter(query: Omit<Static<typeof PunchExportQuery>, 'format' | 'sort'>): PunchFilter {
  const { device_id, user_id, from, to, state, time_status, denied } = query
  const first = from === undefined ? undefined : readBound(from, 'first')
  const last = to === undefined ? undefined : readBound(to, 'last')
  return {
    ...(device_id !== undefined && { deviceIds: [device_id] }),
    ...(user_id !== undefined && { pin: user_id }),
    ...(first !== undefined && (first.kind === 'at' ? { atFrom: first.time } : { wallFrom: first.time })),
    ...(last !== undefined && (last.kind === 'at' ? { atTo: last.time } : { wallTo: last.time })),
    ...(state !== undefined && { state }),
    ...(time_status !== undefined && { timeStatus: time_status }),
    denied: denied === 'all' ? 'all' : denied === 'true',
  }
}

/** `edge` says which second a bare date and a missing second mean: the first of it, or the last. */
function readBound(text: string, edge: 'first' | 'last'): TimeBound | undefined {
  const match = BOUND.exec(text)
  if (match === null) return undefined
  const [, date = '', hoursMinutes, seconds, zone] = match
  const fullSeconds = seconds ?? (edge === 'first' ? '00' : '59')
  const time =
    hoursMinutes === undefined
      ? edge === 'first'
        ? '00:00:00'
        : '23:59:59'
      : `${hoursMinutes}:${fullSeconds}`
  const wall = `${date}T${time}`
  if (!isRealTime(wall)) return undefined
  if (zone === undefined) return { kind: 'wall', time: wall }
  const instant = Date.parse(`${wall}${zone}`)
  return Number.isNaN(instant) ? undefined : { kind: 'at', time: withinYears(instant) }
}

/** A bound of long ago or far ahead means as much as the first or last instant that can be stored. */
function withinYears(instant: number): string {
  return new Date(Math.min(LAST_INSTANT_MS, Math.max(FIRST_INSTANT_MS, instant))).toISOString()
}

/** Refuses 31 February and 24:00: what comes back from a Date is what went in. */
function isRealTime(wall: string): boolean {
  const instant = Date.parse(`${wall}Z`)
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(wall)
}
