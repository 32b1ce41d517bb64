// What the command line asks for, checked: numbers in range, nothing that contradicts another, nothing unknown. What cannot
// be used is one clear sentence.
import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { TerminalClock } from '../clock.ts'
import { profileNamed, type Profile } from '../profile.ts'
import { OPTION_LIST, OPTIONS } from './option-table.ts'

/** An option that cannot be used: the program ends with exit code 2. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/** Where the memories of the terminals come from. */
export type MemorySource =
  | { readonly kind: 'file'; readonly file: string; readonly capacity: number | undefined }
  | ({ readonly kind: 'made-up'; readonly profile: Profile; readonly people: number } & NewMemory)
  | ({ readonly kind: 'recorded' } & NewMemory)

/** What a memory is made from that is not loaded. */
export interface NewMemory {
  readonly count: number
  readonly seed: number
  readonly serial: string | undefined
  readonly punches: number
  readonly zone: string
  readonly driftSeconds: number
}

/** Everything a run needs to know. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly memories: MemorySource
  /** Undefined: as the memory has it. */
  readonly commKey: number | undefined
  /** A file, or the script itself. */
  readonly faults: string | undefined
  readonly paceMs: number
  readonly livePerMinute: number
  readonly page: { readonly host: string; readonly port: number } | undefined
  readonly saveFile: string | undefined
  readonly truthFile: string | undefined
  readonly stats: boolean
  readonly trace: boolean
  readonly json: boolean
}

/** What the arguments ask for: a text to print, or a run. */
export type Wish = 'help' | 'version' | Settings

const LOOPBACK = '127.0.0.1'
const USUAL_PORT = 4_370
const MOST_TERMINALS = 500
const HIGHEST_PORT = 65_535
const HIGHEST_KEY = 0xffff_ffff
const MOST_LIVE_PER_MINUTE = 60_000
const PEOPLE = 50
const PUNCHES = 1_000
const RECORDED_PUNCHES = 5_000
const MOST_PUNCHES = 5_000_000
const LONGEST_PACE_MS = 60_000
const MOST_DRIFT_SECONDS = 10 * 366 * 86_400
const LONGEST_SERIAL = 40

type Values = ReturnType<typeof parsed>

/**
 * Reads the arguments of the program.
 * @throws OptionError for the first thing that cannot be used.
 */
export function readSettings(args: readonly string[]): Wish {
  const values = parsed(args)
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  refuseContradictions(values)
  const port = numberOf(values, 'port', { least: 0, most: HIGHEST_PORT }) ?? USUAL_PORT
  const memories = memorySource(values)
  const { host = LOOPBACK, faults } = values
  // To the system no name at all means every address of this machine.
  if (host === '') throw new OptionError('--host: expected an address or a name, got ""')
  if (memories.kind !== 'file' && port > 0 && port + memories.count - 1 > HIGHEST_PORT)
    throw new OptionError(`--port ${port} with --count ${memories.count} goes beyond ${HIGHEST_PORT}`)
  const livePerMinute = liveRate(values.live)
  if (livePerMinute > 0 && memories.kind === 'made-up' && memories.people === 0)
    throw new OptionError('--live needs somebody who punches: --people is 0')
  return {
    host,
    port,
    memories,
    commKey: numberOf(values, 'comm-key', { least: 0, most: HIGHEST_KEY }),
    faults,
    paceMs: numberOf(values, 'pace', { least: 0, most: LONGEST_PACE_MS, fraction: true }) ?? 0,
    livePerMinute,
    page: pageAddress(values.http),
    saveFile: values.save,
    truthFile: values.truth,
    stats: values.stats ?? false,
    trace: values.trace ?? false,
    json: values.json ?? false,
  }
}

