// In which zones a terminal's clock has run: which one was in force at a wall time or is now, what a change of zone makes of the
// history, and what a punch's wall time means under it. A correction holds for all punches, a move for those from a wall time on.
import type { Database, Transaction, ZonePeriod } from '@org/data'
import { deviceZone, type ZonedTime } from './device-zone.ts'

/** A history of zones: by `since`, the first from the beginning (''). */
export type ZoneHistory = readonly [ZonePeriod, ...ZonePeriod[]]

/** What a wall time means under a history. */
export interface HistoricTime extends ZonedTime {
  /** The zone in force, also where the wall time is no real date. */
  readonly timezone: string
}

/**
 * The zones of a device's clock. Whoever writes punches asks in the writing transaction, after the device's row is locked: no change
 * of zone comes in between.
 */
export async function readZoneHistory(
  { devices }: Pick<Database, 'devices'> | Pick<Transaction, 'devices'>,
  deviceId: number,
): Promise<ZoneHistory> {
  const [first, ...moves] = await devices.listZones(deviceId)
  if (first === undefined) throw new Error(`device ${deviceId} has no zone`)
  return [first, ...moves]
}

/** The zone that a correction leaves: the one there ever was. */
export function correctedHistory(timezone: string): ZoneHistory {
  return [{ since: '', timezone }]
}

/** A move: another zone from this wall time on, whatever was said of later times. */
export function movedHistory([first, ...moves]: ZoneHistory, { since, timezone }: ZonePeriod): ZoneHistory {
  if (since <= first.since) return correctedHistory(timezone)
  const before: ZoneHistory = [first, ...moves.filter((move) => move.since < since)]
  return before.at(-1)?.timezone === timezone ? before : [...before, { since, timezone }]
}

/** Whether two histories say the same. */
export function sameHistory(one: ZoneHistory, other: ZoneHistory): boolean {
  return (
    one.length === other.length &&
    one.every(({ since, timezone }, at) => other[at]?.since === since && other[at]?.timezone === timezone)
  )
}

/** What a punch's wall time, YYYY-MM-DDTHH:MM:SS, means. */
export function timeUnder(history: ZoneHistory, wallTime: string): HistoricTime {
  const { timezone } = inForce(history, ({ since }) => since <= wallTime)
  return { timezone, ...deviceZone(timezone).instantOf(wallTime) }
}

/** The zone that a terminal's clock shows at an instant, in milliseconds since 1970. */
export function zoneAt(history: ZoneHistory, utcMs: number): string {
  const began = ({ since, timezone }: ZonePeriod): boolean =>
    since <= new Date(deviceZone(timezone).wallClockAt(utcMs)).toISOString().slice(0, 19)
  return inForce(history, began).timezone
}

/** The zone that a terminal's clock is to show now. */
export async function clockZone(database: Pick<Database, 'devices'>, deviceId: number): Promise<string> {
  return zoneAt(await readZoneHistory(database, deviceId), Date.now())
}

function inForce(history: ZoneHistory, has: (period: ZonePeriod) => boolean): ZonePeriod {
  return history.findLast(has) ?? history[0]
}
