// docs/protocol/records.md: every record layout that is declared, byte by byte.
import * as wire from '@org/zk-proto/wire'
import type { Codec, Fields, Layout } from '@org/zk-proto/wire'
import type { Declarations } from './declared-text.ts'
import { byteMap, fieldTable, isCodec, isLayout } from './layout-table.ts'
import { anchor, counted, table } from './markdown.ts'
import type { SourceLinks } from './markdown.ts'

const INTRODUCTION = `Every layout that the library declares. Offsets are bytes from the start of the record; numbers are
unsigned and little-endian. The letters above each table say which byte belongs to which field.

Types: \`u8\`, \`u16\`, \`u32\` numbers; \`ascii[n]\` a text of single bytes, ended by a NUL or the field’s end; \`text[n]\` the
same in the terminal’s own code page; \`packedTime\` the 32-bit wall time of [§11.1](reference.md#111-the-32-bit-form);
\`bytes[n]\` bytes that are what they are; \`opaque[n]\` bytes that nobody understands: kept as they came, zero in a new
record. A field \`unknown…\` is not understood either.`

/** All layouts that can be reached from the library’s entrance, by their names. */
export function reachableLayouts(): ReadonlyMap<string, Layout<Fields>> {
  const codecs: Codec<unknown>[] = Object.values(wire).filter((thing) => isCodec(thing))
  for (const { request, reply } of wire.COMMANDS) codecs.push(request, reply)
  return new Map(codecs.filter((codec) => isLayout(codec)).map((codec) => [codec.name, codec]))
}

/** A link to the chapter of a record, for a codec that has one. */
export function recordsLink(codec: Codec<unknown>, { codecs }: Declarations): string | undefined {
  if (codec.name === 'capacity') return 'the [counts and capacities](records.md#capacity)'
  const isRecord = isLayout(codec) && codecs.get(codec.name)?.file.startsWith('records/') === true
  return isRecord
    ? `[${codec.name}](records.md#${anchor(codec.name)}), ${counted(codec.sizeBytes, 'byte')}`
    : undefined
}

/** The page. Throws when a layout of records/ says nothing of itself, names no source or cannot be reached. */
export function recordsPage(declarations: Declarations, links: SourceLinks): string {
  const layouts = reachableLayouts()
  const sections: string[] = []
  let lastFile = ''
  for (const [name, { file, about, source }] of declarations.codecs) {
    if (!file.startsWith('records/') || (!layouts.has(name) && name !== 'capacity')) continue
    if (about === undefined || source === undefined) {
      throw new Error(`the layout ${name} has no comment, or names no source`)
    }
    if (file !== lastFile) {
      sections.push(`## ${titleOf(file)}`, links.linked(declarations.files.get(file) ?? ''))
      lastFile = file
    }
    const layout = layouts.get(name)
    sections.push(`### ${name}`, `${about} Source: ${links.linked(source)}.`)
    sections.push(...(layout === undefined ? [capacityTable()] : bytesOf(layout, declarations)))
  }
  return ['# Records', INTRODUCTION, ...sections].join('\n\n')
}

function bytesOf(layout: Layout<Fields>, declarations: Declarations): string[] {
  return [`${counted(layout.sizeBytes, 'byte')}.`, byteMap(layout), fieldTable(layout, declarations)]
}

function capacityTable(): string {
  const rows = Object.entries(wire.CAPACITY_OFFSETS).map(([name, offset]) => [
    String(offset),
    '4',
    'u32',
    `\`${name}\``,
  ])
  const lengths = wire.CAPACITY_LENGTHS.join(', ')
  return `Answers of ${lengths} bytes were seen; what lies beyond the end of one is not told.\n\n${table(['offset', 'bytes', 'type', 'field'], rows)}`
}

function titleOf(file: string): string {
  const noun = file.replace(/^records\/(.+)\.ts$/, '$1').replaceAll('-', ' ')
  return `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`
}
