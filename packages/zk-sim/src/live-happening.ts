// What happens at the terminal, as it is told to clients that asked for live events: a punch in the form of the model,
// the events that come before and after it, enrolments, the door, keys and alarms.
// Source: docs/protocol §17, §18.2 to §18.4 and §26.8.
import {
  EVENTS,
  liveAlarm12,
  liveEnrolment14,
  liveEnrolment6,
  livePunch10,
  livePunch12,
  livePunch14,
  livePunch32,
  livePunch36,
  livePunch37,
  livePunch52,
  liveSample,
  liveVerification,
  putU16,
  spellTime,
  unpackTime,
  type PersonLayoutName,
} from '@org/zk-proto/wire'
import type { PersonTruth } from './person-record.ts'
import type { PunchTruth } from './punch-record.ts'

/** Lengths in which a terminal tells of a punch. */
export type PunchEventBytes = 10 | 12 | 14 | 32 | 36 | 37 | 52

/** One live event, as yet for nobody. */
export interface Happening {
  /** Its code, see EVENTS. */
  readonly event: number
  readonly payload: Uint8Array
}

/** How somebody was met who showed a finger, a card, a face or a code. */
export interface Meeting {
  readonly byFinger: boolean
  /** Undefined: nobody the terminal knows, or nobody it lets in. */
  readonly person: PersonTruth | undefined
  /** The record; undefined: nothing was recorded. */
  readonly punch: PunchTruth | undefined
  readonly doorOpened: boolean
}

const NOBODY = 0xffff_ffff
const VERIFIED = 1
const DENIED_BIT = 0x80
const HIGHEST_U16 = 0xffff
const HIGHEST_U32 = 0xffff_ffff
const NO_DATA = new Uint8Array(0)

/** A finger was placed. */
export const touched: Happening = { event: EVENTS.FINGER, payload: NO_DATA }

/** The door was opened. What the event carries is not documented. */
export const unlocked: Happening = { event: EVENTS.UNLOCK, payload: NO_DATA }

/** The events of a meeting, in the order in which they are sent. */
export function happeningsOf(
  { byFinger, person, punch, doorOpened }: Meeting,
  form: PunchEventBytes,
): Happening[] {
  const uid = person?.uid ?? NOBODY
  return [
    ...(byFinger ? [touched] : []),
    { event: EVENTS.VERIFY, payload: liveVerification.encode({ uid, flag: VERIFIED }) },
    ...(person === undefined || punch === undefined
      ? []
      : [{ event: EVENTS.ATTLOG, payload: encodePunchEvent(form, person, punch) }]),
    ...(doorOpened ? [unlocked] : []),
  ]
}

/** Somebody was added at the terminal's menu. Source: docs/protocol §18.2. */
export function personAdded(uid: number): Happening {
  const payload = new Uint8Array(2)
  putU16(payload, 0, uid)
  return { event: EVENTS.ENROLLUSER, payload }
}

/** A key was pressed. Source: docs/protocol §18.2. */
export function keyPressed(key: number): Happening {
  return { event: EVENTS.BUTTON, payload: Uint8Array.of(key) }
}

/** What the terminal thinks of one press of an enrolment: 100 good, 0 bad. Source: docs/protocol §18.2. */
export function sampled(score: number): Happening {
  return { event: EVENTS.FPFTR, payload: liveSample.encode({ score }) }
}

/** The number of how an enrolment ended; 0 is success. Source: docs/protocol §17. */
export const ENROLMENT_RESULTS = { enrolled: 0, failed: 4, duplicate: 5, cancelled: 6 } as const

/** An enrolment ended without a template. */
export function enrolmentFailed(result: number): Happening {
  const payload = new Uint8Array(2)
  putU16(payload, 0, result)
  return { event: EVENTS.ENROLLFINGER, payload }
}

/** A finger was enrolled, told in the form that goes with the terminal's people. Source: docs/protocol §17. */
export function fingerEnrolled(
  layout: PersonLayoutName,
  { pin, finger, templateBytes }: { pin: string; finger: number; templateBytes: number },
): Happening {
  const result = ENROLMENT_RESULTS.enrolled
  const { size } = liveEnrolment14.fields.pin
  return {
    event: EVENTS.ENROLLFINGER,
    payload:
      layout === 'person/72'
        ? liveEnrolment14.encode({ result, templateBytes, pin: pin.slice(0, size), finger })
        : liveEnrolment6.encode({ result, templateBytes, finger }),
  }
}

