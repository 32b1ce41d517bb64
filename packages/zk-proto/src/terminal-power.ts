// terminal.power: putting the terminal to work, out of it, to sleep, and off.
import {
  disableTerminal,
  enableTerminal,
  refreshData,
  refreshOptions,
  resumeTerminal,
  sleepTerminal,
} from './commands/terminal.ts'
import { powerOff, readStateNumber, restart, TERMINAL_STATES } from './procedures/power.ts'
import { ask } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

/** What the terminal is doing. */
export interface TerminalState {
  readonly number: number
  /** `waiting`, `enrolling`, `identifying`, `in its menu`, `busy`, `waiting for a card`, or `unknown`. */
  readonly name: string
}

/** Much firmware goes without a word; longer than this nobody waits for it. */
const RESTART_ANSWER_MS = 2_000

/** The terminal as a whole. Source: docs/protocol §8. */
export class TerminalPower {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** What it is doing. */
  async readState(options: CallOptions = {}): Promise<TerminalState> {
    const number = await this.#line.perform(readStateNumber(), options)
    return { number, name: TERMINAL_STATES.get(number) ?? 'unknown' }
  }

  /**
   * Nobody can punch until `enable`, or for so many seconds; 0 for until enabled. `Terminal.close` enables it again, and so
   * does the terminal when the session ends, as a rule. A write of templates ends a disabling that is for some seconds.
   */
  async disable(seconds = 0, options: CallOptions = {}): Promise<void> {
    this.#line.refuseWhenClosed()
    // Before it is known: an answer may be lost after the terminal has obeyed.
    this.#line.disabled = true
    this.#line.timed = seconds > 0
    await this.#line.perform(ask(disableTerminal, { seconds }), options)
  }

  /** People can punch again. */
  async enable(options: CallOptions = {}): Promise<void> {
    await this.#line.perform(ask(enableTerminal, undefined), options)
    this.#line.disabled = false
  }

  /**
   * Restarts it and ends this connection. `acknowledged` is false when it went without a word, as much firmware does.
   * Throws when it refuses.
   */
  async restart(options: CallOptions = {}): Promise<{ readonly acknowledged: boolean }> {
    const deadlineMs = Math.min(options.deadlineMs ?? RESTART_ANSWER_MS, RESTART_ANSWER_MS)
    const acknowledged = await this.#line.perform(restart(), { ...options, deadlineMs })
    await this.#line.abandon()
    return { acknowledged }
  }

  /** Switches it off and ends this connection. Silence is an error, `effect` unknown. Only a hand switches it on again. */
  async off(options: CallOptions = {}): Promise<{ readonly acknowledged: boolean }> {
    const acknowledged = await this.#line.perform(powerOff(), options)
    await this.#line.abandon()
    return { acknowledged }
  }

  /** Puts it to sleep. */
  sleep(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(sleepTerminal, undefined), options)
  }

  /** Wakes it. Some firmware does not know how. */
  resume(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(resumeTerminal, undefined), options)
  }

  /** Has it read its stored people, templates and access rules anew. Writes do this by themselves. */
  refreshData(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(refreshData, undefined), options)
  }

  /** Has it read its options anew. Writes do this by themselves. */
  refreshOptions(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(refreshOptions, undefined), options)
  }
}
