// A table as it stood when a client asked for it, read in slices: the word of its size, then its records. The records are
// not copied, so that a log of a million punches costs a reader nothing but its slices. Source: docs/protocol §14.3.
import { TABLE_HEAD_BYTES, tableHead } from '@org/zk-proto/wire'

/** A snapshot of one table. */
export class TableSnapshot {
  /** Its length with the size word. */
  readonly sizeBytes: number
  readonly #head: Uint8Array
  readonly #records: Uint8Array

  /** `records` are nobody's to change any more. */
  constructor(records: Uint8Array) {
    this.#head = tableHead.encode({ sizeBytes: records.length })
    this.#records = records
    this.sizeBytes = TABLE_HEAD_BYTES + records.length
  }

  /** So many bytes from a place on, fewer at the end: a view, and a copy only of the slice that holds the size word. */
  slice(start: number, sizeBytes: number): Uint8Array {
    const end = Math.min(start + sizeBytes, this.sizeBytes)
    if (start >= TABLE_HEAD_BYTES) {
      return this.#records.subarray(start - TABLE_HEAD_BYTES, end - TABLE_HEAD_BYTES)
    }
    const bytes = new Uint8Array(Math.max(0, end - start))
    bytes.set(this.#head.subarray(start, end))
    if (end > TABLE_HEAD_BYTES) {
      bytes.set(this.#records.subarray(0, end - TABLE_HEAD_BYTES), TABLE_HEAD_BYTES - start)
    }
    return bytes
  }

  /** The whole table, as small ones are sent. */
  whole(): Uint8Array {
    return this.slice(0, this.sizeBytes)
  }
}
