// Random numbers that a seed repeats: what made-up people, recorded logs and faults draw from, so that two
// terminals of one seed are equal byte for byte. Not for secrets.

/** A stream of numbers determined by its seed. */
export interface SeededRandom {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number
  /** A whole number from 0 to `bound - 1`; 0 when the bound is below 1. */
  below(bound: number): number
  /** True in `share` of the draws (0 to 1). */
  chance(share: number): boolean
  /** One of the values; undefined only from an empty list. */
  pick<T>(values: readonly T[]): T | undefined
}

const UINT32_SPAN = 0x1_0000_0000

/**
 * A stream for a seed and any further words, which divide one seed into independent streams:
 * `seededRandom(7, '2026-03-02', 'person 12')`.
 */
export function seededRandom(seed: number, ...words: readonly (string | number)[]): SeededRandom {
  let state = fold(`${seed}|${words.join('|')}`)
  const next = (): number => {
    // A Weyl sequence whose state is mixed by two multiply-and-shift rounds: 2^32 values before it repeats.
    state = (state + 0x9e37_79b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0_aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a_2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / UINT32_SPAN
  }
  const below = (bound: number): number => (bound < 1 ? 0 : Math.floor(next() * bound))
  return {
    next,
    below,
    chance: (share) => next() < share,
    pick: (values) => values[below(values.length)],
  }
}

/** The 32-bit FNV-1a digest of a text: the state a stream begins with. */
function fold(text: string): number {
  let digest = 0x811c_9dc5
  for (let index = 0; index < text.length; index++) {
    digest = Math.imul(digest ^ text.charCodeAt(index), 0x0100_0193)
  }
  return digest >>> 0
}
