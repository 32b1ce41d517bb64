// A live event in the words of the log, so that both have one key: the log may hold uids where the event names a PIN, and numbers
// where it spells a text. Where that cannot be known for certain the event is left alone, and the log's own record is read.
import type { AttendanceLayoutName, LivePunch } from '@org/zk-proto'
import type { LoggedPunch } from './attendance-writer.ts'

/** Somebody on the terminal. */
export interface KnownPerson {
  readonly pin: string
  readonly uid: number | null
}

/** What has to be known of a device to name its punches. */
export interface NamingFacts {
  /** The form of its log's records; undefined while the log was never seen. */
  readonly layout: AttendanceLayoutName | undefined
  /** Who is on it; undefined while nobody can tell for certain. */
  readonly people: readonly KnownPerson[] | undefined
}

/** Forms of events that hold the PIN as a number, by their length. Source: docs/protocol §18.3. */
const NUMBER_BITS: ReadonlyMap<number, 16 | 32> = new Map([
  [10, 16],
  [12, 32],
  [14, 16],
])

/** What the log will say of this punch; undefined where that is not certain. */
export function inLogWords(event: LivePunch, facts: NamingFacts): LoggedPunch | undefined {
  const { packedTime, validTime, wallTime, state, verifyMode, workCode, denied } = event
  if (packedTime === undefined || !validTime) return undefined
  const name = nameOf(event, facts)
  if (name === undefined) return undefined
  return { ...name, packedTime, validTime, wallTime, state, verifyMode, workCode, denied }
}

/** Whether the people of the device must be known to name this one. */
export function needsPeople({ raw }: LivePunch, layout: AttendanceLayoutName | undefined): boolean {
  const bits = NUMBER_BITS.get(raw.length)
  if (layout === undefined || layout === 'attendance/8a' || layout === 'attendance/8b') return true
  return layout === 'attendance/16' ? bits === 16 : bits !== undefined
}

type Name = Pick<LoggedPunch, 'logNumber' | 'pin' | 'uid'>

function nameOf(event: LivePunch, { layout, people }: NamingFacts): Name | undefined {
  const bits = NUMBER_BITS.get(event.raw.length)
  switch (layout) {
    case 'attendance/8a':
    case 'attendance/8b': {
      const person = bits === undefined ? withPin(event.pin, people) : sameInAll(event.pin, bits, people)
      if (person === undefined || person.uid === null) return undefined
      return { logNumber: String(person.uid), uid: person.uid, pin: person.pin }
    }
    case 'attendance/16': {
      const pin = bits === 16 ? pinOfNumber(event.pin, bits, people) : event.pin
      if (pin === undefined || !isNumber(pin, 32)) return undefined
      return { logNumber: String(Number(pin)), uid: undefined, pin: String(Number(pin)) }
    }
    case undefined: {
      const person = sameInAll(event.pin, bits, people)
      return person && { logNumber: person.pin, uid: undefined, pin: person.pin }
    }
    case 'attendance/22':
    case 'attendance/40':
    case 'attendance/49':
    case 'attendance/40+':
    default: {
      const pin = bits === undefined ? event.pin : pinOfNumber(event.pin, bits, people)
      return pin === undefined ? undefined : { logNumber: pin, uid: undefined, pin }
    }
  }
}

function withPin(pin: string, people: NamingFacts['people']): KnownPerson | undefined {
  return people?.find((person) => person.pin === pin)
}

/** The only PIN that is spelled with this number, of which the upper bits may be lost. */
function pinOfNumber(number: string, bits: 16 | 32, people: NamingFacts['people']): string | undefined {
  const fitting = people?.filter(({ pin }) => isNumber(pin, 32) && Number(pin) % 2 ** bits === Number(number))
  return fitting?.length === 1 ? fitting[0]?.pin : undefined
}

/** Somebody whose uid and PIN are one number, spelled in one way: every form of record and event names them alike. */
function sameInAll(
  number: string,
  bits: 16 | 32 | undefined,
  people: NamingFacts['people'],
): KnownPerson | undefined {
  const pin = bits === undefined ? number : pinOfNumber(number, bits, people)
  const person = pin === undefined ? undefined : withPin(pin, people)
  return person !== undefined && person.uid !== null && String(person.uid) === person.pin ? person : undefined
}

function isNumber(text: string, bits: number): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** bits
}