function parsed(args: readonly string[]) {
  // pnpm hands on the `--` that stands before the options of a script; npm takes it away.
  const own = negativesJoined(args[0] === '--' ? args.slice(1) : args)
  try {
    return parseArgs({ args: own, options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new OptionError(message.split('\n', 1).join(''), { cause })
  }
}

/** `--drift -30` as `--drift=-30`, without which the parser takes the number for an option. */
function negativesJoined(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const argument of args) {
    const before = joined.at(-1)
    if (/^-\d/u.test(argument) && before !== undefined && /^--[a-z-]+$/u.test(before))
      joined[joined.length - 1] = `${before}=${argument}`
    else joined.push(argument)
  }
  return joined
}

function refuseContradictions(values: Values): void {
  const given = new Set(Object.keys(values))
  for (const { name, not = [] } of OPTION_LIST) {
    const contrary = given.has(name) ? not.find((other) => given.has(other)) : undefined
    if (contrary !== undefined) throw new OptionError(`--${contrary} cannot stand beside --${name}`)
  }
  if (values.save !== undefined && values.save === values.truth)
    throw new OptionError('--save and --truth name the same file')
}

function memorySource(values: Values): MemorySource {
  const capacity = numberOf(values, 'capacity', { least: 1, most: MOST_PUNCHES })
  if (values.load !== undefined) return { kind: 'file', file: values.load, capacity }
  const { recorded = false, serial, zone = 'UTC' } = values
  if (recorded && capacity !== undefined) throw new OptionError('--capacity cannot stand beside --recorded')
  if (serial !== undefined && !/^[\x21-\x7e]+$/u.test(serial))
    throw new OptionError('--serial: expected letters, digits and signs without blanks')
  if (serial !== undefined && serial.length > LONGEST_SERIAL)
    throw new OptionError(`--serial: expected at most ${LONGEST_SERIAL} characters, got ${serial.length}`)
  const shared = {
    count: numberOf(values, 'count', { least: 1, most: MOST_TERMINALS }) ?? 1,
    seed: numberOf(values, 'seed', { least: 0, most: Number.MAX_SAFE_INTEGER - MOST_TERMINALS }) ?? 1,
    serial,
    zone: knownZone(zone),
    driftSeconds:
      numberOf(values, 'drift', { least: -MOST_DRIFT_SECONDS, most: MOST_DRIFT_SECONDS, fraction: true }) ??
      0,
  }
  const punches =
    numberOf(values, 'punches', { least: 0, most: MOST_PUNCHES }) ?? (recorded ? RECORDED_PUNCHES : PUNCHES)
  const profile = withCapacity(knownProfile(values.profile ?? 'typical'), capacity)
  const room = profile.capacity.records
  if (punches > room)
    throw new OptionError(`--punches ${punches}: the log has room for ${room}; --capacity makes it larger`)
  if (recorded) return { kind: 'recorded', ...shared, punches }
  const people = numberOf(values, 'people', { least: 0, most: profile.capacity.people }) ?? PEOPLE
  if (people === 0 && punches > 0 && values.punches !== undefined)
    throw new OptionError(`--punches ${punches} needs somebody who punched: --people is 0`)
  return { kind: 'made-up', profile, people, ...shared, punches }
}

/** A model whose log has room for so many punches; undefined: as many as it has. */
export function withCapacity(profile: Profile, records: number | undefined): Profile {
  return records === undefined ? profile : { ...profile, capacity: { ...profile.capacity, records } }
}

function knownProfile(name: string): Profile {
  return checked('profile', () => profileNamed(name))
}

function knownZone(zone: string): string {
  checked('zone', () => new TerminalClock({ zone }))
  return zone
}

function checked<T>(option: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new OptionError(`--${option}: ${cause.message}`, { cause })
  }
}

function liveRate(text: string | undefined): number {
  if (text === undefined) return 0
  const rate = text.endsWith('/min') ? text.slice(0, -'/min'.length) : text
  return inRange('live', rate, { least: 0, most: MOST_LIVE_PER_MINUTE, fraction: true })
}

/** `8080`, `0.0.0.0:8080`, `[::1]:8080`. A port alone is of this machine only. */
function pageAddress(text: string | undefined): Settings['page'] {
  if (text === undefined) return undefined
  const [, bracketed, plain, port = ''] = /^(?:\[(.+)\]:|([^:]+):)?([^:]*)$/u.exec(text) ?? []
  const host = bracketed ?? plain ?? LOOPBACK
  if (port === '' || isIP(host) === 0)
    throw new OptionError(`--http: expected PORT or ADDRESS:PORT, got ${JSON.stringify(text)}`)
  return { host, port: inRange('http', port, { least: 0, most: HIGHEST_PORT }) }
}

interface Range {
  readonly least: number
  readonly most: number
  /** Whether it may be no whole number. */
  readonly fraction?: boolean
}

function numberOf(
  values: Values,
  option: 'port' | 'count' | 'people' | 'punches' | 'capacity' | 'seed' | 'comm-key' | 'drift' | 'pace',
  range: Range,
): number | undefined {
  const text = values[option]
  return text === undefined ? undefined : inRange(option, text, range)
}

function inRange(option: string, text: string, { least, most, fraction = false }: Range): number {
  const value = /^[-+]?\d+(\.\d+)?$/u.test(text) ? Number(text) : Number.NaN
  const kind = fraction ? 'a number' : 'a whole number'
  if (Number.isNaN(value)) throw new OptionError(`--${option}: expected ${kind}, got ${JSON.stringify(text)}`)
  if (!fraction && !Number.isSafeInteger(value))
    throw new OptionError(`--${option}: expected ${kind}, got ${text}`)
  if (value < least || value > most)
    throw new OptionError(`--${option}: expected ${least} to ${most}, got ${text}`)
  return value
}
