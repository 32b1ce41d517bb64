// Punch: one attendance record as users handle it, read lazily from the bytes of its batch so that a hundred thousand
// of them cost little. An AttendanceForm says where a layout keeps each fact.
import { endOfText, u16At, u32At, u8At } from '../bytes.ts'
import type { Field } from '../layout.ts'
import { formatPackedTime, isRealPackedTime } from '../wall-time.ts'
import { attendance16, attendance22, attendance40, attendance8a, attendance8b } from './attendance.ts'
import { pinTextAt } from './pin.ts'

/** `attendance/40+` is the 40-byte record with a tail of unknown length; the record size tells how long. */
export type AttendanceLayoutName =
  | 'attendance/8a'
  | 'attendance/8b'
  | 'attendance/16'
  | 'attendance/22'
  | 'attendance/40'
  | 'attendance/49'
  | 'attendance/40+'

/** What a layout keeps where it keeps no verify mode: a number that stands for no mode. */
export const NO_VERIFY_MODE = 255

/** The fields of a layout that say something about a punch. Who it was is a uid, a pin, a pin as a number, or two of them. */
export interface AttendanceFacts {
  readonly uid?: Field<number>
  readonly pin?: Field<string>
  readonly pinNumber?: Field<number>
  readonly time: Field<number>
  readonly verifyMode?: Field<number>
  readonly punchState: Field<number>
  readonly workCode?: Field<number>
}

/** How to read one record form in place. `at` is where the record begins. */
export interface AttendanceForm {
  readonly name: AttendanceLayoutName
  readonly recordSize: number
  readonly facts: AttendanceFacts
  uid(bytes: Uint8Array, at: number): number | undefined
  /** Undefined where the record names only a uid, or names nobody. */
  pin(bytes: Uint8Array, at: number): string | undefined
  verifyMode(bytes: Uint8Array, at: number): number
  punchState(bytes: Uint8Array, at: number): number
  workCode(bytes: Uint8Array, at: number): number | undefined
  /** Whether the record refuses someone at a door. */
  denied(state: number): boolean
  /** Whether the bytes look like a punch of this form. Source: docs/protocol §13.4. */
  plausible(bytes: Uint8Array, at: number): boolean
}

const NO_STATE = 255
const HIGHEST_STATE = 15
const DENIED_BIT = 0x80
const PANEL_DENIED = 7

function isKnownState(state: number): boolean {
  return state <= HIGHEST_STATE || (state & DENIED_BIT) !== 0
}

function isLaterRealTime(packed: number): boolean {
  return packed > 0 && isRealPackedTime(packed)
}

/** One to `size` printable ASCII characters, then NULs only. */
export function isPrintablePin(bytes: Uint8Array, at: number, size: number): boolean {
  const end = endOfText(bytes, at, size)
  if (end === at) return false
  for (let i = at; i < end; i += 1) {
    const value = u8At(bytes, i)
    if (value < 0x20 || value > 0x7e) return false
  }
  for (let i = end; i < at + size; i += 1) if (u8At(bytes, i) !== 0) return false
  return true
}

const nothing = (): undefined => undefined
const deniedByBit = (state: number): boolean => state !== NO_STATE && (state & DENIED_BIT) !== 0

const a = attendance8a.fields
const form8a: AttendanceForm = {
  name: 'attendance/8a',
  recordSize: attendance8a.sizeBytes,
  facts: a,
  uid: (bytes, at) => u16At(bytes, at + a.uid.offset),
  pin: nothing,
  verifyMode: (bytes, at) => u8At(bytes, at + a.verifyMode.offset),
  punchState: (bytes, at) => u8At(bytes, at + a.punchState.offset),
  workCode: nothing,
  denied: deniedByBit,
  // Stricter on the state than the others: in layout B this byte is part of the time.
  plausible(bytes, at) {
    const state = u8At(bytes, at + a.punchState.offset)
    return (
      u16At(bytes, at + a.uid.offset) !== 0 &&
      (state <= HIGHEST_STATE || state === NO_STATE) &&
      isLaterRealTime(u32At(bytes, at + a.time.offset))
    )
  },
}

