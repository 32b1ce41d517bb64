// A terminal's clock that fell back so far, to the year 2000 as a rule, that what it records now looks older than punches are kept. The
// log is in the order in which it was recorded, so what comes behind a time that this clock has not reached yet was recorded since;
// and how long ago that was, the clock tells rightly.
import { formatPackedTime } from '@org/zk-proto'
import { wallClockMs } from '../device-zone.ts'
import { packedWall } from '../punch-retention.ts'

/** What has to be known of a clock. */
export interface ClockFacts {
  /** What it should show now, in milliseconds as if that were UTC. */
  readonly wallMs: number
  /** By how much it is ahead; negative: behind. */
  readonly driftMs: number
  /** The time, packed, from which the device's punches are kept. */
  readonly punchesFrom: number
}

/** The records of one log, in their order. */
export class FallenClock {
  readonly #since: number
  readonly #now: number
  #hasFallen = false

  /** Undefined for a clock that has not fallen so far. */
  static of({ wallMs, driftMs, punchesFrom }: ClockFacts): FallenClock | undefined {
    const now = packedWall(wallMs + driftMs)
    const keptFromMs = wallClockMs(formatPackedTime(punchesFrom))
    if (now === undefined || now >= punchesFrom || keptFromMs === undefined) return undefined
    return new FallenClock(packedWall(keptFromMs + driftMs) ?? 0, now)
  }

  /** Both packed, as this clock shows them: the time from which punches are kept, and now. */
  private constructor(since: number, now: number) {
    this.#since = since
    this.#now = now
  }

  /** To be asked of every record: whether it was recorded since the clock fell back, and is young enough to be kept. */
  hasRecently(packedTime: number): boolean {
    if (packedTime > this.#now) this.#hasFallen = true
    return this.#hasFallen && packedTime >= this.#since && packedTime <= this.#now
  }
}
