// The faults of one terminal at work: which of its plan may still strike, what chance says, and what has struck. What a
// strike does is decided by whoever asks: the other files of this room, the listener and the responders.
import { seededRandom, type SeededRandom } from '../seeded-random.ts'
import { FaultPlan, planOf, type FaultScript, type PlannedFault } from './fault-plan.ts'
import type { FaultName } from './fault-table.ts'
import { parseFaults } from './parse-faults.ts'

/** A script in any of its forms: an object, a plan that was parsed, an expression or JSON as text. */
export type FaultSource = FaultScript | FaultPlan | string

/** So many strikes are kept by name; the oldest make room. */
const KEPT_STRIKES = 1_000

/** The faults of one terminal; may be set and changed while it runs. */
export class Faults {
  #plan = new FaultPlan(0, [])
  #left = new Map<FaultName, number>()
  #toSkip = new Map<FaultName, number>()
  #random = new Map<FaultName, SeededRandom>()
  #struck: FaultName[] = []
  #totals = new Map<FaultName, number>()

  /** @throws FaultScriptError for a script that is none. */
  constructor(script: FaultSource = {}) {
    this.set(script)
  }

  /** What struck so far, in order; of very many the last 1,000. */
  get struck(): readonly FaultName[] {
    return this.#struck
  }

  /** How often each fault has struck. */
  get totals(): ReadonlyMap<FaultName, number> {
    return this.#totals
  }

  /** What may strike. */
  get plan(): FaultPlan {
    return this.#plan
  }

  /** Replaces the script; every fault of it may strike anew. @throws FaultScriptError for a script that is none. */
  set(script: FaultSource): void {
    this.#plan = typeof script === 'string' ? parseFaults(script) : planOf(script)
    const faults = [...this.#plan.faults.values()]
    this.#left = new Map(faults.map(({ name, times }) => [name, times]))
    this.#toSkip = new Map(faults.map(({ name, skip }) => [name, skip]))
    this.#random = new Map(faults.map(({ name }) => [name, seededRandom(this.#plan.seed, name)]))
  }

  /** Nothing goes wrong any more. */
  clear(): void {
    this.set({})
  }

  /** Forgets what has struck. */
  forget(): void {
    this.#struck = []
    this.#totals = new Map()
  }

  /**
   * A chance for a fault: gives it when it strikes. `fits` says whether this is a chance at all; a fault with a share
   * strikes by lot.
   */
  strike(name: FaultName, fits: (fault: PlannedFault) => boolean = () => true): PlannedFault | undefined {
    const fault = this.#plan.faults.get(name)
    if (fault === undefined) return undefined
    const left = this.#left.get(name) ?? 0
    if (left === 0 || !fits(fault)) return undefined
    if (fault.has('share') && !this.random(name).chance(fault.number('share'))) return undefined
    const toSkip = this.#toSkip.get(name) ?? 0
    if (toSkip > 0) {
      this.#toSkip.set(name, toSkip - 1)
      return undefined
    }
    this.#left.set(name, left - 1)
    this.#record(name)
    return fault
  }

  /** Whether a fault of the plan has strikes left. */
  mayStrike(name: FaultName): boolean {
    return (this.#left.get(name) ?? 0) > 0
  }

  /** The numbers that a fault draws from, the same for the same seed. */
  random(name: FaultName): SeededRandom {
    const known = this.#random.get(name) ?? seededRandom(this.#plan.seed, name)
    this.#random.set(name, known)
    return known
  }

  #record(name: FaultName): void {
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + 1)
    this.#struck.push(name)
    if (this.#struck.length > KEPT_STRIKES) this.#struck.shift()
  }
}
