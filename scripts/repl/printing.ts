// How values are shown: readable for people, with bounds, and as JSON for programs, whatever they hold.
import { inspect, types } from 'node:util'
import { ZK_ERRORS, ZkError } from '@org/zk-proto'
import { printable } from '../trace/lines.ts'

const LONGEST_LIST = 20
const LONGEST_TEXT = 400
const DEPTH = 4
/** Deeper values are no data. */
const JSON_DEPTH = 60

/** A value for people. */
export function readable(value: unknown, colors: boolean): string {
  if (value instanceof ZkError) return errorText(value)
  return inspect(value, {
    colors,
    depth: DEPTH,
    maxArrayLength: LONGEST_LIST,
    maxStringLength: LONGEST_TEXT,
    breakLength: 100,
  })
}

/** What failed, and what can be done about it. */
export function errorText(error: unknown): string {
  if (error instanceof ZkError)
    return (
      printable(`${error.name} [${error.code}]: ${error.message}`) + `\n  ${ZK_ERRORS[error.code].remedy}`
    )
  if (error instanceof Error) return printable(`${error.name}: ${error.message}`)
  return printable(readable(error, false))
}

/** A value as JSON on one line. Big numbers and bytes become text, what has no form in JSON null. */
export function json(value: unknown): string {
  return JSON.stringify(plain(value, [])) ?? 'null'
}

/** An error as JSON on one line. */
export function errorJson(error: unknown): string {
  return JSON.stringify({
    error: plain(error instanceof Error ? error : new Error(readable(error, false)), []),
  })
}

function plain(value: unknown, around: readonly object[]): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'function':
    case 'symbol':
      return value.toString().split('\n', 1).join('').slice(0, LONGEST_TEXT)
    case 'object':
      return value === null ? null : plainObject(value, around)
    case 'string':
    case 'boolean':
    case 'undefined':
    default:
      return value
  }
}

function plainObject(value: object, around: readonly object[]): unknown {
  if (around.includes(value) || around.length > JSON_DEPTH) return '[circular]'
  const inside = [...around, value]
  if (value instanceof Error) return plainError(value, inside)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof RegExp || value instanceof URL) return String(value)
  if (types.isPromise(value)) return '[promise]'
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? null : listOf(value, inside)
  if (Array.isArray(value)) return value.map((one: unknown) => plain(one, inside) ?? null)
  if (value instanceof Set) return [...value].map((one: unknown) => plain(one, inside) ?? null)
  if (value instanceof Map) return [...value].map((pair: unknown) => plain(pair, inside))
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const own: unknown = Reflect.apply(value.toJSON, value, [])
    return plain(own, inside)
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one, inside)]))
}

/** The numbers of a typed array. */
function listOf(view: ArrayBufferView, inside: readonly object[]): unknown {
  return Symbol.iterator in view && isIterable(view) ? Array.from(view, (one) => plain(one, inside)) : null
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value
}

function plainError(error: Error, inside: readonly object[]): object {
  const { name, message, cause } = error
  const code = 'code' in error ? plain(error.code, inside) : undefined
  const effect = error instanceof ZkError ? error.effect : undefined
  const details = error instanceof ZkError ? error.details : undefined
  return {
    code: code ?? name,
    name,
    message,
    effect,
    details,
    cause: cause === undefined ? undefined : plain(cause, inside),
  }
}
