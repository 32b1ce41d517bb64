// What --help prints, made from the declarations: no command and no option is missing from it.
import type { Command, Option } from './command.ts'
import { wrapped } from '../toolchain/wrapped.ts'

/** How it is called. */
export const PROGRAM = 'pnpm zk'

const LINE_COLUMNS = 96

/** The text about everything. */
export function helpText(commands: readonly Command[]): string {
  const columns = Math.max(...commands.map((command) => called(command).length))
  return [
    `${PROGRAM} COMMAND: the service from the command line`,
    '',
    ...commands.map((command) => entry(called(command), command.about, columns)),
    '',
    `${PROGRAM} COMMAND --help tells more. npm run zk -- COMMAND does the same where there is no pnpm.`,
    'Settings are the environment variables of the service. Exit codes: 0 done, 1 failed, 2 cannot be meant.',
    '',
  ].join('\n')
}

/** The text about one command. */
export function commandHelp(command: Command): string {
  const { about, more, argument, options, examples } = command
  const rows = Object.entries(options).map(([name, option]) => [
    optionName(name, option),
    aboutOption(option),
  ])
  if (argument !== undefined) rows.unshift([argument.name, argument.about])
  const columns = Math.max(...rows.map(([name = '']) => name.length))
  return [
    `${PROGRAM} ${called(command)}: ${about}`,
    '',
    ...rows.map(([name = '', text = '']) => entry(name, text, columns)),
    '',
    ...more.flatMap((paragraph) => [...wrapped(paragraph, LINE_COLUMNS), '']),
    ...examples.flatMap(([meaning, typed]) => [`  # ${meaning}`, `  ${PROGRAM} ${typed}`]),
    '',
  ].join('\n')
}

/** An option as it is typed. */
export function optionName(name: string, { value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`
}

/** What it does, and what holds without it. */
export function aboutOption({ about, unless }: Option): string {
  return unless === undefined ? about : `${about} (default: ${unless})`
}

function called({ name, argument }: Command): string {
  return argument === undefined ? name : `${name} ${argument.name}`
}

function entry(name: string, about: string, columns: number): string {
  return wrapped(about, LINE_COLUMNS - columns - 4)
    .map((line, index) => `  ${(index === 0 ? name : '').padEnd(columns)}  ${line}`)
    .join('\n')
}
