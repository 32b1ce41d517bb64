// Enrolling a finger at the terminal: three presses, told as they happen, and the terminal back at its normal work
// afterwards, however it ends. Source: docs/protocol §17.
import {
  cancelCapture,
  startEnrolment,
  startEnrolmentByNumber,
  startVerification,
} from '../commands/enrolment.ts'
import { ALL_EVENTS } from '../commands/live.ts'
import { ZkRefusedError, ZkTransportError, ZkUsageError } from '../errors.ts'
import { decodeLiveEvents } from '../records/live-event.ts'
import type { EnrolmentResult } from '../records/live-event.ts'
import type { PersonLayoutName } from '../records/person.ts'
import { checkFinger, TEMPLATE_FLAGS, templateVersion } from '../records/template.ts'
import { ask, hear, tidyUp } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { askIfWilling, notKept } from './after-writing.ts'
import type { LiveRegistrations } from './live-events.ts'
import { lookForTemplate, readOneTemplate } from './read-templates.ts'
import { removeTemplate } from './write-templates.ts'

/** What happens during an enrolment. */
export type EnrolmentStep =
  /** The terminal prompts for the finger. */
  | { readonly type: 'started' }
  /** A finger was placed; `press` counts from 1. */
  | { readonly type: 'press'; readonly press: number }
  /** What the terminal thinks of that press. A bad one ends the enrolment on some firmware. */
  | { readonly type: 'sample'; readonly press: number; readonly good: boolean }

/** Why a finger was not enrolled; in `details.reason` of the ZK_REFUSED that is thrown. */
export type EnrolmentFailure = 'quality' | 'timeout' | 'duplicate' | 'cancelled' | 'unsupported'

export interface EnrolPlan {
  readonly uid: number
  readonly pin: string
  readonly finger: number
  /** The form of the terminal's people, which decides how it is asked. */
  readonly layout: PersonLayoutName
  /** A finger that opens the door and raises the duress alarm. */
  readonly duress: boolean
  /** Whether a template that the finger has already is deleted first. */
  readonly replace: boolean
  /** How long the terminal may be silent between two steps. */
  readonly stepMs: number
  readonly onStep: ((step: EnrolmentStep) => void) | undefined
  readonly registrations: LiveRegistrations
}

/** A finger that was enrolled. */
export interface EnrolledFinger {
  readonly finger: number
  /** Bytes of the template, as read back, or as the terminal told it where that was not possible; undefined when it did not. */
  readonly templateBytes: number | undefined
  /** Version of the algorithm behind it; undefined where the template does not tell. */
  readonly templateVersion: number | undefined
  /** The worst score of a press that the terminal told, up to 100; undefined when it told none. */
  readonly quality: number | undefined
  /** Whether the template was found when it was read back; false where this firmware knows no way to read one. */
  readonly confirmed: boolean
}

/**
 * Enrols a finger and reads its template back. Throws ZK_REFUSED with `details.reason` (an EnrolmentFailure, or `not_kept` when
 * the terminal tells of success and has no template), ZK_VALUE_OUT_OF_RANGE when the finger has a template already and is not
 * to be replaced, ZK_ABORTED, and whatever ends the connection.
 */
export function* enrolFinger(plan: EnrolPlan): Procedure<EnrolledFinger> {
  checkFinger(plan.finger)
  yield* makeRoom(plan)
  let enrolled: ToldEnrolment
  try {
    yield* plan.registrations.enter(ALL_EVENTS)
    yield* askIfWilling(cancelCapture, undefined)
    yield* forgetEarlierEvents()
    yield* start(plan)
    plan.onStep?.({ type: 'started' })
    enrolled = yield* followSteps(plan)
  } catch (error) {
    yield* backToWork(plan)
    throw isOutOfTime(error) ? failure('timeout', error) : error
  }
  yield* backToWork(plan)
  return yield* confirm(plan, enrolled)
}

/** What the terminal told of an enrolment that succeeded. */
type ToldEnrolment = Pick<EnrolledFinger, 'finger' | 'templateBytes' | 'quality'>