/** Alarms that the terminal raises by itself, with their numbers. Source: docs/protocol §18.4. */
const ALARM_NUMBERS = { misoperation: 58, tamper: 55, exitButton: 53 } as const
const DOOR_CLOSED = 54
const PERSON_ALARM_NUMBERS = { duress: 0x20, antiPassback: 0x22 } as const
const SHORT_ALARM_BYTES = 4
const DOOR_ALARM_BYTES = 8

/** An alarm that names nobody. */
export type TerminalAlarm = keyof typeof ALARM_NUMBERS

/** An alarm that names a person. */
export type PersonAlarm = keyof typeof PERSON_ALARM_NUMBERS

/** An alarm of the terminal itself. */
export function alarmRaised(alarm: TerminalAlarm): Happening {
  return { event: EVENTS.ALARM, payload: numberIn(SHORT_ALARM_BYTES, ALARM_NUMBERS[alarm]) }
}

/** A door that stood open is shut. Source: docs/protocol §18.4. */
export const doorClosed: Happening = { event: EVENTS.ALARM, payload: numberIn(DOOR_ALARM_BYTES, DOOR_CLOSED) }

/** An alarm of a person. The sources disagree on the order of its two numbers. Source: docs/protocol §18.4. */
export function personAlarmRaised(
  alarm: PersonAlarm,
  { uid, finger, verifyMode }: { uid: number; finger: number; verifyMode: number },
  order: 'alarm-first' | 'finger-first',
): Happening {
  const number = PERSON_ALARM_NUMBERS[alarm]
  const numbers = order === 'alarm-first' ? { first: number, second: uid } : { first: finger, second: number }
  return {
    event: EVENTS.ALARM,
    payload: liveAlarm12.encode({ marker: NOBODY, ...numbers, matchingWay: verifyMode }),
  }
}

interface Facts {
  readonly person: PersonTruth
  readonly verifyMode: number
  readonly punchState: number
  readonly spelledTime: Uint8Array
  readonly workCode: number
}

const ENCODERS: Readonly<Record<PunchEventBytes, (facts: Facts) => Uint8Array>> = {
  10: (facts) => livePunch10.encode({ ...facts, pinNumber: numberOf(facts.person, HIGHEST_U16) }),
  12: (facts) => livePunch12.encode({ ...facts, pinNumber: numberOf(facts.person, HIGHEST_U32) }),
  14: (facts) => livePunch14.encode({ ...facts, pinNumber: numberOf(facts.person, HIGHEST_U16) }),
  32: (facts) => livePunch32.encode({ ...facts, pin: facts.person.pin }),
  36: (facts) => livePunch36.encode({ ...facts, pin: facts.person.pin }),
  37: (facts) => livePunch37.encode({ ...facts, pin: facts.person.pin }),
  52: (facts) => livePunch52.encode({ ...facts, pin: facts.person.pin }),
}

function encodePunchEvent(form: PunchEventBytes, person: PersonTruth, punch: PunchTruth): Uint8Array {
  const { packedTime, verifyMode, state, denied, workCode } = punch
  return ENCODERS[form]({
    person,
    verifyMode: verifyMode ?? 0,
    // The log of a panel has the reason of a refusal alone, its events have bit 7 beside it.
    punchState: denied ? state | DENIED_BIT : state,
    spelledTime: spellTime(unpackTime(packedTime)),
    workCode: workCode ?? 0,
  })
}

/** The number of a person in a short form: the pin, or the uid where that is no number or does not fit. */
function numberOf({ uid, pin }: PersonTruth, highest: number): number {
  return /^\d+$/u.test(pin) && Number(pin) <= highest ? Number(pin) : uid
}

function numberIn(bytes: number, number: number): Uint8Array {
  const payload = new Uint8Array(bytes)
  putU16(payload, 0, number)
  return payload
}
