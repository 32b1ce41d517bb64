// The terminal's clock: wall time without a zone, as its screen shows it. It is kept true to an IANA zone and
// may be wrong by a drift, or by whatever somebody set it to.
import { isRealWallTime, parseWallTime } from '@org/zk-proto/wire'

const SECOND_MS = 1000

/** How a clock is made. */
export interface ClockOptions {
  /** IANA name of the zone whose wall time the clock shows. Default: UTC. */
  zone?: string
  /** Seconds by which the clock is fast (slow when negative). Default: 0. */
  driftSeconds?: number
  /** Milliseconds since 1970 in UTC: where the time comes from. Default: `Date.now`. */
  now?: () => number
}

/** A clock that shows wall time and can be set. */
export class TerminalClock {
  readonly zone: string
  readonly #now: () => number
  readonly #format: Intl.DateTimeFormat
  #offMs: number

  /** @throws RangeError when the zone is not known. */
  constructor(options: ClockOptions = {}) {
    this.zone = options.zone ?? 'UTC'
    this.#now = options.now ?? Date.now
    this.#format = wallFormat(this.zone)
    this.#offMs = (options.driftSeconds ?? 0) * SECOND_MS
  }

  /** Milliseconds since 1970 in UTC, whatever the clock shows. */
  nowMs(): number {
    return this.#now()
  }

  /** What the clock shows: `YYYY-MM-DDTHH:MM:SS`. */
  read(): string {
    return spell(this.#trueWallMs() + this.#offMs)
  }

  /**
   * Sets the clock; it runs on from there.
   * @throws RangeError when there is no such wall time.
   */
  set(wallTime: string): void {
    this.#offMs = wallMs(wallTime) - this.#trueWallMs()
  }

  /** Seconds by which it is fast; negative: slow. */
  get driftSeconds(): number {
    return this.#offMs / SECOND_MS
  }

  /** The zone's wall time, counted as if it were UTC, in whole seconds. */
  #trueWallMs(): number {
    const fields = new Map(
      this.#format.formatToParts(this.#now()).map(({ type, value }) => [type, Number(value)]),
    )
    const field = (name: Intl.DateTimeFormatPartTypes): number => fields.get(name) ?? 0
    return Date.UTC(
      field('year'),
      field('month') - 1,
      field('day'),
      field('hour'),
      field('minute'),
      field('second'),
    )
  }
}

/**
 * A wall time counted as if it were UTC, in milliseconds since 1970: for arithmetic on the plain calendar.
 * @throws RangeError when there is no such moment between 2000 and 2099, ZkUsageError for another spelling.
 */
export function wallMs(wallTime: string): number {
  const time = parseWallTime(wallTime)
  if (!isRealWallTime(time)) throw new RangeError(`there is no ${wallTime} on a terminal's calendar`)
  return Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second)
}

function spell(wall: number): string {
  return new Date(wall).toISOString().slice(0, 19)
}

/** One format a zone: each holds tens of kilobytes, and five hundred terminals of one site share theirs. */
const wallFormats = new Map<string, Intl.DateTimeFormat>()

function wallFormat(zone: string): Intl.DateTimeFormat {
  const known = wallFormats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  wallFormats.set(zone, format)
  return format
}
