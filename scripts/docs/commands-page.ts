// docs/protocol/commands.md: every command that is declared, family by family.
import { CODES, COMMANDS, replyName } from '@org/zk-proto/wire'
import type { Codec, Command } from '@org/zk-proto/wire'
import type { DeclaredText, Declarations } from './declared-text.ts'
import { fieldTable, isLayout } from './layout-table.ts'
import { anchor, bothWays, counted, table } from './markdown.ts'
import type { SourceLinks } from './markdown.ts'
import { reachableLayouts, recordsLink } from './records-page.ts'

const CMD_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(CODES).map(([name, code]) => [code, `CMD_${name}`]),
)
const INTRODUCTION = `Every command that the library declares, and with it what its client sends and its simulator answers.
A command travels in the packet of [§1](reference.md#1-packet); what is below is the data behind the header. Numbers are
little-endian. What answers a command is in the table of [reply numbers](codes.md#replies).`
const REPEAT = {
  safe: 'May be sent again: twice does what once does.',
  unsafe: 'Never sent twice: when no answer comes, it may have been carried out.',
} as const

/** The page. Throws when a declared command says nothing of itself or names no source. */
export function commandsPage(declarations: Declarations, links: SourceLinks): string {
  const families = Map.groupBy(COMMANDS, (command) => textOf(command, declarations).file)
  const list = COMMANDS.toSorted((a, b) => a.code - b.code).map((command) => [
    bothWays(command.code),
    `[${command.name}](#${anchor(command.name)})`,
    CMD_NAMES.get(command.code) ?? '',
    familyOf(textOf(command, declarations)),
    command.repeat,
  ])
  return [
    '# Commands',
    INTRODUCTION,
    table(['number', 'command', 'name in the sources', 'family', 'repeat'], list),
    ...[...families].flatMap(([file, commands]) => [
      `## ${familyOf({ file })}`,
      links.linked(declarations.files.get(file) ?? ''),
      ...commands.flatMap((command) => section(command, declarations, links)),
      ...partsOf(file, declarations),
    ]),
  ].join('\n\n')
}

function section(
  command: Command<unknown, unknown>,
  declarations: Declarations,
  links: SourceLinks,
): string[] {
  const { about = '', source = '' } = textOf(command, declarations)
  const accepts = command.accepts.map((code) => `${code} ${replyName(code)}`).join(', ')
  const waits = command.patience === 'prepare' ? ' The answer may take as long as `prepareMs`.' : ''
  return [
    `### ${command.name}`,
    `**${CMD_NAMES.get(command.code) ?? 'unnamed'} ${bothWays(command.code)}.** ${about}`,
    ...data('Request', command.request, declarations),
    ...data('Answer', command.reply, declarations),
    `Success: ${accepts}. ${REPEAT[command.repeat]}${waits} Source: ${links.linked(source)}.`,
  ]
}

function data(what: string, codec: Codec<unknown>, declarations: Declarations): string[] {
  if (codec.name === 'empty') return [`${what}: no data.`]
  const link = recordsLink(codec, declarations)
  if (link !== undefined) return [`${what}: ${link}.`]
  if (isLayout(codec))
    return [`${what}: ${counted(codec.sizeBytes, 'byte')}.`, fieldTable(codec, declarations)]
  const about = declarations.codecs.get(codec.name)?.about ?? ''
  return [`${what}: ${codec.name === 'bytes' ? 'bytes, as the text says.' : `${codec.name}. ${about}`}`]
}

/** Layouts of a family that are part of a request or an answer, and not the whole of one. */
function partsOf(family: string, declarations: Declarations): string[] {
  const whole = new Set(COMMANDS.flatMap(({ request, reply }) => [request.name, reply.name]))
  const layouts = reachableLayouts()
  return [...declarations.codecs].flatMap(([name, { file, about }]) => {
    const layout = layouts.get(name)
    if (file !== family || layout === undefined || whole.has(name)) return []
    if (about === undefined) throw new Error(`the layout ${name} has no comment`)
    return [`### ${name}`, `${about} ${counted(layout.sizeBytes, 'byte')}.`, fieldTable(layout, declarations)]
  })
}

function textOf({ name }: { readonly name: string }, { commands }: Declarations): DeclaredText {
  const text = commands.get(name)
  if (text?.about === undefined || text.source === undefined) {
    throw new Error(`the declaration of ${name} has no comment, or names no source`)
  }
  return text
}

function familyOf({ file }: { readonly file: string }): string {
  return file.replace(/^commands\/(.+)\.ts$/, '$1')
}
