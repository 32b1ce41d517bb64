// The door relay: when it was opened, for how long, and whether it stands open now. Every request is kept, because
// a test of unlocking asks how often the door was opened, not only whether.

/** One pulse of the relay. */
export interface Unlock {
  /** Milliseconds since 1970 in UTC. */
  readonly at: number
  readonly milliseconds: number
}

/** How many pulses are kept; the oldest make room. */
const KEPT_UNLOCKS = 10_000

/** The door of a terminal. */
export class Door {
  #unlocks: Unlock[] = []
  #openings = 0
  /** When the relay falls shut again; pulses queue up: ten requests open it ten times as long. */
  #openUntil = 0
  readonly #now: () => number
  #heldOpen = false

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Every pulse, in order; of very many the last 10,000. */
  get unlocks(): readonly Unlock[] {
    return this.#unlocks
  }

  /** How often the relay has opened. */
  get openings(): number {
    return this.#openings
  }

  /** Opens the relay. */
  openFor(milliseconds: number): void {
    this.#pulse({ at: this.#now(), milliseconds })
  }

  /** Puts back what was kept. */
  restore(unlocks: readonly Unlock[]): void {
    this.#unlocks = []
    this.#openings = 0
    this.#openUntil = 0
    for (const unlock of unlocks) this.#pulse(unlock)
  }

  /** Somebody holds the door open, or lets it fall shut. */
  hold(open: boolean): void {
    this.#heldOpen = open
  }

  get isHeldOpen(): boolean {
    return this.#heldOpen
  }

  /** Whether it stands open now. */
  get isOpen(): boolean {
    return this.#heldOpen || this.#now() < this.#openUntil
  }

  #pulse(unlock: Unlock): void {
    this.#unlocks.push(unlock)
    if (this.#unlocks.length > KEPT_UNLOCKS) this.#unlocks.shift()
    this.#openings += 1
    this.#openUntil = Math.max(this.#openUntil, unlock.at) + unlock.milliseconds
  }
}
