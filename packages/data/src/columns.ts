// Column kinds and tables: each kind knows how a value crosses the border between code and database, in both
// directions, on every engine. Repositories never convert by hand; a stored value that does not fit is an error here.
import { CorruptRow } from './errors.ts'

/** What a driver may be handed and may hand back. */
export type Stored = string | number | null

/** JSON as it is stored in a text column; a property that is undefined is left out. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/** A UTC instant, `YYYY-MM-DDTHH:MM:SS.mmmZ`, always with three decimals, so that text order is time order. */
export type Instant = string

/** A terminal's wall time, `YYYY-MM-DDTHH:MM:SS`, without a zone; it may name a day that does not exist. */
export type WallTime = string

/** One kind of column: the value in code and what is stored of it. */
export interface Column<Value, S extends Stored> {
  encode(value: Value): S
  /** Throws CorruptRow, which the table completes by its own name. */
  decode(stored: unknown): Value
}

/** A whole number; what a driver hands back as text or bigint (sums, big ids) becomes a number again. */
export function int(): Column<number, number> {
  return {
    encode(value) {
      if (!Number.isSafeInteger(value)) throw new TypeError(`expected a whole number, got ${String(value)}`)
      return value
    },
    decode(stored) {
      const value = typeof stored === 'number' ? stored : Number(textOf(stored))
      if (!Number.isSafeInteger(value)) throw new CorruptRow('is no whole number')
      return value
    },
  }
}

/** A column that the database fills when a row is inserted. */
export interface GeneratedColumn<Value, S extends Stored> extends Column<Value, S> {
  readonly generated: true
}

/** A number made by the database when a row is inserted. */
export function generatedId(): GeneratedColumn<number, number> {
  return { ...int(), generated: true }
}

/** A number that may have a fraction. */
export function real(): Column<number, number> {
  return {
    encode(value) {
      if (!Number.isFinite(value)) throw new TypeError(`expected a finite number, got ${String(value)}`)
      return value
    },
    decode(stored) {
      const value = typeof stored === 'number' ? stored : Number(textOf(stored))
      if (!Number.isFinite(value)) throw new CorruptRow('is no number')
      return value
    },
  }
}

/**
 * Text of at most `max` UTF-8 bytes. The bound is checked here because SQLite would store anything, and both engines
 * are to refuse the same values. Compared byte by byte where the migration makes the column binary.
 */
export function text(max: number): Column<string, string> {
  return {
    encode(value) {
      // Three bytes are the most that one UTF-16 unit can take, so most values need no counting.
      if (value.length * 3 > max && Buffer.byteLength(value) > max) {
        throw new RangeError(`text of ${Buffer.byteLength(value)} bytes is longer than its column (${max})`)
      }
      return value
    },
    decode: textOf,
  }
}

/** A note for people to read: what is longer than `max` UTF-8 bytes is cut at a character, because it must be stored. */
export function note(max: number): Column<string, string> {
  return {
    encode(value) {
      if (value.length * 3 <= max || Buffer.byteLength(value) <= max) return value
      const room = Buffer.from(value).subarray(0, max - Buffer.byteLength(CUT))
      return new TextDecoder().decode(room, { stream: true }) + CUT
    },
    decode: textOf,
  }
}

const CUT = '…'

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Column<Word, string> {
  return {
    encode: (value) => value,
    decode(stored) {
      const value = textOf(stored)
      const word = words.find((known) => known === value)
      if (word === undefined) throw new CorruptRow(`is none of ${words.join(', ')}`)
      return word
    },
  }
}

/** True or false, stored as 1 or 0. */
export function bool(): Column<boolean, number> {
  return {
    encode: (value) => (value ? 1 : 0),
    decode(stored) {
      if (stored === 1 || stored === 0) return stored === 1
      throw new CorruptRow('is neither 0 nor 1')
    },
  }
}

const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const STORED_INSTANT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/

/** An instant, stored as UTC `YYYY-MM-DD HH:MM:SS.mmm`. */
export function instant(): Column<Instant, string> {
  // Rows that are stored together often have the same instant.
  let last: Instant | undefined
  let lastStored = ''
  return {
    encode(value) {
      if (value === last) return lastStored
      lastStored = storedInstant(value)
      last = value
      return lastStored
    },
    decode(stored) {
      const value = textOf(stored)
      if (!STORED_INSTANT.test(value)) throw new CorruptRow('is no instant')
      return `${value.slice(0, 10)}T${value.slice(11)}Z`
    },
  }
}

/** The stored form of an instant, for conditions. Throws TypeError for anything that is not exactly an Instant. */
export function storedInstant(value: Instant): string {
  if (!ISO_INSTANT.test(value)) throw new TypeError(`expected YYYY-MM-DDTHH:MM:SS.mmmZ, got ${value}`)
  return `${value.slice(0, 10)} ${value.slice(11, 23)}`
}

const WALL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

/** A wall time, stored as it is. */
export function wallTime(): Column<WallTime, string> {
  return {
    encode(value) {
      if (!WALL_TIME.test(value)) throw new TypeError(`expected YYYY-MM-DDTHH:MM:SS, got ${value}`)
      return value
    },
    decode: textOf,
  }
}

/** JSON in a text column; `parse` says what it must be and throws CorruptRow otherwise. */
export function json<T extends JsonValue>(parse: (value: JsonValue) => T): Column<T, string> {
  return {
    encode: (value) => JSON.stringify(value),
    decode: (stored) => parse(parsedJson(textOf(stored))),
  }
}

/** Any JSON at all. */
export function anyJson(): Column<JsonValue, string> {
  return json((value) => value)
}

/** A JSON object. */
export function jsonObject(): Column<JsonObject, string> {
  return json((value) => {
    if (!isJsonObject(value)) throw new CorruptRow('is no JSON object')
    return value
  })
}

/** True for a JSON object, false for lists, null and simple values. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same column, where null means that nothing is known. */
export function nullable<Value, S extends Stored>(column: Column<Value, S>): Column<Value | null, S | null> {
  return {
    encode: (value) => (value === null ? null : column.encode(value)),
    decode: (stored) => (stored === null ? null : column.decode(stored)),
  }
}

function textOf(stored: unknown): string {
  if (typeof stored === 'string') return stored
  if (stored instanceof Uint8Array)
    return Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).toString()
  if (typeof stored === 'number' || typeof stored === 'bigint') return String(stored)
  throw new CorruptRow('is not text')
}

function parsedJson(value: string): JsonValue {
  try {
    const parsed: JsonValue = JSON.parse(value)
    return parsed
  } catch (cause) {
    throw new CorruptRow('is no JSON', { cause })
  }
}

/** A list of numbers. */
export const numbers = () =>
  json<readonly number[]>((value) => {
    if (!Array.isArray(value)) throw new CorruptRow('is no list')
    return value.map((number: unknown) => {
      if (typeof number !== 'number') throw new CorruptRow('is no number')
      return number
    })
  })
