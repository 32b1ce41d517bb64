// terminal.clock and terminal.options: what can be set on the terminal as a whole. Every write is read back.
import { clockReading, optionIfKnown } from './procedures/read-info.ts'
import { setClock } from './procedures/set-clock.ts'
import type { ClockSet } from './procedures/set-clock.ts'
import { setOption } from './procedures/write-option.ts'
import { parseOption, spellOption } from './records/known-option.ts'
import type { KnownOptionName, OptionValueOf } from './records/known-option.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'
import type { WallTime } from './wall-time.ts'

/** The clock. It has no zone: what it shows is all there is. Source: docs/protocol §11.3. */
export class TerminalClock {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** What it shows. */
  async read(options: CallOptions = {}): Promise<WallTime> {
    return (await this.#line.perform(clockReading(), options)).time
  }

  /**
   * Sets it and reads it back. Throws ZK_VALUE_OUT_OF_RANGE for a time it cannot show, ZK_REFUSED when it did not keep it.
   * Never sent twice: a late repeat would set it back.
   */
  set(time: WallTime, options: CallOptions = {}): Promise<ClockSet> {
    return this.#line.perform(setClock(time), options)
  }
}

/** Options: facts and settings by name. Source: docs/protocol §9. */
export class TerminalOptions {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** A known option by its type; undefined when the terminal does not know it. Throws ZK_BAD_RECORD for a strange value. */
  async read<N extends KnownOptionName>(
    name: N,
    options: CallOptions = {},
  ): Promise<OptionValueOf<N> | undefined> {
    const text = await this.readText(name, options)
    return text === undefined ? undefined : parseOption(name, text)
  }

  /** Sets a known option by its type. Changing address or port ends this connection at the terminal’s next restart. */
  async write<N extends KnownOptionName>(
    name: N,
    value: OptionValueOf<N>,
    options: CallOptions = {},
  ): Promise<void> {
    await this.writeText(name, spellOption(name, value), options)
  }

  /** Any option as text; undefined when the terminal does not know it. */
  readText(name: string, options: CallOptions = {}): Promise<string | undefined> {
    return this.#line.perform(optionIfKnown(name), options)
  }

  /** Sets any option, makes it count and reads it back. Throws ZK_REFUSED when the terminal does not keep it. */
  writeText(name: string, value: string, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(setOption(name, value), options)
  }
}
