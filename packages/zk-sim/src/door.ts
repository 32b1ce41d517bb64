// The door relay: when it was opened, for how long, and whether it stands open now. Every request is kept, because
// a test of unlocking asks how often the door was opened, not only whether.

/** One pulse of the relay. */
export interface Unlock {
  /** Milliseconds since 1970 in UTC. */
  readonly at: number
  readonly milliseconds: number
}

/** The door of a terminal. */
export class Door {
  /** Every pulse, in order. */
  readonly unlocks: Unlock[] = []
  readonly #now: () => number
  #heldOpen = false

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Opens the relay. */
  openFor(milliseconds: number): void {
    this.unlocks.push({ at: this.#now(), milliseconds })
  }

  /** Somebody holds the door open, or lets it fall shut. */
  hold(open: boolean): void {
    this.#heldOpen = open
  }

  get isHeldOpen(): boolean {
    return this.#heldOpen
  }

  /** Whether it stands open now. Pulses queue up: ten requests open it ten times as long. */
  get isOpen(): boolean {
    let openUntil = 0
    for (const { at, milliseconds } of this.unlocks) openUntil = Math.max(openUntil, at) + milliseconds
    return this.#heldOpen || this.#now() < openUntil
  }
}
