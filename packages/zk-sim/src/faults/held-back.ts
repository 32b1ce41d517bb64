// Things that go out later than they should: each is let go when its time is up, whatever went before it.

/** What is held beyond this goes at once. */
const MOST_HELD = 1_000

/** Holds things back, each for its own time. */
export class HeldBack<T> {
  readonly #letGo: (held: T) => void
  readonly #waiting = new Map<NodeJS.Timeout, T>()

  /** `letGo` is called with each thing when its time is up. */
  constructor(letGo: (held: T) => void) {
    this.#letGo = letGo
  }

  /** Holds something for so many milliseconds. */
  hold(held: T, ms: number): void {
    if (this.#waiting.size >= MOST_HELD) {
      this.#letGo(held)
      return
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(timer)
      this.#letGo(held)
    }, ms)
    this.#waiting.set(timer, held)
  }

  /** Takes back all that is held, in the order in which it came; none of it is let go. */
  takeBack(): T[] {
    const held = [...this.#waiting.values()]
    for (const timer of this.#waiting.keys()) clearTimeout(timer)
    this.#waiting.clear()
    return held
  }
}
