// A record's layout as a reader of hex dumps wants it: which byte belongs to which field, and what each field is.
import type { Codec, Field, Fields, Layout } from '@org/zk-proto/wire'
import type { Declarations } from './declared-text.ts'
import { table } from './markdown.ts'

/** Whether a codec is a layout: bytes of fixed size with fields. */
export function isLayout(codec: object): codec is Layout<Fields> {
  return 'fields' in codec && 'sizeBytes' in codec && 'patch' in codec
}

/** Whether something that the library exports is a codec. */
export function isCodec(thing: unknown): thing is Codec<unknown> {
  return typeof thing === 'object' && thing !== null && 'decode' in thing && 'encode' in thing
}

/** A layout as a table of its fields in their order, with the notes that stand at their declaration. */
export function fieldTable({ name, fields }: Layout<Fields>, { codecs }: Declarations): string {
  const notes = codecs.get(name)?.fieldNotes
  const rows = inOrder(fields).map(([key, field], place) => [
    letterOf(place),
    String(field.offset),
    String(field.size),
    field.kind,
    `\`${key}\``,
    notes?.get(key) ?? '',
  ])
  return table(['', 'offset', 'bytes', 'type', 'field', ''], rows)
}

const ROW_BYTES = 16

/** Which byte belongs to which field, by the letters of the table, in rows of 16 as hex dumps have them. */
export function byteMap({ fields, sizeBytes }: Layout<Fields>): string {
  const letters: string[] = Array.from({ length: sizeBytes }, () => '?')
  for (const [place, [, field]] of inOrder(fields).entries()) {
    for (let at = field.offset; at < field.offset + field.size; at += 1) {
      // Two halves of a byte: it is shown as the first one's.
      if (letters[at] === '?') letters[at] = letterOf(place)
    }
  }
  const width = Math.min(sizeBytes, ROW_BYTES)
  const head = Array.from({ length: width }, (_, at) => at.toString(16)).join('  ')
  const lines = [`       ${head}`]
  for (let at = 0; at < sizeBytes; at += ROW_BYTES) {
    lines.push(`${String(at).padStart(4)}   ${letters.slice(at, at + ROW_BYTES).join('  ')}`)
  }
  return ['```text', ...lines, '```'].join('\n')
}

function inOrder(fields: Fields): [string, Field<unknown>][] {
  return Object.entries(fields).toSorted(([, a], [, b]) => a.offset - b.offset || a.bits - b.bits)
}

function letterOf(place: number): string {
  return String.fromCodePoint('a'.charCodeAt(0) + place)
}
