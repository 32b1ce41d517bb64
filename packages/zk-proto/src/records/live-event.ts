// What live events carry: punches in seven lengths, touches, samples, alarms. An event of a form that is not known is
// handed out as it came; nothing here fails. How events travel is the session's business. Source: docs/protocol §18.
import { latin1Text, u16At, u32At, u8At, endOfText } from '../bytes.ts'
import { eventName, EVENTS } from '../codes.ts'
import { ascii, bytes, layout, opaque, u16, u32, u8 } from '../layout.ts'
import { formatWallTime, isRealWallTime, packTime, readSpelledTime } from '../wall-time.ts'

/** The 10-byte punch event of ZEM560. Source: docs/protocol §18.3, vector "attlog 10". */
export const livePunch10 = layout('livePunch/10', 10, {
  pinNumber: u16(0),
  verifyMode: u8(2),
  punchState: u8(3),
  spelledTime: bytes(4, 6),
})

/** The 12-byte punch event of ZEM6xx and access panels. Source: docs/protocol §18.3, capture rt-attlog-12. */
export const livePunch12 = layout('livePunch/12', 12, {
  pinNumber: u32(0),
  verifyMode: u8(4),
  punchState: u8(5),
  spelledTime: bytes(6, 6),
})

/** The 14-byte punch event of ZEM560 over UDP. Source: docs/protocol §18.3, capture rt-attlog-14-udp-denied. */
export const livePunch14 = layout('livePunch/14', 14, {
  pinNumber: u16(0),
  verifyMode: u8(2),
  punchState: u8(3),
  spelledTime: bytes(4, 6),
  unknown10: opaque(10, 4), // 0 in every event seen
})

const fields32 = {
  pin: ascii(0, 24),
  verifyMode: u8(24),
  punchState: u8(25),
  spelledTime: bytes(26, 6),
} as const

/** The 32-byte punch event of TFT terminals. Source: docs/protocol §18.3, capture rt-attlog-32-face. */
export const livePunch32 = layout('livePunch/32', 32, fields32)

/** The 36-byte punch event; its tail is taken to be the work code. Source: docs/protocol §18.3, vector "attlog 36". */
export const livePunch36 = layout('livePunch/36', 36, { ...fields32, workCode: u32(32) })

/** The 37-byte punch event of uFace. Source: docs/protocol §18.3, vector "attlog 37". */
export const livePunch37 = layout('livePunch/37', 37, { ...fields32, unknown32: opaque(32, 5) })

/** The 52-byte punch event of newer terminals; several may come in one packet. Source: docs/protocol §18.3. */
export const livePunch52 = layout('livePunch/52', 52, { ...fields32, unknown32: opaque(32, 20) })

/** The score of one press during an enrolment: 100 good, 0 bad. Source: docs/protocol §18.2, capture rt-fpscore-1. */
export const liveSample = layout('liveSample', 1, { score: u8(0) })

/** Who was recognised; 0xffffffff for nobody. Source: docs/protocol §18.2, capture rt-verify-ok-5. */
export const liveVerification = layout('liveVerification', 5, { uid: u32(0), flag: u8(4) })

/** The end of an enrolment that succeeded on TFT terminals. Source: docs/protocol §17, vector "enroll result ok". */
export const liveEnrolment14 = layout('liveEnrolment/14', 14, {
  result: u16(0),
  templateBytes: u16(2),
  pin: ascii(4, 9),
  finger: u8(13),
})

/** The end of an enrolment that succeeded on old terminals. Source: docs/protocol §17. */
export const liveEnrolment6 = layout('liveEnrolment/6', 6, {
  result: u16(0),
  templateBytes: u16(2),
  finger: u16(4),
})

/** An alarm that names a person. Which of the two numbers is the alarm differs. Source: docs/protocol §18.4. */
export const liveAlarm12 = layout('liveAlarm/12', 12, {
  marker: u32(0), // all bits set
  first: u16(4),
  second: u16(6),
  matchingWay: u32(8),
})

interface LiveFacts {
  /** The event's number and name, see EVENTS. */
  readonly event: number
  readonly name: string
  /** The data as they came. */
  readonly raw: Uint8Array
}

