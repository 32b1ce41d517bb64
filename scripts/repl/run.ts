// One run of the REPL from its settings to its end: the simulated terminal, the connection, then an expression or a prompt. What
// was opened here is closed here, in the other order.
import * as zk from '@org/zk-proto'
import * as wire from '@org/zk-proto/wire'
import { startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { OptionError } from '../by-hand/options.ts'
import { NotConfirmedError } from './danger.ts'
import { makeDevice } from './device.ts'
import type { Scene } from './dot-commands.ts'
import { evaluate } from './evaluate.ts'
import { prompt } from './interactive.ts'
import { Keys } from './keys.ts'
import { Leaving } from './leaving.ts'
import { Link } from './link.ts'
import { readMembers } from './methods.ts'
import { commKeyOf, type ReplSettings } from './options.ts'
import { Output, wantsColors } from './output.ts'
import { Running } from './running.ts'
import { WireTrace } from './wire-trace.ts'

const SIM_HOST = '127.0.0.1'
const SIM_PEOPLE = 20
const SIM_PUNCHES = 1_000
const INTERRUPTED = 130

/** Runs to the end of the process. */
export async function run(settings: ReplSettings): Promise<void> {
  const { env } = process
  const keys = new Keys(process.stdin)
  const isWindow = process.stdin.isTTY && process.stdout.isTTY
  const forProgram = settings.expression !== undefined
  const out = new Output({ json: settings.json, colors: wantsColors(process.stdout, env), forProgram })
  const running = new Running()
  let link: Link | undefined
  let simulated: SimulatedTerminal | undefined
  const leaving = new Leaving({
    tidy: async () => {
      out.isOver = true
      running.abort()
      await link?.close()
      await simulated?.stop()
      keys.release()
    },
    uncaught: (error) => out.error(error),
  })
  let code = 1
  try {
    // Before there is a prompt that hears the key: twice ends the run.
    const interrupt = (): void => {
      if (running.isBusy) running.abort()
      else void leaving.leave(INTERRUPTED)
    }
    process.on('SIGINT', interrupt)
    const commKey = await commKeyFor(settings, keys, running)
    if (settings.host === undefined) simulated = await startSimulated(settings, commKey)
    const trace = new WireTrace({
      write: (line) => out.note(line),
      transport: () => link?.terminal?.transport ?? (settings.udp ? 'udp' : 'tcp'),
      nameEncoding: settings.nameEncoding,
    })
    const opened = openLink(settings, commKey, simulated, out, trace)
    link = opened
    const scene: Scene = {
      link: opened,
      running,
      trace,
      out,
      members: readMembers(),
      nameEncoding: settings.nameEncoding,
      showsProgress: isWindow && process.stderr.isTTY,
      confirm: (danger) => confirm(danger, { settings, keys, running, isWindow }),
    }
    defineGlobals(makeDevice(scene))
    const terminal = await running.during(() => opened.ready(running.signal))
    if (settings.expression === undefined) {
      out.note(greeting(settings, simulated, terminal.transport))
      process.off('SIGINT', interrupt)
      leaving.forgivesRejections = true
      const secrets = commKey === undefined || commKey < 1_000 ? [] : [String(commKey)]
      await prompt({ scene, keys, isWindow, secrets, env })
    } else {
      await running.during(() => evaluate(settings.expression ?? '', scene))
    }
    code = 0
  } catch (error) {
    out.error(error)
    code = error instanceof OptionError ? 2 : wasInterrupted(error) ? INTERRUPTED : 1
  }
  await leaving.leave(code)
}

function wasInterrupted(error: unknown): boolean {
  return error instanceof zk.ZkTransportError && error.code === 'ZK_ABORTED'
}

async function commKeyFor(settings: ReplSettings, keys: Keys, running: Running): Promise<number | undefined> {
  if (settings.commKey !== 'stdin') return settings.commKey
  const text = keys.isTTY ? 'Comm key: ' : ''
  const typed = await keys.ask(text, { shows: false, output: process.stderr, signal: running.signal })
  const key = commKeyOf(typed)
  if (key === undefined) throw new OptionError('--comm-key-stdin: expected a comm key on standard input')
  return key
}

function startSimulated(
  { port, udp }: ReplSettings,
  commKey: number | undefined,
): Promise<SimulatedTerminal> {
  return startTerminal({
    host: SIM_HOST,
    people: SIM_PEOPLE,
    punches: SIM_PUNCHES,
    fingers: 1,
    transports: udp ? ['udp'] : ['tcp', 'udp'],
    ...(port === undefined ? {} : { port }),
    ...(commKey === undefined ? {} : { commKey }),
  })
}

function openLink(
  settings: ReplSettings,
  commKey: number | undefined,
  simulated: SimulatedTerminal | undefined,
  out: Output,
  trace: WireTrace,
): Link {
  const { udp, nameEncoding } = settings
  const options = {
    host: simulated?.host ?? settings.host ?? SIM_HOST,
    port: simulated?.port ?? settings.port ?? zk.DEFAULT_PORT,
    transport: udp ? 'udp' : 'auto',
    nameEncoding,
    ...(commKey === undefined ? {} : { commKey }),
  } as const
  return new Link(options, {
    tap: trace,
    lost: (cause) =>
      out.warning(
        `The connection is lost: ${cause?.message ?? 'the terminal ended it'}. The next call connects again.`,
      ),
  })
}

/** Agreed to beforehand with --yes, or by somebody at the window; nobody else. */
async function confirm(
  danger: string,
  {
    settings,
    keys,
    running,
    isWindow,
  }: { settings: ReplSettings; keys: Keys; running: Running; isWindow: boolean },
): Promise<void> {
  if (settings.yes) return
  if (!isWindow)
    throw new NotConfirmedError(
      `This ${danger}. It was not done: nobody can be asked here; --yes does it without asking.`,
    )
  const { signal } = running
  const answer = await keys.ask(`This ${danger}. Do it? [y/N] `, {
    shows: true,
    output: process.stdout,
    signal,
  })
  if (!/^\s*y(?:es)?\s*$/iu.test(answer ?? '')) throw new NotConfirmedError(`It was not done.`)
}

/** Names that expressions and the prompt know. */
function defineGlobals(device: object): void {
  for (const [name, value] of Object.entries({ device, zk, wire }))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: true })
}

function greeting(
  { host, port }: ReplSettings,
  simulated: SimulatedTerminal | undefined,
  transport: string,
): string {
  const place =
    simulated === undefined
      ? `${host ?? ''}:${port ?? zk.DEFAULT_PORT}`
      : `a simulated terminal, ${simulated.host}:${simulated.port}`
  return `Connected to ${place} over ${transport.toUpperCase()}. .help lists what can be done; Ctrl-D leaves.`
}
