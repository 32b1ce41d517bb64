// Names are bytes in the code page of the terminal's language, which the protocol does not announce. This file turns them
// into text without losing any: by a chosen encoding, or by one found that fits all names of a terminal.
import { latin1Text } from './bytes.ts'
import { ZkUsageError } from './errors.ts'

/** What decodes the names of one terminal. */
export interface NameDecoder {
  /** The WHATWG label in use, or `latin1` where none fitted: one character U+0000 to U+00FF a byte. */
  readonly encoding: string
  decode(bytes: Uint8Array): string
}

/** The setting that lets the encoding be found from the names themselves. */
export const AUTO_ENCODING = 'auto'

const LATIN1: NameDecoder = {
  encoding: 'latin1',
  decode: (bytes) => latin1Text(bytes, 0, bytes.length),
}

function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    // The only use of fatal decoding: a TypeError is the answer "this is not UTF-8".
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** Whether it is UTF-8. With `maybeCut` its last character may lack bytes, as where a field was too short for a text. */
function isUtf8(bytes: Uint8Array, maybeCut: boolean): boolean {
  const mostCut = maybeCut ? 3 : 0
  for (let cut = 0; cut <= mostCut; cut += 1) {
    const head = bytes.subarray(0, bytes.length - cut)
    if (strictUtf8(head) === undefined) continue
    const [lead] = bytes.subarray(head.length)
    return cut === 0 || (lead !== undefined && lead >= 0xc2 && lead <= 0xf4)
  }
  return false
}

/** Checks a setting. Throws ZK_VALUE_OUT_OF_RANGE when it is neither `auto` nor a label this Node can decode. */
export function checkNameEncoding(setting: string): void {
  if (setting === AUTO_ENCODING) return
  try {
    new TextDecoder(setting).decode(new Uint8Array(0))
  } catch (cause) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `"${setting.slice(0, 40)}" is no name encoding; expected "auto" or a WHATWG label such as "gb18030"`,
      { cause },
    )
  }
}

/**
 * The decoder for the names of one terminal. With `auto`: UTF-8 where every name is UTF-8, else `latin1`, which loses
 * nothing and invents nothing; whoever knows the code page names it. Only a name that fills its field of `fieldBytes`, but
 * for a NUL perhaps, may end in the middle of a character: a shorter one that does is no UTF-8. A named encoding decodes
 * with replacement characters where bytes do not fit; the bytes themselves stay in the person's record.
 */
export function nameDecoder(
  setting: string,
  names: Iterable<Uint8Array>,
  fieldBytes: number = Number.POSITIVE_INFINITY,
): NameDecoder {
  if (setting === AUTO_ENCODING) {
    for (const bytes of names) if (!isUtf8(bytes, bytes.length >= fieldBytes - 1)) return LATIN1
    return nameDecoder('utf-8', [])
  }
  checkNameEncoding(setting)
  const decoder = new TextDecoder(setting, { ignoreBOM: true })
  return { encoding: decoder.encoding, decode: (bytes) => decoder.decode(bytes) }
}

/** Encodings whose texts cannot stand in a NUL-padded field, or depend on what came before. */
const NOT_FOR_FIELDS = /^(utf-16|iso-2022)/
const TWO_BYTE_LEAD = 0x81

/** Characters to bytes for encodings that the platform can only decode; each is made once, when it is first needed. */
const ENCODING_TABLES = new Map<string, ReadonlyMap<string, Uint8Array>>()

function encodingTable(encoding: string): ReadonlyMap<string, Uint8Array> {
  const known = ENCODING_TABLES.get(encoding)
  if (known !== undefined) return known
  const table = new Map<string, Uint8Array>()
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  const learn = (bytes: Uint8Array): void => {
    let text: string
    try {
      text = decoder.decode(bytes)
    } catch (error) {
      // A TypeError is the answer "these bytes are no character".
      if (error instanceof TypeError) return
      throw error
    }
    if (Array.from(text).length === 1 && !table.has(text)) table.set(text, bytes)
  }
  for (let first = 1; first <= 0xff; first += 1) learn(Uint8Array.of(first))
  for (let lead = TWO_BYTE_LEAD; lead <= 0xfe; lead += 1) {
    for (let trail = 0x30; trail <= 0xfe; trail += 1) learn(Uint8Array.of(lead, trail))
  }
  ENCODING_TABLES.set(encoding, table)
  return table
}

/**
 * A text as bytes for a name field of `sizeBytes` bytes, losslessly or not at all. `encoding` is what `nameDecoder` found or
 * was told; where it is `latin1` because nothing fitted, only ASCII can be written. Throws ZK_NOT_ENCODABLE for a text
 * that the encoding lacks a character for, that holds a NUL or a replacement character, or that is too long: it is never cut.
 */
export function encodeName(name: string, encoding: string, sizeBytes: number): Uint8Array {
  const bytes = encodeText(name, encoding)
  if (bytes.includes(0)) throw notEncodable('A text for a terminal cannot hold a NUL')
  if (bytes.length > sizeBytes) {
    throw notEncodable(
      `The text takes ${bytes.length} bytes in ${encoding}; the terminal has room for ${sizeBytes}`,
    )
  }
  return bytes
}

const REPLACEMENT = '\uFFFD'

function encodeText(text: string, encoding: string): Uint8Array {
  if (!text.isWellFormed()) throw notEncodable('The text holds half a character')
  // It stands for bytes that could not be read: written, it would take their place.
  if (text.includes(REPLACEMENT)) {
    throw notEncodable('The text holds U+FFFD, which stands for bytes that could not be read')
  }
  if (encoding === 'utf-8') return new TextEncoder().encode(text)
  if (NOT_FOR_FIELDS.test(encoding)) throw notEncodable(`Names cannot be written in ${encoding}`)
  const table = encoding === LATIN1.encoding ? undefined : encodingTable(encoding)
  const pieces: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const bytes = table?.get(character)
    if (code > 0 && code < 0x80 && (bytes === undefined || bytes.length === 1)) pieces.push(code)
    else if (bytes === undefined) throw cannotWrite(code, encoding)
    else pieces.push(...bytes)
  }
  return Uint8Array.from(pieces)
}

function cannotWrite(code: number, encoding: string): ZkUsageError {
  const character = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return notEncodable(
    encoding === LATIN1.encoding
      ? `${character} cannot be written: the encoding of this terminal’s names is not known; set nameEncoding`
      : `${character} cannot be written in ${encoding}`,
  )
}

function notEncodable(message: string): ZkUsageError {
  return new ZkUsageError('ZK_NOT_ENCODABLE', message)
}
