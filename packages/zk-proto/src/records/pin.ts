// The pin in a record: one to 24 ASCII characters, NUL-padded. Most are plain numbers, and a log of a hundred thousand
// records holds few different ones, so that a number is by far the cheapest way to their text.
import { endOfText, latin1Text } from '../bytes.ts'

const ZERO = 0x30
const NINE = 0x39
/** Every number of so many decimal digits is exact in 64-bit floating point. */
const EXACT_DIGITS = 15

/**
 * The pin as a number, where the number says it exactly; NaN where it does not: letters, leading zeros, more than 15
 * digits, or nothing. The field must lie within the bytes.
 */
export function pinNumberAt(bytes: Uint8Array, at: number, size: number): number {
  const end = at + size
  const first = bytes[at] ?? 0
  if (first < ZERO || first > NINE) return Number.NaN
  let number = first - ZERO
  let next = at + 1
  for (; next < end; next += 1) {
    const character = bytes[next] ?? 0
    if (character === 0) break
    if (character < ZERO || character > NINE) return Number.NaN
    number = number * 10 + (character - ZERO)
  }
  const digits = next - at
  return digits > EXACT_DIGITS || (digits > 1 && first === ZERO) ? Number.NaN : number
}

/** A bit that every digit has and NUL has not, once a byte. */
const DIGIT_BIT = 0x10101010
const ZEROS = 0x30303030
/** Added to a byte from 0 to 9 it leaves the upper half of the byte alone, added to more it does not. */
const SIX = 0x06060606
const UPPER_HALVES = 0xf0f0f0f0
/** Times two numbers of two digits in one word, the left one above bit 16: their number of four digits, above bit 16 again. */
const PAIR_WEIGHTS = 0x1_0064
const PAIRS = 0x00ff_00ff

/**
 * The number that the first eight bytes of a pin say, given as two big-endian words; -1 where that is not plain: no end
 * within them, a leading zero, anything but digits. All bytes are looked at together and without a branch that depends on
 * how many digits there are: pins of mixed lengths are what a processor cannot foresee.
 */
export function shortPinNumber(one: number, two: number): number {
  // -1 when the first word is full, so that the pin ends in the second one; 0 when it ends in the first.
  const full = ((~one & DIGIT_BIT) - 1) >> 31
  const last = one ^ ((one ^ two) & full)
  const bits = Math.clz32(~last & DIGIT_BIT) - 3
  // Where no byte can be the end, `bits` is 29 and what the shift leaves is not 0 either.
  if (((last >>> (24 - bits)) & 0xff) !== 0 || one >>> 24 <= ZERO) return -1
  // The digits, one a byte, moved to the right end of two words. Shifts by 32 do nothing, hence in two steps.
  const head = (one ^ ZEROS) & full
  const upper = (head >>> 1) >>> (31 - bits)
  const lower = (((last ^ ZEROS) >>> 1) >>> (31 - bits)) | (head << bits)
  const strange = ((upper + SIX) | upper | (lower + SIX) | lower) & UPPER_HALVES
  return strange === 0 ? fourDigits(upper) * 10_000 + fourDigits(lower) : -1
}

/** Four digits, one a byte, as a number. */
function fourDigits(digits: number): number {
  const pairs = digits + Math.imul(digits >>> 8, 10)
  return Math.imul(pairs & PAIRS, PAIR_WEIGHTS) >>> 16
}

/** The pin as its text; undefined where the field is empty. */
export function pinTextAt(bytes: Uint8Array, at: number, size: number): string | undefined {
  const number = pinNumberAt(bytes, at, size)
  if (!Number.isNaN(number)) return String(number)
  const end = endOfText(bytes, at, size)
  return end === at ? undefined : latin1Text(bytes, at, end)
}
