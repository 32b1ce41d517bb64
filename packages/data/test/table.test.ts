// How rows become columns and columns rows, and what is refused on the way.
import { describe, expect, it } from 'vitest'
import {
  anyJson,
  bool,
  generatedId,
  instant,
  int,
  jsonObject,
  note,
  nullable,
  numbers,
  oneOf,
  real,
  text,
  wallTime,
} from '../src/columns.ts'
import { bookmark } from '../src/bookmark.ts'
import { CorruptRow } from '../src/index.ts'
import { table } from '../src/table.ts'

const doors = table('doors', {
  id: generatedId(),
  width_mm: int(),
  drift: real(),
  is_open: bool(),
  colour: oneOf('red', 'green'),
  opened_at: nullable(instant()),
  local_time: wallTime(),
  key_text: text(8),
  notes: anyJson(),
})

const row = {
  widthMm: 900,
  drift: 0.5,
  isOpen: true,
  colour: 'red',
  openedAt: '2026-03-01T12:00:00.123Z',
  localTime: '2026-02-31T25:00:00',
  keyText: 'ключ',
  notes: { a: [1, null] },
} as const

const stored = {
  id: 1,
  width_mm: 900,
  drift: 0.5,
  is_open: 1,
  colour: 'red',
  opened_at: '2026-03-01 12:00:00.123',
  local_time: '2026-02-31T25:00:00',
  key_text: 'ключ',
  notes: '{"a":[1,null]}',
}

describe('a table', () => {
  it('turns a row into its columns and back', () => {
    const { id, ...columns } = stored
    expect(doors.encode(row)).toEqual(columns)
    expect(doors.decode(stored)).toEqual({ id, ...row })
  })

  it('leaves out of an insert what the database fills', () => {
    const values: unknown[] = []
    doors.encodeInto(values as never[], 0, row)
    expect(doors.insertColumns).not.toContain('id')
    expect(values).toEqual(doors.insertColumns.map((column) => stored[column as keyof typeof stored]))
  })

  it('changes only what is named', () => {
    expect(doors.encodeChanges({ isOpen: false, openedAt: null })).toEqual({ is_open: 0, opened_at: null })
    expect(() => doors.encodeChanges({ nonsense: 1 } as object)).toThrow('doors has no column for nonsense')
  })

  it('reads bytes, big numbers and numbers as text, as drivers hand them out', () => {
    const handed = {
      ...stored,
      key_text: Buffer.from('ключ'),
      width_mm: '900',
      id: 1n,
      drift: '0.5',
      opened_at: null,
    }
    expect(doors.decode(handed)).toEqual({ id: 1, ...row, openedAt: null })
  })

  it.each([
    ['width_mm', '9 m'],
    ['width_mm', null],
    ['width_mm', 1.5],
    ['drift', 'fast'],
    ['is_open', 2],
    ['colour', 'blue'],
    ['opened_at', 'yesterday'],
    ['opened_at', '2026-03-01 12:00:00'],
    ['key_text', undefined],
    ['notes', '{'],
  ])('refuses a stored %s of %s, and names it', (column, value) => {
    expect(() => doors.decode({ ...stored, [column]: value })).toThrow(CorruptRow)
    expect(() => doors.decode({ ...stored, [column]: value })).toThrow(`doors.${column}`)
  })

  it.each([
    [{ widthMm: 1.5 }, TypeError],
    [{ drift: Number.NaN }, TypeError],
    [{ openedAt: '2026-03-01T12:00:00Z' }, TypeError],
    [{ localTime: '2026-03-01 12:00:00' }, TypeError],
    [{ keyText: 'ключи' }, RangeError],
    [{ keyText: 'keyholder' }, RangeError],
  ])('refuses to store %j', (change, error) => {
    expect(() => doors.encodeChanges(change)).toThrow(error)
  })
})

describe('JSON columns', () => {
  it('hold what they are declared to hold', () => {
    expect(jsonObject().decode('{"a":1}')).toEqual({ a: 1 })
    expect(() => jsonObject().decode('[1]')).toThrow(CorruptRow)
    const place = { index: 1, recordSize: 40, layout: 'attendance/40', anchor: 'a' }
    expect(bookmark().decode(JSON.stringify({ ...place, cleared: true, more: 1 }))).toEqual({
      ...place,
      cleared: true,
    })
    for (const wrong of [null, [], { ...place, index: '1' }, { ...place, anchor: 1 }]) {
      expect(() => bookmark().decode(JSON.stringify(wrong))).toThrow(CorruptRow)
    }
    expect(numbers().decode('[0,9]')).toEqual([0, 9])
    for (const wrong of ['{}', '["6"]']) expect(() => numbers().decode(wrong)).toThrow(CorruptRow)
  })
})

describe('notes', () => {
  it('are cut at a character when they are too long', () => {
    expect(note(12).encode('short')).toBe('short')
    expect(note(12).encode('twelve bytes')).toBe('twelve bytes')
    expect(note(12).encode('more than twelve')).toBe('more than…')
    expect(note(12).encode('ключ и дверь')).toBe('ключ …')
    expect(note(12).encode('12345678𝄞9')).toBe('12345678…')
  })
})
