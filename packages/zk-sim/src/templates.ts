// The fingerprint templates a terminal holds: opaque bytes by person and finger. A simulated terminal recognises
// nobody by them; it keeps and hands out what it was given.

const FINGERS = 10

/** The templates of one terminal. */
export class Templates {
  readonly capacity: number
  readonly #byUid = new Map<number, Map<number, Uint8Array>>()
  #count = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get count(): number {
    return this.#count
  }

  /** Stores a template, or overwrites the one of that finger; false when there is no room or no such finger. */
  store(uid: number, finger: number, template: Uint8Array): boolean {
    if (!Number.isInteger(finger) || finger < 0 || finger >= FINGERS) return false
    const fingers = this.#byUid.get(uid) ?? new Map<number, Uint8Array>()
    if (!fingers.has(finger)) {
      if (this.#count >= this.capacity) return false
      this.#count += 1
    }
    fingers.set(finger, template.slice())
    this.#byUid.set(uid, fingers)
    return true
  }

  get(uid: number, finger: number): Uint8Array | undefined {
    return this.#byUid.get(uid)?.get(finger)
  }

  /** The fingers of a person that are enrolled, in order. */
  fingersOf(uid: number): number[] {
    return [...(this.#byUid.get(uid)?.keys() ?? [])].sort((a, b) => a - b)
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
