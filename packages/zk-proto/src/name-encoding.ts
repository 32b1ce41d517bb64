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

/** A text cut in the middle of its last UTF-8 character, as a field's end does it, still counts as UTF-8. */
function isUtf8(bytes: Uint8Array): boolean {
  for (let cut = 0; cut <= 3; cut += 1) {
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
 * nothing and invents nothing; whoever knows the code page names it. A named encoding decodes with replacement
 * characters where bytes do not fit; the bytes themselves stay in the person's record.
 */
export function nameDecoder(setting: string, names: Iterable<Uint8Array>): NameDecoder {
  if (setting === AUTO_ENCODING) {
    for (const bytes of names) if (!isUtf8(bytes)) return LATIN1
    return nameDecoder('utf-8', [])
  }
  checkNameEncoding(setting)
  const decoder = new TextDecoder(setting, { ignoreBOM: true })
  return { encoding: decoder.encoding, decode: (bytes) => decoder.decode(bytes) }
}
