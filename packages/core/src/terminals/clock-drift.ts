// How far a terminal's clock is off: what it shows against what a clock of its zone shows in the middle of the round trip.
import { formatWallTime, type Terminal } from '@org/zk-proto'
import { deviceZone, wallClockMs } from '../device-zone.ts'
import { ifTold } from './side-question.ts'

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

/** Reads the clock of a terminal and compares; null where it does not tell, or not what can be read. */
export async function measureClockDrift(
  terminal: Terminal,
  zone: string,
  signal: AbortSignal,
  deadlineMs?: number,
): Promise<number | null> {
  const askedAtMs = Date.now()
  const asked = deadlineMs === undefined ? { signal } : { signal, deadlineMs }
  const shown = await ifTold(terminal, terminal.readTime(asked))
  if (shown === undefined) return null
  const readAtMs = (askedAtMs + Date.now()) / 2
  return clockDriftSeconds({ wallTime: formatWallTime(shown), readAtMs }, zone)
}
