// Formats that JSON Schema does not know, each with its check and the sentence that a fault of it says. They stand in schemas as
// `format: 'time-zone'`, so that every fault of a request is found in one go.
import { isIP } from 'node:net'
import { isZone } from '@org/core'
import { isInstant } from '../schemas/instant.ts'
import { isTimeBound } from '../schemas/punch-filter.ts'

interface Format {
  readonly check: (text: string) => boolean
  readonly sentence: string
}

/** The largest comm key: 32 bits. Source: docs/protocol, CMD_AUTH. */
const MAX_COMM_KEY = 4_294_967_295

const HOST_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i
/** A last label of digits, or 0x…: resolvers read such names as spelled-out IPv4 addresses (`127.1`, `0x7f000001`). */
const ADDRESS_IN_DISGUISE = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i

/** Our own formats by name. */
export const FORMATS: Readonly<Record<string, Format>> = {
  'one-line': {
    check: isOneLine,
    sentence: 'must not have control characters',
  },
  name: {
    check: (text) => isOneLine(text) && text.trim() !== '',
    sentence: 'must not be blank and must not have control characters',
  },
  host: {
    check: (text) => isIP(text) !== 0 || (HOST_NAME.test(text) && !ADDRESS_IN_DISGUISE.test(text)),
    sentence: 'must be an IPv4 address, an IPv6 address or a host name',
  },
  'comm-key': {
    check: (text) => text === '' || (/^\d{1,10}$/.test(text) && Number(text) <= MAX_COMM_KEY),
    sentence: `must be empty or decimal digits up to ${MAX_COMM_KEY}`,
  },
  'time-zone': {
    check: isZone,
    sentence: 'must be an IANA time zone such as Asia/Jakarta',
  },
  'text-encoding': {
    check: (text) => text === 'auto' || isEncodingLabel(text),
    sentence: 'must be auto or a WHATWG encoding label such as gb18030 or windows-1256',
  },
  instant: {
    check: isInstant,
    sentence: 'must be a date and time with a zone, such as 2024-02-05T14:30:00Z',
  },
  'time-bound': {
    check: isTimeBound,
    sentence:
      'must be a date (2024-02-05) or a date and time (2024-02-05T14:30:00), with a zone (Z or %2B07:00) or without',
  },
}

/** What a fault of a format says; the standard ones too. */
export function formatSentence(format: string): string | undefined {
  return format === 'email' ? 'must be an e-mail address' : FORMATS[format]?.sentence
}

/** Neither control characters nor halves of a surrogate pair, which no database keeps. */
function isOneLine(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(text)
}

function isEncodingLabel(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
