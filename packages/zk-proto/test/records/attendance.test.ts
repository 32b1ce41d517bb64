import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import {
  attendance16,
  attendance22,
  attendance40,
  attendance49,
  attendance8a,
  attendance8b,
} from '../../src/records/attendance.ts'
import { attendanceForm, KNOWN_ATTENDANCE_FORMS, NO_VERIFY_MODE, Punch } from '../../src/records/punch.ts'
import type { AttendanceForm, AttendanceLayoutName } from '../../src/records/punch.ts'
import { captured, readCapture, readVectors } from '../support/recorded.ts'

interface Expected {
  readonly uid?: number
  readonly user_id?: string
  readonly verify?: number
  readonly state?: number
  readonly byte8?: number
  readonly byte9?: number
  readonly workcode?: number
  readonly time: string
  readonly tail?: string
}
interface Row {
  readonly size: number
  readonly layout?: string
  readonly hex: string
  readonly expected: Expected | readonly Expected[]
}

const rows = (readVectors('attendance') as { readonly records: readonly Row[] }).records

const LAYOUTS = [attendance8a, attendance8b, attendance16, attendance22, attendance40, attendance49]

function formNamed(name: string): AttendanceForm {
  const form = KNOWN_ATTENDANCE_FORMS.find((known) => known.name === name)
  if (form === undefined) throw new Error(`no form ${name}`)
  return form
}

function nameOf(row: Row): AttendanceLayoutName {
  if (row.size === 8) return row.layout?.startsWith('A') === true ? 'attendance/8a' : 'attendance/8b'
  return `attendance/${row.size}` as AttendanceLayoutName
}

const single = rows.flatMap((row) => {
  const list = Array.isArray(row.expected) ? (row.expected as Expected[]) : [row.expected as Expected]
  return list.map((expected, i) => ({
    name: nameOf(row),
    hex: row.hex.slice(i * row.size * 2, (i + 1) * row.size * 2),
    expected,
  }))
})

describe.each(single)('the vector $name $hex', ({ name, hex, expected }) => {
  const bytes = fromHex(hex)
  const layout = LAYOUTS.find((known) => known.name === name)

  it('is read as a punch', () => {
    const punch = new Punch(formNamed(name), bytes, 0, 0)
    expect(punch.wallTime).toBe(expected.time)
    expect(punch.validTime).toBe(true)
    expect(punch.state).toBe(expected.state ?? expected.byte8)
    expect(punch.verifyMode).toBe(expected.verify ?? expected.byte9 ?? NO_VERIFY_MODE)
    expect(punch.uid).toBe(expected.uid)
    expect(punch.pin).toBe(expected.user_id)
    expect(punch.logNumber).toBe(expected.user_id ?? String(expected.uid))
    expect(punch.workCode).toBe(expected.workcode)
    expect(toHex(punch.raw)).toBe(hex)
  })

  it('is written as it was', () => {
    const record = layout?.decode(bytes)
    expect(record).toBeDefined()
    // One layout at a time: the record is the one that this same layout has just read.
    expect(toHex((layout as typeof attendance40).encode(record as never))).toBe(hex)
  })

  it('is refused one byte short and read alike one byte long', () => {
    expect(() => layout?.decode(bytes.subarray(1))).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD' }),
    )
    expect(layout?.decode(Uint8Array.of(...bytes, 0x99))).toEqual(layout?.decode(bytes))
  })

  it('is read alike glued to another', () => {
    const glued = new Punch(formNamed(name), Uint8Array.of(...bytes, ...bytes), bytes.length, 1)
    expect([glued.wallTime, glued.logNumber, glued.index]).toEqual([
      expected.time,
      expected.user_id ?? String(expected.uid),
      1,
    ])
  })
})

