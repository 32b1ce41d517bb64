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

/** The pin as its text; undefined where the field is empty. */
export function pinTextAt(bytes: Uint8Array, at: number, size: number): string | undefined {
  const number = pinNumberAt(bytes, at, size)
  if (!Number.isNaN(number)) return String(number)
  const end = endOfText(bytes, at, size)
  return end === at ? undefined : latin1Text(bytes, at, end)
}