const b = attendance8b.fields
const form8b: AttendanceForm = {
  name: 'attendance/8b',
  recordSize: attendance8b.sizeBytes,
  facts: b,
  uid: (bytes, at) => u16At(bytes, at + b.uid.offset),
  pin: nothing,
  verifyMode: (bytes, at) => b.verifyMode.read(bytes, at),
  punchState: (bytes, at) => b.punchState.read(bytes, at),
  workCode: nothing,
  denied: deniedByBit,
  plausible: (bytes, at) =>
    u16At(bytes, at + b.uid.offset) !== 0 &&
    u8At(bytes, at + b.unknown3.offset) === 0 &&
    isLaterRealTime(u32At(bytes, at + b.time.offset)),
}

const c = attendance16.fields
const form16: AttendanceForm = {
  name: 'attendance/16',
  recordSize: attendance16.sizeBytes,
  facts: c,
  uid: nothing,
  pin: (bytes, at) => String(u32At(bytes, at + c.pinNumber.offset)),
  verifyMode: (bytes, at) => u8At(bytes, at + c.verifyMode.offset),
  punchState: (bytes, at) => u8At(bytes, at + c.punchState.offset),
  workCode: (bytes, at) => u32At(bytes, at + c.workCode.offset),
  // Access panels of this form write 7 for an attempt that the door refused; seen on no other form.
  denied: (state) => state === PANEL_DENIED || deniedByBit(state),
  plausible: (bytes, at) =>
    u32At(bytes, at + c.pinNumber.offset) !== 0 &&
    u16At(bytes, at + c.unknown10.offset) === 0 &&
    isKnownState(u8At(bytes, at + c.punchState.offset)) &&
    isLaterRealTime(u32At(bytes, at + c.time.offset)),
}

const d = attendance22.fields
const form22: AttendanceForm = {
  name: 'attendance/22',
  recordSize: attendance22.sizeBytes,
  facts: d,
  uid: (bytes, at) => u16At(bytes, at + d.uid.offset),
  pin: (bytes, at) => pinTextAt(bytes, at + d.pin.offset, d.pin.size),
  verifyMode: () => NO_VERIFY_MODE,
  punchState: (bytes, at) => u8At(bytes, at + d.punchState.offset),
  workCode: nothing,
  denied: deniedByBit,
  plausible: (bytes, at) =>
    isPrintablePin(bytes, at + d.pin.offset, d.pin.size) &&
    u32At(bytes, at + d.unknown8.offset) === 0 &&
    isKnownState(u8At(bytes, at + d.punchState.offset)) &&
    isLaterRealTime(u32At(bytes, at + d.time.offset)),
}

const e = attendance40.fields

function form40(name: AttendanceLayoutName, recordSize: number): AttendanceForm {
  return {
    name,
    recordSize,
    facts: e,
    uid: (bytes, at) => u16At(bytes, at + e.uid.offset),
    pin: (bytes, at) => pinTextAt(bytes, at + e.pin.offset, e.pin.size),
    verifyMode: (bytes, at) => u8At(bytes, at + e.verifyMode.offset),
    punchState: (bytes, at) => u8At(bytes, at + e.punchState.offset),
    workCode: nothing,
    denied: deniedByBit,
    plausible: (bytes, at) =>
      isPrintablePin(bytes, at + e.pin.offset, e.pin.size) &&
      isKnownState(u8At(bytes, at + e.punchState.offset)) &&
      isLaterRealTime(u32At(bytes, at + e.time.offset)),
  }
}

/** The forms whose record length is known. */
export const KNOWN_ATTENDANCE_FORMS: readonly AttendanceForm[] = [
  form40('attendance/40', 40),
  form16,
  form8a,
  form8b,
  form40('attendance/49', 49),
  form22,
]

const SHORTEST_WITH_TAIL = 40

/**
 * The form of a name and record size as a bookmark stores them; undefined when there is none. Any size above 40 that is
 * not known reads as the 40-byte record with a tail.
 */
export function attendanceForm(name: AttendanceLayoutName, recordSize: number): AttendanceForm | undefined {
  const known = KNOWN_ATTENDANCE_FORMS.find((form) => form.name === name && form.recordSize === recordSize)
  if (known !== undefined) return known
  const withTail =
    name === 'attendance/40+' && Number.isInteger(recordSize) && recordSize > SHORTEST_WITH_TAIL
  return withTail ? form40(name, recordSize) : undefined
}

