// docs/protocol/options.md: the options of a terminal whose meaning is known.
import { KNOWN_OPTIONS } from '@org/zk-proto'
import { table } from './markdown.ts'

const INTRODUCTION = `Options are facts and settings by name, asked for and written as text
([§9](reference.md#9-options-and-identity)). \`terminal.options.read\` and \`write\` take these by their types;
\`readText\` and \`writeText\` take any name. Which of them a terminal has differs by model and firmware.`

/** The page. */
export function optionsPage(): string {
  const rows = Object.entries(KNOWN_OPTIONS).map(([name, option]) => [
    `\`${name}\``,
    option.kind === 'switch' ? 'boolean (`0`, `1`)' : option.kind === 'text' ? 'string' : 'number',
    option.meaning,
    'fixed' in option ? 'no' : 'yes',
  ])
  return ['# Options', INTRODUCTION, table(['option', 'type', 'meaning', 'can be set'], rows)].join('\n\n')
}
