// terminal.messages: short messages that the terminal shows to everyone or to one person.
import { deleteMessage, linkMessage, readMessage, unlinkMessage, writeMessage } from './commands/messages.ts'
import { AUTO_ENCODING, encodeName, nameDecoder } from './name-encoding.ts'
import { askIfThere } from './procedures/access-rules.ts'
import { readMessageLinks, readMessageRecords } from './procedures/read-logs.ts'
import { LONGEST_SMS_BYTES, sms72 } from './records/sms.ts'
import { ask } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'
import { formatPackedTime, packTime } from './wall-time.ts'
import type { WallTime } from './wall-time.ts'

/** A short message. */
export interface ShortMessage {
  /** 1 to 65535. */
  readonly id: number
  /** What kind it is; the numbers are the terminal’s. */
  readonly tag: number
  /** How long it is shown, in minutes; 0 for ever. */
  readonly validMinutes: number
  /** From when, `YYYY-MM-DDTHH:MM:SS` on the terminal’s clock. */
  readonly from: string
  readonly text: string
}

/** A message to be stored: at most 60 bytes of text. */
export interface NewMessage extends Omit<ShortMessage, 'from'> {
  readonly from: WallTime
}

/** Short messages. Source: docs/protocol §21, of which no capture is known. */
export class TerminalMessages {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** All messages. */
  async list(options: CallOptions = {}): Promise<ShortMessage[]> {
    const records = await this.#line.perform(readMessageRecords(this.#line.sliceBytes), options, true)
    return records.map((record) => this.#decode(record)).filter(({ id }) => id !== 0)
  }

  /** The message of a number; undefined when there is none. */
  async read(id: number, options: CallOptions = {}): Promise<ShortMessage | undefined> {
    const record = await this.#line.perform(askIfThere(readMessage, { id }), options)
    return record === undefined || record.id === 0 ? undefined : this.#decode(sms72.encode(record))
  }

  /** Stores a message under its number. Throws ZK_NOT_ENCODABLE for a text that is too long or cannot be written. */
  async write(message: NewMessage, options: CallOptions = {}): Promise<void> {
    const { id, tag, validMinutes } = message
    const text = encodeName(message.text, this.#encoding(), LONGEST_SMS_BYTES)
    const record = { id, tag, validMinutes, startTime: packTime(message.from), text }
    await this.#line.perform(ask(writeMessage, record), options)
  }

  /** Deletes a message. */
  remove(id: number, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(deleteMessage, { id }), options)
  }

  /** Which messages are shown to whom. Throws ZK_BAD_RECORD when the records are not as they are written. */
  links(options: CallOptions = {}): Promise<readonly { readonly uid: number; readonly id: number }[]> {
    return this.#line.perform(readMessageLinks(this.#line.sliceBytes), options, true)
  }

  /** Has a message shown to a person. */
  showTo(uid: number, id: number, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(linkMessage, { uid, id }), options)
  }

  /** No longer shows a message to a person. */
  hideFrom(uid: number, id: number, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(unlinkMessage, { uid, id }), options)
  }

  #encoding(): string {
    const { nameEncoding } = this.#line
    return nameEncoding === AUTO_ENCODING ? 'utf-8' : nameDecoder(nameEncoding, []).encoding
  }

  #decode(bytes: Uint8Array): ShortMessage {
    const { id, tag, validMinutes, startTime, text } = sms72.decode(bytes)
    const names = nameDecoder(this.#line.nameEncoding, [text], LONGEST_SMS_BYTES)
    return { id, tag, validMinutes, from: formatPackedTime(startTime), text: names.decode(text) }
  }
}
