import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes } from '../../src/bytes.ts'
import { findAttendanceForm } from '../../src/records/attendance-form.ts'
import {
  attendance16,
  attendance22,
  attendance40,
  attendance49,
  attendance8a,
  attendance8b,
} from '../../src/records/attendance.ts'
import { captured, readCapture, readVectors } from '../support/recorded.ts'

const TIME = 864_000_123

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

const LOGS = {
  'attendance/8a': (i: number) =>
    attendance8a.encode({ uid: 1 + (i % 9), verifyMode: 1, time: TIME + i * 61, punchState: i % 2 }),
  'attendance/8b': (i: number) =>
    attendance8b.encode({
      uid: 1 + (i % 9),
      verifyMode: 8,
      punchState: i % 2,
      unknown3: 0,
      time: TIME + i * 61,
    }),
  'attendance/16': (i: number) =>
    attendance16.encode({
      pinNumber: 1000 + (i % 9),
      time: TIME + i * 61,
      punchState: i % 2,
      verifyMode: 1,
      workCode: 0,
    }),
  'attendance/22': (i: number) =>
    attendance22.encode({
      uid: i + 1,
      pin: String(100 + (i % 9)),
      unknown12: 1,
      time: TIME + i * 61,
      punchState: i % 2,
    }),
  'attendance/40': (i: number) =>
    attendance40.encode({
      uid: i + 1,
      pin: String(100 + (i % 9)),
      verifyMode: 1,
      time: TIME + i * 61,
      punchState: i % 2,
    }),
  'attendance/49': (i: number) =>
    attendance49.encode({
      uid: i + 1,
      pin: String(100 + (i % 9)),
      verifyMode: 15,
      time: TIME + i * 61,
      punchState: i % 2,
    }),
} as const

const ROWS = Object.entries(LOGS).flatMap(([name, make]) =>
  [1, 2, 3, 40, 41, 350].map((count) => ({ name, make, count })),
)

describe('the form of a log', () => {
  it.each(ROWS)('is $name for $count such records, whatever the terminal counts', ({ name, make, count }) => {
    const log = joinBytes(times(count, make))
    for (const announced of [count, count - 1, count + 1, 0, undefined]) {
      expect([announced, findAttendanceForm(log, log.length, announced).name]).toEqual([announced, name])
    }
  })

  it('is found also when a third of the records is spoilt', () => {
    const log = joinBytes(
      times(300, (i) => (i % 3 === 0 ? new Uint8Array(40).fill(0xee) : LOGS['attendance/40'](i))),
    )
    expect(findAttendanceForm(log, log.length, 300).name).toBe('attendance/40')
  })

  it('is found on all recordings', () => {
    const [panel = new Uint8Array(0)] = captured(readCapture('att-16-zem760-denied'), 'from_device')
    expect(findAttendanceForm(panel, panel.length, undefined).name).toBe('attendance/16')
    const [zem500 = new Uint8Array(0)] = captured(readCapture('att-8-zem500'), 'from_device')
    expect(findAttendanceForm(zem500, zem500.length, 3).name).toBe('attendance/8b')
    const [tft = new Uint8Array(0)] = captured(readCapture('att-40-zem760-doc'), 'from_device')
    expect(findAttendanceForm(tft, tft.length, undefined).name).toBe('attendance/40')
  })

  it('is the unknown size that the count speaks for when each of its records reads as one of 40 bytes and more', () => {
    const log = joinBytes(
      times(50, (i) => joinBytes([LOGS['attendance/40'](i), new Uint8Array(17).fill(0xc3)])),
    )
    expect(findAttendanceForm(log, log.length, 50)).toMatchObject({ name: 'attendance/40+', recordSize: 57 })
    expect(() => findAttendanceForm(log, log.length, undefined)).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD' }),
    )
  })

  it('is not an unknown size on the word of a single record: two of 40 bytes counted as one stay two', () => {
    const two = joinBytes(times(2, LOGS['attendance/40']))
    expect(findAttendanceForm(two, two.length, 1).recordSize).toBe(40)
    const spoilt = joinBytes([LOGS['attendance/40'](0), new Uint8Array(40).fill(0xee)])
    expect(() => findAttendanceForm(spoilt, spoilt.length, 1)).toThrow(/No known attendance record/)
  })

  it('is not found in the leftover memory that a K40 sends for a direct read', () => {
    const exchanges = readVectors('exchanges') as {
      readonly exchanges: readonly {
        readonly name: string
        readonly steps?: readonly { readonly hex: string }[]
      }[]
    }
    const k40 = exchanges.exchanges.find(({ name }) => name.includes('rubbish (K40)'))
    const packet = k40?.steps?.find(({ hex }) => hex.startsWith('5050827d84000000dd05'))
    const records = fromHex(packet?.hex ?? '').subarray(20)
    expect(records).toHaveLength(120)
    expect(() => findAttendanceForm(records, 120, 3)).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD' }),
    )
  })

  it('is not guessed at when two fit: the error shows scores and the head of the bytes, and no more', () => {
    const log = joinBytes(
      times(4, (i) =>
        attendance8b.encode({ uid: 5, verifyMode: 0, punchState: 0, unknown3: 0, time: TIME + i }),
      ),
    )
    expect(findAttendanceForm(log, log.length, 4).name).toBe('attendance/8b')
    let failure: unknown
    try {
      findAttendanceForm(log, log.length, undefined)
    } catch (error) {
      failure = error
    }
    expect(failure).toMatchObject({
      code: 'ZK_BAD_RECORD',
      details: { totalBytes: 32, announcedRecords: null },
    })
    expect(String(failure)).toMatch(/More than one/)
  })

  it('is not found in nothing that divides', () => {
    expect(() => findAttendanceForm(new Uint8Array(7), 7, undefined)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ scores: 'no known size divides it' }) }),
    )
  })
})