/** The event tells of success; the template proves it. */
function* confirm({ uid, finger }: EnrolPlan, told: ToldEnrolment): Procedure<EnrolledFinger> {
  const found = yield* lookForTemplate(uid, finger)
  if (found === 'absent') throw notKept('the enrolment', { uid, finger })
  if (found === 'untold') return { ...told, templateVersion: undefined, confirmed: false }
  const { bytes } = found
  return { ...told, templateBytes: bytes.length, templateVersion: templateVersion(bytes), confirmed: true }
}

/** The caller's deadline passed while nothing was asked: the terminal is there, the finger is not. */
function isOutOfTime(error: unknown): boolean {
  return (
    error instanceof ZkTransportError && error.code === 'ZK_TIMEOUT' && error.details['command'] === undefined
  )
}

function* makeRoom({ uid, pin, finger, replace }: EnrolPlan): Procedure<void> {
  if (replace) {
    yield* removeTemplate({ uid, pin }, finger)
    return
  }
  if ((yield* readOneTemplate(uid, finger)) === undefined) return
  throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `Finger ${finger} of uid ${uid} is enrolled already`, {
    details: { reason: 'finger_taken', uid, finger },
  })
}

/** The end of an enrolment that was just cancelled must not be taken for that of this one. */
function* forgetEarlierEvents(): Procedure<void> {
  while ((yield* hear(0)) !== undefined);
}

function* start(plan: EnrolPlan): Procedure<void> {
  const { pin, finger } = plan
  const flag = plan.duress ? TEMPLATE_FLAGS.duress : TEMPLATE_FLAGS.valid
  try {
    if (plan.layout === 'person/72') yield* ask(startEnrolment, { pin, finger, flag })
    else yield* ask(startEnrolmentByNumber, { pinNumber: Number(pin), finger })
  } catch (error) {
    if (error instanceof ZkRefusedError) throw failure('unsupported', error)
    throw error
  }
  // Makes it prompt; firmware that prompts by itself may refuse.
  yield* askIfWilling(startVerification, { uid: undefined })
}

function* followSteps(plan: EnrolPlan): Procedure<ToldEnrolment> {
  let press = 0
  let quality: number | undefined
  let bad = false
  for (;;) {
    const heard = yield* hear(plan.stepMs)
    // Much firmware accepts the enrolment and never tells of it.
    if (heard === undefined) throw failure(press === 0 ? 'timeout' : 'cancelled')
    for (const event of decodeLiveEvents(heard.event, heard.payload)) {
      if (event.type === 'touch') {
        press += 1
        plan.onStep?.({ type: 'press', press })
      } else if (event.type === 'sample') {
        const good = event.score > 0
        bad ||= !good
        quality = Math.min(quality ?? event.score, event.score)
        plan.onStep?.({ type: 'sample', press: Math.max(press, 1), good })
      } else if (event.type === 'enrolment') {
        if (event.result !== 'enrolled') throw failure(reasonOf(event.result, bad))
        return { finger: event.finger ?? plan.finger, templateBytes: event.templateBytes, quality }
      }
    }
  }
}

function reasonOf(result: Exclude<EnrolmentResult, 'enrolled'>, bad: boolean): EnrolmentFailure {
  if (result === 'duplicate') return 'duplicate'
  if (bad) return 'quality'
  return result === 'cancelled' ? 'cancelled' : 'timeout'
}

function* backToWork({ registrations }: EnrolPlan): Procedure<void> {
  yield* registrations.leave(ALL_EVENTS)
  yield* tidyUp(cancelCapture, undefined)
  yield* tidyUp(startVerification, { uid: undefined })
}

const FAILURES: Readonly<Record<EnrolmentFailure, string>> = {
  quality: 'the presses were not good enough',
  timeout: 'no finger came in time, or this firmware does not tell of presses',
  duplicate: 'the finger belongs to somebody already',
  cancelled: 'it was cancelled at the terminal, or took too long',
  unsupported: 'this firmware does not enrol over the network',
}

function failure(reason: EnrolmentFailure, cause?: unknown): ZkRefusedError {
  return new ZkRefusedError('ZK_REFUSED', `The finger was not enrolled: ${FAILURES[reason]}`, {
    details: { reason },
    cause,
  })
}
