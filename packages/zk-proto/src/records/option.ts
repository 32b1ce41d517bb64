// Options: named settings and facts of a terminal, asked for by name and answered as `name=value`, ended by a NUL.
// Texts are single bytes here; a value in a code page keeps its bytes as U+0000 to U+00FF. Source: docs/protocol §9.
import { endOfText, latin1Text } from '../bytes.ts'
import { ZkUsageError } from '../errors.ts'
import type { Codec } from '../layout.ts'

/** An option with its value; a value of '' is an empty option, not an absent one. */
export interface OptionValue {
  readonly name: string
  readonly value: string
}

function withNul(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0 || code > 0xff) {
      throw new ZkUsageError('ZK_NOT_ENCODABLE', `The character at position ${i} cannot stand in an option`)
    }
    bytes[i] = code
  }
  return bytes
}

/** A text up to its first NUL or the end of the data. Encoded with the NUL. */
export const nulText: Codec<string> = {
  name: 'text, NUL',
  decode: (bytes) => latin1Text(bytes, 0, endOfText(bytes, 0, bytes.length)),
  encode: withNul,
}

/** `name=value`, split at the first `=`: the value may hold more of them. Without any, it is a name with value ''. */
export const optionValue: Codec<OptionValue> = {
  name: 'name=value, NUL',
  decode(bytes) {
    const text = latin1Text(bytes, 0, endOfText(bytes, 0, bytes.length))
    const equals = text.indexOf('=')
    return equals === -1
      ? { name: text, value: '' }
      : { name: text.slice(0, equals), value: text.slice(equals + 1) }
  },
  encode({ name, value }) {
    if (name.includes('=')) {
      throw new ZkUsageError('ZK_NOT_ENCODABLE', 'The name of an option cannot hold an equals sign')
    }
    return withNul(`${name}=${value}`)
  },
}
