// What somebody does at the terminal itself: presents a finger, a card or a face, types a code, sets the
// clock, pulls the plug. Tests and visitors act through it; clients see what comes of it.
import { happeningsOf, type Happening } from './live-happening.ts'
import type { TerminalMemory } from './memory.ts'
import type { PunchTruth } from './punch-record.ts'

/** Means of verification, with the number that multi-mode terminals record. Source: docs/protocol §13.6. */
const VERIFY_MODES = { finger: 1, code: 3, card: 4, face: 15 } as const
const SECOND_MS = 1000

/** How somebody shows who they are. */
export type Means = keyof typeof VERIFY_MODES

/** What the hand needs of the terminal beside its memory. */
export interface HandReach {
  isOn(): boolean
  /** Tells the clients that asked for live events. */
  announce(happenings: readonly Happening[]): void
  pullPlug(): Promise<void>
  plugIn(): Promise<void>
}

/** The hand at one terminal. */
export class Hand {
  readonly #memory: TerminalMemory
  readonly #reach: HandReach

  constructor(memory: TerminalMemory, reach: HandReach) {
    this.#memory = memory
    this.#reach = reach
  }

  /**
   * Somebody presents a finger, a card, a face, or types a code, having pressed the key of a state (0 check in).
   * Gives the record; undefined when nothing was recorded: the terminal is off, disabled or full, or knows nobody of
   * that pin. Clients that asked for live events are told, unless it is off or disabled.
   */
  present(pin: string, by: Means = 'finger', state = 0): PunchTruth | undefined {
    const memory = this.#memory
    if (!this.#reach.isOn() || !memory.isEnabled) return undefined
    const person = memory.people.findByPin(pin)
    const punch = person && memory.punch({ pin, state, verifyMode: VERIFY_MODES[by] })
    const doorOpened = punch !== undefined && !punch.denied && this.#openDoor()
    const meeting = { byFinger: by === 'finger', person, punch, doorOpened }
    this.#reach.announce(happeningsOf(meeting, memory.profile.punchEventBytes))
    return punch
  }

  /** Sets the clock to a wall time. @throws RangeError when there is no such wall time. */
  setClock(wallTime: string): void {
    this.#memory.clock.set(wallTime)
  }

  /** Holds the door open, or lets it fall shut. */
  holdDoor(open: boolean): void {
    this.#memory.door.hold(open)
  }

  /** People punch until the log takes no more, and no client is told. Gives how many punches it took. */
  fillLog(): number {
    const { log, people } = this.#memory
    const pins = people.list().map(({ pin }) => pin)
    let punches = 0
    while (!log.isFull && this.#memory.punch({ pin: pins[punches % pins.length] ?? '1' }) !== undefined)
      punches += 1
    return punches
  }

  /** Takes the power away: every connection drops, what is stored stays. */
  pullPlug(): Promise<void> {
    return this.#reach.pullPlug()
  }

  /** Gives the power back: the terminal is there again, at the same port, enabled. */
  plugIn(): Promise<void> {
    return this.#reach.plugIn()
  }

  /** The relay opens for the seconds of the option LockOn, where the model has a door to open. */
  #openDoor(): boolean {
    const { profile, options, door } = this.#memory
    const seconds = Number(options.get('LockOn') ?? 0)
    if (!profile.opensDoor || !(seconds > 0)) return false
    door.openFor(seconds * SECOND_MS)
    return true
  }
}