/** Someone was recognised and recorded, or was refused by an access panel (`denied`), which is no punch. */
export interface LivePunch extends LiveFacts {
  readonly type: 'punch'
  /** In the short forms the number that stands there: on those terminals uid and pin are equal as a rule. */
  readonly pin: string
  /** `YYYY-MM-DDTHH:MM:SS` on the terminal's clock, exactly as sent, also when there is no such moment. */
  readonly wallTime: string
  /** The same as the log packs it; undefined when it cannot be packed. */
  readonly packedTime: number | undefined
  readonly validTime: boolean
  readonly verifyMode: number
  /** As sent: an access panel's refusal has bit 7 set and its reason in the bits below. */
  readonly state: number
  readonly denied: boolean
  readonly workCode: number | undefined
}

/** Who is behind an alarm, or what. */
export type AlarmName =
  | 'misoperation'
  | 'tamper'
  | 'exit button'
  | 'door closed'
  | 'duress'
  | 'anti-passback'
  | 'unknown'

/** How an enrolment ended. */
export type EnrolmentResult = 'enrolled' | 'failed' | 'duplicate' | 'cancelled'

/** Something that happened at the terminal. */
export type LiveEvent =
  | LivePunch
  /** A finger was placed, known or not. */
  | (LiveFacts & { readonly type: 'touch' })
  /** One press of an enrolment: 100 good, 0 bad. */
  | (LiveFacts & { readonly type: 'sample'; readonly score: number })
  /** Recognition ended; `uid` is undefined for nobody. A punch event follows when it is recorded. */
  | (LiveFacts & { readonly type: 'verification'; readonly uid: number | undefined })
  /** A person was enrolled at the terminal. */
  | (LiveFacts & { readonly type: 'person'; readonly uid: number })
  /** An enrolment ended. Fields beside the result are there when it succeeded. */
  | (LiveFacts & {
      readonly type: 'enrolment'
      readonly result: EnrolmentResult
      readonly resultCode: number
      readonly templateBytes: number | undefined
      readonly pin: string | undefined
      readonly finger: number | undefined
    })
  | (LiveFacts & { readonly type: 'button'; readonly key: number })
  /** The door was opened. Its data are not known. */
  | (LiveFacts & { readonly type: 'unlock' })
  | (LiveFacts & {
      readonly type: 'alarm'
      readonly alarm: AlarmName
      readonly alarmCode: number
      readonly uid: number | undefined
      readonly matchingWay: number | undefined
    })
  /** A form or a number that is not known. */
  | (LiveFacts & { readonly type: 'unknown' })

const DENIED_BIT = 0x80
const NO_STATE = 255
const NOBODY = 0xffffffff
const REPEATED_FORM = livePunch52.sizeBytes

/** Reads an event. One packet may hold several punches, so there is at least one result. Nothing throws. */
export function decodeLiveEvents(event: number, payload: Uint8Array): LiveEvent[] {
  const facts: LiveFacts = { event, name: eventName(event), raw: payload }
  if (event === EVENTS.ATTLOG) return punches(facts)
  return [otherEvent(facts) ?? { ...facts, type: 'unknown' }]
}

function punches(facts: LiveFacts): LiveEvent[] {
  const { raw } = facts
  if (raw.length <= REPEATED_FORM) return [punch(facts) ?? { ...facts, type: 'unknown' }]
  const events: LiveEvent[] = []
  for (let at = 0; at < raw.length; at += REPEATED_FORM) {
    const piece = { ...facts, raw: raw.slice(at, at + REPEATED_FORM) }
    // What is left behind whole records is no record, whatever its length.
    const whole = piece.raw.length === REPEATED_FORM
    events.push((whole ? punch(piece) : undefined) ?? { ...piece, type: 'unknown' })
  }
  return events
}

function punch(facts: LiveFacts): LivePunch | undefined {
  const { raw } = facts
  if (raw.length === livePunch10.sizeBytes) return numbered(facts, livePunch10.decode(raw))
  if (raw.length === livePunch12.sizeBytes) return numbered(facts, livePunch12.decode(raw))
  if (raw.length === livePunch14.sizeBytes) return numbered(facts, livePunch14.decode(raw))
  if (raw.length < livePunch32.sizeBytes) return undefined
  const record = livePunch32.decode(raw)
  if (record.pin === '') return undefined
  const workCode = raw.length === livePunch36.sizeBytes ? livePunch36.decode(raw).workCode : undefined
  return punchOf(facts, record, record.pin, workCode)
}

interface PunchFields {
  readonly verifyMode: number
  readonly punchState: number
  readonly spelledTime: Uint8Array
}

function numbered(facts: LiveFacts, record: PunchFields & { readonly pinNumber: number }): LivePunch {
  return punchOf(facts, record, String(record.pinNumber), undefined)
}

