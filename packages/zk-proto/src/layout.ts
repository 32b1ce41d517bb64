// Record layouts declared once: offsets in sight, gaps and overlaps refused when the module loads, types inferred.
// Client, terminal session, simulator and the generated documentation all read the same declaration.
import {
  endOfText,
  hexHead,
  latin1Text,
  putBytes,
  putU16,
  putU32,
  putU8,
  u16At,
  u32At,
  u8At,
} from './bytes.ts'
import { ZkProtocolError, ZkUsageError } from './errors.ts'

/** Bytes to a value and back. `decode` throws ZK_BAD_RECORD, `encode` throws a ZkUsageError. */
export interface Codec<T> {
  /** What it is called in messages and documentation. */
  readonly name: string
  decode(bytes: Uint8Array): T
  encode(value: NoInfer<T>): Uint8Array
}

/** One field of a layout: where it stands and how it is read and written in place. */
export interface Field<T> {
  /** The field type as the documentation names it. */
  readonly kind: string
  /** Bytes from the start of the record. */
  readonly offset: number
  /** Bytes it takes. */
  readonly size: number
  /** Which bits of each of its bytes are its own: 0xff, or a nibble. */
  readonly bits: number
  read(bytes: Uint8Array, base: number): T
  write(bytes: Uint8Array, base: number, value: T): void
}

/** A field whose meaning is unknown: may be left out when a record is made, and is zero then. */
export interface OptionalField<T> extends Field<T> {
  readonly optional: true
}

export type Fields = Readonly<Record<string, Field<unknown>>>

type ValueOf<F> = F extends Field<infer T> ? T : never
type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never
}[keyof F]

/** What decoding a layout's fields gives. */
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> }

/** What encoding a layout wants: unknown bytes may be left out. */
export type InputOf<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[K]>
} & { readonly [K in OptionalNames<F>]?: ValueOf<F[K]> }

/** The record type of a layout. */
export type RecordOf<L> = L extends Layout<infer F> ? ValuesOf<F> : never

/** A record of fixed size. */
export interface Layout<F extends Fields> extends Codec<ValuesOf<F>> {
  readonly sizeBytes: number
  readonly fields: F
  /** Reads the record that begins at `at`; bytes behind it are not looked at. ZK_BAD_RECORD when it is cut. */
  decode(bytes: Uint8Array, at?: number): ValuesOf<F>
  /** A new record. Unknown bytes that are left out are zero. */
  encode(record: InputOf<F>): Uint8Array
  /** A copy of the record in which only the named fields are changed; every other byte stays as it is. */
  patch(bytes: Uint8Array, changes: Partial<ValuesOf<F>>): Uint8Array
}

/** An unsigned byte. */
export function u8(offset: number): Field<number> {
  return {
    kind: 'u8',
    offset,
    size: 1,
    bits: 0xff,
    read: (bytes, base) => u8At(bytes, base + offset),
    write: (bytes, base, value) => putU8(bytes, base + offset, value),
  }
}

/** An unsigned 16-bit number, little-endian. */
export function u16(offset: number): Field<number> {
  return {
    kind: 'u16',
    offset,
    size: 2,
    bits: 0xff,
    read: (bytes, base) => u16At(bytes, base + offset),
    write: (bytes, base, value) => putU16(bytes, base + offset, value),
  }
}

/** An unsigned 32-bit number, little-endian. */
export function u32(offset: number): Field<number> {
  return {
    kind: 'u32',
    offset,
    size: 4,
    bits: 0xff,
    read: (bytes, base) => u32At(bytes, base + offset),
    write: (bytes, base, value) => putU32(bytes, base + offset, value),
  }
}

/** Half a byte; `half` tells which. The other half belongs to another field. */
export function nibble(offset: number, half: 'low' | 'high'): Field<number> {
  const shift = half === 'low' ? 0 : 4
  const bits = 0x0f << shift
  return {
    kind: `${half} nibble`,
    offset,
    size: 1,
    bits,
    read: (bytes, base) => (u8At(bytes, base + offset) & bits) >> shift,
    write: (bytes, base, value) => {
      if (!Number.isInteger(value) || value < 0 || value > 0x0f) {
        throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `Expected a whole number from 0 to 15, got ${value}`)
      }
      putU8(bytes, base + offset, (u8At(bytes, base + offset) & ~bits & 0xff) | (value << shift))
    },
  }
}

/** The terminal's 32-bit wall time as recorded; it may name a day that does not exist. See wall-time.ts. */
export function packedTime(offset: number): Field<number> {
  return { ...u32(offset), kind: 'packedTime' }
}

/**
 * A NUL-padded text of single bytes, ended by the first NUL or the field's end. Each byte is one character
 * U+0000 to U+00FF, so that a byte outside ASCII is neither lost nor guessed at.
 */
export function ascii(offset: number, size: number): Field<string> {
  return {
    kind: `ascii[${size}]`,
    offset,
    size,
    bits: 0xff,
    read: (bytes, base) => {
      if (base + offset + size > bytes.length) u8At(bytes, base + offset + size - 1)
      return latin1Text(bytes, base + offset, endOfText(bytes, base + offset, size))
    },
    write: (bytes, base, value) => putBytes(bytes, base + offset, paddedText(value, size)),
  }
}

