// Attendance records in each form a terminal keeps: facts to raw bytes as a finger makes them, and raw bytes to
// facts as the truth file tells them. The layouts are those of the wire.
import {
  attendance16,
  attendance22,
  attendance40,
  attendance49,
  attendance8a,
  attendance8b,
  formatPackedTime,
  isRealPackedTime,
  toHex,
  type AttendanceLayoutName,
} from '@org/zk-proto/wire'

/** The forms a simulated terminal can keep its log in. */
export type LogLayoutName = Exclude<AttendanceLayoutName, 'attendance/40+'>

/** What a punch is made of. A form keeps what it has room for. */
export interface PunchFacts {
  uid: number
  pin: string
  /** See the wall time of the wire; may name a day that does not exist. */
  packedTime: number
  verifyMode: number
  state: number
  workCode: number
}

/** A punch as it stands in the log, as plain JSON. `null`: the form does not keep it. */
export interface PunchTruth {
  /** Its place in the log, from 0. */
  index: number
  uid: number | null
  pin: string | null
  /** The person's number as the log has it: the pin, or the uid in decimal where there is none. */
  logNumber: string
  packedTime: number
  /** `YYYY-MM-DDTHH:MM:SS` as recorded. */
  wallTime: string
  validTime: boolean
  verifyMode: number | null
  state: number
  workCode: number | null
  denied: boolean
  /** The record in hex. */
  raw: string
}

const DENIED_BY_PANEL = 7
const NO_STATE = 255
const DENIED_BIT = 0x80

const LAYOUTS = {
  'attendance/8a': attendance8a,
  'attendance/8b': attendance8b,
  'attendance/16': attendance16,
  'attendance/22': attendance22,
  'attendance/40': attendance40,
  'attendance/49': attendance49,
} as const satisfies Record<LogLayoutName, { sizeBytes: number }>

const ENCODERS: Readonly<Record<LogLayoutName, (facts: PunchFacts) => Uint8Array>> = {
  'attendance/8a': ({ uid, verifyMode, packedTime, state }) =>
    attendance8a.encode({ uid, verifyMode, time: packedTime, punchState: state }),
  'attendance/8b': ({ uid, verifyMode, packedTime, state }) =>
    attendance8b.encode({ uid, verifyMode, time: packedTime, punchState: state, unknown3: 0 }),
  'attendance/16': ({ pin, packedTime, state, verifyMode, workCode }) =>
    attendance16.encode({
      pinNumber: Number(pin),
      time: packedTime,
      punchState: state,
      verifyMode,
      workCode,
    }),
  'attendance/22': ({ uid, pin, packedTime, state }) =>
    attendance22.encode({ uid, pin, unknown12: 1, time: packedTime, punchState: state }),
  'attendance/40': ({ uid, pin, verifyMode, packedTime, state }) =>
    attendance40.encode({ uid, pin, verifyMode, time: packedTime, punchState: state }),
  'attendance/49': ({ uid, pin, verifyMode, packedTime, state }) =>
    attendance49.encode({ uid, pin, verifyMode, time: packedTime, punchState: state }),
}

/** Bytes of a record of a form. */
export function punchRecordBytes(layout: LogLayoutName): number {
  return LAYOUTS[layout].sizeBytes
}

/**
 * A new record. Bytes of unknown meaning are zero, as most terminals send them.
 * @throws ZkUsageError when a fact has no room in the form.
 */
export function encodePunch(layout: LogLayoutName, facts: PunchFacts): Uint8Array {
  return ENCODERS[layout](facts)
}

/** A record with another time; every other byte stays as it is. */
export function withTime(layout: LogLayoutName, raw: Uint8Array, packedTime: number): Uint8Array {
  return LAYOUTS[layout].patch(raw, { time: packedTime })
}

/** What a record says. */
export function punchTruth(layout: LogLayoutName, raw: Uint8Array, index: number): PunchTruth {
  const facts = keptFacts(layout, raw)
  const { uid, pin, time, state } = facts
  return {
    index,
    uid,
    pin,
    logNumber: pin ?? String(uid ?? 0),
    packedTime: time,
    wallTime: formatPackedTime(time),
    validTime: isRealPackedTime(time),
    verifyMode: facts.verifyMode,
    state,
    workCode: facts.workCode,
    denied:
      (layout === 'attendance/16' && state === DENIED_BY_PANEL) ||
      (state !== NO_STATE && state >= DENIED_BIT),
    raw: toHex(raw),
  }
}

interface KeptFacts {
  uid: number | null
  pin: string | null
  time: number
  verifyMode: number | null
  state: number
  workCode: number | null
}

function keptFacts(layout: LogLayoutName, raw: Uint8Array): KeptFacts {
  if (layout === 'attendance/8a' || layout === 'attendance/8b') {
    const { uid, time, verifyMode, punchState } = LAYOUTS[layout].decode(raw)
    return { uid, pin: null, time, verifyMode, state: punchState, workCode: null }
  }
  if (layout === 'attendance/16') {
    const { pinNumber, time, verifyMode, punchState, workCode } = attendance16.decode(raw)
    return { uid: null, pin: String(pinNumber), time, verifyMode, state: punchState, workCode }
  }
  if (layout === 'attendance/22') {
    const { uid, pin, time, punchState } = attendance22.decode(raw)
    return { uid, pin: pin === '' ? null : pin, time, verifyMode: null, state: punchState, workCode: null }
  }
  const { uid, pin, time, verifyMode, punchState } = attendance40.decode(raw)
  return { uid, pin: pin === '' ? null : pin, time, verifyMode, state: punchState, workCode: null }
}
