// The form of a command: declared once, read by the parser, the help and docs/command-line.md's test.
import type { Io } from './io.ts'

/** One option. */
export interface Option {
  readonly type: 'string' | 'boolean'
  /** What stands behind it; nothing behind a switch. */
  readonly value?: string
  readonly about: string
  /** What holds when it is left out, in words for the help. */
  readonly unless?: string
  /** Options that it cannot stand beside. */
  readonly not?: readonly string[]
}

/** Options by name, in the order of the help. */
export type Options = Readonly<Record<string, Option>>

/** A command as written down. */
export interface CommandDeclaration<O extends Options> {
  /** One word, or two: `admin create`. */
  readonly name: string
  readonly about: string
  /** What else the help says, a paragraph each. */
  readonly more: readonly string[]
  /** The one thing that it is given beside options; left out: nothing. */
  readonly argument?: { readonly name: string; readonly about: string }
  readonly options: O
  readonly examples: readonly (readonly [about: string, typed: string])[]
  /** Returns the exit code. Throws UsageError, CommandFailure, and whatever packages throw: run.ts puts it into words. */
  readonly run: (given: Given<O>, io: Io) => Promise<number>
}

/** A command with its options' types closed over. */
export interface Command extends Omit<CommandDeclaration<Options>, 'run'> {
  readonly run: (values: ReadonlyMap<string, string | boolean>, argument: string, io: Io) => Promise<number>
}

/** Declares a command. */
export function defineCommand<const O extends Options>(declared: CommandDeclaration<O>): Command {
  return {
    ...declared,
    run: (values, argument, io) => declared.run(new Given<O>(values, argument), io),
  }
}

type NameOf<O extends Options, Type extends Option['type']> = {
  [Name in keyof O & string]: O[Name]['type'] extends Type ? Name : never
}[keyof O & string]

/** What was typed, by the options that the command declares. */
export class Given<O extends Options> {
  /** Empty for a command that takes none. */
  readonly argument: string
  readonly #values: ReadonlyMap<string, string | boolean>

  constructor(values: ReadonlyMap<string, string | boolean>, argument: string) {
    this.#values = values
    this.argument = argument
  }

  text(name: NameOf<O, 'string'>): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : undefined
  }

  flag(name: NameOf<O, 'boolean'>): boolean {
    return this.#values.get(name) === true
  }

  /** A whole number within bounds; undefined where it was left out. Throws UsageError. */
  wholeNumber(
    name: NameOf<O, 'string'>,
    { least, most }: { readonly least: number; readonly most: number },
  ): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new UsageError(
      `--${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`,
    )
  }
}

/** What was typed cannot be meant; exit code 2. The message says why, on one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for could not be done; exit code 1. The message is for the reader, and says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}

/** Whoever was asked pressed Ctrl-C; exit code 130. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
}
