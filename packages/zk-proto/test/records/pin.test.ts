import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pinNumberAt, pinTextAt, shortPinNumber } from '../../src/records/pin.ts'

/** Digits, their neighbours, and bytes that share bits with them. */
const NEAR_DIGITS = [0x00, 0x10, 0x1f, 0x20, 0x2f, 0x30, 0x31, 0x35, 0x39, 0x3a, 0x3f, 0x50, 0x70, 0xb0, 0xff]

function shortNumberOf(field: Uint8Array): number {
  const view = new DataView(field.buffer, field.byteOffset)
  return shortPinNumber(view.getInt32(0), view.getInt32(4))
}

function fieldOf(pin: string): Uint8Array {
  return Uint8Array.from({ length: 24 }, (_, i) => (i < pin.length ? pin.charCodeAt(i) : 0))
}

describe('a pin', () => {
  it('reads the same by words as byte by byte, or is left to the latter', () => {
    const bytes = fc.array(fc.constantFrom(...NEAR_DIGITS), { minLength: 24, maxLength: 24 })
    fc.assert(
      fc.property(bytes, (field) => {
        const short = shortNumberOf(Uint8Array.from(field))
        fc.pre(short !== -1)
        expect(short).toBe(pinNumberAt(Uint8Array.from(field), 0, 24))
      }),
      { numRuns: 2_000, maxSkipsPerRun: 1_000 },
    )
  })

  it.each(['1', '12', '123', '1234', '12345', '123456', '1234567'])(
    'of few digits is read by words: %s',
    (pin) => {
      expect(shortNumberOf(fieldOf(pin))).toBe(Number(pin))
    },
  )

  it.each(['', '0', '07', '12345678', '123456789', 'A', '1A', '12345:', '1234 7', '99999999x'])(
    'is left to be read byte by byte where words do not tell: %j',
    (pin) => {
      expect(shortNumberOf(fieldOf(pin))).toBe(-1)
    },
  )

  it('ends at its first NUL, whatever stands behind it', () => {
    const field = fieldOf('41')
    field.fill(0x39, 3)
    expect([shortNumberOf(field), pinNumberAt(field, 0, 24), pinTextAt(field, 0, 24)]).toEqual([41, 41, '41'])
  })

  it('without a byte is nobody', () => {
    expect(pinTextAt(fieldOf(''), 0, 24)).toBeUndefined()
  })
})
