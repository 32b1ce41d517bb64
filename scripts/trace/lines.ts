// Entries of a trace as lines: of text for people, of JSON for programs. What came over the wire can give no line of its own:
// control characters are spelled out.
import { toHex } from '@org/zk-proto/wire'
import type { Entry, Fact, PacketEntry, RecordEntry, TableEntry } from './entry.ts'

/** How lines of text are to look. */
export interface TextOptions {
  /** Shows the bytes of each packet. */
  readonly bytes: boolean
  /** Whether lines tell which conversation they belong to. */
  readonly numbered: boolean
}

const TEXT_BYTES = 64

/** Writes entries as text. Remembers how many records of a table have not been shown. */
export class TextLines {
  readonly #options: TextOptions
  #left = 0

  constructor(options: TextOptions) {
    this.#options = options
  }

  /** The lines of an entry. */
  *of(entry: Entry): Generator<string> {
    if (entry.type !== 'record') yield* this.rest()
    switch (entry.type) {
      case 'conversation': {
        const { number, transport, client, terminal } = entry.place
        const ends = client === undefined || terminal === undefined ? '' : ` ${client} > ${terminal}`
        if (this.#options.numbered) yield `#${number} ${transport}${ends}`
        return
      }
      case 'packet':
        yield this.#line(entry, packetText(entry))
        if (this.#options.bytes) yield `      ${hexText(entry.bytes, entry.length)}`
        return
      case 'table':
        this.#left = entry.records
        yield this.#line(entry, `  ${tableText(entry)}`)
        return
      case 'record':
        this.#left -= 1
        yield this.#line(entry, `    ${recordText(entry)}`)
        return
      case 'remark':
      default:
        yield this.#line(entry, `  ${printable(entry.text)}`)
    }
  }

  /** What is still to be told at the end. */
  *rest(): Generator<string> {
    if (this.#left > 0) yield `        … and ${this.#left} more`
    this.#left = 0
  }

  /** Time and conversation before what is to be said, as far as there are any. */
  #line({ place, atMs }: Entry, text: string): string {
    const number = this.#options.numbered ? [`#${place.number}`] : []
    return [...(atMs === undefined ? [] : [timeText(atMs)]), ...number, text].join(' ')
  }
}

function timeText(atMs: number): string {
  const at = new Date(atMs)
  return Number.isNaN(at.getTime()) ? '??:??:??.???' : at.toISOString().slice(11, 23)
}

function packetText(entry: PacketEntry): string {
  const { direction, role, name, answers, session, replyId, length, checksum, facts, remark } = entry
  const what = role === 'event' ? `live event ${name}` : name
  return [
    direction,
    role === 'acknowledgement' ? 'ACK_OK (live event)' : what,
    ...(answers === undefined ? [] : [`to ${answers}`]),
    `session ${session} reply ${replyId}${length === 0 ? '' : `, ${length} bytes`}`,
    ...(checksum === 'right' ? [] : [checksum === 'wrong' ? 'WRONG CHECKSUM' : 'checksum one low']),
    ...facts.map(factText),
    ...(remark === undefined ? [] : [`(${remark})`]),
  ].join(' ')
}

function tableText({ table, layout, sizeBytes, seenBytes, records, remark }: TableEntry): string {
  const size = seenBytes === sizeBytes ? `${sizeBytes} bytes` : `${seenBytes} of ${sizeBytes} bytes`
  const what = layout === undefined ? [] : [`${records} records`, layout]
  return [
    `table ${table}:`,
    [...what, size].join(', '),
    ...(remark === undefined ? [] : [`(${printable(remark)})`]),
  ].join(' ')
}

function recordText({ index, facts }: RecordEntry): string {
  return [`[${index}]`, ...facts.map(factText)].join(' ')
}

/** One fact, as `name=value`. */
export function factText({ name, value }: Fact): string {
  return `${name}=${typeof value === 'string' ? printable(spelled(value)) : String(value)}`
}

/** A word as it is, anything else in quotes. */
function spelled(text: string): string {
  return /^[\w.:+~-]+$/u.test(text) ? text : JSON.stringify(text)
}

/** Without anything that a terminal window would obey, or that changes how what follows looks. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    // By halves, as JSON spells what lies beyond 16 bits.
    character
      .split('')
      .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** Bytes as hex; those that are not shown are counted. */
export function hexText(bytes: Uint8Array, dataBytes: number): string {
  const shown = bytes.subarray(0, TEXT_BYTES)
  const left = dataBytes + 8 - shown.length
  const hex = toHex(shown).replaceAll(/(.{8})(?=.)/gu, '$1 ')
  return left > 0 ? `${hex} … ${left} bytes` : hex
}

/** An entry as one line of JSON. */
export function jsonLine(entry: Entry, withBytes: boolean): string {
  const { place, atMs } = entry
  const at = atMs === undefined ? undefined : new Date(atMs)
  const shared = {
    type: entry.type,
    time: at === undefined || Number.isNaN(at.getTime()) ? null : at.toISOString(),
    conversation: place.number,
  }
  return printable(JSON.stringify({ ...shared, ...jsonFields(entry, withBytes) }))
}

function jsonFields(entry: Entry, withBytes: boolean): object {
  switch (entry.type) {
    case 'conversation': {
      const { transport, client = null, terminal = null } = entry.place
      return { transport, client, terminal }
    }
    case 'packet': {
      const { direction, role, code, name, answers, session, replyId, checksum, length, facts } = entry
      return {
        direction: direction === '>' ? 'to_terminal' : 'from_terminal',
        role,
        code,
        name,
        answers: answers ?? null,
        session,
        reply_id: replyId,
        checksum,
        length,
        fields: fieldsOf(facts),
        remark: entry.remark ?? null,
        ...(withBytes ? { bytes: toHex(entry.bytes) } : {}),
      }
    }
    case 'table': {
      const { table, layout = null, sizeBytes, seenBytes, records, remark = null } = entry
      return { table, layout, size_bytes: sizeBytes, seen_bytes: seenBytes, records, remark }
    }
    case 'record':
      return { table: entry.table, index: entry.index, fields: fieldsOf(entry.facts) }
    case 'remark':
    default:
      return { text: entry.text }
  }
}

/** By name; what comes twice, as with several events in one packet, is numbered. */
function fieldsOf(facts: readonly Fact[]): Readonly<Record<string, Fact['value']>> {
  const fields: Record<string, Fact['value']> = Object.create(null)
  for (const { name, value } of facts) {
    let key = name
    for (let count = 2; key in fields; count += 1) key = `${name}_${count}`
    fields[key] = value
  }
  return fields
}