/** Where Node looks how something is to be printed. */
const PRINTED: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/**
 * One attendance record. Its getters read the bytes of the batch it came in, which it keeps alive; text is made anew at
 * each use, so take what is needed once.
 */
export class Punch {
  readonly #form: AttendanceForm
  readonly #bytes: Uint8Array
  readonly #at: number
  /** Its place in the terminal's log, from 0. */
  readonly index: number

  constructor(form: AttendanceForm, bytes: Uint8Array, at: number, index: number) {
    this.#form = form
    this.#bytes = bytes
    this.#at = at
    this.index = index
  }

  /** The terminal's index of the person, where the record has one. With 40 bytes, on some firmware a running number. */
  get uid(): number | undefined {
    return this.#form.uid(this.#bytes, this.#at)
  }

  /** The person's number as text; undefined where the record names only a uid or holds none. */
  get pin(): string | undefined {
    return this.#form.pin(this.#bytes, this.#at)
  }

  /** The person's number as the log has it: the pin, or the uid in decimal where there is no pin. */
  get logNumber(): string {
    return this.pin ?? String(this.uid ?? 0)
  }

  /** The time as recorded. See wall-time.ts. */
  get packedTime(): number {
    return u32At(this.#bytes, this.#at + this.#form.facts.time.offset)
  }

  /** `YYYY-MM-DDTHH:MM:SS` on the terminal's clock, exactly as recorded, also when there is no such day. */
  get wallTime(): string {
    return formatPackedTime(this.packedTime)
  }

  /** Whether the recorded day exists. */
  get validTime(): boolean {
    return isRealPackedTime(this.packedTime)
  }

  /** How the person was recognised, see `verifyModeName`; 255 where the record does not say. */
  get verifyMode(): number {
    return this.#form.verifyMode(this.#bytes, this.#at)
  }

  /** In, out, break, overtime: see `punchStateName`. */
  get state(): number {
    return this.#form.punchState(this.#bytes, this.#at)
  }

  /** What for, where the record has a place for it. */
  get workCode(): number | undefined {
    return this.#form.workCode(this.#bytes, this.#at)
  }

  /** An attempt that an access panel refused: in the log, but not a punch. Source: docs/protocol §13.7. */
  get denied(): boolean {
    return this.#form.denied(this.state)
  }

  /** Whether the bytes look like a record of this form; one that does not is kept all the same. */
  get plausible(): boolean {
    return this.#form.plausible(this.#bytes, this.#at)
  }

  /** The record's bytes, as a copy. */
  get raw(): Uint8Array {
    return this.#bytes.slice(this.#at, this.#at + this.#form.recordSize)
  }

  /** All of it but the bytes as a plain object, which needs the batch no longer: for JSON, and for keeping. */
  toJSON(): PunchFacts {
    const { index, pin, uid, logNumber, wallTime, packedTime, validTime } = this
    const { verifyMode, state, workCode, denied, plausible } = this
    return {
      index,
      pin,
      uid,
      logNumber,
      wallTime,
      packedTime,
      validTime,
      verifyMode,
      state,
      workCode,
      denied,
      plausible,
    }
  }

  /** What `console.log` shows: without this, the getters would be left out. */
  [PRINTED](): PunchFacts {
    return this.toJSON()
  }
}

/** The facts of a punch as plain values; what each means stands at the getter of its name. */
export type PunchFacts = Pick<
  Punch,
  | 'index'
  | 'pin'
  | 'uid'
  | 'logNumber'
  | 'wallTime'
  | 'packedTime'
  | 'validTime'
  | 'verifyMode'
  | 'state'
  | 'workCode'
  | 'denied'
  | 'plausible'
>

/** The punches of whole records of a form, in their order; `firstIndex` is the first one's place in the log. */
export function decodePunches(form: AttendanceForm, records: Uint8Array, firstIndex: number): Punch[] {
  const { recordSize } = form
  // As long as it will be from the start: an array that grows is copied a dozen times for one slice.
  const punches: Punch[] = []
  punches.length = Math.ceil(records.length / recordSize)
  for (let i = 0, at = 0; at < records.length; i += 1, at += recordSize) {
    punches[i] = new Punch(form, records, at, firstIndex + i)
  }
  return punches
}
