// What runs now and may be aborted: one signal for all calls, another one after each abort.

/** Gives calls their signal. */
export class Running {
  #current = new AbortController()
  #count = 0

  /** The signal for a call that begins now. */
  get signal(): AbortSignal {
    return this.#current.signal
  }

  /** Whether any call runs. */
  get isBusy(): boolean {
    return this.#count > 0
  }

  /** Counts an act as running until it has settled. */
  async during<T>(act: () => Promise<T>): Promise<T> {
    this.#count += 1
    try {
      return await act()
    } finally {
      this.#count -= 1
    }
  }

  /** Aborts whatever runs. */
  abort(): void {
    const { signal } = this.#current
    if (signal.aborted) return
    const old = this.#current
    this.#current = new AbortController()
    old.abort(new Error('Ctrl-C'))
  }
}
