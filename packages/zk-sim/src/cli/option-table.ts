// The options of the command line, declared once: what they are called, what they take and what they do. The parser, the
// help, the README's table and the check of what goes together read this.

/** One option. */
export interface OptionDeclaration {
  readonly type: 'string' | 'boolean'
  /** What stands behind it; nothing behind a switch. */
  readonly value?: string
  readonly about: string
  /** What holds when it is left out, in words for the help. */
  readonly unless?: string
  /** Options that it cannot stand beside. */
  readonly not?: readonly string[]
}

const MADE_UP = ['profile', 'people', 'punches', 'seed', 'serial', 'zone', 'drift']

/** All options by name, in the order of the help. */
export const OPTIONS = {
  port: {
    type: 'string',
    value: 'N',
    about: 'TCP and UDP port; 0 takes any free one',
    unless: '4370',
  },
  host: { type: 'string', value: 'ADDRESS', about: 'address to listen on', unless: '127.0.0.1' },
  count: {
    type: 'string',
    value: 'N',
    about: 'so many terminals (1 to 500) on consecutive ports, each with its own serial number and seed',
    unless: '1',
  },
  profile: {
    type: 'string',
    value: 'NAME',
    about: 'the model, one of those listed below',
    unless: 'typical',
  },
  people: { type: 'string', value: 'N', about: 'made-up people', unless: '50' },
  punches: {
    type: 'string',
    value: 'N',
    about: 'punches in the log',
    unless: '1000; with --recorded 5000',
  },
  capacity: {
    type: 'string',
    value: 'N',
    about: 'punches that the log has room for',
    unless: 'as the model has it',
  },
  recorded: {
    type: 'boolean',
    about: 'people and records as real terminals sent them, instead of made-up ones',
    not: ['people', 'profile'],
  },
  seed: { type: 'string', value: 'N', about: 'the same seed makes the same data', unless: '1' },
  serial: {
    type: 'string',
    value: 'TEXT',
    about: 'serial number; with --count it is followed by -1, -2 and so on',
    unless: 'made from the seed',
  },
  'comm-key': {
    type: 'string',
    value: 'N',
    about: 'the key that clients need, up to 4294967295; 0 for none',
    unless: '0, or as loaded',
  },
  zone: { type: 'string', value: 'NAME', about: 'IANA zone whose wall time the clock shows', unless: 'UTC' },
  drift: {
    type: 'string',
    value: 'SECONDS',
    about: 'the clock is fast by so much; negative: slow',
    unless: '0',
  },
  load: {
    type: 'string',
    value: 'FILE',
    about: 'the terminals that --save kept, instead of new ones',
    not: [...MADE_UP, 'recorded', 'count'],
  },
  save: {
    type: 'string',
    value: 'FILE',
    about: 'keeps everything the terminals hold in a JSON file for --load, at the start and at the end',
  },
  truth: {
    type: 'string',
    value: 'FILE',
    about: 'writes what the terminals hold to a JSON file, decoded, at the start and at the end',
  },
  live: {
    type: 'string',
    value: 'N',
    about: 'people keep punching, N times a minute at each terminal (also written N/min)',
    unless: 'nobody does',
  },
  faults: {
    type: 'string',
    value: 'SCRIPT',
    about: 'what goes wrong on purpose: an expression, or a file with one or with JSON',
    unless: 'nothing',
  },
  pace: {
    type: 'string',
    value: 'MS',
    about: 'pause after each packet, as hardware has it',
    unless: '0',
  },
  http: {
    type: 'string',
    value: 'PORT',
    about:
      'a page with the terminal’s screen and a hand to use it; ADDRESS:PORT where others may reach it, 0 for any free port',
    unless: 'no page',
  },
  stats: {
    type: 'boolean',
    about: 'prints at the end what the terminals were asked and how they were left (SIGUSR2: at any time)',
  },
  trace: {
    type: 'boolean',
    about: 'prints every packet to stderr in words; comm keys, passwords and templates are left out',
  },
  json: { type: 'boolean', about: 'prints lines of JSON instead of text' },
  version: { type: 'boolean', about: 'prints the version' },
  help: { type: 'boolean', about: 'prints this text' },
} as const satisfies Readonly<Record<string, OptionDeclaration>>

/** The options in order, as the help and the README list them. */
export const OPTION_LIST: readonly (OptionDeclaration & { readonly name: string })[] = Object.entries(
  OPTIONS,
).map(([name, declaration]) => ({ name, ...declaration }))
