// Bounded little-endian access to bytes: single numbers at an offset, a reading and a writing cursor, hex for messages.
// Every other file reads the wire through this one; a read beyond the end is a ZK_BAD_RECORD, never an undefined.
import { ZkProtocolError, ZkUsageError } from './errors.ts'

const HEX_HEAD_BYTES = 64

function beyondTheEnd(bytes: Uint8Array, at: number, sizeBytes: number): ZkProtocolError {
  return new ZkProtocolError(
    'ZK_BAD_RECORD',
    `Expected ${sizeBytes} byte(s) at offset ${at}, but the data ends after ${bytes.length} byte(s)`,
    { details: { offset: at, wanted: sizeBytes, length: bytes.length, head: hexHead(bytes) } },
  )
}

/** The byte at `at`. Throws ZK_BAD_RECORD beyond the end. */
export function u8At(bytes: Uint8Array, at: number): number {
  const value = bytes[at]
  if (value === undefined) throw beyondTheEnd(bytes, at, 1)
  return value
}

/** The unsigned 16-bit number at `at`. Throws ZK_BAD_RECORD beyond the end. */
export function u16At(bytes: Uint8Array, at: number): number {
  const low = bytes[at]
  const high = bytes[at + 1]
  if (low === undefined || high === undefined) throw beyondTheEnd(bytes, at, 2)
  return low | (high << 8)
}

/** The unsigned 32-bit number at `at`. Throws ZK_BAD_RECORD beyond the end. */
export function u32At(bytes: Uint8Array, at: number): number {
  const b0 = bytes[at]
  const b1 = bytes[at + 1]
  const b2 = bytes[at + 2]
  const b3 = bytes[at + 3]
  if (b0 === undefined || b1 === undefined || b2 === undefined || b3 === undefined) {
    throw beyondTheEnd(bytes, at, 4)
  }
  return (b0 | (b1 << 8) | (b2 << 16) | (b3 << 24)) >>> 0
}

function checkRange(value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `Expected a whole number from 0 to ${max}, got ${value}`,
      {
        details: { value: String(value), max },
      },
    )
  }
}

function checkRoom(bytes: Uint8Array, at: number, sizeBytes: number): void {
  if (at < 0 || at + sizeBytes > bytes.length) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `No room for ${sizeBytes} byte(s) at offset ${at} of ${bytes.length}`,
    )
  }
}

/** Writes a byte. Throws ZK_VALUE_OUT_OF_RANGE when the value or the place does not fit. */
export function putU8(bytes: Uint8Array, at: number, value: number): void {
  checkRange(value, 0xff)
  checkRoom(bytes, at, 1)
  bytes[at] = value
}

/** Writes an unsigned 16-bit number. Throws ZK_VALUE_OUT_OF_RANGE when the value or the place does not fit. */
export function putU16(bytes: Uint8Array, at: number, value: number): void {
  checkRange(value, 0xffff)
  checkRoom(bytes, at, 2)
  bytes[at] = value & 0xff
  bytes[at + 1] = value >>> 8
}

/** Writes an unsigned 32-bit number. Throws ZK_VALUE_OUT_OF_RANGE when the value or the place does not fit. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  checkRange(value, 0xffffffff)
  checkRoom(bytes, at, 4)
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
  bytes[at + 2] = (value >>> 16) & 0xff
  bytes[at + 3] = value >>> 24
}

/** Copies `source` to `at`. Throws ZK_VALUE_OUT_OF_RANGE when it does not fit. */
export function putBytes(bytes: Uint8Array, at: number, source: Uint8Array): void {
  checkRoom(bytes, at, source.length)
  bytes.set(source, at)
}

/** The offset of the first NUL in `sizeBytes` bytes from `at`, or their end: where a text of the terminal ends. */
export function endOfText(bytes: Uint8Array, at: number, sizeBytes: number): number {
  const end = Math.min(at + sizeBytes, bytes.length)
  for (let i = at; i < end; i += 1) if (bytes[i] === 0) return i
  return end
}

/** The bytes of `start` to `end` as text, one character (U+0000 to U+00FF) a byte: nothing is lost or invented. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i += 1) text += String.fromCharCode(u8At(bytes, i))
  return text
}

/** The pieces as one array of bytes. A single piece is handed back as it is. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces
  if (first !== undefined && pieces.length === 1) return first
  let length = 0
  for (const piece of pieces) length += piece.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** Whether two arrays hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** Bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const value of bytes) hex += value.toString(16).padStart(2, '0')
  return hex
}

/** Hex as bytes. Blanks are ignored. Throws ZK_VALUE_OUT_OF_RANGE for anything that is not hex. */
export function fromHex(hex: string): Uint8Array {
  const digits = hex.replaceAll(/\s/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', 'Expected an even number of hexadecimal digits')
  }
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16)
  return bytes
}

/** The first 64 bytes as hex, with an ellipsis when there are more: how bytes appear in error details. */
export function hexHead(bytes: Uint8Array): string {
  return bytes.length <= HEX_HEAD_BYTES ? toHex(bytes) : `${toHex(bytes.subarray(0, HEX_HEAD_BYTES))}…`
}

/** Reads numbers and pieces one after the other. Reading beyond the end throws ZK_BAD_RECORD. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    const value = u8At(this.#bytes, this.#at)
    this.#at += 1
    return value
  }

  u16(): number {
    const value = u16At(this.#bytes, this.#at)
    this.#at += 2
    return value
  }

  u32(): number {
    const value = u32At(this.#bytes, this.#at)
    this.#at += 4
    return value
  }

  /** The next `sizeBytes` bytes, as a view of the same memory. */
  take(sizeBytes: number): Uint8Array {
    if (sizeBytes > this.remaining) throw beyondTheEnd(this.#bytes, this.#at, sizeBytes)
    const piece = this.#bytes.subarray(this.#at, this.#at + sizeBytes)
    this.#at += sizeBytes
    return piece
  }

  /** All that is left, as a view of the same memory. */
  rest(): Uint8Array {
    return this.take(this.remaining)
  }
}

/** Writes numbers and pieces one after the other into memory that grows as needed. */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(expectedBytes = 32) {
    this.#bytes = new Uint8Array(expectedBytes)
  }

  u8(value: number): this {
    const at = this.#claim(1)
    putU8(this.#bytes, at, value)
    return this
  }

  u16(value: number): this {
    const at = this.#claim(2)
    putU16(this.#bytes, at, value)
    return this
  }

  u32(value: number): this {
    const at = this.#claim(4)
    putU32(this.#bytes, at, value)
    return this
  }

  bytes(piece: Uint8Array): this {
    const at = this.#claim(piece.length)
    putBytes(this.#bytes, at, piece)
    return this
  }

  /** What was written, as a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #claim(sizeBytes: number): number {
    const at = this.#length
    const needed = at + sizeBytes
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    this.#length = needed
    return at
  }
}
