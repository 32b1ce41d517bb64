// The options of `npm run zk-trace`, declared once.
import { checkNameEncoding, DEFAULT_PORT, ZkError } from '@org/zk-proto'
import { OptionError, readOptions, wholeNumber, type OptionTable } from '../by-hand/options.ts'

export const TRACE_OPTIONS = {
  port: { type: 'string', value: 'N', about: 'the terminal’s port in the capture', unless: '4370' },
  json: { type: 'boolean', about: 'prints one JSON object a line, all records among them' },
  bytes: {
    type: 'boolean',
    about: 'shows the bytes of each packet, but never those of keys, people and templates',
  },
  records: {
    type: 'string',
    value: 'N',
    about: 'shows so many records of each table as text',
    unless: '10',
  },
  redact: {
    type: 'boolean',
    about:
      'replaces people, cards, serial numbers and addresses by made-up ones, the same each time, and leaves out what may hold anything',
  },
  encoding: {
    type: 'string',
    value: 'LABEL',
    about: 'how names are written, such as gb18030',
    unless: 'found from the names',
  },
  help: { type: 'boolean', about: 'prints this text' },
} as const satisfies OptionTable

/** What is to be traced, and how it is to look. */
export interface TraceSettings {
  /** A file, or `-` for standard input. */
  readonly file: string
  readonly port: number
  readonly json: boolean
  readonly bytes: boolean
  readonly records: number
  readonly redact: boolean
  readonly nameEncoding: string
}

const HIGHEST_PORT = 65_535
const RECORDS_SHOWN = 10
const MOST_RECORDS = 10_000_000

/** Reads the arguments. @throws OptionError for the first thing that cannot be used. */
export function readTraceSettings(args: readonly string[]): TraceSettings | 'help' {
  const { values, rest } = readOptions(args, TRACE_OPTIONS)
  if (values.help === true) return 'help'
  const [file, ...more] = rest
  if (file === undefined || more.length > 0)
    throw new OptionError('expected one FILE, or - for standard input')
  return {
    file,
    port: wholeNumber('port', values.port, { least: 1, most: HIGHEST_PORT }) ?? DEFAULT_PORT,
    json: values.json ?? false,
    bytes: values.bytes ?? false,
    records: wholeNumber('records', values.records, { least: 0, most: MOST_RECORDS }) ?? RECORDS_SHOWN,
    redact: values.redact ?? false,
    nameEncoding: checkedEncoding(values.encoding ?? 'auto'),
  }
}

/** @throws OptionError for a label that this Node cannot decode. */
export function checkedEncoding(label: string): string {
  try {
    checkNameEncoding(label)
    return label
  } catch (cause) {
    if (!(cause instanceof ZkError)) throw cause
    throw new OptionError(`--encoding: ${cause.message}`, { cause })
  }
}
