// Bytes out of text: xxd, hexdump -C, tcpdump -X and -XX, Wireshark's copies and its followed streams, and plain hex, one piece
// a line. What no line of a dump can be is passed over.
import type { Direction } from './entry.ts'

/** Bytes that belong together: a packet, a frame, or a stretch of a stream. */
export interface Piece {
  readonly bytes: Uint8Array
  /** Where the text says who sends: by an arrow, or by the indentation of a followed stream. */
  readonly direction: Direction | undefined
  /** Milliseconds of the day, where a line of tcpdump before it says so. */
  readonly atMs: number | undefined
}

/** One line longer than this is hex of a whole capture, and is taken in parts. */
export const MOST_LINE_BYTES = 8 * 1024 * 1024
/** More than a frame or a stretch of a stream can be. */
const MOST_PIECE_BYTES = 16 * 1024 * 1024
const COLUMNS = 16

const TCPDUMP_HEAD = /^(\d\d):(\d\d):(\d\d)\.(\d+) (?:IP6?|ethertype|[0-9a-f]{2}:)/u
/** An offset, then bytes in groups; the text column behind two or more blanks is cut off. */
const OFFSET_LINE = /^(\s*)(?:0x)?([0-9a-f]{4,8}):?\s+((?:[0-9a-f]{2,8}(?:\s|$)\s?)+)/iu
const ARROW = /^\s*(?:(>|→|to_device|c2t)|(<|←|from_device|t2c))[\s:]+(.*)$/u
const PLAIN = /^\s*(?:0x)?((?:[0-9a-f]{2}[\s:,]*)+)\s*$/iu

interface Collecting {
  direction: Direction | undefined
  atMs: number | undefined
  next: number
  pieces: Buffer[]
  size: number
}

/** The pieces of a text. */
export async function* hexPieces(lines: AsyncIterable<string>): AsyncGenerator<Piece> {
  let collecting: Collecting | undefined
  let atMs: number | undefined
  for await (const line of lines) {
    const head = TCPDUMP_HEAD.exec(line)
    if (head !== null) {
      if (collecting !== undefined) yield pieceOf(collecting)
      collecting = undefined
      atMs = timeOfDay(head)
      continue
    }
    const row = rowOf(line)
    if (row === undefined) continue
    const continues =
      collecting !== undefined &&
      row.offset === collecting.next &&
      row.offset > 0 &&
      row.direction === collecting.direction &&
      collecting.size < MOST_PIECE_BYTES
    if (collecting !== undefined && !continues) {
      yield pieceOf(collecting)
      collecting = undefined
    }
    collecting ??= { direction: row.direction, atMs, next: row.offset ?? 0, pieces: [], size: 0 }
    collecting.pieces.push(row.bytes)
    collecting.size += row.bytes.length
    collecting.next += row.bytes.length
    if (row.offset === undefined) {
      yield pieceOf(collecting)
      collecting = undefined
    }
  }
  if (collecting !== undefined) yield pieceOf(collecting)
}

function pieceOf({ direction, atMs, pieces }: Collecting): Piece {
  return { bytes: Buffer.concat(pieces), direction, atMs }
}

function timeOfDay([, hours, minutes, seconds, fraction = '']: RegExpExecArray): number {
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return whole * 1_000 + Number(`0.${fraction}`) * 1_000
}

interface Row {
  readonly bytes: Buffer
  /** Undefined in plain hex. */
  readonly offset: number | undefined
  readonly direction: Direction | undefined
}

function rowOf(line: string): Row | undefined {
  const arrow = ARROW.exec(line)
  const direction = arrow === null ? undefined : arrow[1] === undefined ? '<' : '>'
  const text = arrow?.[3] ?? line
  const dumped = OFFSET_LINE.exec(text)
  const [, indent = '', offset = '', columns = ''] = dumped ?? []
  const isDump = dumped !== null && (/^\s*(?:0x)?[0-9a-f]+:/iu.test(text) || /^[0-9a-f]{2}\s/iu.test(columns))
  if (isDump) {
    const bytes = Buffer.from(columnsOnly(columns), 'hex').subarray(0, COLUMNS)
    const side = direction ?? sideOfIndent(indent, offset)
    return bytes.length === 0 ? undefined : { bytes, offset: Number.parseInt(offset, 16), direction: side }
  }
  const plain = PLAIN.exec(text)?.[1]?.replaceAll(/[^0-9a-f]/giu, '')
  if (plain === undefined || plain.length % 2 !== 0) return undefined
  return { bytes: Buffer.from(plain, 'hex'), offset: undefined, direction }
}

/** The bytes of a row: where two blanks stand behind more than one group, the text column begins, but for the one in the middle. */
function columnsOnly(columns: string): string {
  return columns.replaceAll(/\s/gu, '').slice(0, COLUMNS * 2)
}

/** Wireshark indents what the terminal says in a followed stream by four blanks; its offsets have eight digits. */
function sideOfIndent(indent: string, offset: string): Direction | undefined {
  if (offset.length !== 8 || indent.includes('\t')) return undefined
  return indent.length >= 4 ? '<' : undefined
}
