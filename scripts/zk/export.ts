// `zk export`: stored punches as a file, by the filters and the code of GET /attendance/export.
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extname } from 'node:path'
import { defineCommand, UsageError } from './command.ts'
import { EXIT_FAILED, faultCode, isTerminal, typedPath, type Io } from './io.ts'
import type { OpenedDatabase } from './opened-database.ts'

const FORMATS: readonly string[] = ['csv', 'ndjson', 'xlsx']

/** Option → field of the API's query. */
const FILTERS = {
  from: 'from',
  to: 'to',
  user: 'user_id',
  state: 'state',
  'time-status': 'time_status',
  denied: 'denied',
  sort: 'sort',
} as const

export const exportPunches = defineCommand({
  name: 'export',
  about: 'writes stored punches to a file or to standard output',
  more: [
    'The filters and columns are those of GET /attendance/export. Any number of punches costs the same memory. A file appears under its name when it is whole; a run that fails or is stopped leaves none.',
    'Reads the database alone, beside a service or without one.',
  ],
  options: {
    output: {
      type: 'string',
      value: 'FILE',
      about: 'where to; its ending names the format',
      unless: 'standard output',
    },
    format: { type: 'string', value: 'FORMAT', about: 'csv, ndjson or xlsx', unless: 'csv' },
    from: {
      type: 'string',
      value: 'TIME',
      about:
        'not before: a date, or a date with a time; with a zone (2024-02-05T14:30:00Z) it means the instant, without one the terminal’s clock',
    },
    to: { type: 'string', value: 'TIME', about: 'not after; a date includes its whole day' },
    device: { type: 'string', value: 'DEVICE', about: 'of this device: id, serial number or name' },
    user: { type: 'string', value: 'PIN', about: 'of the person with this PIN' },
    state: { type: 'string', value: 'N', about: 'with this state, 0 to 255' },
    'time-status': {
      type: 'string',
      value: 'STATUS',
      about: 'with this state of their time: ok, gap, overlap or invalid',
    },
    denied: {
      type: 'string',
      value: 'WHICH',
      about: 'attempts that an access panel refused: false, true (those alone) or all',
      unless: 'false',
    },
    sort: {
      type: 'string',
      value: 'ORDER',
      about: 'timestamp, or -timestamp: the newest first',
      unless: '-timestamp',
    },
    yes: { type: 'boolean', about: 'replaces a file that is there already' },
  },
  examples: [
    ['a month, for a spreadsheet', 'export --from 2024-02-01 --to 2024-02-29 --output february.xlsx'],
    ['one terminal, for a program', 'export --device Gate --format ndjson'],
  ],

  async run(given, io) {
    const output = given.text('output')
    const query: Record<string, string> = { format: formatOf(given.text('format'), output) }
    for (const option of ['from', 'to', 'user', 'state', 'time-status', 'denied', 'sort'] as const) {
      const value = given.text(option)
      if (value !== undefined) query[FILTERS[option]] = value
    }
    if (output === undefined && query['format'] === 'xlsx' && isTerminal(io.stdout))
      throw new UsageError('a workbook is nothing to look at in a terminal; give --output FILE')
    const { openConfigured } = await import('./opened-database.ts')
    await using opened = await openConfigured(io)
    const { database } = opened
    const device = given.text('device')
    if (device !== undefined) query['device_id'] = await deviceId(device, opened)
    const { checkPunchExport, punchFile } = await import('@org/api/beside-http')
    const { eachPunch } = await import('@org/core')
    const { format, filter, sort } = await checkPunchExport(query).catch(typedFaults)
    const file = await punchFile(format, eachPunch(database, filter, sort, io.stop))
    if (output === undefined) return await toStandardOutput(file, io)
    const { writeWhole } = await import('./whole-file.ts')
    await writeWhole(typedPath(io, output), file, { replace: given.flag('yes'), signal: io.stop })
    return 0
  },
})

function formatOf(format: string | undefined, output: string | undefined): string {
  if (format !== undefined) {
    if (!FORMATS.includes(format)) throw new UsageError(`--format: expected ${FORMATS.join(', ')}`)
    return format
  }
  const ending = output === undefined ? '' : extname(output).slice(1).toLowerCase()
  if (ending === '') return 'csv'
  if (FORMATS.includes(ending)) return ending
  throw new UsageError(
    `--output: .${ending} names no format; end it with .${FORMATS.join(', .')}, or give --format`,
  )
}

/** Throws the API's faults again: by the names of the options, and without what addresses of the web need escaped. */
async function typedFaults(error: unknown): Promise<never> {
  const { ServiceError } = await import('@org/core')
  if (!(error instanceof ServiceError) || error.code !== 'VALIDATION_ERROR') throw error
  const { faultsIn } = await import('./failure-words.ts')
  const options = new Map<string, string>(Object.entries(FILTERS).map(([option, field]) => [field, option]))
  const faults = faultsIn(error.details).map(
    ({ field, message }) => `--${options.get(field) ?? field} ${message.replaceAll('%2B', '+')}`,
  )
  throw new UsageError(faults.join('; '), { cause: error })
}

/** A deleted device has no name any more, but its punches are there: any id is taken as it is. */
async function deviceId(called: string, { database }: OpenedDatabase): Promise<string> {
  if (/^[1-9]\d{0,14}$/.test(called) && (await database.devices.exists(Number(called)))) return called
  const { findDevice } = await import('./find-device.ts')
  return String((await findDevice(database, called)).id)
}

/** Whoever reads may stop reading (`| head`), which is no failure. */
async function toStandardOutput(file: Readable, { stdout, stop }: Io): Promise<number> {
  try {
    await pipeline(file, stdout, { end: false, signal: stop })
    return 0
  } catch (error) {
    // Other faults of the stream are told where it comes from, in io.ts.
    if (error instanceof Error && 'syscall' in error && error.syscall === 'write')
      return faultCode(error) === 'EPIPE' ? 0 : EXIT_FAILED
    throw error
  }
}
