import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attendance16, attendance40, attendance8b } from '../../src/records/attendance.ts'
import { AttendanceColumns } from '../../src/records/attendance-columns.ts'
import { attendanceForm, KNOWN_ATTENDANCE_FORMS, Punch } from '../../src/records/punch.ts'
import type { AttendanceForm } from '../../src/records/punch.ts'
import { log16, log40 } from '../support/logs.ts'

function formNamed(name: Parameters<typeof attendanceForm>[0], recordSize: number): AttendanceForm {
  const form = attendanceForm(name, recordSize)
  if (form === undefined) throw new Error(`no form ${name}`)
  return form
}

const form40 = formNamed('attendance/40', 40)
const FORMS = [...KNOWN_ATTENDANCE_FORMS, formNamed('attendance/40+', 57)]

/** What a row of the columns says, in the words of a punch. */
function rows(columns: AttendanceColumns): unknown[] {
  return Array.from({ length: columns.length }, (_, row) => ({
    uid: columns.uid?.[row],
    pin: columns.pinAt(row),
    logNumber: columns.logNumberAt(row),
    packedTime: columns.packedTime[row],
    verifyMode: columns.verifyMode[row],
    state: columns.state[row],
    workCode: columns.workCode?.[row],
    denied: columns.deniedAt(row),
  }))
}

function punches(form: AttendanceForm, records: Uint8Array): unknown[] {
  return Array.from({ length: Math.floor(records.length / form.recordSize) }, (_, i) => {
    const punch = new Punch(form, records, i * form.recordSize, i)
    const { uid, pin, logNumber, packedTime, verifyMode, state, workCode, denied } = punch
    return { uid, pin, logNumber, packedTime, verifyMode, state, workCode, denied }
  })
}

function withPins(...pins: string[]): AttendanceColumns {
  const records = new Uint8Array(pins.length * 40)
  pins.forEach((pin, i) => {
    const uid = i + 1
    records.set(attendance40.encode({ uid, pin, verifyMode: 1, time: 800_000_000, punchState: 0 }), i * 40)
  })
  return new AttendanceColumns(form40, records)
}

describe('attendance as columns', () => {
  it.each(FORMS.map((form) => [form.name, form] as const))('says of %s what punches say', (_name, form) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: form.recordSize * 5 + 3 }), (records) => {
        expect(rows(new AttendanceColumns(form, records))).toEqual(punches(form, records))
      }),
    )
  })

  it('says what punches say of pins of every kind', () => {
    const pin = fc.oneof(
      fc.nat().map(String),
      fc.stringMatching(/^[0-9]{1,24}$/),
      fc.stringMatching(/^[0-9A-Za-z -]{1,24}$/),
    )
    fc.assert(
      fc.property(fc.array(pin, { maxLength: 20 }), (pins) => {
        const columns = withPins(...pins)
        expect(pins.map((_, row) => columns.pinAt(row))).toEqual(pins)
      }),
    )
  })

  it('reads records that begin anywhere in their memory', () => {
    const log = log40(50)
    const shifted = new Uint8Array(log.length + 3)
    shifted.set(log, 3)
    expect(rows(new AttendanceColumns(form40, shifted.subarray(3)))).toEqual(punches(form40, log))
  })

  it('keeps a pin as a number only where the number says it exactly', () => {
    const pins = [
      '7',
      '0',
      '65536',
      '123456789012345',
      '1234567890123456',
      '00000007',
      '007',
      '12A',
      'A12',
      '-1',
    ]
    const columns = withPins(...pins)
    const notNumbers = [4, 5, 6, 7, 8, 9]
    expect([...(columns.pin ?? [])]).toEqual(
      pins.map((pin, row) => (notNumbers.includes(row) ? Number.NaN : Number(pin))),
    )
    expect([...columns.pinTexts]).toEqual(notNumbers.map((row) => [row, pins[row]]))
  })

  it('has no pin where the record holds nobody, and gives the uid as the number of the log', () => {
    const columns = withPins('', '5')
    expect(columns.pin).toEqual(Float64Array.of(Number.NaN, 5))
    expect(columns.pinAt(0)).toBeUndefined()
    expect(columns.logNumberAt(0)).toBe('1')
  })

  it('has no columns for facts that the form has no place for', () => {
    const short = new AttendanceColumns(
      formNamed('attendance/8b', 8),
      attendance8b.encode({ uid: 9, verifyMode: 3, punchState: 2, unknown3: 0, time: 5 }),
    )
    expect([short.pin, short.workCode, short.logNumberAt(0)]).toEqual([undefined, undefined, '9'])
    expect([short.verifyMode[0], short.state[0]]).toEqual([3, 2])
    expect(new AttendanceColumns(formNamed('attendance/16', 16), log16(3)).uid).toBeUndefined()
  })

  it('marks what an access panel refused', () => {
    const record = { pinNumber: 5, time: 800_000_000, verifyMode: 1, workCode: 70_000 }
    const form = formNamed('attendance/16', 16)
    const denied = new AttendanceColumns(form, attendance16.encode({ ...record, punchState: 7 }))
    const granted = new AttendanceColumns(form, attendance16.encode({ ...record, punchState: 0 }))
    expect([denied.deniedAt(0), granted.deniedAt(0)]).toEqual([true, false])
    expect(granted.workCode).toEqual(Uint32Array.of(70_000))
  })

  it('does not keep the bytes it was read from', () => {
    const log = log40(20)
    const columns = new AttendanceColumns(form40, log)
    const before = rows(columns)
    log.fill(0xff)
    expect(rows(columns)).toEqual(before)
  })

  it.each([-1, 2, 0.5, Number.NaN])('has no row %d of two', (row) => {
    const columns = withPins('1', '2')
    const noSuchRow = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    expect(() => columns.pinAt(row)).toThrow(noSuchRow)
    expect(() => columns.logNumberAt(row)).toThrow(noSuchRow)
    expect(() => columns.deniedAt(row)).toThrow(noSuchRow)
  })

  it('of no records are empty', () => {
    const columns = new AttendanceColumns(form40, new Uint8Array(39))
    expect([columns.length, columns.packedTime.length, columns.pinTexts.size]).toEqual([0, 0, 0])
  })
})
