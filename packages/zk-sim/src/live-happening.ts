// What happens at the terminal, as it is told to clients that asked for live events: a punch in the form of the model,
// and the events that come before and after it. Source: docs/protocol §18.2, §18.3 and §26.8.
import {
  EVENTS,
  livePunch10,
  livePunch12,
  livePunch14,
  livePunch32,
  livePunch36,
  livePunch37,
  livePunch52,
  liveVerification,
  spellTime,
  unpackTime,
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
  /** Undefined: nobody the terminal knows. */
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

/** The events of a meeting, in the order in which they are sent. */
export function happeningsOf(
  { byFinger, person, punch, doorOpened }: Meeting,
  form: PunchEventBytes,
): Happening[] {
  const uid = person?.uid ?? NOBODY
  return [
    ...(byFinger ? [{ event: EVENTS.FINGER, payload: NO_DATA }] : []),
    { event: EVENTS.VERIFY, payload: liveVerification.encode({ uid, flag: VERIFIED }) },
    ...(person === undefined || punch === undefined
      ? []
      : [{ event: EVENTS.ATTLOG, payload: encodePunchEvent(form, person, punch) }]),
    // What it carries is not documented.
    ...(doorOpened ? [{ event: EVENTS.UNLOCK, payload: NO_DATA }] : []),
  ]
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
