// docs/protocol/codes.md: the numbers of the protocol and what they mean.
import { PUNCH_STATES, VERIFY_MODES, VOICES } from '@org/zk-proto'
import {
  CODES,
  COMMANDS,
  DATA_TYPES,
  EVENTS,
  OPERATIONS,
  privilegeLevel,
  REPLIES,
  TEMPLATE_FLAGS,
} from '@org/zk-proto/wire'
import type { Declarations } from './declared-text.ts'
import { anchor, bothWays, table } from './markdown.ts'
import type { SourceLinks } from './markdown.ts'

const HIGHEST_PRIVILEGE = 15

/** The page. Throws when a reply, an event or a data type has no comment that says what it means. */
export function codesPage({ rows }: Declarations, links: SourceLinks): string {
  const meaning = (of: string, name: string): string => {
    const said = rows.get(`${of}.${name}`)
    if (said === undefined) throw new Error(`${of}.${name} has no comment behind it`)
    return links.linked(said)
  }
  const meanings = (of: string, numbers: Readonly<Record<string, number>>, prefix: string): string =>
    table(
      ['number', 'name', 'meaning'],
      Object.entries(numbers).map(([name, code]) => [bothWays(code), `${prefix}${name}`, meaning(of, name)]),
    )
  return [
    '# Numbers',
    'The numbers that packets and records carry, as the library declares them.',
    '## Commands',
    'A command without an entry in the last column has a number here so that a trace can name it; the library never sends it.',
    table(['number', 'name', 'declared as'], commandRows()),
    '## Replies',
    meanings('REPLIES', REPLIES, 'CMD_'),
    '## Live events',
    'The number stands in the session field of a packet of command 500, and is the bit that asks for the event.',
    meanings('EVENTS', EVENTS, 'EF_'),
    '## Data types',
    'The tables of a terminal as bulk reads and the clear command number them.',
    meanings('DATA_TYPES', DATA_TYPES, ''),
    '## Verify modes',
    `How somebody was recognised, on the multi-mode terminals of today. Older ones use 0 password, 1 fingerprint, 2 card, and nothing in a record tells which. Source: ${links.linked('§13.6')}.`,
    named(VERIFY_MODES),
    '## Punch states',
    `Source: ${links.linked('§13.7')}. An access panel marks a refused attempt by bit 7, or by state 7 in the 16-byte log.`,
    named(PUNCH_STATES),
    '## Privileges',
    `The level bits of the privilege byte; bit 0 set means that the person is disabled. Source: ${links.linked('§12.4')}.`,
    named(levels()),
    '## Template flags',
    table(
      ['number', 'meaning'],
      Object.entries(TEMPLATE_FLAGS).map(([name, flag]) => [String(flag), name]),
    ),
    '## Operations',
    `What the operation log numbers. Source: ${links.linked('§20')}.`,
    named(OPERATIONS),
    '## Voices',
    `What the terminal can be made to say. Source: ${links.linked('§22')}.`,
    named(VOICES),
  ].join('\n\n')
}

function commandRows(): string[][] {
  return Object.entries(CODES).map(([name, code]) => [
    bothWays(code),
    `CMD_${name}`,
    COMMANDS.filter((command) => command.code === code)
      .map((command) => `[${command.name}](commands.md#${anchor(command.name)})`)
      .join(', '),
  ])
}

function named(names: ReadonlyMap<number, string>): string {
  return table(
    ['number', 'meaning'],
    [...names].map(([number, name]) => [String(number), name]),
  )
}

function levels(): ReadonlyMap<number, string> {
  const known = new Map<number, string>()
  for (let privilege = 0; privilege <= HIGHEST_PRIVILEGE; privilege += 2) {
    const level = privilegeLevel(privilege)
    if (level !== 'unknown') known.set(privilege, level)
  }
  return known
}