function paddedText(text: string, size: number): Uint8Array {
  if (text.length > size) {
    throw new ZkUsageError('ZK_NOT_ENCODABLE', `Expected at most ${size} characters, got ${text.length}`)
  }
  const bytes = new Uint8Array(size)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0 || code > 0xff) {
      throw new ZkUsageError('ZK_NOT_ENCODABLE', `The character at position ${i} cannot stand in this field`)
    }
    bytes[i] = code
  }
  return bytes
}

/** A NUL-padded text in the terminal's own code page, as its bytes before the first NUL. See name-encoding.ts. */
export function text(offset: number, size: number): Field<Uint8Array> {
  return {
    kind: `text[${size}]`,
    offset,
    size,
    bits: 0xff,
    read: (bytes, base) => {
      if (base + offset + size > bytes.length) u8At(bytes, base + offset + size - 1)
      return bytes.slice(base + offset, endOfText(bytes, base + offset, size))
    },
    write: (bytes, base, value) => {
      if (value.length > size || value.includes(0)) {
        throw new ZkUsageError(
          'ZK_NOT_ENCODABLE',
          `Expected at most ${size} bytes without a NUL, got ${value.length}`,
        )
      }
      bytes.fill(0, base + offset, base + offset + size)
      putBytes(bytes, base + offset, value)
    },
  }
}

/** Bytes whose meaning is unknown: kept as they are. */
export function opaque(offset: number, size: number): OptionalField<Uint8Array> {
  return { ...bytes(offset, size), kind: `opaque[${size}]`, optional: true }
}

/** Bytes that are what they are. */
export function bytes(offset: number, size: number): Field<Uint8Array> {
  return {
    kind: `bytes[${size}]`,
    offset,
    size,
    bits: 0xff,
    read: (bytes, base) => {
      if (base + offset + size > bytes.length) u8At(bytes, base + offset + size - 1)
      return bytes.slice(base + offset, base + offset + size)
    },
    write: (bytes, base, value) => {
      if (value.length !== size) {
        throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `Expected ${size} bytes, got ${value.length}`)
      }
      putBytes(bytes, base + offset, value)
    },
  }
}

function refuseGapsAndOverlaps(name: string, sizeBytes: number, fields: Fields): void {
  const covered = new Uint8Array(sizeBytes)
  for (const [key, field] of Object.entries(fields)) {
    for (let at = field.offset; at < field.offset + field.size; at += 1) {
      const bits = covered[at]
      if (bits === undefined)
        throw new RangeError(`layout ${name}: field ${key} reaches beyond ${sizeBytes} bytes`)
      if ((bits & field.bits) !== 0)
        throw new RangeError(`layout ${name}: field ${key} overlaps at byte ${at}`)
      covered[at] = bits | field.bits
    }
  }
  const gap = covered.findIndex((bits) => bits !== 0xff)
  if (gap !== -1) throw new RangeError(`layout ${name}: no field covers byte ${gap}`)
}

// The one place where the type system cannot follow: an object built key by key from the same `fields` whose types
// ValuesOf reads. The overload states what the loop does.
function readFields<F extends Fields>(fields: F, bytes: Uint8Array, base: number): ValuesOf<F>
function readFields(fields: Fields, bytes: Uint8Array, base: number): Readonly<Record<string, unknown>> {
  const record: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(fields)) record[key] = field.read(bytes, base)
  return record
}

function writeFields(fields: Fields, bytes: Uint8Array, values: Readonly<Record<string, unknown>>): void {
  for (const [key, field] of Object.entries(fields)) {
    const value = values[key]
    if (value !== undefined) field.write(bytes, 0, value)
  }
}

/**
 * Declares a record. Throws a RangeError while the module loads when the fields leave a gap, overlap or reach beyond
 * the size: a layout that is not whole never gets to run.
 */
export function layout<F extends Fields>(name: string, sizeBytes: number, fields: F): Layout<F> {
  refuseGapsAndOverlaps(name, sizeBytes, fields)
  return {
    name,
    sizeBytes,
    fields,
    decode(bytes, at = 0) {
      if (at + sizeBytes > bytes.length) {
        throw new ZkProtocolError(
          'ZK_BAD_RECORD',
          `Expected ${sizeBytes} bytes of ${name}, got ${Math.max(bytes.length - at, 0)}`,
          { details: { layout: name, head: hexHead(bytes.subarray(at)) } },
        )
      }
      return readFields(fields, bytes, at)
    },
    encode(record) {
      const bytes = new Uint8Array(sizeBytes)
      writeFields(fields, bytes, record)
      return bytes
    },
    patch(bytes, changes) {
      if (bytes.length !== sizeBytes) {
        throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `Expected ${sizeBytes} bytes, got ${bytes.length}`)
      }
      const copy = bytes.slice()
      writeFields(fields, copy, changes)
      return copy
    },
  }
}

/** No data. Bytes that come all the same are ignored, as terminals do. */
export const empty: Codec<void> = {
  name: 'empty',
  decode: () => undefined,
  encode: () => new Uint8Array(0),
}

/** Data as it is. */
export const anyBytes: Codec<Uint8Array> = {
  name: 'bytes',
  decode: (bytes) => bytes,
  encode: (bytes) => bytes,
}
