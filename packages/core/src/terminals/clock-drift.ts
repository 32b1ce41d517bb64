// How far a terminal's clock is off: what it shows against what a clock of its zone shows in the middle of the round trip.
import { ZkRefusedError, formatWallTime, type Terminal } from '@org/zk-proto'
import { deviceZone, wallClockMs } from '../device-zone.ts'

/** A reading of the terminal's clock. */
export interface ClockReading {
  /** YYYY-MM-DDTHH:MM:SS, without zone. */
  readonly wallTime: string
  /** Our clock in the middle of the round trip, in milliseconds since 1970. */
  readonly readAtMs: number
}

/** A clock that shows whole seconds is, on average, half a second ahead of what it shows. */
const HALF_A_SECOND_MS = 500

/** The terminal's clock minus ours, in whole seconds; null where the reading is no real date. */
export function clockDriftSeconds(reading: ClockReading, zone: string): number | null {
  const shown = wallClockMs(reading.wallTime)
  if (shown === undefined) return null
  const right = deviceZone(zone).wallClockAt(reading.readAtMs)
  return Math.round((shown + HALF_A_SECOND_MS - right) / 1000) + 0
}

/** Reads the clock of a terminal and compares; null where it does not tell. */
export async function measureClockDrift(
  terminal: Terminal,
  zone: string,
  signal: AbortSignal,
): Promise<number | null> {
  const askedAtMs = Date.now()
  try {
    const wallTime = formatWallTime(await terminal.readTime({ signal }))
    return clockDriftSeconds({ wallTime, readAtMs: (askedAtMs + Date.now()) / 2 }, zone)
  } catch (error) {
    if (error instanceof ZkRefusedError) return null
    throw error
  }
}