function punchOf(
  facts: LiveFacts,
  record: PunchFields,
  pin: string,
  workCode: number | undefined,
): LivePunch {
  const time = readSpelledTime(record.spelledTime, 0)
  const validTime = isRealWallTime(time)
  const state = record.punchState
  return {
    ...facts,
    type: 'punch',
    pin,
    wallTime: formatWallTime(time),
    packedTime: validTime ? packTime(time) : undefined,
    validTime,
    verifyMode: record.verifyMode,
    state,
    denied: state !== NO_STATE && (state & DENIED_BIT) !== 0,
    workCode,
  }
}

function otherEvent(facts: LiveFacts): LiveEvent | undefined {
  const { raw } = facts
  switch (facts.event) {
    case EVENTS.FINGER:
      return { ...facts, type: 'touch' }
    case EVENTS.UNLOCK:
      return { ...facts, type: 'unlock' }
    case EVENTS.FPFTR:
      return raw.length === 0 ? undefined : { ...facts, type: 'sample', score: liveSample.decode(raw).score }
    case EVENTS.BUTTON:
      return raw.length === 0 ? undefined : { ...facts, type: 'button', key: u8At(raw, 0) }
    case EVENTS.ENROLLUSER:
      return raw.length === 2 ? { ...facts, type: 'person', uid: u16At(raw, 0) } : undefined
    case EVENTS.VERIFY: {
      if (raw.length < 4) return undefined
      const uid = u32At(raw, 0)
      return { ...facts, type: 'verification', uid: uid === NOBODY ? undefined : uid }
    }
    case EVENTS.ENROLLFINGER:
      return enrolment(facts)
    case EVENTS.ALARM:
      return alarm(facts)
    default:
      return undefined
  }
}

const ENROLMENT_RESULTS: ReadonlyMap<number, EnrolmentResult> = new Map([
  [0, 'enrolled'],
  [4, 'failed'],
  [5, 'duplicate'],
  [6, 'cancelled'],
])

function enrolment(facts: LiveFacts): LiveEvent | undefined {
  const { raw } = facts
  if (raw.length < 2) return undefined
  const resultCode = u16At(raw, 0)
  const result = ENROLMENT_RESULTS.get(resultCode) ?? 'failed'
  const ended = { ...facts, type: 'enrolment', result, resultCode } as const
  if (raw.length >= liveEnrolment14.sizeBytes) {
    const { templateBytes, finger } = liveEnrolment14.decode(raw)
    const { offset, size } = liveEnrolment14.fields.pin
    return { ...ended, templateBytes, finger, pin: latin1Text(raw, offset, endOfText(raw, offset, size)) }
  }
  if (raw.length === liveEnrolment6.sizeBytes) {
    const { templateBytes, finger } = liveEnrolment6.decode(raw)
    return { ...ended, templateBytes, finger, pin: undefined }
  }
  return { ...ended, templateBytes: undefined, finger: undefined, pin: undefined }
}

const SHORT_ALARMS: ReadonlyMap<number, AlarmName> = new Map([
  [58, 'misoperation'],
  [55, 'tamper'],
  [53, 'exit button'],
])
const DOOR_CLOSED = [54, 0x54]
const PERSON_ALARMS: ReadonlyMap<number, AlarmName> = new Map([
  [0x20, 'duress'],
  [0x22, 'anti-passback'],
])

function alarm(facts: LiveFacts): LiveEvent | undefined {
  const { raw } = facts
  if (raw.length === 0) return undefined
  const alarmCode = u8At(raw, 0)
  const short = { ...facts, type: 'alarm', alarmCode, uid: undefined, matchingWay: undefined } as const
  if (raw.length === 4) return { ...short, alarm: SHORT_ALARMS.get(alarmCode) ?? 'unknown' }
  if (raw.length === 8)
    return { ...short, alarm: DOOR_CLOSED.includes(alarmCode) ? 'door closed' : 'unknown' }
  if (raw.length !== liveAlarm12.sizeBytes) return { ...short, alarm: 'unknown' }
  const { first, second, matchingWay } = liveAlarm12.decode(raw)
  // The sources disagree on the order; whichever of the two is the number of an alarm is it.
  const asFirst = PERSON_ALARMS.get(first)
  if (asFirst !== undefined) {
    return { ...short, alarm: asFirst, alarmCode: first, uid: second, matchingWay }
  }
  // In the other order the first number is the duress finger and no person is named.
  const asSecond = PERSON_ALARMS.get(second)
  if (asSecond !== undefined) return { ...short, alarm: asSecond, alarmCode: second, matchingWay }
  return { ...short, alarm: 'unknown', alarmCode: second, matchingWay }
}
