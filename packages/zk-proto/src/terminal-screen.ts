// terminal.screen: what the terminal shows and says.
import { blinkColon, clearScreen, writeScreen } from './commands/screen.ts'
import { playVoice } from './commands/terminal.ts'
import { AUTO_ENCODING, encodeName, nameDecoder } from './name-encoding.ts'
import { ask } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

const LONGEST_LINE_BYTES = 64
/** Without a chosen encoding only ASCII is the same in all of them. */
const ASCII_ONLY = 'latin1'

/** Voices by their numbers, as far as known. Source: docs/protocol §22. */
export const VOICES: ReadonlyMap<number, string> = new Map([
  [0, 'thank you'],
  [1, 'incorrect password'],
  [2, 'access denied'],
  [3, 'invalid id'],
  [4, 'please try again'],
  [5, 'duplicate id'],
  [6, 'clock flow'],
  [7, 'clock full'],
  [8, 'duplicate finger'],
  [9, 'duplicate punch'],
  [10, 'beep'],
  [11, 'siren'],
  [13, 'bell'],
  [18, 'start sound'],
  [20, 'fingerprint not enrolled'],
  [21, 'password not enrolled'],
  [22, 'badge not enrolled'],
  [23, 'face not enrolled'],
  [24, 'standard beep'],
  [30, 'invalid user'],
  [31, 'invalid time period'],
  [32, 'invalid combination'],
  [33, 'illegal access'],
  [34, 'disk full'],
  [35, 'duplicate fingerprint'],
  [36, 'fingerprint not registered'],
  [51, 'look at the green box'],
])

/** Screen and voice. Source: docs/protocol §22. */
export class TerminalScreen {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** Shows a text in a line; black-and-white terminals. Throws ZK_NOT_ENCODABLE for one the encoding cannot write. */
  async write(line: number, text: string, options: CallOptions = {}): Promise<void> {
    const { nameEncoding } = this.#line
    const encoding = nameEncoding === AUTO_ENCODING ? ASCII_ONLY : nameDecoder(nameEncoding, []).encoding
    const bytes = encodeName(text, encoding, LONGEST_LINE_BYTES)
    await this.#line.perform(ask(writeScreen, { line, text: bytes }), options)
  }

  /** Clears it. */
  clear(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(clearScreen, undefined), options)
  }

  /** Has the colon of the shown time blink, or stand. */
  blinkColon(on: boolean, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(blinkColon, { on: on ? 1 : 0 }), options)
  }

  /** Has it speak one of its voices, see VOICES. */
  play(voice: number, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(playVoice, { index: voice }), options)
  }
}
