// The short messages that a terminal shows, and whom it shows them to. Records are kept byte for byte.
// Source: docs/protocol §21.
import { joinBytes, putU16, sms72 } from '@org/zk-proto/wire'

/** A message that is shown to one person. */
export interface MessageLink {
  readonly uid: number
  readonly id: number
}

const LINK_BYTES = 4
const HIGHEST_U16 = 0xffff

/** The messages of one terminal. */
export class ShortMessages {
  readonly capacity: number
  readonly #records = new Map<number, Uint8Array>()
  readonly #links = new Map<number, MessageLink>()

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get count(): number {
    return this.#records.size
  }

  /** Stores a record under the number in it; false without a number, or when there is no room. */
  store(raw: Uint8Array): boolean {
    const { id } = sms72.decode(raw)
    if (id === 0 || (!this.#records.has(id) && this.count >= this.capacity)) return false
    this.#records.set(id, raw.slice(0, sms72.sizeBytes))
    return true
  }

  get(id: number): Uint8Array | undefined {
    return this.#records.get(id)
  }

  /** Removes a message and its links; false when there is none. */
  remove(id: number): boolean {
    for (const [key, link] of this.#links) if (link.id === id) this.#links.delete(key)
    return this.#records.delete(id)
  }

  /** Shows a message to a person; false when there is no such message. */
  link(link: MessageLink): boolean {
    if (!this.#records.has(link.id)) return false
    this.#links.set(keyOf(link), link)
    return true
  }

  /** No longer shows it; false when it was not shown. */
  unlink(link: MessageLink): boolean {
    return this.#links.delete(keyOf(link))
  }

  /** Forgets what was shown to a person who is gone. */
  unlinkAllOf(uid: number): void {
    for (const [key, link] of this.#links) if (link.uid === uid) this.#links.delete(key)
  }

  links(): MessageLink[] {
    return [...this.#links.values()]
  }

  /** Copies of all records. */
  list(): Uint8Array[] {
    return [...this.#records.values()].map((raw) => raw.slice())
  }

  /** All records as one table. */
  table(): Uint8Array {
    return joinBytes([new Uint8Array(0), ...this.#records.values()])
  }

  /** All links as one table: person and message, two bytes each. */
  linkTable(): Uint8Array {
    const table = new Uint8Array(this.#links.size * LINK_BYTES)
    for (const [index, { uid, id }] of this.links().entries()) {
      putU16(table, index * LINK_BYTES, uid)
      putU16(table, index * LINK_BYTES + 2, id)
    }
    return table
  }

  clear(): void {
    this.#records.clear()
    this.#links.clear()
  }
}

function keyOf({ uid, id }: MessageLink): number {
  return uid * (HIGHEST_U16 + 1) + id
}
