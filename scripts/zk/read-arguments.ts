// From what was typed to a command with its options, by the table of commands.
import { parseArgs } from 'node:util'
import { UsageError, type Command, type Options } from './command.ts'
import { nearest } from './suggestion.ts'

/** What is to be done. */
export type Wish =
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | {
      readonly kind: 'run'
      readonly command: Command
      readonly values: ReadonlyMap<string, string | boolean>
      readonly argument: string
    }

/** Longest text that is quoted back. */
const LONGEST_QUOTE = 40

/** Throws UsageError, with a suggestion where a word is nearly right. */
export function readArguments(args: readonly string[], commands: readonly Command[]): Wish {
  const isHelp = (argument: string): boolean => argument === '--help' || argument === '-h'
  const beginning = args.findIndex((argument) => !isHelp(argument))
  if (beginning === -1) {
    if (args.length > 0) return { kind: 'help', command: undefined }
    throw new UsageError(`expected a command: ${commands.map(({ name }) => name).join(', ')}`)
  }
  const typed = args.slice(beginning)
  const command = commandOf(typed, commands)
  const own = typed.slice(command.name.split(' ').length)
  const end = own.indexOf('--')
  if ((end === -1 ? own : own.slice(0, end)).some(isHelp) || beginning > 0) return { kind: 'help', command }
  return { kind: 'run', command, ...optionsOf(own, command) }
}

function commandOf(typed: readonly string[], commands: readonly Command[]): Command {
  const found = commands.find(({ name }) => {
    const words = name.split(' ')
    return words.every((word, index) => typed[index] === word)
  })
  if (found !== undefined) return found
  const names = commands.map(({ name }) => name)
  const words = typed.filter((word) => !word.startsWith('-'))
  const meant = nearest(words.slice(0, 2).join(' '), names) ?? nearest(words[0] ?? '', names)
  throw new UsageError(
    `there is no command ${quoted(words.slice(0, 1).join(' ') || (typed[0] ?? ''))}; ${
      meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`
    }`,
  )
}

function optionsOf(args: readonly string[], { options, argument, name }: Command) {
  const values = new Map<string, string | boolean>()
  const positionals: string[] = []
  const { tokens } = parseArgs({
    args: [...args],
    options: parserOptions(options),
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const declared = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (declared === undefined || !token.rawName.startsWith('--'))
      throw new UsageError(unknownOption(token.rawName, options))
    if (values.has(token.name)) throw new UsageError(`--${token.name} stands there twice`)
    if (declared.type === 'boolean') {
      if (token.value !== undefined) throw new UsageError(`--${token.name} takes no value`)
      values.set(token.name, true)
    } else {
      // `--report --json` has forgotten the file, it does not name one.
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('-')))
        throw new UsageError(`--${token.name}: expected ${declared.value ?? 'a value'} behind it`)
      values.set(token.name, token.value)
    }
  }
  for (const [option, { not = [] }] of Object.entries(options)) {
    const contrary = values.has(option) ? not.find((other) => values.has(other)) : undefined
    if (contrary !== undefined) throw new UsageError(`--${contrary} cannot stand beside --${option}`)
  }
  const [first = '', extra] = argument === undefined ? ['', ...positionals] : positionals
  if (argument !== undefined && first === '')
    throw new UsageError(`${name}: expected ${argument.name}, ${argument.about}`)
  if (extra !== undefined) throw new UsageError(`${name}: ${quoted(extra)} is one word too many`)
  return { values, argument: first }
}

function parserOptions(options: Options): Record<string, { type: 'string' | 'boolean' }> {
  return Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }]))
}

function unknownOption(rawName: string, options: Options): string {
  const names = Object.keys(options)
  const meant = nearest(rawName.replace(/^-+/, ''), names)
  const known = names.map((name) => `--${name}`).join(', ')
  return `there is no option ${quoted(rawName)}; ${
    meant === undefined ? `there ${names.length === 1 ? 'is' : 'are'} ${known}` : `did you mean --${meant}?`
  }`
}

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text)
}
