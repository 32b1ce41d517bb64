// The simulator as a program: how fast it serves a long log next to a socket that writes the same bytes from memory, what
// memory hundreds of idle terminals take, and how soon one is there.
import { fork, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BareClient } from './bare-client.ts'
import { median, race } from './race.ts'
import { figures } from './report.ts'
import type { Row, Section } from './report.ts'

const CLI = fileURLToPath(new URL('../../packages/zk-sim/src/cli.ts', import.meta.url))
const BARE_SERVER = fileURLToPath(new URL('bare-server.ts', import.meta.url))
/** The model with the longest records and the largest packets. */
const MODEL = 'visible-light'
const RECORD_BYTES = 49
const PACKET_BYTES = 65_536
const BARE = 'bare socket, from memory'
const SIMULATOR = 'simulator'
const START_WITHIN_MS = 120_000
const SETTLE_MS = 1_000
const KIB_A_MB = 1_000_000 / 1024

/** Reads a log of `punches` from the simulator and from the bare socket, in turn. */
export async function benchSimulatorReads(punches: number, rounds: number): Promise<Section> {
  const bytes = punches * RECORD_BYTES + 4
  const many = String(punches)
  await using simulator = await startCli('--profile', MODEL, '--capacity', many, '--punches', many)
  await using server = await startBareServer(bytes)
  await using fromSimulator = await BareClient.open(simulator.port)
  await using fromServer = await BareClient.open(server.port)
  const read = (client: BareClient) => async (): Promise<void> => {
    const counted = await client.countLog()
    if (counted !== bytes) throw new Error(`a read gave ${counted} bytes instead of ${bytes}`)
  }
  const result = await race({ [BARE]: read(fromServer), [SIMULATOR]: read(fromSimulator) }, rounds, 1)
  const speed = (ms: number): number => bytes / 1000 / ms
  return {
    title: `${punches.toLocaleString('en')} punches served over loopback, packets of ${PACKET_BYTES} bytes`,
    rows: result.names.map((name) => ({
      name,
      values: {
        'median ms': figures(result.medianMs(name)),
        'median MB/s': figures(speed(result.medianMs(name))),
        'best MB/s': figures(speed(result.bestMs(name))),
        'times as long': figures(result.timesAsLong(name, BARE)),
      },
    })),
    claims: [
      {
        name: 'simulator: a long log, times as long as the bare socket',
        measured: result.timesAsLong(SIMULATOR, BARE),
        bound: 3,
        sense: 'at most',
        unit: '',
      },
      {
        name: 'simulator: a long log, best round',
        measured: speed(result.bestMs(SIMULATOR)),
        bound: 300,
        sense: 'at least',
        unit: 'MB/s',
      },
    ],
  }
}

/** The resident memory of a process with `count` idle terminals, and the time to the ready line of one. */
export async function benchSimulatorIdle(count: number, starts: number): Promise<Section> {
  await using fleet = await startCli('--count', String(count))
  await sleep(SETTLE_MS)
  const fleetMb = residentKiB(fleet.pid) / KIB_A_MB
  const times: number[] = []
  let oneMb = Number.NaN
  for (let start = 0; start < starts; start += 1) {
    await using one = await startCli()
    times.push(one.startedInMs)
    oneMb = residentKiB(one.pid) / KIB_A_MB
  }
  const name = `${count} idle terminals in one process`
  return {
    title: 'The simulator at rest and at its start',
    rows: [row(name, fleetMb, [fleet.startedInMs]), row('one terminal', oneMb, times)],
    claims: [
      { name, measured: fleetMb, bound: 300, sense: 'at most', unit: 'MB' },
      {
        name: 'simulator: start to the ready line, best',
        measured: Math.min(...times),
        bound: 500,
        sense: 'at most',
        unit: 'ms',
      },
    ],
  }
}

function row(name: string, residentMb: number, startedInMs: readonly number[]): Row {
  return {
    name,
    values: {
      'resident MB': figures(residentMb),
      'ready after ms (median)': figures(median(startedInMs)),
      'ready after ms (best)': figures(Math.min(...startedInMs)),
    },
  }
}

interface Served extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  readonly startedInMs: number
}

async function startCli(...options: string[]): Promise<Served> {
  const began = performance.now()
  const child = spawn(process.execPath, [CLI, '--port', '0', '--json', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: START_WITHIN_MS * 10,
  })
  const lines = createInterface({ input: child.stdout })
  const line: unknown = await firstOf(child, once(lines, 'line'))
  const startedInMs = performance.now() - began
  const ready: unknown = JSON.parse(String(line))
  if (typeof ready !== 'object' || ready === null) throw new Error(`no ready line: ${String(line)}`)
  return {
    ...ended(child, () => child.kill('SIGTERM')),
    port: Number(Reflect.get(ready, 'port')),
    startedInMs,
  }
}

async function startBareServer(bytes: number): Promise<Served> {
  const child = fork(BARE_SERVER, [String(bytes), String(PACKET_BYTES)])
  const port = Number(await firstOf(child, once(child, 'message')))
  return { ...ended(child, () => child.disconnect()), port, startedInMs: 0 }
}

/** The first thing told by a child. Throws when it ends before, or says nothing in time. */
async function firstOf(child: ChildProcess, told: Promise<unknown[]>): Promise<unknown> {
  const signal = AbortSignal.timeout(START_WITHIN_MS)
  const gone = once(child, 'exit', { signal }).then(([code]) =>
    Promise.reject(new Error(`a program of the bench ended with ${String(code)}`)),
  )
  const [first] = await Promise.race([told, gone])
  gone.catch(() => undefined)
  return first
}

function ended(child: ChildProcess, end: () => void): AsyncDisposable & { pid: number } {
  const gone = once(child, 'exit')
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      end()
      await gone
    },
  }
}

function residentKiB(pid: number): number {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) throw new Error('the memory of another process is read on Linux only')
  const told = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))
  if (told === null) throw new Error('the system tells no VmRSS')
  return Number(told[1])
}
