// docs/protocol/errors.md: every error of the library, from the table that its types come from.
import { ZK_ERRORS } from '@org/zk-proto'
import type { ZkErrorEntry, ZkErrorFamily } from '@org/zk-proto'
import { table } from './markdown.ts'

const INTRODUCTION = `Everything that the library throws is a \`ZkError\`: \`code\` is one of these, \`effect\` says what happened at
the terminal, \`details\` holds facts as plain JSON (bytes as hex, cut to 64; never keys or templates), \`cause\` what lies
below, and \`message\` what was expected, what came, and what to do.

An \`effect\` of \`none\`: the command did not reach the terminal, or had only been read. \`refused\`: the terminal answered that
it will not. \`unknown\`: it was sent and no usable answer came, so it may have been carried out. Where a code can have
several, the error that is thrown says which.`

const FAMILIES: Readonly<Record<ZkErrorFamily, readonly [title: string, fault: string]>> = {
  usage: ['ZkUsageError', 'The caller asked for something that cannot be.'],
  transport: ['ZkTransportError', 'The network failed, or the caller stopped waiting.'],
  protocol: ['ZkProtocolError', 'What arrived is not what the protocol says.'],
  refused: ['ZkRefusedError', 'The terminal answered no.'],
}

/** The errors of one family: code, effects, meaning, remedy. */
function errorTable(family: ZkErrorFamily): string {
  const entries: [string, ZkErrorEntry][] = Object.entries(ZK_ERRORS)
  return table(
    ['code', 'effect', 'meaning', 'what to do'],
    entries
      .filter(([, entry]) => entry.family === family)
      .map(([code, { effects, meaning, remedy }]) => [`\`${code}\``, effects.join(', '), meaning, remedy]),
  )
}

const IN_ORDER: readonly ZkErrorFamily[] = ['usage', 'transport', 'protocol', 'refused']

/** All errors, family by family: the page's tables, and a part of the library's README. */
export function errorTables(): string {
  return IN_ORDER.flatMap((family) => [
    `**\`${FAMILIES[family][0]}\`**: ${FAMILIES[family][1]}`,
    errorTable(family),
  ]).join('\n\n')
}

/** The page. */
export function errorsPage(): string {
  return ['# Errors', INTRODUCTION, errorTables()].join('\n\n')
}
