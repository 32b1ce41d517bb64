// A batch of attendance records as columns: one typed array a fact, a row a record, for whoever wants numbers and many of
// them. Says the same as the Punch of punch.ts; the batch's bytes are not kept.
import { ZkUsageError } from '../errors.ts'
import type { Field } from '../layout.ts'
import { NO_VERIFY_MODE } from './punch.ts'
import type { AttendanceForm } from './punch.ts'
import { pinNumberAt, pinTextAt, shortPinNumber } from './pin.ts'

/** Bytes of a row without and with a work code: pin, time, uid, verify mode, state. */
const ROW_BYTES = 16
const WORK_CODE_BYTES = 4
/** What `shortPinNumber` looks at. */
const SHORT_PIN_BYTES = 8
const WHOLE_BYTE = 0xff
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
    const mode = facts.verifyMode?.offset ?? 0
    const state = facts.punchState.offset
    const uid = facts.uid?.offset ?? 0
    // One loop for what every form has or nearly every one; what it reads for a fact that there is not is put right below.
    for (let row = 0, at = 0; row < rows; row += 1, at += recordSize) {
      times[row] = view.getUint32(at + time, true)
      modes[row] = view.getUint8(at + mode)
      states[row] = view.getUint8(at + state)
      uids[row] = view.getUint16(at + uid, true)
    }
    if (facts.verifyMode === undefined) modes.fill(NO_VERIFY_MODE)
    else keepBits(modes, facts.verifyMode)
    keepBits(states, facts.punchState)
    if (workCodes !== undefined && facts.workCode !== undefined) {
      readU32s(workCodes, view, facts.workCode.offset, recordSize)
    }
    let numbers = true
    if (facts.pin !== undefined) numbers = readPins(pins, view, records, facts.pin, recordSize)
    else if (facts.pinNumber !== undefined) readU32s(pins, view, facts.pinNumber.offset, recordSize)
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

function readU32s(column: Uint32Array | Float64Array, view: DataView, offset: number, stride: number): void {
  const rows = column.length
  for (let row = 0, at = offset; row < rows; row += 1, at += stride) column[row] = view.getUint32(at, true)
}

/** Bytes as the number in those of their bits that are the field's own. */
function keepBits(column: Uint8Array, { bits }: Field<number>): void {
  if (bits === WHOLE_BYTE) return
  const shift = 31 - Math.clz32(bits & -bits)
  for (const [row, byte] of column.entries()) column[row] = (byte & bits) >> shift
}

/** Gives whether numbers say all of them. Every record has at least eight bytes from its pin on. */
function readPins(
  column: Float64Array,
  view: DataView,
  records: Uint8Array,
  { offset, size }: Field<string>,
  stride: number,
): boolean {
  // What follows a pin of less than eight bytes is no part of it, and reads as its end.
  const ownBits = size < SHORT_PIN_BYTES ? -1 << ((SHORT_PIN_BYTES - size) * 8) : -1
  const rows = column.length
  let numbers = true
  for (let row = 0, at = offset; row < rows; row += 1, at += stride) {
    const short = shortPinNumber(view.getInt32(at), view.getInt32(at + 4) & ownBits)
    if (short !== -1) {
      column[row] = short
      continue
    }
    const number = pinNumberAt(records, at, size)
    column[row] = number
    numbers &&= !Number.isNaN(number)
  }
  return numbers
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
