// What a fault can be told: numbers within bounds, choices, commands. Each kind is declared once and checks values from
// typed scripts, JSON and expressions alike.
import { COMMANDS } from '@org/zk-proto/wire'

/** A number with its unit and its bounds. */
export interface NumberParameter {
  readonly kind: 'number'
  readonly about: string
  /** What it counts: `bytes`, `ms`, `s`, `share` … */
  readonly unit: string
  readonly least: number
  readonly most: number
  /** Whether it has no fraction. */
  readonly whole: boolean
  readonly byDefault?: number
}

/** One of some words. */
export interface ChoiceParameter<C extends string = string> {
  readonly kind: 'choice'
  readonly about: string
  readonly choices: readonly C[]
  readonly byDefault?: C
}

/** The name of a command as the wire declares it, or `any`. */
export interface CommandParameter {
  readonly kind: 'command'
  readonly about: string
  readonly byDefault?: string
}

export type Parameter = NumberParameter | ChoiceParameter | CommandParameter

/** Stands for every command. */
export const ANY_COMMAND = 'any'

const COMMAND_NAMES: ReadonlySet<string> = new Set(COMMANDS.map(({ name }) => name))

/** Whether a request of this code is meant by the name of a command. */
export function isCommandCode(name: string, code: number): boolean {
  return name === ANY_COMMAND || COMMANDS.some((command) => command.name === name && command.code === code)
}

/** Why a value does not fit, in words that follow "expected …, got …"; undefined when it does. */
export function expectationOf(parameter: Parameter, value: unknown): string | undefined {
  if (parameter.kind === 'number') {
    const { whole, least, most, unit } = parameter
    const fits =
      typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))
    return fits ? undefined : `a ${whole ? 'whole ' : ''}number from ${least} to ${most} (${unit})`
  }
  const isWord = typeof value === 'string'
  if (parameter.kind === 'choice') {
    return isWord && parameter.choices.includes(value) ? undefined : `one of ${parameter.choices.join(', ')}`
  }
  const isCommand = isWord && (value === ANY_COMMAND || COMMAND_NAMES.has(value))
  return isCommand ? undefined : `the name of a command such as readClock, or ${ANY_COMMAND}`
}
