// What the terminal shows: a line of text, the colon of its clock. Its voice is in terminal.ts. Source: docs/protocol §22.
import { joinBytes } from '../bytes.ts'
import { CODES } from '../codes.ts'
import { empty, layout, opaque, u16, u8 } from '../layout.ts'
import type { Codec } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** What stands before the text of a line. */
export const lineHead = layout('lineHead', 3, { line: u16(0), unknown2: opaque(2, 1) })

/** A line number and a text in the terminal's code page. */
export interface ScreenLine {
  readonly line: number
  readonly text: Uint8Array
}

/** `lineHead`, then the text in the terminal's code page, to the end of the data. */
const screenLine: Codec<ScreenLine> = {
  name: 'screenLine',
  decode: (bytes) => ({ line: lineHead.decode(bytes).line, text: bytes.slice(lineHead.sizeBytes) }),
  encode: ({ line, text }) => joinBytes([lineHead.encode({ line }), text]),
}

/** Shows a text in a line. Black-and-white terminals. */
export const writeScreen = defineCommand({
  name: 'writeScreen',
  code: CODES.WRITE_LCD,
  request: screenLine,
  reply: empty,
  repeat: 'safe',
})

/** Clears the screen. */
export const clearScreen = defineCommand({
  name: 'clearScreen',
  code: CODES.CLEAR_LCD,
  request: empty,
  reply: empty,
  repeat: 'safe',
})

/** Has the colon of the shown time blink (1) or stand (0). */
export const blinkColon = defineCommand({
  name: 'blinkColon',
  code: CODES.ENABLE_CLOCK,
  request: layout('blinkColon', 1, { on: u8(0) }),
  reply: empty,
  repeat: 'safe',
})
