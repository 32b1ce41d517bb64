import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ByteReader,
  ByteWriter,
  endOfText,
  fromHex,
  hexHead,
  joinBytes,
  latin1Text,
  putBytes,
  putU16,
  putU32,
  putU8,
  sameBytes,
  toHex,
  u16At,
  u32At,
  u8At,
} from '../src/bytes.ts'

describe('numbers at an offset', () => {
  it('are little-endian and unsigned', () => {
    const bytes = fromHex('01 ff fe fd fc')
    expect(u8At(bytes, 1)).toBe(0xff)
    expect(u16At(bytes, 0)).toBe(0xff01)
    expect(u32At(bytes, 1)).toBe(0xfcfdfeff)
  })

  it('are never undefined: beyond the end is an error that names offset and length', () => {
    for (const read of [u8At, u16At, u32At]) {
      expect(() => read(new Uint8Array(4), 4)).toThrow(expect.objectContaining({ code: 'ZK_BAD_RECORD' }))
    }
    expect(() => u16At(new Uint8Array(4), 3)).toThrow(/2 byte\(s\) at offset 3.*after 4/)
    expect(() => u32At(new Uint8Array(4), 1)).toThrow(/4 byte\(s\) at offset 1/)
  })

  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.nat(0xff), fc.nat(0xffff), fc.integer({ min: 0, max: 0xffffffff }), (a, b, c) => {
        const bytes = new Uint8Array(7)
        putU8(bytes, 0, a)
        putU16(bytes, 1, b)
        putU32(bytes, 3, c)
        expect([u8At(bytes, 0), u16At(bytes, 1), u32At(bytes, 3)]).toEqual([a, b, c])
      }),
    )
  })

  it('refuse values and places that do not fit', () => {
    const bytes = new Uint8Array(2)
    const outOfRange = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE', effect: 'none' })
    expect(() => putU8(bytes, 0, 256)).toThrow(outOfRange)
    expect(() => putU8(bytes, 0, 1.5)).toThrow(outOfRange)
    expect(() => putU16(bytes, 0, -1)).toThrow(outOfRange)
    expect(() => putU16(bytes, 1, 1)).toThrow(outOfRange)
    expect(() => putU32(bytes, -1, 1)).toThrow(outOfRange)
    expect(() => putBytes(bytes, 1, new Uint8Array(2))).toThrow(outOfRange)
  })
})

describe('text in bytes', () => {
  it('ends at the first NUL, or at the end of the field', () => {
    const bytes = fromHex('41 42 00 43')
    expect(endOfText(bytes, 0, 4)).toBe(2)
    expect(endOfText(bytes, 0, 2)).toBe(2)
    expect(endOfText(bytes, 3, 40)).toBe(4)
    expect(latin1Text(bytes, 0, 2)).toBe('AB')
  })

  it('keeps bytes outside ASCII as one character each', () => {
    expect(latin1Text(fromHex('e9 ff'), 0, 2)).toBe('éÿ')
  })
})

describe('hex', () => {
  it('goes both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
      }),
    )
  })

  it('is cut to 64 bytes in messages', () => {
    expect(hexHead(new Uint8Array(64))).toHaveLength(128)
    expect(hexHead(new Uint8Array(65))).toBe(`${'00'.repeat(64)}…`)
  })

  it('refuses what is not hex', () => {
    expect(() => fromHex('0')).toThrow(/hexadecimal/)
    expect(() => fromHex('zz')).toThrow(/hexadecimal/)
  })
})

describe('pieces', () => {
  it('are joined in order; a single one is not copied', () => {
    const one = fromHex('0102')
    expect(joinBytes([one])).toBe(one)
    expect(toHex(joinBytes([one, fromHex('03'), new Uint8Array(0)]))).toBe('010203')
    expect(joinBytes([])).toHaveLength(0)
  })

  it('are compared byte by byte', () => {
    expect(sameBytes(fromHex('0102'), fromHex('0102'))).toBe(true)
    expect(sameBytes(fromHex('0102'), fromHex('0103'))).toBe(false)
    expect(sameBytes(fromHex('0102'), fromHex('010203'))).toBe(false)
  })
})

describe('ByteReader and ByteWriter', () => {
  it('read back what was written, through any growth', () => {
    const written = new ByteWriter(1).u8(1).u16(0x0302).u32(0x07060504).bytes(fromHex('0809')).finish()
    expect(toHex(written)).toBe('010203040506070809')
    const reader = new ByteReader(written)
    expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([1, 0x0302, 0x07060504])
    expect(reader.remaining).toBe(2)
    expect(toHex(reader.take(1))).toBe('08')
    expect(toHex(reader.rest())).toBe('09')
  })

  it('do not read beyond the end', () => {
    expect(() => new ByteReader(fromHex('01')).take(2)).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD' }),
    )
    expect(() => new ByteReader(fromHex('01')).u16()).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD' }),
    )
  })
})
