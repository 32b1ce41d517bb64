// How `zk-trace` and the REPL declare their options: one table a program, which parser, help and docs/by-hand.md read.
import { parseArgs } from 'node:util'
import { wrapped } from '../toolchain/wrapped.ts'

/** One option. */
export interface OptionDeclaration {
  readonly type: 'string' | 'boolean'
  /** What stands behind it; nothing behind a switch. */
  readonly value?: string
  readonly about: string
  /** What holds when it is left out, in words. */
  readonly unless?: string
}

export type OptionTable = Readonly<Record<string, OptionDeclaration>>

/** The values of a table's options that were given. */
export type ValuesOf<T extends OptionTable> = {
  readonly [K in keyof T]?: T[K]['type'] extends 'boolean' ? boolean : string
}

/** Something on the command line that cannot be used: the program ends with exit code 2. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/**
 * Reads the arguments of a program by its table. pnpm hands on the `--` that stands before them; it is left out.
 * @throws OptionError for the first thing that is unknown or lacks its value.
 */
export function readOptions<T extends OptionTable>(
  args: readonly string[],
  options: T,
): { readonly values: ValuesOf<T>; readonly rest: readonly string[] } {
  const own = args[0] === '--' ? args.slice(1) : [...args]
  try {
    const { values, positionals } = parseArgs({ args: own, options, strict: true, allowPositionals: true })
    return { values, rest: positionals }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new OptionError(message.split('\n', 1).join(''), { cause })
  }
}

/** A whole number between bounds. @throws OptionError for anything else; undefined stays undefined. */
export function wholeNumber(
  name: string,
  text: string | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (text === undefined) return undefined
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new OptionError(`--${name}: expected a whole number from ${least} to ${most}`)
}

const NAME_COLUMNS = 22
const LINE_COLUMNS = 96

/** The lines of a help text, one entry an option. */
export function helpLines(options: OptionTable): string[] {
  return Object.entries(options).flatMap(([name, { value, about, unless }]) =>
    entryLines(
      value === undefined ? `--${name}` : `--${name} ${value}`,
      unless === undefined ? about : `${about} (${unless})`,
    ),
  )
}

/** A name and what it means, wrapped. */
export function entryLines(name: string, about: string, columns: number = NAME_COLUMNS): string[] {
  const lines = wrapped(about, LINE_COLUMNS - columns - 4)
  return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(columns)}  ${line}`)
}

/** The rows of a table in Markdown, as docs/by-hand.md shows them. */
export function markdownRows(options: OptionTable): string[] {
  return Object.entries(options).map(([name, { value, about, unless }]) => {
    const call = value === undefined ? `--${name}` : `--${name} ${value}`
    return `| \`${call}\` | ${unless === undefined ? about : `${about} (${unless})`} |`
  })
}
