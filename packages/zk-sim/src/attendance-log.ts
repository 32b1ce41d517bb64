// The attendance log as the terminal stores it: raw records one after the other, in the order in which they were
// written. Nothing is decoded here, so what was put in is what a client reads.
import type { FullLogHabit } from './profile.ts'

/** A full log with the habit `drop-block` frees this share of its records at once. */
const BLOCK_SHARE = 0.1
const FIRST_ROOM = 64

/** A list of records of one size. */
export class AttendanceLog {
  readonly recordBytes: number
  readonly capacity: number
  readonly #habit: FullLogHabit
  #bytes: Uint8Array
  /** Somebody holds a snapshot of these bytes: a record in them is not changed any more, the log moves to a copy first. */
  #isShared = false
  #count = 0
  /** Where the next record goes once a full log overwrites in place. */
  #cursor = 0

  constructor(recordBytes: number, capacity: number, habit: FullLogHabit) {
    this.recordBytes = recordBytes
    this.capacity = capacity
    this.#habit = habit
    this.#bytes = new Uint8Array(recordBytes * FIRST_ROOM)
  }

  /** Records it holds. */
  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= this.capacity
  }

  /**
   * Writes a record at the end; a full log does what its habit says. Gives the record's index, or undefined when it
   * was refused.
   * @throws RangeError when the record has another size.
   */
  append(record: Uint8Array): number | undefined {
    if (record.length !== this.recordBytes) {
      throw new RangeError(`expected a record of ${this.recordBytes} bytes, got ${record.length}`)
    }
    if (this.isFull) {
      if (this.#habit === 'refuse') return undefined
      if (this.#habit === 'overwrite-oldest') return this.#overwriteOldest(record)
      this.#dropOldest(this.#habit === 'shift' ? 1 : Math.max(1, Math.floor(this.capacity * BLOCK_SHARE)))
    }
    const index = this.#count
    this.#place(index, record)
    this.#count += 1
    return index
  }

  /**
   * A copy of the record at an index.
   * @throws RangeError when there is none.
   */
  at(index: number): Uint8Array {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count) {
      throw new RangeError(`the log holds ${this.#count} records, none at ${index}`)
    }
    return this.#bytes.slice(index * this.recordBytes, (index + 1) * this.recordBytes)
  }

  /**
   * All records as one array, to be read and not written: it stays as it is whatever becomes of the log. Nothing is copied
   * for it until a record of it gives way to another.
   */
  snapshot(): Uint8Array {
    this.#isShared = true
    return this.#bytes.subarray(0, this.#count * this.recordBytes)
  }

  /** Where the next record goes in a full log that overwrites in place. */
  get cursor(): number {
    return this.#cursor
  }

  /**
   * Replaces everything by records that were kept, with the cursor they had.
   * @throws RangeError when they are no whole records, more than there is room for, or the cursor is beyond them.
   */
  restore(records: Uint8Array, cursor: number): void {
    const count = records.length / this.recordBytes
    if (!Number.isInteger(count)) {
      throw new RangeError(`expected whole records of ${this.recordBytes} bytes, got ${records.length} bytes`)
    }
    if (count > this.capacity) throw new RangeError(`expected at most ${this.capacity} records, got ${count}`)
    if (!Number.isInteger(cursor) || cursor < 0 || cursor > count) {
      throw new RangeError(`expected a cursor from 0 to ${count}, got ${cursor}`)
    }
    this.#bytes = records.slice()
    this.#isShared = false
    this.#count = count
    this.#cursor = cursor
  }

  /** Empties the log. */
  clear(): void {
    this.#count = 0
    this.#cursor = 0
    this.#bytes = new Uint8Array(this.recordBytes * FIRST_ROOM)
    this.#isShared = false
  }

  #place(index: number, record: Uint8Array): void {
    const at = index * this.recordBytes
    if (at + this.recordBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + this.recordBytes))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#isShared = false
    }
    this.#bytes.set(record, at)
  }

  #overwriteOldest(record: Uint8Array): number {
    const index = this.#cursor
    this.#leaveSnapshots()
    this.#place(index, record)
    this.#cursor = (index + 1) % this.capacity
    return index
  }

  #dropOldest(records: number): void {
    this.#leaveSnapshots()
    this.#bytes.copyWithin(0, records * this.recordBytes, this.#count * this.recordBytes)
    this.#count -= records
  }

  #leaveSnapshots(): void {
    if (!this.#isShared) return
    this.#bytes = this.#bytes.slice()
    this.#isShared = false
  }
}