describe('a punch', () => {
  it('of an access panel says that it was denied', () => {
    const [records = new Uint8Array(0)] = captured(readCapture('att-16-zem760-denied'), 'from_device')
    const form = formNamed('attendance/16')
    const denied: boolean[] = []
    for (let at = 0; at < records.length; at += 16) denied.push(new Punch(form, records, at, at / 16).denied)
    expect(denied.map(Number).join('')).toBe('001100111110')
  })

  it('is denied by bit 7 of its state in any form, but not by 255, which is no state at all', () => {
    const record = attendance40.encode({ uid: 1, pin: '1', verifyMode: 1, time: 1, punchState: 0x87 })
    expect(new Punch(formNamed('attendance/40'), record, 0, 0).denied).toBe(true)
    const noState = attendance40.patch(record, { punchState: 255 })
    expect(new Punch(formNamed('attendance/40'), noState, 0, 0).denied).toBe(false)
    const seven = attendance40.patch(record, { punchState: 7 })
    expect(new Punch(formNamed('attendance/40'), seven, 0, 0).denied).toBe(false)
  })

  it('reads mode and state from one byte on a ZEM500', () => {
    const [records = new Uint8Array(0)] = captured(readCapture('att-8-zem500'), 'from_device')
    const punch = new Punch(formNamed('attendance/8b'), records, 8, 1)
    expect(punch).toMatchObject({ uid: 123, pin: undefined, logNumber: '123', verifyMode: 8, state: 2 })
    expect(punch.wallTime).toBe('2016-01-01T19:04:43')
  })

  it('whose date is impossible is kept as recorded, and marked', () => {
    const time = 0x30350234
    const record = attendance40.encode({ uid: 1, pin: '7', verifyMode: 1, time, punchState: 0 })
    const punch = new Punch(formNamed('attendance/40'), record, 0, 3)
    expect(punch).toMatchObject({ packedTime: time, validTime: false, plausible: false })
    expect(punch.wallTime).toBe('2025-02-30T21:12:20')
  })

  it('is plain facts in JSON and in what Node prints', () => {
    const record = attendance40.encode({
      uid: 1,
      pin: '0042',
      verifyMode: 15,
      time: 840_960_000,
      punchState: 1,
    })
    const punch = new Punch(formNamed('attendance/40'), record, 0, 3)
    const facts = {
      index: 3,
      pin: '0042',
      uid: 1,
      logNumber: '0042',
      wallTime: '2026-02-31T08:00:00',
      packedTime: 840_960_000,
      validTime: false,
      verifyMode: 15,
      state: 1,
      workCode: undefined,
      denied: false,
      plausible: false,
    }
    expect(punch.toJSON()).toEqual(facts)
    expect(JSON.parse(JSON.stringify([punch]))).toEqual([JSON.parse(JSON.stringify(facts))])
    expect(inspect(punch)).toBe(inspect(facts))
  })

  it('without a pin is named by its uid', () => {
    const record = attendance40.encode({ uid: 12, pin: '', verifyMode: 1, time: 1, punchState: 0 })
    const punch = new Punch(formNamed('attendance/40'), record, 0, 0)
    expect([punch.pin, punch.logNumber, punch.plausible]).toEqual([undefined, '12', false])
  })

  it('does not change when the copy of its bytes does', () => {
    const punch = new Punch(formNamed('attendance/8a'), fromHex('010001a200843300'), 0, 0)
    punch.raw.fill(0xff)
    expect(punch.uid).toBe(1)
  })
})

describe('plausible', () => {
  const good = attendance40.encode({ uid: 1, pin: 'AB-12', verifyMode: 1, time: 864_000_000, punchState: 0 })
  const form = formNamed('attendance/40')

  it('is a pin of printable characters padded with NULs only, a known state and a date later than the first second', () => {
    expect(form.plausible(good, 0)).toBe(true)
    for (const wrong of [
      { pin: '' },
      { pin: 'a\u0001' },
      { punchState: 16 },
      { time: 0 },
      { time: 4_000_000_000 },
    ]) {
      expect(form.plausible(attendance40.patch(good, wrong), 0)).toBe(false)
    }
    const leftovers = good.slice()
    leftovers[20] = 0x41
    expect(form.plausible(leftovers, 0)).toBe(false)
  })

  it('needs a number in the short forms', () => {
    for (const name of ['attendance/8a', 'attendance/8b', 'attendance/16']) {
      expect(formNamed(name).plausible(new Uint8Array(16), 0)).toBe(false)
    }
    const half = attendance22.encode({ uid: 1, pin: '138', unknown12: 1, time: 1_000, punchState: 1 })
    expect(formNamed('attendance/22').plausible(half, 0)).toBe(true)
    expect(formNamed('attendance/22').plausible(attendance22.patch(half, { pin: '' }), 0)).toBe(false)
  })
})

describe('a form by name and size', () => {
  it('is found where it exists, with a tail of any length behind 40 bytes', () => {
    for (const known of KNOWN_ATTENDANCE_FORMS)
      expect(attendanceForm(known.name, known.recordSize)).toBe(known)
    expect(attendanceForm('attendance/40+', 57)).toMatchObject({ name: 'attendance/40+', recordSize: 57 })
  })

  it('is not invented', () => {
    expect(attendanceForm('attendance/40', 41)).toBeUndefined()
    expect(attendanceForm('attendance/40+', 40)).toBeUndefined()
    expect(attendanceForm('attendance/40+', 57.5)).toBeUndefined()
  })
})
