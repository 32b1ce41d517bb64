// What a terminal says it holds and can hold: the answer to CMD_GET_FREE_SIZES, an array of 32-bit numbers whose length
// varies by firmware. What lies beyond its end is not told, which is not the same as none. Source: docs/protocol §10.
import { putU32, u32At } from '../bytes.ts'
import type { Codec } from '../layout.ts'

/** Counts and capacities; undefined where the terminal does not say. A record count of 0 is no proof of an empty log. */
export interface Capacity {
  readonly people: number | undefined
  readonly fingerprints: number | undefined
  readonly records: number | undefined
  readonly operations: number | undefined
  readonly administrators: number | undefined
  readonly passwords: number | undefined
  readonly fingerprintCapacity: number | undefined
  readonly personCapacity: number | undefined
  readonly recordCapacity: number | undefined
  readonly fingerprintsLeft: number | undefined
  readonly peopleLeft: number | undefined
  readonly recordsLeft: number | undefined
  readonly faces: number | undefined
  readonly faceCapacity: number | undefined
}

/** Where each number stands, in bytes. Source: docs/protocol §10. */
export const CAPACITY_OFFSETS = {
  people: 16,
  fingerprints: 24,
  records: 32,
  operations: 40,
  administrators: 48,
  passwords: 52,
  fingerprintCapacity: 56,
  personCapacity: 60,
  recordCapacity: 64,
  fingerprintsLeft: 68,
  peopleLeft: 72,
  recordsLeft: 76,
  faces: 80,
  faceCapacity: 88,
} as const satisfies Record<keyof Capacity, number>

/** The lengths that terminals were seen to answer with. 4 zero bytes tell nothing. */
export const CAPACITY_LENGTHS = [4, 80, 92, 112] as const

const ORDINARY_LENGTH = 92

/** Reads an answer of any length. Nothing throws: a short answer tells less. */
export function decodeCapacity(bytes: Uint8Array): Capacity {
  const told = (at: number): number | undefined => (at + 4 <= bytes.length ? u32At(bytes, at) : undefined)
  return {
    people: told(CAPACITY_OFFSETS.people),
    fingerprints: told(CAPACITY_OFFSETS.fingerprints),
    records: told(CAPACITY_OFFSETS.records),
    operations: told(CAPACITY_OFFSETS.operations),
    administrators: told(CAPACITY_OFFSETS.administrators),
    passwords: told(CAPACITY_OFFSETS.passwords),
    fingerprintCapacity: told(CAPACITY_OFFSETS.fingerprintCapacity),
    personCapacity: told(CAPACITY_OFFSETS.personCapacity),
    recordCapacity: told(CAPACITY_OFFSETS.recordCapacity),
    fingerprintsLeft: told(CAPACITY_OFFSETS.fingerprintsLeft),
    peopleLeft: told(CAPACITY_OFFSETS.peopleLeft),
    recordsLeft: told(CAPACITY_OFFSETS.recordsLeft),
    faces: told(CAPACITY_OFFSETS.faces),
    faceCapacity: told(CAPACITY_OFFSETS.faceCapacity),
  }
}

/** An answer of `lengthBytes` bytes; numbers beyond its end are left out, undefined ones are zero. */
export function encodeCapacity(
  capacity: Partial<Capacity>,
  lengthBytes: number = ORDINARY_LENGTH,
): Uint8Array {
  const bytes = new Uint8Array(lengthBytes)
  const put = (at: number, value: number | undefined): void => {
    if (value !== undefined && at + 4 <= lengthBytes) putU32(bytes, at, value)
  }
  put(CAPACITY_OFFSETS.people, capacity.people)
  put(CAPACITY_OFFSETS.fingerprints, capacity.fingerprints)
  put(CAPACITY_OFFSETS.records, capacity.records)
  put(CAPACITY_OFFSETS.operations, capacity.operations)
  put(CAPACITY_OFFSETS.administrators, capacity.administrators)
  put(CAPACITY_OFFSETS.passwords, capacity.passwords)
  put(CAPACITY_OFFSETS.fingerprintCapacity, capacity.fingerprintCapacity)
  put(CAPACITY_OFFSETS.personCapacity, capacity.personCapacity)
  put(CAPACITY_OFFSETS.recordCapacity, capacity.recordCapacity)
  put(CAPACITY_OFFSETS.fingerprintsLeft, capacity.fingerprintsLeft)
  put(CAPACITY_OFFSETS.peopleLeft, capacity.peopleLeft)
  put(CAPACITY_OFFSETS.recordsLeft, capacity.recordsLeft)
  put(CAPACITY_OFFSETS.faces, capacity.faces)
  put(CAPACITY_OFFSETS.faceCapacity, capacity.faceCapacity)
  return bytes
}

/** The answer to CMD_GET_FREE_SIZES in its ordinary length of 92 bytes; read in any length. */
export const capacityCodec: Codec<Capacity> = {
  name: 'capacity',
  decode: decodeCapacity,
  encode: (capacity) => encodeCapacity(capacity),
}
