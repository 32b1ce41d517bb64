// Who a terminal is and how full it is, from half a dozen small questions. Source: docs/protocol §9 to §11.
import { readClock, readOption, readVersion } from '../commands/terminal.ts'
import { ZkRefusedError } from '../errors.ts'
import type { ZkError } from '../errors.ts'
import type { Capacity } from '../records/capacity.ts'
import { ask, isUntold, refusal, request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import type { Millis } from '../session/session.ts'
import { unpackTime } from '../wall-time.ts'
import type { WallTime } from '../wall-time.ts'
import { capacityIfTold } from './read-attendance.ts'

/** How many there are and how many there can be. */
export interface CountOf {
  readonly count: number
  readonly capacity: number
}

/** What a terminal told of itself. null where it does not say. */
export interface TerminalIdentity {
  readonly model: string | null
  readonly platform: string | null
  readonly firmware: string | null
  readonly serialNumber: string | null
  readonly mac: string | null
  readonly fingerprintVersion: string | null
  readonly faceVersion: string | null
  readonly people: CountOf | null
  readonly fingerprints: CountOf | null
  readonly faces: CountOf | null
  readonly records: CountOf | null
}

/** A reading of the terminal's clock. */
export interface ClockReading {
  readonly time: WallTime
  /** From asking to the answer, in milliseconds: the clock was read somewhere within. */
  readonly roundTripMs: Millis
}

/** A reading of the clock, or why there is none: refused, or answered in a form that cannot be read. */
export type ClockIfTold =
  | { readonly clock: ClockReading; readonly clockFault: undefined }
  | { readonly clock: undefined; readonly clockFault: ZkError }

/** The value of an option; undefined when the terminal does not know it. Throws what else it refuses with. */
export function* optionIfKnown(name: string): Procedure<string | undefined> {
  const answer = yield* request(readOption, name)
  if (readOption.accepts.includes(answer.code)) return readOption.reply.decode(answer.payload).value
  const error = refusal(readOption, answer)
  if (error instanceof ZkRefusedError) return undefined
  throw error
}

/** The clock, with the time it took to ask. */
export function* clockReading(): Procedure<ClockReading> {
  const answer = yield* request(readClock, undefined)
  if (!readClock.accepts.includes(answer.code)) throw refusal(readClock, answer)
  return { time: unpackTime(readClock.reply.decode(answer.payload).time), roundTripMs: answer.tookMs }
}

function* firstKnown(...names: readonly string[]): Procedure<string | null> {
  for (const name of names) {
    const value = yield* optionIfReadable(name)
    if (value !== undefined && value !== '') return value
  }
  return null
}

function* optionIfReadable(name: string): Procedure<string | undefined> {
  try {
    return yield* optionIfKnown(name)
  } catch (error) {
    if (isUntold(error)) return undefined
    throw error
  }
}

function* versionIfTold(): Procedure<string | null> {
  try {
    return yield* ask(readVersion, undefined)
  } catch (error) {
    if (isUntold(error)) return null
    throw error
  }
}

/** The clock, or why it could not be read. */
function* clockIfTold(): Procedure<ClockIfTold> {
  try {
    return { clock: yield* clockReading(), clockFault: undefined }
  } catch (error) {
    if (isUntold(error)) return { clock: undefined, clockFault: error }
    throw error
  }
}

function countOf(count: number | undefined, capacity: number | undefined): CountOf | null {
  return count === undefined || capacity === undefined ? null : { count, capacity }
}

/** Identity, counts and, last of all, the clock. What the terminal refuses to tell is null, or undefined with its reason. */
export function* readIdentity(): Procedure<{ readonly identity: TerminalIdentity } & ClockIfTold> {
  const capacity: Capacity = yield* capacityIfTold()
  const identity: TerminalIdentity = {
    model: yield* firstKnown('~DeviceName'),
    platform: yield* firstKnown('~Platform'),
    firmware: yield* versionIfTold(),
    serialNumber: yield* firstKnown('~SerialNumber'),
    mac: yield* firstKnown('MAC'),
    fingerprintVersion: yield* firstKnown('~ZKFPVersion'),
    faceVersion: yield* firstKnown('ZKFaceVersion', '~ZKFaceVersion'),
    people: countOf(capacity.people, capacity.personCapacity),
    fingerprints: countOf(capacity.fingerprints, capacity.fingerprintCapacity),
    faces: countOf(capacity.faces, capacity.faceCapacity),
    records: countOf(capacity.records, capacity.recordCapacity),
  }
  return { identity, ...(yield* clockIfTold()) }
}
