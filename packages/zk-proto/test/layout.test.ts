import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../src/bytes.ts'
import {
  anyBytes,
  ascii,
  bytes,
  empty,
  layout,
  nibble,
  opaque,
  packedTime,
  text,
  u16,
  u32,
  u8,
} from '../src/layout.ts'

const sample = layout('sample', 22, {
  number: u16(0),
  low: nibble(2, 'low'),
  high: nibble(2, 'high'),
  pin: ascii(3, 4),
  name: text(7, 4),
  time: packedTime(11),
  big: u32(15),
  key: bytes(19, 1),
  unknown20: opaque(20, 2),
})

const whole = '0102 43 31320000 4a6fe900 78563412 ffffffff 7f abcd'.replaceAll(' ', '')

describe('layout', () => {
  it('reads every field at its offset', () => {
    expect(sample.decode(fromHex(whole))).toEqual({
      number: 0x0201,
      low: 3,
      high: 4,
      pin: '12',
      name: fromHex('4a6fe9'),
      time: 0x12345678,
      big: 0xffffffff,
      key: fromHex('7f'),
      unknown20: fromHex('abcd'),
    })
  })

  it('writes what it read', () => {
    expect(toHex(sample.encode(sample.decode(fromHex(whole))))).toBe(whole)
  })

  it('reads a record in the middle of others', () => {
    expect(sample.decode(fromHex(`00${whole}00`), 1)).toEqual(sample.decode(fromHex(whole)))
  })

  it('refuses a record that is one byte short and does not look at one that follows', () => {
    expect(() => sample.decode(fromHex(whole.slice(2)))).toThrow(/Expected 22 bytes of sample, got 21/)
    expect(() => sample.decode(fromHex(whole), 30)).toThrow(/got 0/)
    expect(sample.decode(fromHex(`${whole}99`))).toEqual(sample.decode(fromHex(whole)))
  })

  it('fills unknown bytes with zero when they are left out', () => {
    const { unknown20, ...known } = sample.decode(fromHex(whole))
    expect(unknown20).toHaveLength(2)
    expect(toHex(sample.encode(known))).toBe(`${whole.slice(0, -4)}0000`)
  })

  it('changes only the bytes of the fields that a patch names', () => {
    const before = fromHex(whole.replace('31320000', '3100ee00'))
    const after = sample.patch(before, { number: 7, high: 1 })
    expect(toHex(after)).toBe(toHex(before).replace('010243', '070013'))
    expect(toHex(sample.patch(before, {}))).toBe(toHex(before))
    expect(() => sample.patch(before.subarray(1), {})).toThrow(
      expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
    )
  })

  it('keeps any bytes through decoding and encoding, texts being those before their first NUL', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 22, maxLength: 22 }), (record) => {
        const once = sample.encode(sample.decode(record))
        expect(sample.encode(sample.decode(once))).toEqual(once)
        expect(sample.patch(record, {})).toEqual(record)
      }),
    )
  })

  it('does not load when its fields leave a gap, overlap or reach beyond its size', () => {
    expect(() => layout('gap', 3, { a: u8(0), b: u8(2) })).toThrow(/no field covers byte 1/)
    expect(() => layout('half', 1, { a: nibble(0, 'low') })).toThrow(/no field covers byte 0/)
    expect(() => layout('overlap', 3, { a: u16(0), b: u16(1) })).toThrow(/b overlaps at byte 1/)
    expect(() => layout('beyond', 1, { a: u16(0) })).toThrow(/a reaches beyond 1 bytes/)
  })
})

describe('text fields', () => {
  it('refuse what does not fit or cannot stand there', () => {
    const notEncodable = expect.objectContaining({ code: 'ZK_NOT_ENCODABLE' })
    const record = sample.decode(fromHex(whole))
    expect(() => sample.encode({ ...record, pin: '12345' })).toThrow(notEncodable)
    expect(() => sample.encode({ ...record, pin: 'a\0' })).toThrow(notEncodable)
    expect(() => sample.encode({ ...record, pin: '張' })).toThrow(notEncodable)
    expect(() => sample.encode({ ...record, name: new Uint8Array(5).fill(1) })).toThrow(notEncodable)
    expect(() => sample.encode({ ...record, name: Uint8Array.of(1, 0, 1) })).toThrow(notEncodable)
  })

  it('pad with NULs and use the whole field when the text fills it', () => {
    const record = { ...sample.decode(fromHex(whole)), pin: '1234', name: Uint8Array.of(65) }
    expect(sample.decode(sample.encode(record))).toMatchObject({ pin: '1234', name: Uint8Array.of(65) })
  })
})

describe('number fields', () => {
  it('refuse values beyond their width', () => {
    const record = sample.decode(fromHex(whole))
    for (const wrong of [{ number: 0x1_0000 }, { low: 16 }, { high: -1 }, { big: 2 ** 32 }]) {
      expect(() => sample.encode({ ...record, ...wrong })).toThrow(
        expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
      )
    }
    expect(() => sample.encode({ ...record, key: new Uint8Array(2) })).toThrow(/Expected 1 bytes, got 2/)
  })

  it('are not read beyond the end of the data', () => {
    const cut = fromHex('0102')
    for (const field of [sample.fields.pin, sample.fields.name, sample.fields.unknown20]) {
      expect(() => field.read(cut, 0)).toThrow(expect.objectContaining({ code: 'ZK_BAD_RECORD' }))
    }
  })
})

describe('data without fields', () => {
  it('is nothing at all, or the bytes as they are', () => {
    expect(empty.encode(undefined)).toHaveLength(0)
    expect(empty.decode(fromHex('01'))).toBeUndefined()
    expect(toHex(anyBytes.encode(anyBytes.decode(fromHex('0102'))))).toBe('0102')
  })
})
