// The operation log: what was done to the terminal, by whom, and whether it succeeded. It is written by what happens
// at the terminal and, where the model does so, by what clients have it do. Source: docs/protocol §20.
import { decodeOperations, operation16 } from '@org/zk-proto/wire'
import { AttendanceLog } from './attendance-log.ts'
import type { FullLogHabit } from './profile.ts'

/** The operations that a simulated terminal records, by the numbers of docs/protocol §20. */
const OPERATION_CODES = {
  powerOn: 0,
  powerOff: 1,
  recognitionFailed: 2,
  tamperAlarm: 3,
  changeOption: 5,
  enrolFinger: 6,
  deletePerson: 9,
  deleteFinger: 10,
  clearData: 13,
  setTime: 21,
  clearAttendance: 23,
  clearAdministrators: 24,
  changeAccess: 25,
  changePersonAccess: 26,
  changeTimeZone: 27,
  changeCombination: 28,
  unlock: 29,
  enrolPerson: 30,
} as const

/** What can be recorded. */
export type OperationName = keyof typeof OPERATION_CODES

/** Who did it to whom, and how it went. */
export interface OperationFacts {
  /** The administrator's uid; 0: nobody who is known. Default: 0. */
  by?: number
  /** The person operated on; 0: none. Default: 0. */
  on?: number
  /** Default: true. */
  succeeded?: boolean
  /** What belongs to the operation alone: a finger, a number. Default: 0. */
  detail?: number
}

/** A record as plain JSON. */
export interface OperationTruth {
  index: number
  administratorUid: number
  operation: number
  name: string
  packedTime: number
  wallTime: string
  validTime: boolean
  parameters: number[]
}

/** Stands in the padding of a captured record; its meaning is unknown. Capture oplog-16. */
const CAPTURED_PADDING = Uint8Array.of(0x2a)

/** The operation log of one terminal. */
export class OperationLog {
  readonly #records: AttendanceLog
  readonly #packedNow: () => number

  /** `packedNow` is the terminal's clock in its own form. */
  constructor(capacity: number, full: FullLogHabit, packedNow: () => number) {
    this.#records = new AttendanceLog(operation16.sizeBytes, capacity, full)
    this.#packedNow = packedNow
  }

  get recordBytes(): number {
    return this.#records.recordBytes
  }

  get count(): number {
    return this.#records.count
  }

  /** Records an operation; a full log does what its habit says. */
  write(
    operation: OperationName,
    { by = 0, on = 0, succeeded = true, detail = 0 }: OperationFacts = {},
  ): void {
    this.#records.append(
      operation16.encode({
        administratorUid: by,
        operation: OPERATION_CODES[operation],
        unknown3: CAPTURED_PADDING,
        time: this.#packedNow(),
        parameter0: on,
        parameter1: succeeded ? 1 : 0,
        parameter2: detail,
        parameter3: 0,
      }),
    )
  }

  /** Everything it holds, as our own client reads it. */
  truth(): OperationTruth[] {
    return decodeOperations(this.snapshot()).map((operation) => ({
      index: operation.index,
      administratorUid: operation.administratorUid,
      operation: operation.operation,
      name: operation.name,
      packedTime: operation.packedTime,
      wallTime: operation.wallTime,
      validTime: operation.validTime,
      parameters: [...operation.parameters],
    }))
  }

  /** A copy of all records, as one array. */
  snapshot(): Uint8Array {
    return this.#records.snapshot()
  }

  /** Where the next record goes in a log that overwrites in place. */
  get cursor(): number {
    return this.#records.cursor
  }

  /** Puts back what `snapshot` and `cursor` gave. @throws RangeError when it does not fit. */
  restore(records: Uint8Array, cursor: number): void {
    this.#records.restore(records, cursor)
  }

  clear(): void {
    this.#records.clear()
  }
}
