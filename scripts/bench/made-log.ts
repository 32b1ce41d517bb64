// The log that all parts of the bench read: 40-byte records made from a seed, of the kind that terminals keep.
import { attendance40 } from '@org/zk-proto/wire'

const FIRST_TIME = 780_000_000
const VERIFY_MODES = [1, 1, 1, 4, 15]
const PEOPLE = 1_500

/** Bytes of one record. */
export const RECORD_BYTES = attendance40.sizeBytes

/** `count` punches of people with pins of one to six digits, in the order of time. The same count gives the same bytes. */
export function madeLog(count: number): Uint8Array {
  const random = seededRandom(4370)
  const records = new Uint8Array(count * RECORD_BYTES)
  let time = FIRST_TIME
  for (let i = 0; i < count; i += 1) {
    time += random(60)
    const person = random(PEOPLE) + 1
    const record = attendance40.encode({
      uid: person,
      pin: String(person % 3 === 0 ? person : person * 613),
      verifyMode: VERIFY_MODES[random(VERIFY_MODES.length)] ?? 1,
      time,
      punchState: random(2),
    })
    records.set(record, i * RECORD_BYTES)
  }
  return records
}

/** Whole numbers from 0 to below a limit; xorshift, enough for made-up data. */
function seededRandom(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}
