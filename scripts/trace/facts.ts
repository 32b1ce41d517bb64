// What the data of a packet say, by the declarations of their command: names and values, each with what it says of somebody.
// Keys, passwords and templates are left out here, so that no line of a trace can hold them.
import {
  CODES,
  COMMANDS,
  formatPackedTime,
  KNOWN_OPTIONS,
  nulText,
  toHex,
  ZkError,
  type Codec,
  type Command,
  type Fields,
} from '@org/zk-proto/wire'
import type { Fact, FactKind } from './entry.ts'

/** Longer bytes show as their length. */
const LONGEST_HEX_BYTES = 32
const LONGEST_TEXT = 200
export const NOT_SHOWN = '(not shown)'

/** `passwords` is how many there are. */
const SECRET_FIELD = /(?:password|key|secret|template)$/iu
const SECRET_OPTION = /pass|pwd|key|secret/iu
const KINDS: ReadonlyMap<string, FactKind> = new Map([
  ['pin', 'pin'],
  ['pinNumber', 'pin'],
  ['uid', 'uid'],
  ['administratorUid', 'uid'],
  ['name', 'name'],
  ['cardNumber', 'card'],
])
/** Options whose values are texts that many terminals share. */
const COMMON_OPTIONS: ReadonlySet<string> = new Set([
  '~DeviceName',
  '~Platform',
  '~OS',
  '~ProductTime',
  '~ZKFPVersion',
  '~ZKFaceVersion',
  'ZKFaceVersion',
  '~ZKFVVersion',
  'BiometricType',
  'NetMask',
])

/** What a request or an answer says. */
export interface Said {
  readonly facts: readonly Fact[]
  readonly remark: string | undefined
}

const NOTHING: Said = { facts: [], remark: undefined }

/** The data of a request or of an answer to it, by the declarations under the command's number. */
export function saidBy(code: number, side: 'request' | 'reply', data: Uint8Array): Said {
  const [command] = commandsFor(code, side, data.length)
  if (data.length === 0) return NOTHING
  if (code === CODES.OPTIONS_RRQ && side === 'request')
    return { facts: [optionName(nulText.decode(data))], remark: undefined }
  if (code === CODES.GET_VERSION && side === 'reply')
    return { facts: [fact('firmware', clipped(nulText.decode(data)), 'plain')], remark: undefined }
  if (command === undefined) return { facts: [bytesFact(data)], remark: undefined }
  const codec = command[side]
  if (codec.name === 'empty') return { facts: [bytesFact(data)], remark: undefined }
  try {
    const facts = factsOf(codec.decode(data), isLayout(codec) ? codec.fields : {})
    const unread = isLayout(codec) ? data.length - codec.sizeBytes : 0
    return { facts, remark: unread > 0 ? `${unread} bytes more than declared` : undefined }
  } catch (error) {
    if (!(error instanceof ZkError)) throw error
    return { facts: [bytesFact(data)], remark: 'not as declared' }
  }
}

/** All declared commands of a number, the one whose layout has this length first. */
function commandsFor(
  code: number,
  side: 'request' | 'reply',
  length: number,
): readonly Command<unknown, unknown>[] {
  const fits = (command: Command<unknown, unknown>): number => {
    const codec = command[side]
    if (isLayout(codec)) return codec.sizeBytes === length ? 0 : 2
    return codec.name === 'empty' ? 3 : 1
  }
  return COMMANDS.filter((command) => command.code === code).toSorted((a, b) => fits(a) - fits(b))
}

function isLayout(
  codec: Codec<unknown>,
): codec is Codec<unknown> & { readonly sizeBytes: number; readonly fields: Fields } {
  return 'sizeBytes' in codec && 'fields' in codec
}

/** A decoded value as facts; `fields` are those of its layout, where it has one. */
export function factsOf(value: unknown, fields: Fields = {}): Fact[] {
  if (value === undefined) return []
  if (value instanceof Uint8Array) return [bytesFact(value)]
  if (typeof value === 'string') return [textFact('text', value)]
  if (typeof value !== 'object' || value === null) return [fact('value', value, 'plain')]
  if (isOption(value)) return optionFacts(value)
  return Object.entries(value).flatMap(([name, field]) => fieldFacts(name, field, fields[name]?.kind))
}

function fieldFacts(name: string, value: unknown, kind: string | undefined): Fact[] {
  if (value === undefined) return []
  if (SECRET_FIELD.test(name)) return [fact(name, NOT_SHOWN, 'plain')]
  if (kind === 'packedTime' && typeof value === 'number')
    return [fact(name, formatPackedTime(value), 'plain')]
  if (value instanceof Uint8Array)
    return name.startsWith('unknown') && value.every((byte) => byte === 0) ? [] : [bytesFact(value, name)]
  if (typeof value === 'string') return [textFact(name, value)]
  if (Array.isArray(value)) return [fact(name, value.map(String).join(' '), 'plain')]
  return [fact(name, value, KINDS.get(name) ?? 'plain')]
}

function isOption(value: object): value is { name: string; value: string } {
  return (
    'name' in value && 'value' in value && typeof value.name === 'string' && typeof value.value === 'string'
  )
}

/** An option's name and value: the value of a secret one is left out. */
export function optionFacts({ name, value }: { readonly name: string; readonly value: string }): Fact[] {
  const option = optionName(name)
  if (SECRET_OPTION.test(name)) return [option, fact('value', NOT_SHOWN, 'plain')]
  return [option, fact('value', clipped(value), optionKind(name))]
}

/** What is no name of an option may be anything. */
function optionName(name: string): Fact {
  return fact('option', clipped(name), /^[~\w]{1,32}$/u.test(name) ? 'plain' : 'free')
}

function optionKind(name: string): FactKind {
  if (/serial/iu.test(name)) return 'serial'
  if (COMMON_OPTIONS.has(name)) return 'plain'
  const known = Object.entries(KNOWN_OPTIONS).find(([option]) => option === name)?.[1]
  return known !== undefined && known.kind !== 'text' ? 'plain' : 'free'
}

/** Whether the packets of an option with this name hold a secret. */
export function isSecretOption(text: string): boolean {
  return SECRET_OPTION.test(text.split('=', 1).join(''))
}

/** Bytes as hex, or as how many there are. */
export function bytesFact(bytes: Uint8Array, name = 'data'): Fact {
  if (bytes.length <= LONGEST_HEX_BYTES) return fact(name, toHex(bytes), 'free')
  return fact(`${name}Bytes`, bytes.length, 'plain')
}

function textFact(name: string, text: string): Fact {
  return fact(name, clipped(text), KINDS.get(name) ?? 'free')
}

/** A text that fits in a line. */
export function clipped(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
}

/** A fact; what is no plain value is shown as text. */
export function fact(name: string, value: unknown, kind: FactKind): Fact {
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
    return { name, value, kind }
  return { name, value: value === null ? null : clipped(JSON.stringify(value)), kind }
}
