// Which of several equal punches one is: the first, second … of a person in one second, counted from the log's first record.
// A log may repeat a pair at any distance, so every pair of the log is remembered: in typed arrays, about 20 bytes a pair, where
// a Map would take five times that. A million records stay well under 50 MB.

/** More pairs than any terminal's log can hold; beyond that the log is not one. */
const MOST_PAIRS = 8_000_000
const FIRST_SLOTS = 4_096
const EMPTY = -1
/** Persons get small numbers, so that person and second fit into one exact double. */
const PACKED_TIMES = 2 ** 32
const MOST_PERSONS = 2 ** 20

/** Counts for one whole read. */
export class OccurrenceCounter {
  readonly #persons = new Map<string, number>()
  #keys = emptyKeys(FIRST_SLOTS)
  #counts = new Uint32Array(FIRST_SLOTS)
  #pairs = 0

  /** 1 for the first of its person and second, 2 for the next … Throws RangeError beyond what a log can hold. */
  next(logNumber: string, packedTime: number): number {
    const key = this.#personOf(logNumber) * PACKED_TIMES + packedTime
    let slot = findSlot(this.#keys, key)
    if (this.#keys[slot] !== key) {
      if (this.#pairs >= MOST_PAIRS) throw new RangeError('more punches than any terminal holds')
      if (this.#pairs * 2 >= this.#keys.length) {
        this.#grow()
        slot = findSlot(this.#keys, key)
      }
      this.#keys[slot] = key
      this.#pairs += 1
    }
    const count = (this.#counts[slot] ?? 0) + 1
    this.#counts[slot] = count
    return count
  }

  #personOf(logNumber: string): number {
    const known = this.#persons.get(logNumber)
    if (known !== undefined) return known
    if (this.#persons.size >= MOST_PERSONS) throw new RangeError('more persons than any terminal holds')
    this.#persons.set(logNumber, this.#persons.size)
    return this.#persons.size - 1
  }

  #grow(): void {
    const keys = emptyKeys(this.#keys.length * 2)
    const counts = new Uint32Array(keys.length)
    this.#keys.forEach((key, old) => {
      if (key === EMPTY) return
      const slot = findSlot(keys, key)
      keys[slot] = key
      counts[slot] = this.#counts[old] ?? 0
    })
    this.#keys = keys
    this.#counts = counts
  }
}

function emptyKeys(slots: number): Float64Array {
  return new Float64Array(slots).fill(EMPTY)
}

/** The slot that holds the key, or the free one where it belongs. At most half of the slots are taken. */
function findSlot(keys: Float64Array, key: number): number {
  const mask = keys.length - 1
  let slot =
    Math.imul((key % PACKED_TIMES) | 0, 0x9e3779b1) ^ Math.imul(Math.floor(key / PACKED_TIMES), 0x85ebca6b)
  slot = (slot ^ (slot >>> 15)) & mask
  while (keys[slot] !== EMPTY && keys[slot] !== key) slot = (slot + 1) & mask
  return slot
}
