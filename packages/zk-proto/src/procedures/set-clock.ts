// Setting a terminal's clock and looking whether it took. Source: docs/protocol §11.3.
import { writeClock } from '../commands/terminal.ts'
import { ZkUsageError } from '../errors.ts'
import { ask } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { formatWallTime, isRealWallTime, packTime } from '../wall-time.ts'
import type { WallTime } from '../wall-time.ts'
import { makeItCount, notKept } from './after-writing.ts'
import { clockReading } from './read-info.ts'

/** What the clock showed before and what it showed after, both on the terminal's clock. */
export interface ClockSet {
  readonly before: WallTime
  readonly after: WallTime
}

/** More than this beside the time for asking, and the clock was not set. */
const TOLERANCE_SECONDS = 5

/** Throws ZK_VALUE_OUT_OF_RANGE for a time that the clock cannot show, ZK_REFUSED when it did not keep it. */
export function* setClock(time: WallTime): Procedure<ClockSet> {
  const packed = packTime(time)
  if (!isRealWallTime(time)) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `There is no such day: ${formatWallTime(time)}`)
  }
  const { time: before } = yield* clockReading()
  yield* ask(writeClock, { time: packed })
  yield* makeItCount()
  const { time: after, roundTripMs } = yield* clockReading()
  const ahead = secondsOf(after) - secondsOf(time)
  if (ahead < -1 || ahead > TOLERANCE_SECONDS + roundTripMs / 1000) {
    throw notKept(`its clock being set to ${formatWallTime(time)}`, {
      asked: formatWallTime(time),
      shows: formatWallTime(after),
    })
  }
  return { before, after }
}

function secondsOf({ year, month, day, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}
