import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, u32At } from '../src/bytes.ts'
import { packedTime } from '../src/layout.ts'
import {
  daysInMonth,
  formatPackedTime,
  formatWallTime,
  isRealPackedTime,
  isRealWallTime,
  LAST_PACKED_TIME,
  packTime,
  parseWallTime,
  readSpelledTime,
  SPELLED_TIME_BYTES,
  spellTime,
  unpackTime,
} from '../src/wall-time.ts'
import { captured, readCapture, readVectors } from './support/recorded.ts'

interface TimeVectors {
  readonly vectors: readonly (readonly [string, number, string, string])[]
  readonly impossible_days: readonly { readonly value: number; readonly fields: readonly number[] }[]
  readonly limits: readonly { readonly value: number; readonly fields: readonly number[] }[]
  readonly wrong_year_formula: readonly {
    readonly date: string
    readonly value: number
    readonly correct_year: number
  }[]
  readonly captured: readonly { readonly le_hex: string; readonly iso: string }[]
}

const recorded = readVectors('time') as TimeVectors

describe('the packed time', () => {
  it.each(recorded.vectors)('%s is %d both ways', (iso, value, leHex) => {
    expect(formatPackedTime(value)).toBe(iso)
    expect(packTime(parseWallTime(iso))).toBe(value)
    expect(u32At(fromHex(leHex), 0)).toBe(value)
    expect(isRealPackedTime(value)).toBe(true)
  })

  it.each(recorded.captured)('$le_hex, as recorded, is $iso', ({ le_hex: leHex, iso }) => {
    expect(formatPackedTime(packedTime(0).read(fromHex(leHex), 0))).toBe(iso)
  })

  it.each(recorded.impossible_days)('$value names a day that does not exist, and keeps its fields', (row) => {
    const { year, month, day } = unpackTime(row.value)
    expect([year, month, day]).toEqual(row.fields.slice(0, 3))
    expect(isRealPackedTime(row.value)).toBe(false)
    expect(isRealWallTime(unpackTime(row.value))).toBe(false)
    expect(packTime(unpackTime(row.value))).toBe(row.value)
  })

  it.each(recorded.limits)('$value is split without a sign', ({ value, fields }) => {
    const { year, month, day } = unpackTime(value)
    expect([year, month, day]).toEqual(fields.slice(0, 3))
    expect(isRealPackedTime(value)).toBe(value <= LAST_PACKED_TIME)
  })

  it.each(recorded.wrong_year_formula)('$date is in the year that its formula says', (row) => {
    expect(unpackTime(row.value).year).toBe(row.correct_year)
  })

  it('keeps the impossible date of a SpeedFace and marks it', () => {
    const [record = new Uint8Array(0)] = captured(readCapture('time-impossible-date'), 'from_device')
    const packed = u32At(record, 0)
    expect(formatPackedTime(packed)).toBe('2025-02-30T21:12:20')
    expect(isRealPackedTime(packed)).toBe(false)
  })

  it('reads the golden value of another library', () => {
    const [record = new Uint8Array(0)] = captured(readCapture('time-golden-js-zklib'), 'from_device')
    expect(isRealPackedTime(u32At(record, 0))).toBe(true)
  })

  it('agrees with the calendar about every packed value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (packed) => {
        expect(isRealPackedTime(packed)).toBe(isRealWallTime(unpackTime(packed)))
      }),
    )
  })

  it('is packed again as it was, real day or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LAST_PACKED_TIME }), (packed) => {
        expect(packTime(unpackTime(packed))).toBe(packed)
      }),
    )
  })

  it('refuses fields that no clock of a terminal shows', () => {
    const noon = { year: 2026, month: 11, day: 22, hour: 12, minute: 0, second: 0 }
    const wrong = [
      { year: 1999 },
      { year: 2100 },
      { month: 0 },
      { month: 13 },
      { day: 0 },
      { day: 32 },
      { hour: 24 },
      { minute: 60 },
      { second: 60 },
      { second: 0.5 },
      { hour: -1 },
    ]
    for (const field of wrong) {
      expect(() => packTime({ ...noon, ...field })).toThrow(
        expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
      )
      expect([field, isRealWallTime({ ...noon, ...field })]).toEqual([field, false])
    }
  })
})

describe('the calendar', () => {
  it('knows short months and leap years', () => {
    expect([2023, 2024, 2000, 2100].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 29, 28])
    expect([1, 4, 6, 9, 11, 12].map((month) => daysInMonth(2026, month))).toEqual([31, 30, 30, 30, 30, 31])
  })
})

describe('spelled-out text', () => {
  it('is parsed only in one spelling', () => {
    expect(formatWallTime(parseWallTime('2026-11-22T08:15:30'))).toBe('2026-11-22T08:15:30')
    for (const other of ['2026-11-22 08:15:30', '2026-11-22T08:15:30Z', '']) {
      expect(() => parseWallTime(other)).toThrow(expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }))
    }
  })
})

describe('the six-byte time', () => {
  it.each(recorded.vectors)('of %s goes both ways', (iso, _value, _leHex, sixHex) => {
    const bytes = fromHex(sixHex)
    expect(bytes).toHaveLength(SPELLED_TIME_BYTES)
    expect(formatWallTime(readSpelledTime(bytes, 0))).toBe(iso)
    expect(toHex(spellTime(parseWallTime(iso)))).toBe(sixHex)
  })

  it('refuses years outside its byte and data that are cut', () => {
    expect(() => spellTime({ ...parseWallTime('2026-01-01T00:00:00'), year: 1999 })).toThrow(/cannot carry/)
    expect(() => readSpelledTime(fromHex('1a0b16080f'), 0)).toThrow(/ends after 5/)
  })
})
