// `zk doctor`: why a terminal cannot be reached, or what is not well with it, in plain words. Needs neither settings nor a database.
import { isIPv4, isIPv6 } from 'node:net'
import { askHidden, readPiped } from './ask-secret.ts'
import { defineCommand, UsageError } from './command.ts'
import { isTerminal, typedPath, type Io } from './io.ts'

const DEFAULT_PORT = 4370
const HIGHEST_PORT = 65_535
const HIGHEST_KEY = 4_294_967_295
const DEFAULT_TIMEOUT_SECONDS = 10
const DEFAULT_CLOCK_MINUTES = 2

export const doctor = defineCommand({
  name: 'doctor',
  about: 'examines a terminal step by step and says what to do next',
  more: [
    'Name, port, handshake, comm key, model, sizes, clock, and one piece of the attendance log; TCP first, then UDP. Each step has its time and a verdict: ok, warning, failed, not tried. Nothing is changed on the terminal, and nobody is kept from punching.',
    'A report holds no address, no comm key, no name or number of a person, and of the serial number the last four characters: it can be pasted into a public issue.',
    'The exit code is 1 when a step failed; warnings are none.',
  ],
  argument: { name: 'HOST', about: 'address or name of the terminal' },
  options: {
    port: { type: 'string', value: 'N', about: 'its port', unless: String(DEFAULT_PORT) },
    'comm-key-stdin': {
      type: 'boolean',
      about: 'asks for the comm key without echo, or reads it from standard input',
      not: ['comm-key'],
    },
    'comm-key': {
      type: 'string',
      value: 'N',
      about: 'the comm key; others on this machine can read it in the list of processes',
      unless: 'none',
    },
    tcp: { type: 'boolean', about: 'over TCP alone', not: ['udp'] },
    udp: { type: 'boolean', about: 'over UDP alone' },
    timeout: {
      type: 'string',
      value: 'SECONDS',
      about: 'the longest that one step may take',
      unless: String(DEFAULT_TIMEOUT_SECONDS),
    },
    timezone: {
      type: 'string',
      value: 'ZONE',
      about: 'IANA zone whose time the terminal should show',
      unless: 'that of this machine',
    },
    'clock-minutes': {
      type: 'string',
      value: 'N',
      about: 'how many minutes the clock may be off without a warning',
      unless: String(DEFAULT_CLOCK_MINUTES),
    },
    report: { type: 'string', value: 'FILE', about: 'writes the report; as JSON where FILE ends in .json' },
    yes: { type: 'boolean', about: 'replaces a report that is there already' },
    json: { type: 'boolean', about: 'prints the report as JSON instead of the steps' },
  },
  examples: [
    ['a terminal of one’s own network', 'doctor 192.168.1.201'],
    [
      'with its comm key, and a file for a bug report',
      'doctor 192.168.1.201 --comm-key-stdin --report report.txt',
    ],
  ],

  async run(given, io) {
    const host = checkedHost(given.argument)
    const port = given.wholeNumber('port', { least: 1, most: HIGHEST_PORT }) ?? DEFAULT_PORT
    const seconds = given.wholeNumber('timeout', { least: 1, most: 600 }) ?? DEFAULT_TIMEOUT_SECONDS
    const toleratedMinutes =
      given.wholeNumber('clock-minutes', { least: 0, most: 1_440 }) ?? DEFAULT_CLOCK_MINUTES
    const zone = checkedZone(given.text('timezone'))
    const commKey = given.flag('comm-key-stdin')
      ? await askedKey(io)
      : checkedKey(given.text('comm-key') ?? '0', '--comm-key')
    const isJson = given.flag('json')
    const { examine } = await import('./doctor/examine.ts')
    const { Screen } = await import('./doctor/screen.ts')
    const screen = isJson ? undefined : new Screen(io.stdout, isTerminal(io.stdout))
    screen?.begin(host, port)
    const examination = await examine({
      host,
      port,
      ways: given.flag('tcp') ? ['tcp'] : given.flag('udp') ? ['udp'] : ['tcp', 'udp'],
      commKey,
      timeoutMs: seconds * 1_000,
      zone,
      toleratedMinutes,
      signal: io.stop,
      onCheck: (check, seen) => screen?.check(check, seen),
    })
    screen?.end(examination)
    const { reportOf, reportText } = await import('./doctor/report.ts')
    const report = reportOf(examination, { host, port })
    const json = `${JSON.stringify(report, null, 2)}\n`
    if (isJson) io.stdout.write(json)
    const file = given.text('report')
    if (file !== undefined) {
      const { writeWhole } = await import('./whole-file.ts')
      const text = file.toLowerCase().endsWith('.json') ? json : reportText(report)
      await writeWhole(typedPath(io, file), text, { replace: given.flag('yes'), signal: io.stop })
      if (!isJson) io.stdout.write(`The report is in ${file}\n`)
    }
    return examination.verdict === 'failed' ? 1 : 0
  },
})

const NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_.])?$/i

function checkedHost(typed: string): string {
  const host = typed.replace(/^\[(.+)\]$/, '$1')
  // The system would read 192.168.1201 as 192.168.4.177.
  if (/^[\d.]+$/.test(host) && !isIPv4(host))
    throw new UsageError(`HOST: expected four numbers from 0 to 255, got ${JSON.stringify(typed)}`)
  if (isIPv6(host) || NAME.test(host)) return host
  const [, name, port] = /^(?:[a-z]+:\/\/)?([^/:]+)(?::(\d+))?\/?$/i.exec(typed) ?? []
  throw new UsageError(
    name === undefined
      ? `HOST: expected an address or a name, got ${JSON.stringify(typed)}`
      : `HOST: expected an address or a name alone; did you mean ${name}${port === undefined ? '' : ` --port ${port}`}?`,
  )
}

function checkedZone(zone: string | undefined): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  if (zone === undefined) return timeZone
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new UsageError('--timezone: expected an IANA zone such as Asia/Jakarta', { cause })
  }
}

async function askedKey(io: Io): Promise<number> {
  const text = isTerminal(io.stdin) ? await askHidden(io, 'Comm key: ') : await readPiped(io)
  return checkedKey(text.trim(), 'the comm key')
}

/** The message does not repeat it. */
function checkedKey(text: string, what: string): number {
  const key = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (key <= HIGHEST_KEY) return key
  throw new UsageError(`${what}: expected digits, up to ${HIGHEST_KEY}`)
}
