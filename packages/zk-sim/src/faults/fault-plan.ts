// What is to go wrong: a script as an object, as JSON or as an expression, checked against the table of faults and made
// into a plan that is whole: every parameter has its value.
import {
  FAULT_NAMES,
  faultDeclared,
  isFaultName,
  type FaultDeclaration,
  type FaultName,
  type FAULTS,
} from './fault-table.ts'
import { expectationOf, type ChoiceParameter, type NumberParameter, type Parameter } from './parameter.ts'

/** A script that is no script; the message says what is wrong and where. */
export class FaultScriptError extends RangeError {
  override readonly name = 'FaultScriptError'
}

type ValueOf<P> = P extends NumberParameter ? number : P extends ChoiceParameter<infer C> ? C : string
type ParametersOf<N extends FaultName> = (typeof FAULTS)[N]['parameters']
type Needed<P> = { [K in keyof P as P[K] extends { byDefault: unknown } ? never : K]: ValueOf<P[K]> }
type Optional<P> = { [K in keyof P as P[K] extends { byDefault: unknown } ? K : never]?: ValueOf<P[K]> }
type MainOf<N extends FaultName> = (typeof FAULTS)[N]['main']
type Alone<N extends FaultName> =
  MainOf<N> extends infer M extends keyof ParametersOf<N> ? ValueOf<ParametersOf<N>[M]> : never

/** How often a fault strikes. */
export interface Occurrence {
  /** Default: as the table says. */
  times?: number | 'always'
  /** Chances that it lets pass first. Default: 0. */
  skip?: number
}

/** One fault of a script: its parameters, its main parameter alone, or `true` where nothing needs to be said. */
export type FaultSetting<N extends FaultName> =
  | (Needed<ParametersOf<N>> & Optional<ParametersOf<N>> & Occurrence)
  | Alone<N>
  | (keyof Needed<ParametersOf<N>> extends never ? true : never)

/** Faults to strike. Those that are left out do not happen. */
export type FaultScript = { [N in FaultName]?: FaultSetting<N> } & {
  /** The same seed and the same requests meet the same faults. Default: 1. */
  seed?: number
}

/** One fault of a plan. */
export class PlannedFault {
  readonly name: FaultName
  readonly times: number
  readonly skip: number
  readonly #values: ReadonlyMap<string, string | number>

  constructor(
    name: FaultName,
    values: ReadonlyMap<string, string | number>,
    occurrence: { times: number; skip: number },
  ) {
    this.name = name
    this.#values = values
    this.times = occurrence.times
    this.skip = occurrence.skip
  }

  /** The value of a number that the table declares. */
  number(parameter: string): number {
    const value = this.#values.get(parameter)
    if (typeof value !== 'number') throw new TypeError(`${this.name} has no number ${parameter}`)
    return value
  }

  /** The value of a word that the table declares. */
  word(parameter: string): string {
    const value = this.#values.get(parameter)
    if (typeof value !== 'string') throw new TypeError(`${this.name} has no word ${parameter}`)
    return value
  }

  has(parameter: string): boolean {
    return this.#values.has(parameter)
  }

  /** As an expression, every parameter named. */
  toString(): string {
    const values = [...this.#values].map(([parameter, value]) => `${parameter}=${value}`)
    const times = `times=${this.times === Number.POSITIVE_INFINITY ? 'always' : this.times}`
    return `${this.name}(${[...values, times, `skip=${this.skip}`].join(', ')})`
  }
}

/** A checked script. */
export class FaultPlan {
  readonly seed: number
  readonly faults: ReadonlyMap<FaultName, PlannedFault>

  constructor(seed: number, faults: readonly PlannedFault[]) {
    this.seed = seed
    this.faults = new Map(faults.map((fault) => [fault.name, fault]))
  }

  /** As an expression that parses to the same plan. */
  toString(): string {
    return [...this.faults.values(), `seed=${this.seed}`].join('; ')
  }
}

/** The seed of a script that names none. */
export const DEFAULT_SEED = 1
const HIGHEST_SEED = 0xffff_ffff

/** Checks a script, typed or from JSON. @throws FaultScriptError when it is none. */
export function planOf(script: unknown): FaultPlan {
  if (script instanceof FaultPlan) return script
  if (!isRecord(script)) throw new FaultScriptError('expected an object whose keys are the names of faults')
  let seed = DEFAULT_SEED
  const faults: PlannedFault[] = []
  for (const [name, setting] of Object.entries(script)) {
    if (setting === undefined) continue
    if (name === 'seed') seed = checkedSeed(setting)
    else faults.push(plannedFault(name, setting))
  }
  return new FaultPlan(seed, faults)
}

/** One fault of a script. @throws FaultScriptError when the table has no such fault, or not with these parameters. */
export function plannedFault(name: string, setting: unknown): PlannedFault {
  if (!isFaultName(name)) throw new FaultScriptError(unknownFault(name))
  const declared = faultDeclared(name)
  const given = settingsOf(name, declared, setting)
  const values = new Map<string, string | number>()
  for (const [key, parameter] of Object.entries(declared.parameters)) {
    const value = Object.hasOwn(given, key) ? given[key] : parameter.byDefault
    if (value === undefined) throw new FaultScriptError(`${name}: ${key} is missing: ${parameter.about}`)
    values.set(key, checkedValue(`${name}.${key}`, parameter, value))
  }
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(declared.parameters, key) || key === 'times' || key === 'skip') continue
    const known = [...Object.keys(declared.parameters), 'times', 'skip'].join(', ')
    throw new FaultScriptError(`${name} has no parameter ${JSON.stringify(key)}; it has ${known}`)
  }
  return new PlannedFault(name, values, occurrenceOf(name, declared, given))
}

/** A seed from 0 to 4294967295. @throws FaultScriptError for anything else. */
export function checkedSeed(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= HIGHEST_SEED)
    return value
  throw new FaultScriptError(`seed: expected a whole number from 0 to ${HIGHEST_SEED}, got ${shown(value)}`)
}

function settingsOf(name: FaultName, declared: FaultDeclaration, setting: unknown): Record<string, unknown> {
  if (isRecord(setting)) return setting
  if (setting === true) return {}
  if (declared.main === undefined) {
    throw new FaultScriptError(`${name} takes no value, got ${shown(setting)}`)
  }
  return { [declared.main]: setting }
}

function checkedValue(where: string, parameter: Parameter, value: unknown): string | number {
  const expectation = expectationOf(parameter, value)
  if (expectation === undefined && (typeof value === 'string' || typeof value === 'number')) return value
  throw new FaultScriptError(`${where}: expected ${expectation}, got ${shown(value)}`)
}

function occurrenceOf(
  name: FaultName,
  declared: FaultDeclaration,
  { times = declared.times, skip = 0 }: Record<string, unknown>,
): { times: number; skip: number } {
  if (times !== 'always' && !isCount(times, 1)) {
    throw new FaultScriptError(
      `${name}.times: expected a whole number from 1 on, or always, got ${shown(times)}`,
    )
  }
  if (!isCount(skip, 0)) {
    throw new FaultScriptError(`${name}.skip: expected a whole number from 0 on, got ${shown(skip)}`)
  }
  return { times: times === 'always' ? Number.POSITIVE_INFINITY : times, skip }
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknownFault(name: string): string {
  return `there is no fault ${shown(name)}; there are ${FAULT_NAMES.join(', ')}`
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60)
}
