import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../src/bytes.ts'
import { isScrambledCommKey, scrambleCommKey } from '../src/comm-key.ts'
import { captured, readCapture, readVectors } from './support/recorded.ts'

interface KeyVectors {
  readonly vectors: readonly (readonly [number, number, number, string])[]
  readonly low_byte_pairs: readonly KeyRow[]
  readonly steps: readonly KeyRow[]
  readonly from_capture: readonly KeyRow[]
}
interface KeyRow {
  readonly key: number
  readonly session: number
  readonly ticks: number
  readonly result: string
}

const recorded = readVectors('commkey') as KeyVectors

describe('the scrambled comm key', () => {
  it(`is that of all ${recorded.vectors.length} vectors, and each is recognised`, () => {
    for (const [key, session, ticks, hex] of recorded.vectors) {
      expect([key, session, ticks, toHex(scrambleCommKey(key, session, ticks))]).toEqual([
        key,
        session,
        ticks,
        hex,
      ])
      expect(isScrambledCommKey(fromHex(hex), key, session)).toBe(true)
    }
  })

  it.each([...recorded.from_capture, ...recorded.low_byte_pairs, ...recorded.steps])(
    'of $key in session $session is $result',
    ({ key, session, ticks, result }) => {
      expect(toHex(scrambleCommKey(key, session, ticks))).toBe(result)
    },
  )

  it('is what a real terminal accepted', () => {
    const [, auth = new Uint8Array(0)] = captured(readCapture('hs-tcp-commkey-45'), 'to_device')
    expect(toHex(auth.subarray(16))).toBe(toHex(scrambleCommKey(45, 0x45cf)))
  })

  it('is not recognised for another key, another length or a changed byte', () => {
    const payload = scrambleCommKey(12, 0x45cf)
    expect(isScrambledCommKey(payload, 45, 0x45cf)).toBe(false)
    expect(isScrambledCommKey(payload.subarray(1), 12, 0x45cf)).toBe(false)
    expect(isScrambledCommKey(Uint8Array.of(...payload, 0), 12, 0x45cf)).toBe(false)
    expect(
      isScrambledCommKey(
        payload.map((value, i) => (i === 3 ? value ^ 1 : value)),
        12,
        0x45cf,
      ),
    ).toBe(false)
  })

  it('refuses keys that are no unsigned 32-bit number', () => {
    for (const key of [-1, 0x1_0000_0000, 1.5, Number.NaN]) {
      expect(() => scrambleCommKey(key, 1)).toThrow(
        expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
      )
    }
  })
})
