// The log as raw bytes: what is appended is what is read, and a full log does what its model does.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AttendanceLog } from '../src/attendance-log.ts'
import type { FullLogHabit } from '../src/profile.ts'

const record = (n: number): Uint8Array => Uint8Array.of(n & 0xff, (n >> 8) & 0xff, 7)

function logOf(capacity: number, habit: FullLogHabit, records: number): AttendanceLog {
  const log = new AttendanceLog(3, capacity, habit)
  for (let n = 0; n < records; n++) log.append(record(n))
  return log
}

const numbersIn = (log: AttendanceLog): number[] =>
  Array.from({ length: log.count }, (_, index) => log.at(index)).map(
    ([low = 0, high = 0]) => low | (high << 8),
  )

describe('the attendance log', () => {
  it('gives back every record as it was written, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { maxLength: 200 }), (records) => {
        const log = new AttendanceLog(8, 1_000, 'refuse')
        expect(records.map((raw) => log.append(raw))).toEqual(records.map((_, index) => index))
        expect(log.count).toBe(records.length)
        expect(Buffer.from(log.snapshot())).toEqual(Buffer.concat(records))
      }),
    )
  })

  it('keeps a snapshot unchanged by what comes later', () => {
    const log = logOf(10, 'refuse', 3)
    const snapshot = log.snapshot()
    log.append(record(99))
    log.clear()
    log.append(record(77))
    expect([...snapshot]).toEqual([...record(0), ...record(1), ...record(2)])
  })

  it('refuses a record of another size', () => {
    expect(() => new AttendanceLog(8, 10, 'refuse').append(new Uint8Array(9))).toThrow('8 bytes')
  })

  it('has nothing at an index beyond its end', () => {
    expect(() => logOf(10, 'refuse', 3).at(3)).toThrow('holds 3 records')
  })

  it.each<[FullLogHabit, number[]]>([
    ['refuse', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['overwrite-oldest', [10, 11, 12, 3, 4, 5, 6, 7, 8, 9]],
    ['shift', [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    ['drop-block', [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
  ])('when full and told to %s, holds the records its model would', (habit, held) => {
    const log = logOf(10, habit, 13)
    expect(log.count).toBe(10)
    expect(numbersIn(log)).toEqual(held)
  })

  it('frees a whole block where the model drops one', () => {
    const log = logOf(100, 'drop-block', 101)
    expect(log.count).toBe(91)
    expect(numbersIn(log).at(0)).toBe(10)
    expect(numbersIn(log).at(-1)).toBe(100)
  })

  it('begins anew after it was cleared, whatever it did when full', () => {
    const log = logOf(10, 'overwrite-oldest', 13)
    log.clear()
    expect(log.count).toBe(0)
    log.append(record(5))
    expect(numbersIn(log)).toEqual([5])
  })
})
