// What --help prints, made from the table of options: so that no option is missing from it.
import { profiles } from '../profile.ts'
import { OPTION_LIST } from './option-table.ts'

const NAME_COLUMNS = 18
const LINE_COLUMNS = 96

/** Commands to begin with, and what each is for. */
export const EXAMPLES: readonly (readonly [about: string, options: string])[] = [
  ['an ordinary terminal: 50 people, 1,000 punches, port 4370', ''],
  ['records as real terminals sent them', '--recorded'],
  ['people keep punching, and a page shows its screen', '--live 30 --http 8080'],
  [
    'a visible-light unit in Jakarta with a comm key',
    '--profile visible-light --zone Asia/Jakarta --comm-key 123456',
  ],
  ['a hundred terminals, at ports 5000 to 5099', '--count 100 --port 5000 --people 20 --punches 200'],
  ['every packet in words, and at the end what was asked', '--trace --stats'],
  ['a bad line: datagrams lost, the same ones each time', '--faults "lose=0.1; seed=7"'],
  ['slow, as hardware is; for clients that need it', '--pace 2'],
  ['keeps what it holds for the next time', '--save terminal.json'],
  ['what it holds, decoded, to compare with what a client read', '--json --truth truth.json'],
]

/** The whole text. `program` is how the program was called. */
export function helpText(program: string): string {
  return [
    `${program}: a ZKTeco terminal in software`,
    '',
    'Options:',
    ...OPTION_LIST.map(({ name, value, about, unless }) =>
      entry(
        value === undefined ? `--${name}` : `--${name} ${value}`,
        unless === undefined ? about : `${about} (${unless})`,
      ),
    ),
    '',
    'Models:',
    ...profiles.map(({ name, about }) => entry(name, about)),
    '',
    'Examples:',
    ...EXAMPLES.flatMap(([about, options]) => [`  # ${about}`, `  ${`${program} ${options}`.trimEnd()}`]),
    '',
    'Ctrl-C ends it. Exit codes: 0 ended as told, 1 something failed, 2 an option cannot be used.',
    '',
  ].join('\n')
}

function entry(name: string, about: string): string {
  const lines = wrapped(about, LINE_COLUMNS - NAME_COLUMNS - 4)
  return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(NAME_COLUMNS)}  ${line}`).join('\n')
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
