// Tells of faults soon after they struck: looks at the counts of the terminals several times a second, so that a fault that
// strikes a thousand times makes a line and not a thousand.
import type { SimulatedTerminal } from '../simulated-terminal.ts'

const LOOK_EVERY_MS = 250

/** Told of a fault that struck so many times since the last call for it. */
export type FaultNotice = (terminal: SimulatedTerminal, name: string, times: number) => void

/** Looks until it is ended. */
export class FaultNotices {
  readonly #terminals: readonly SimulatedTerminal[]
  readonly #notice: FaultNotice
  readonly #told = new Map<SimulatedTerminal, Map<string, number>>()
  readonly #timer: NodeJS.Timeout

  constructor(terminals: readonly SimulatedTerminal[], notice: FaultNotice) {
    this.#terminals = terminals
    this.#notice = notice
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  /** Tells of the last ones. */
  end(): void {
    clearInterval(this.#timer)
    this.#look()
  }

  #look(): void {
    for (const terminal of this.#terminals) {
      for (const [name, total] of terminal.faults.totals) {
        const told = this.#told.get(terminal) ?? new Map<string, number>()
        const before = told.get(name) ?? 0
        if (total > before) this.#notice(terminal, name, total - before)
        told.set(name, total)
        this.#told.set(terminal, told)
      }
    }
  }
}
