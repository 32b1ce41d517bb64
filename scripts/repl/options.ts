// The options of `npm run repl`, declared once, and what they come to.
import { DEFAULT_PORT } from '@org/zk-proto'
import { OptionError, readOptions, wholeNumber, type OptionTable } from '../by-hand/options.ts'
import { checkedEncoding } from '../trace/options.ts'

/** Where the comm key may stand, so that it stands in no history and no list of processes. */
export const COMM_KEY_VARIABLE = 'ZK_COMM_KEY'

export const REPL_OPTIONS = {
  host: { type: 'string', value: 'ADDRESS', about: 'the terminal: IPv4, IPv6 or a name' },
  port: { type: 'string', value: 'N', about: 'its port', unless: '4370' },
  'comm-key': {
    type: 'string',
    value: 'N',
    about: `its comm key; others see it in the list of processes, so better ${COMM_KEY_VARIABLE} in the environment`,
    unless: `that of ${COMM_KEY_VARIABLE}, or none`,
  },
  'comm-key-stdin': {
    type: 'boolean',
    about: 'asks for the comm key without showing it; from a pipe its first line',
  },
  udp: { type: 'boolean', about: 'UDP only', unless: 'TCP, then UDP' },
  encoding: {
    type: 'string',
    value: 'LABEL',
    about: 'how names are written, such as gb18030',
    unless: 'found from the names',
  },
  sim: { type: 'boolean', about: 'starts a simulated terminal and connects to it' },
  eval: {
    type: 'string',
    value: 'EXPRESSION',
    about: 'evaluates this, or runs this dot-command, prints what it gives and ends',
  },
  json: { type: 'boolean', about: 'with --eval: prints JSON; errors as JSON on stderr' },
  yes: { type: 'boolean', about: 'does not ask before what is dangerous' },
  help: { type: 'boolean', about: 'prints this text' },
} as const satisfies OptionTable

/** What a run needs to know. */
export interface ReplSettings {
  /** Undefined: a simulated terminal. */
  readonly host: string | undefined
  readonly port: number | undefined
  readonly commKey: number | 'stdin' | undefined
  readonly udp: boolean
  readonly nameEncoding: string
  /** Undefined: lines that somebody types. */
  readonly expression: string | undefined
  readonly json: boolean
  readonly yes: boolean
}

const HIGHEST_PORT = 65_535
const HIGHEST_KEY = 0xffff_ffff

/** Reads arguments and environment. @throws OptionError for the first thing that cannot be used. */
export function readReplSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ReplSettings | 'help' {
  const { values, rest } = readOptions(args, REPL_OPTIONS)
  if (values.help === true) return 'help'
  if (rest.length > 0) throw new OptionError(`expected options only, got ${JSON.stringify(rest[0])}`)
  const sim = values.sim ?? false
  if (sim && values.host !== undefined) throw new OptionError('--host cannot stand beside --sim')
  if (!sim && (values.host === undefined || values.host === ''))
    throw new OptionError('expected --host ADDRESS, or --sim for a simulated terminal')
  if (values.json === true && values.eval === undefined) throw new OptionError('--json needs --eval')
  if (values['comm-key'] !== undefined && values['comm-key-stdin'] === true)
    throw new OptionError('--comm-key cannot stand beside --comm-key-stdin')
  return {
    host: sim ? undefined : values.host,
    port:
      wholeNumber('port', values.port, { least: 1, most: HIGHEST_PORT }) ?? (sim ? undefined : DEFAULT_PORT),
    commKey:
      values['comm-key-stdin'] === true ? 'stdin' : commKeyOf(values['comm-key'] ?? env[COMM_KEY_VARIABLE]),
    udp: values.udp ?? false,
    nameEncoding: checkedEncoding(values.encoding ?? 'auto'),
    expression: values.eval,
    json: values.json ?? false,
    yes: values.yes ?? false,
  }
}

/** A comm key out of a text; its error does not repeat what was given. */
export function commKeyOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  return wholeNumber('comm-key', text.trim(), { least: 0, most: HIGHEST_KEY })
}
