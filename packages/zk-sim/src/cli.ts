#!/usr/bin/env node
// The command line: starts one terminal, prints one ready line, runs until it is told to end. Bad options end it with
// one clear line and exit code 2, anything else that fails with exit code 1.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { ZkUsageError } from '@org/zk-proto/wire'
import { madeUpMemory } from './made-up-data.ts'
import { profiles } from './profile.ts'
import { recordedMemory } from './recorded-input.ts'
import { startTerminal, type SimulatedTerminal } from './simulated-terminal.ts'

const OPTIONS = {
  port: { type: 'string', default: '4370' },
  host: { type: 'string', default: '127.0.0.1' },
  profile: { type: 'string', default: 'typical' },
  recorded: { type: 'boolean', default: false },
  people: { type: 'string' },
  punches: { type: 'string' },
  seed: { type: 'string', default: '1' },
  'comm-key': { type: 'string', default: '0' },
  serial: { type: 'string' },
  zone: { type: 'string', default: 'UTC' },
  drift: { type: 'string', default: '0' },
  pace: { type: 'string', default: '0' },
  truth: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

const HELP = `zk-sim: a ZKTeco terminal in software

  --port N         TCP and UDP port (4370; 0: any free one)
  --host ADDRESS   address to listen on (127.0.0.1)
  --profile NAME   the model (typical):
${profiles.map(({ name, about }) => `                     ${name.padEnd(14)} ${about}`).join('\n')}
  --people N       made-up people (50)
  --punches N      punches in the log (1000; with --recorded 5000)
  --recorded       recorded people and records instead of made-up ones (profile typical)
  --seed N         the same seed makes the same data (1)
  --comm-key N     the key that clients need, up to 4294967295 (0: none)
  --serial TEXT    serial number (made from the seed)
  --zone NAME      IANA zone of the clock (UTC)
  --drift SECONDS  the clock is fast by so much (0)
  --pace MS        pause between packets, as hardware has it (0)
  --truth FILE     write what the terminal holds to a JSON file, at the start and at the end
  --json           print the ready line as JSON
`

/** An option that cannot be used. */
class OptionError extends Error {
  override readonly name = 'OptionError'
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args)
  if (options.help) {
    process.stdout.write(HELP)
    return
  }
  // Asked before the ready line: whoever reads it may end the terminal at once.
  const ending = toldToEnd()
  const terminal = await start(options)
  const { truth } = options
  const keepTruth = async (): Promise<void> => {
    if (truth !== undefined) await writeFile(truth, `${JSON.stringify(terminal.memory.truth(), null, 1)}\n`)
  }
  try {
    await keepTruth()
    process.stdout.write(`${readyLine(terminal, options.json)}\n`)
    await ending
    await keepTruth()
  } finally {
    await terminal.stop()
  }
}

function readOptions(args: readonly string[]) {
  // pnpm hands on the `--` that stands before the options of a script; npm takes it away.
  const own = args[0] === '--' ? args.slice(1) : [...args]
  try {
    return parseArgs({ args: own, options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (cause) {
    throw new OptionError(cause instanceof Error ? cause.message.split('\n', 1).join('') : String(cause), {
      cause,
    })
  }
}

async function start(values: ReturnType<typeof readOptions>): Promise<SimulatedTerminal> {
  const { host, recorded, serial, zone } = values
  const shared = {
    seed: wholeNumber('seed', values.seed),
    zone,
    commKey: wholeNumber('comm-key', values['comm-key']),
    driftSeconds: number('drift', values.drift),
    ...(serial !== undefined && { serialNumber: serial }),
    ...(values.punches !== undefined && { punches: wholeNumber('punches', values.punches) }),
  }
  if (recorded && values.people !== undefined)
    throw new OptionError('--people cannot stand beside --recorded')
  if (recorded && values.profile !== 'typical') throw new OptionError('--recorded is of the profile typical')
  const listen = { host, port: portNumber(values.port), paceMs: number('pace', values.pace) }
  if (listen.paceMs < 0) throw new OptionError(`--pace: expected 0 or more, got ${values.pace}`)
  const people = values.people === undefined ? {} : { people: wholeNumber('people', values.people) }
  const memory = valid(() =>
    recorded ? recordedMemory(shared) : madeUpMemory({ ...shared, ...people, profile: values.profile }),
  )
  return startTerminal({ memory, ...listen })
}

/** Turns what the library says about a value into an error of the command line. */
function valid<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof ZkUsageError)
      throw new OptionError(cause.message, { cause })
    throw cause
  }
}

function wholeNumber(option: string, text: string): number {
  const value = number(option, text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new OptionError(`--${option}: expected a whole number, got ${text}`)
  return value
}

function number(option: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(value))
    throw new OptionError(`--${option}: expected a number, got ${JSON.stringify(text)}`)
  return value
}

function portNumber(text: string): number {
  const port = wholeNumber('port', text)
  if (port > 65_535) throw new OptionError(`--port: expected 0 to 65535, got ${text}`)
  return port
}

function readyLine(terminal: SimulatedTerminal, json: boolean): string {
  const { host, port, memory } = terminal
  const { profile, serialNumber, people, log, clock } = memory
  if (json) {
    return JSON.stringify({
      ready: true,
      host,
      port,
      profile: profile.name,
      serial_number: serialNumber,
      people: people.count,
      punches: log.count,
      zone: clock.zone,
      wall_time: clock.read(),
    })
  }
  const counts = `${people.count} people, ${log.count} punches`
  return `zk-sim: ${profile.name} terminal ${serialNumber} at ${host}:${port} (${profile.transports.join(', ')}), ${counts}; Ctrl-C ends it`
}

function toldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    `zk-sim: ${message}${error instanceof OptionError ? ' (--help lists the options)' : ''}\n`,
  )
  process.exitCode = error instanceof OptionError ? 2 : 1
}
