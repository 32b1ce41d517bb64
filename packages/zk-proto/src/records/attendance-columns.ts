// A batch of attendance records as columns: one typed array a fact, a row a record, for whoever wants numbers and many of
// them. Says the same as the Punch of punch.ts; the batch's bytes are not kept.
import { ZkUsageError } from '../errors.ts'
import type { Field } from '../layout.ts'
import { NO_VERIFY_MODE } from './punch.ts'
import type { AttendanceForm } from './punch.ts'
import { pinNumberAt, pinTextAt } from './pin.ts'

/** Bytes of a row without and with a work code: pin, time, uid, verify mode, state. */
const ROW_BYTES = 16
const WORK_CODE_BYTES = 4
const NOWHERE = -1
const NO_TEXTS: ReadonlyMap<number, string> = new Map()

/** Attendance records, one a row. Facts that the record form has no place for are undefined, as in `Punch`. */
export class AttendanceColumns {
  /** Rows. */
  readonly length: number
  /** The terminal's index of the person. With 40 bytes, on some firmware a running number. */
  readonly uid: Uint16Array | undefined
  /**
   * The person's number where a number says it exactly; NaN where it does not: letters, leading zeros, more than 15
   * digits, or nobody. `pinAt` gives every one as its text. Undefined where the records name only a uid.
   */
  readonly pin: Float64Array | undefined
  /** By row: the pins that are texts and no numbers. A row that is NaN in `pin` and not here names nobody. */
  readonly pinTexts: ReadonlyMap<number, string>
  /** The time as recorded; see `formatPackedTime` and `isRealPackedTime`. */
  readonly packedTime: Uint32Array
  /** See `verifyModeName`; 255 where the record does not say. */
  readonly verifyMode: Uint8Array
  /** See `punchStateName`. */
  readonly state: Uint8Array
  readonly workCode: Uint32Array | undefined
  readonly #form: AttendanceForm

  /** Reads whole records of the form; bytes of a last one that is not whole are not looked at. */
  constructor(form: AttendanceForm, records: Uint8Array) {
    const { facts, recordSize } = form
    const rows = Math.floor(records.length / recordSize)
    // One piece of memory for all columns, the widest first, so that each is aligned.
    const memory = new ArrayBuffer(rows * (ROW_BYTES + (facts.workCode === undefined ? 0 : WORK_CODE_BYTES)))
    const pins = new Float64Array(memory, 0, rows)
    const times = new Uint32Array(memory, rows * 8, rows)
    const uids = new Uint16Array(memory, rows * 12, rows)
    const modes = new Uint8Array(memory, rows * 14, rows)
    const states = new Uint8Array(memory, rows * 15, rows)
    const workCodes =
      facts.workCode === undefined ? undefined : new Uint32Array(memory, rows * ROW_BYTES, rows)
    this.#form = form
    this.length = rows
    this.uid = facts.uid === undefined ? undefined : uids
    this.pin = facts.pin === undefined && facts.pinNumber === undefined ? undefined : pins
    this.packedTime = times
    this.verifyMode = modes
    this.state = states
    this.workCode = workCodes

    const view = new DataView(records.buffer, records.byteOffset, rows * recordSize)
    const time = facts.time.offset
    const mode = byteOf(facts.verifyMode, NO_VERIFY_MODE)
    const state = byteOf(facts.punchState, 0)
    const uid = facts.uid?.offset ?? NOWHERE
    const { offset: pin, size: pinSize } = facts.pin ?? { offset: NOWHERE, size: 0 }
    const pinNumber = facts.pinNumber?.offset ?? NOWHERE
    const workCode = facts.workCode?.offset ?? NOWHERE
    let numbers = true
    // One loop for all facts: hot soonest, and every record comes into the processor's cache once.
    for (let row = 0, at = 0; row < rows; row += 1, at += recordSize) {
      times[row] = view.getUint32(at + time, true)
      modes[row] = ((view.getUint8(at + mode.offset) & mode.bits) >> mode.shift) | mode.without
      states[row] = (view.getUint8(at + state.offset) & state.bits) >> state.shift
      if (uid !== NOWHERE) uids[row] = view.getUint16(at + uid, true)
      if (pin !== NOWHERE) {
        const number = pinNumberAt(records, at + pin, pinSize)
        pins[row] = number
        numbers &&= !Number.isNaN(number)
      } else if (pinNumber !== NOWHERE) {
        pins[row] = view.getUint32(at + pinNumber, true)
      }
      if (workCodes !== undefined) workCodes[row] = view.getUint32(at + workCode, true)
    }
    this.pinTexts = numbers ? NO_TEXTS : textsOf(pins, records, form)
  }

  /** As `Punch.pin`. Throws ZK_VALUE_OUT_OF_RANGE for a row that is none. */
  pinAt(row: number): string | undefined {
    this.#check(row)
    const number = this.pin?.[row]
    return number === undefined || Number.isNaN(number) ? this.pinTexts.get(row) : String(number)
  }

  /** As `Punch.logNumber`: the pin, or the uid in decimal where there is no pin. Throws as `pinAt` does. */
  logNumberAt(row: number): string {
    return this.pinAt(row) ?? String(this.uid?.[row] ?? 0)
  }

  /** As `Punch.denied`: an attempt that an access panel refused. Throws as `pinAt` does. */
  deniedAt(row: number): boolean {
    this.#check(row)
    return this.#form.denied(this.state[row] ?? 0)
  }

  #check(row: number): void {
    if (Number.isInteger(row) && row >= 0 && row < this.length) return
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `There are rows 0 to ${this.length - 1}, got ${row}`)
  }
}

/** Where a fact stands that takes a byte or some bits of one; `without` is what a record says that has no place for it. */
interface BytePlace {
  readonly offset: number
  readonly bits: number
  readonly shift: number
  readonly without: number
}

function byteOf(field: Field<number> | undefined, without: number): BytePlace {
  if (field === undefined) return { offset: 0, bits: 0, shift: 0, without }
  const { offset, bits } = field
  return { offset, bits, shift: 31 - Math.clz32(bits & -bits), without: 0 }
}

/** The pins of the rows that are NaN. */
function textsOf(
  pins: Float64Array,
  records: Uint8Array,
  { facts, recordSize }: AttendanceForm,
): ReadonlyMap<number, string> {
  const texts = new Map<number, string>()
  if (facts.pin === undefined) return texts
  const { offset, size } = facts.pin
  for (const [row, number] of pins.entries()) {
    if (!Number.isNaN(number)) continue
    const text = pinTextAt(records, row * recordSize + offset, size)
    if (text !== undefined) texts.set(row, text)
  }
  return texts
}
