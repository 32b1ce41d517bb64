// How many of something one process does at once: the logs that watches read after a start, the batches that reads store.

/** A place; given back by `using`. */
export type Slot = Disposable

/** So many places, first come first served. */
export class Slots {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(places: number) {
    this.#free = places
  }

  /** Waits for a place; undefined when the signal aborts first. */
  async take(signal: AbortSignal): Promise<Slot | undefined> {
    if (signal.aborted) return undefined
    if (this.#free > 0) this.#free -= 1
    else if (!(await this.#wait(signal))) return undefined
    let given = false
    return {
      [Symbol.dispose]: () => {
        if (!given) this.#give()
        given = true
      },
    }
  }

  /** False when the wait was given up. */
  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const granted = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve(true)
      }
      const giveUp = (): void => {
        const index = this.#waiting.indexOf(granted)
        if (index >= 0) this.#waiting.splice(index, 1)
        resolve(false)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(granted)
    })
  }

  #give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
