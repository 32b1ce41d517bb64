// How long punches are kept: PUNCH_RETENTION as a time on each terminal's clock before which its punches are removed. That time stands
// on the device's row and only rises, whatever becomes of the setting: what was removed stays removed.
import type { Transaction } from '@org/data'
import { packTime } from '@org/zk-proto'
import { deviceZone } from './device-zone.ts'
import { readZoneHistory, zoneAt } from './zone-history.ts'

/** How long punches are kept; undefined `keptForMs`: for ever. */
export interface PunchRetention {
  readonly keptForMs: number | undefined
  /**
   * Raises the time from which a device's punches are kept to what it is by now, as its clock shows it, and locks the device's row for
   * that. Does nothing where punches are kept for ever. Throws what the database throws.
   */
  raiseIn(tx: Transaction, deviceId: number): Promise<void>
}

const DAY_MS = 86_400_000
/** No year is longer, so nothing is removed too early. */
const DAYS_A_YEAR = 366
const FEWEST_DAYS = 31
const MOST_DAYS = 100 * DAYS_A_YEAR

/** The milliseconds of `400d` or `3y`; undefined for none, and for a text that is no such time or out of bounds. */
export function parseRetention(text: string | undefined): number | undefined {
  const [, number, unit] = /^([1-9][0-9]{0,4})([dy])$/.exec(text ?? '') ?? []
  if (number === undefined) return undefined
  const days = Number(number) * (unit === 'y' ? DAYS_A_YEAR : 1)
  return days >= FEWEST_DAYS && days <= MOST_DAYS ? days * DAY_MS : undefined
}

/** `now` is for tests. */
export function createPunchRetention(
  keptForMs: number | undefined,
  now: () => number = Date.now,
): PunchRetention {
  return {
    keptForMs,
    async raiseIn(tx, deviceId) {
      if (keptForMs === undefined) return
      await tx.devices.lock(deviceId)
      const utcMs = now() - keptForMs
      const from = packedTimeAt(zoneAt(await readZoneHistory(tx, deviceId), utcMs), utcMs)
      if (from !== undefined) await tx.devices.raisePunchesFrom(deviceId, from)
    },
  }
}

/** What a terminal's clock showed. */
function packedTimeAt(timezone: string, utcMs: number): number | undefined {
  return packedWall(deviceZone(timezone).wallClockAt(utcMs))
}

/** A wall time, in milliseconds as if it were UTC; undefined for one before those that a terminal can show. */
export function packedWall(wallMs: number): number | undefined {
  const wall = new Date(wallMs)
  if (wall.getUTCFullYear() < FIRST_YEAR) return undefined
  return packTime({
    year: wall.getUTCFullYear(),
    month: wall.getUTCMonth() + 1,
    day: wall.getUTCDate(),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
    second: wall.getUTCSeconds(),
  })
}

/** Of terminals' clocks. */
const FIRST_YEAR = 2000
