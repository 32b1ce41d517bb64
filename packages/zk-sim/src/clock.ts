// The terminal's clock: wall time without a zone, as its screen shows it. It is kept true to an IANA zone and
// may be wrong by a drift, or by whatever somebody set it to. Its calendar ends with 2099 and begins anew with 2000, so that
// it always shows what the terminal's own form can hold.
import { isRealWallTime, parseWallTime } from '@org/zk-proto/wire'

const SECOND_MS = 1000
const CALENDAR_START_MS = Date.UTC(2000, 0, 1)
const CALENDAR_MS = Date.UTC(2100, 0, 1) - CALENDAR_START_MS
/** A clock that is wrong by more than its whole calendar is none. */
const MOST_DRIFT_SECONDS = CALENDAR_MS / SECOND_MS

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

  /** @throws RangeError when the zone is not known, or the drift no number of seconds within a hundred years. */
  constructor(options: ClockOptions = {}) {
    const { driftSeconds = 0 } = options
    if (!(Math.abs(driftSeconds) <= MOST_DRIFT_SECONDS))
      throw new RangeError(`expected a drift within ${MOST_DRIFT_SECONDS} seconds, got ${driftSeconds}`)
    this.zone = options.zone ?? 'UTC'
    this.#now = options.now ?? Date.now
    this.#format = wallFormat(this.zone)
    this.#offMs = driftSeconds * SECOND_MS
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
    this.#offMs = (wallMs(wallTime) - this.#trueWallMs()) % CALENDAR_MS
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

/** Beyond an end of the calendar it goes on from the other one. */
function spell(wall: number): string {
  const since = (wall - CALENDAR_START_MS) % CALENDAR_MS
  const within = since < 0 ? since + CALENDAR_MS : since
  return new Date(CALENDAR_START_MS + within).toISOString().slice(0, 19)
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
