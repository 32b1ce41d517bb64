// Which punches are wanted: by the time on the terminal's clock, by person, and whether attempts that a door refused count.
// Terminals send the whole log whatever is wanted, so choosing comes after reading. Source: docs/protocol §13.7.
import { ZkUsageError } from '../errors.ts'
import { isRealWallTime, packTime, parseWallTime } from '../wall-time.ts'
import type { Punch } from './punch.ts'

/** What is wanted; everything that is given must hold. */
export interface PunchChoice {
  /**
   * Attempts that an access panel refused stand in the same log and are no punches. `leave-out`, the default; `mark`: they
   * come with the others and have `denied`; `only`: they and nothing else.
   */
  readonly denied?: 'leave-out' | 'mark' | 'only'
  /** Not earlier: `YYYY-MM-DDTHH:MM:SS` or `YYYY-MM-DD` on the terminal's clock. */
  readonly since?: string
  /** Not later; a day without a time is wanted to its end. */
  readonly until?: string
  /** Of these people: pins, or uids in decimal where the log has no pins; see `Punch.logNumber`. A string is one of them. */
  readonly pins?: Iterable<string>
}

const DENIED: readonly unknown[] = ['leave-out', 'mark', 'only']
const DAY = /^\d{4}-\d{2}-\d{2}$/

/**
 * Whether a punch is wanted. A record whose date does not exist stands where its numbers put it: 30 February lies between
 * 29 February and 1 March. Throws ZK_VALUE_OUT_OF_RANGE for a time that is none, and for a choice that would quietly choose
 * nothing: pins that are numbers. One text is one pin.
 */
export function punchChooser(choice: PunchChoice): (punch: Punch) => boolean {
  const { denied = 'leave-out', since, until, pins } = choice
  if (!DENIED.includes(denied)) {
    throw outOfRange(`Refused attempts are wanted as leave-out, mark or only, got ${denied}`)
  }
  const earliest = since === undefined ? undefined : packedMoment(since, 'T00:00:00')
  const latest = until === undefined ? undefined : packedMoment(until, 'T23:59:59')
  const wanted = pins === undefined ? undefined : pinSet(pins)
  return (punch) =>
    (denied === 'mark' || punch.denied === (denied === 'only')) &&
    (earliest === undefined || punch.packedTime >= earliest) &&
    (latest === undefined || punch.packedTime <= latest) &&
    (wanted === undefined || wanted.has(punch.logNumber))
}

/** The punches that are wanted, in their order; the same list when all of them are. */
export function choosePunches(
  punches: readonly Punch[],
  chooser: (punch: Punch) => boolean,
): readonly Punch[] {
  const first = punches.findIndex((punch) => !chooser(punch))
  return first === -1 ? punches : punches.filter((punch, i) => i < first || (i > first && chooser(punch)))
}

/** Pins to choose by. Throws ZK_VALUE_OUT_OF_RANGE unless they are texts. */
export function pinSet(pins: Iterable<string>): ReadonlySet<string> {
  const wanted = new Set(typeof pins === 'string' ? [pins] : pins)
  if ([...wanted].some((pin) => typeof pin !== 'string')) {
    throw outOfRange(`Pins are texts in a list, such as ['1042'], got ${JSON.stringify(pins)}`)
  }
  return wanted
}

/** Packed times are in the order of the clock, so that they are compared as numbers. */
function packedMoment(spelled: string, timeOfDay: string): number {
  const time = parseWallTime(DAY.test(spelled) ? spelled + timeOfDay : spelled)
  if (isRealWallTime(time)) return packTime(time)
  throw outOfRange(`There is no such moment between 2000 and 2099: ${spelled}`)
}

function outOfRange(message: string): ZkUsageError {
  return new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', message)
}
