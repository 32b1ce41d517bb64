import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import {
  CAPACITY_LENGTHS,
  capacityCodec,
  decodeCapacity,
  encodeCapacity,
} from '../../src/records/capacity.ts'
import { captured, readCapture, readVectors } from '../support/recorded.ts'

interface Row {
  readonly name: string
  readonly length: number
  readonly data: string
  readonly expected: Readonly<Record<string, number>>
}

const rows = (readVectors('free_sizes') as { readonly sizes: readonly Row[] }).sizes

describe('free sizes', () => {
  it.each(rows)('of a $name are read', ({ data, expected }) => {
    const capacity = decodeCapacity(fromHex(data))
    expect({
      users: capacity.people,
      fingers: capacity.fingerprints,
      records: capacity.records,
      oplogs: capacity.operations,
      admins: capacity.administrators,
      passwords: capacity.passwords,
      finger_capacity: capacity.fingerprintCapacity,
      user_capacity: capacity.personCapacity,
      record_capacity: capacity.recordCapacity,
      finger_free: capacity.fingerprintsLeft,
      user_free: capacity.peopleLeft,
      record_free: capacity.recordsLeft,
      faces: capacity.faces,
      face_capacity: capacity.faceCapacity,
    }).toMatchObject(expected)
  })

  it.each(rows)('of a $name are written again, in their length', ({ data, length, name }) => {
    const bytes = fromHex(data)
    // Offset 44 holds 4096 in one synthetic row: a number that no source explains, so it is not kept.
    if (name === 'synthetic full terminal') bytes.fill(0, 44, 48)
    expect(toHex(encodeCapacity(decodeCapacity(bytes), length))).toBe(toHex(bytes))
  })

  it.each(rows)(
    'of a $name tell one number less when they are a byte short, and none more when a byte long',
    ({ data }) => {
      const bytes = fromHex(data)
      const whole = decodeCapacity(bytes)
      expect(decodeCapacity(Uint8Array.of(...bytes, 0x99))).toEqual(whole)
      const lost = Object.entries(decodeCapacity(bytes.subarray(0, -1))).filter(
        ([name, told]) => told !== whole[name as keyof typeof whole],
      )
      expect(lost.length).toBeLessThanOrEqual(1)
      expect(lost.every(([, told]) => told === undefined)).toBe(true)
    },
  )

  it('of four zero bytes tell nothing, which is not none', () => {
    const [, answer = new Uint8Array(0)] = [
      undefined,
      ...captured(readCapture('sizes-4-ak3750wifi'), 'from_device'),
    ]
    const capacity = decodeCapacity(answer.subarray(16))
    expect(Object.values(capacity).every((value) => value === undefined)).toBe(true)
  })

  it('tell as much as their length holds', () => {
    const full = encodeCapacity({ people: 1, records: 2, recordsLeft: 3, faces: 4, faceCapacity: 5 }, 112)
    for (const length of CAPACITY_LENGTHS) {
      const told = decodeCapacity(full.subarray(0, length))
      expect(told.recordsLeft).toBe(length >= 80 ? 3 : undefined)
      expect(told.faceCapacity).toBe(length >= 92 ? 5 : undefined)
    }
    expect(decodeCapacity(full.subarray(0, 83)).faces).toBeUndefined()
  })

  it('are 92 bytes long when no length is asked for', () => {
    const capacity = decodeCapacity(capacityCodec.encode(decodeCapacity(new Uint8Array(92))))
    expect(capacity.faceCapacity).toBe(0)
  })
})
