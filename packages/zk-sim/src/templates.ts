// The fingerprint templates a terminal holds: opaque bytes by person and finger. A simulated terminal recognises
// nobody by them; it keeps and hands out what it was given.
import { HIGHEST_FINGER, TEMPLATE_FLAGS, templateHead, type Template } from '@org/zk-proto/wire'

/** The longest template that can be read again: an entry of the table has two bytes for its size. */
export const LONGEST_TEMPLATE_BYTES = 0xffff - templateHead.sizeBytes

/** The templates of one terminal. */
export class Templates {
  readonly capacity: number
  readonly #byUid = new Map<number, Map<number, Template>>()
  #count = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get count(): number {
    return this.#count
  }

  /** Whether there is such a finger, and room for its template. */
  takes(uid: number, finger: number): boolean {
    if (!Number.isInteger(finger) || finger < 0 || finger > HIGHEST_FINGER) return false
    return this.get(uid, finger) !== undefined || this.#count < this.capacity
  }

  /**
   * Stores a template, or overwrites the one of that finger; false when there is no room, no such finger, or it is too
   * long to be read again.
   */
  store(uid: number, finger: number, bytes: Uint8Array, flag: number = TEMPLATE_FLAGS.valid): boolean {
    if (!this.takes(uid, finger) || bytes.length > LONGEST_TEMPLATE_BYTES) return false
    const fingers = this.#byUid.get(uid) ?? new Map<number, Template>()
    if (!fingers.has(finger)) this.#count += 1
    fingers.set(finger, { uid, finger, flag, bytes: bytes.slice() })
    this.#byUid.set(uid, fingers)
    return true
  }

  get(uid: number, finger: number): Template | undefined {
    return this.#byUid.get(uid)?.get(finger)
  }

  /** The fingers of a person that are enrolled, in order. */
  fingersOf(uid: number): number[] {
    return [...(this.#byUid.get(uid)?.keys() ?? [])].sort((a, b) => a - b)
  }

  /** All templates, person by person in the order in which each came to have the first. */
  list(): Template[] {
    return [...this.#byUid.values()].flatMap((fingers) => [...fingers.values()])
  }

  /** Removes one template; false when there is none. */
  remove(uid: number, finger: number): boolean {
    const removed = this.#byUid.get(uid)?.delete(finger) ?? false
    if (removed) this.#count -= 1
    return removed
  }

  /** Removes all templates of a person. */
  removeAllOf(uid: number): void {
    this.#count -= this.#byUid.get(uid)?.size ?? 0
    this.#byUid.delete(uid)
  }

  clear(): void {
    this.#byUid.clear()
    this.#count = 0
  }
}
