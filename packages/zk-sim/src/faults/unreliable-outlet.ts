// A network between a terminal and its UDP peer that loses, doubles and reorders the datagrams it is given.
import type { Outlet } from '../delivery.ts'
import type { Faults } from './faults.ts'
import { HeldBack } from './held-back.ts'

/** A datagram that is held back goes at the latest after this, when no other one follows. */
const LONGEST_HOLD_MS = 20

/** An outlet that hands on what the faults leave of it. */
export class UnreliableOutlet implements Outlet {
  readonly #outlet: Outlet
  readonly #faults: Faults
  /** Never more than one waits: the next datagram lets it go. */
  readonly #held: HeldBack<Uint8Array>

  constructor(outlet: Outlet, faults: Faults) {
    this.#outlet = outlet
    this.#faults = faults
    this.#held = new HeldBack((datagram) => {
      outlet.write(datagram).catch((cause: unknown) => this.cut(cause instanceof Error ? cause : undefined))
    })
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#faults.strike('lose') !== undefined) return
    const earlier = this.#held.takeBack()
    if (earlier.length === 0 && this.#faults.strike('reorder') !== undefined) {
      this.#held.hold(bytes, LONGEST_HOLD_MS)
      return
    }
    await this.#outlet.write(bytes)
    if (this.#faults.strike('double') !== undefined) await this.#outlet.write(bytes)
    for (const datagram of earlier) await this.#outlet.write(datagram)
  }

  cut(cause?: Error): void {
    this.end()
    this.#outlet.cut(cause)
  }

  /** What is held back goes nowhere any more. */
  end(): void {
    this.#held.takeBack()
  }
}
