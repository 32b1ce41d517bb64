// The demo of `npm start`: a simulated terminal loaded with recorded input, registered as a device, its attendance log synced
// by a job, and the table compared with what the terminal holds, row by row.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SYSTEM, attendanceSync, type Device, type JobView, type SyncCertificate } from '@org/core'
import { recordedMemory, startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { compareWithTerminal } from './compare.ts'
import type { Report } from './report.ts'
import { isAddressInUse, type RunningService } from './service.ts'

const SERIAL_NUMBER = 'DEMO-5000'
const COMM_KEY = 20_261
const PUNCHES = 5_000
/** The days that the log reaches back from the first start; it goes on from there, so a later start finds something new. */
const DAYS = 150
const STANDARD_PORT = 4370
/** A pause between packets, as hardware has it: without one the progress bar would be over before it is seen. */
const PACE_MS = 1
const LOOK_EVERY_MS = 50
/** The demo's sync takes a second; its retries are over well within this. */
const SYNC_WITHIN_MS = 10 * 60_000

/** What the demo's terminal is made from again at the next start, so that it is the same terminal with the same log. */
interface DemoState {
  readonly seed: number
  /** Wall time that its log begins at. */
  readonly since: string
}

export interface DemoOutcome {
  readonly ok: boolean
  readonly certificate: SyncCertificate | undefined
  /** From the request of the sync to its completion. */
  readonly ms: number
}

/** Starts the terminal on the port where its device is registered, else on the standard one, else on any free one. */
export async function listenForDemo(
  { config, database }: RunningService,
  resources: AsyncDisposableStack,
): Promise<SimulatedTerminal> {
  const state = demoState(join(config.DATA_DIR, 'demo-terminal.json'))
  const memory = recordedMemory({
    ...state,
    punches: PUNCHES,
    serialNumber: SERIAL_NUMBER,
    commKey: COMM_KEY,
    zone: config.DEFAULT_TIMEZONE,
  })
  const registered = await database.devices.findByTerminalSerial(SERIAL_NUMBER)
  const ports = [registered?.port ?? STANDARD_PORT, 0]
  for (const port of ports) {
    try {
      const terminal = await startTerminal({ memory, port, paceMs: PACE_MS })
      resources.defer(() => terminal.stop())
      return terminal
    } catch (error) {
      if (!isAddressInUse(error) || port === 0) throw error
    }
  }
  throw new Error('no free port for the simulated terminal')
}

/** Registers the terminal unless it is, queues a sync, follows it to its end and proves it. */
export async function runDemo(
  service: RunningService,
  terminal: SimulatedTerminal,
  report: Report,
  signal: AbortSignal,
): Promise<DemoOutcome> {
  const device = await registered(service, terminal)
  report.device(device)

  const started = performance.now()
  const { job } = await service.services.attendance.requestSync(device.id, { mode: 'auto' }, SYSTEM)
  const ended = await follow(service, job, report, signal)
  const ms = Math.round(performance.now() - started)
  if (ended.state !== 'completed') {
    report.syncFailed(ended)
    return { ok: false, certificate: undefined, ms }
  }
  const certificate = attendanceSync.parseResult(ended.result)
  const differences = await compareWithTerminal(service.database, device.id, terminal)
  await report.synced({ service, device, certificate, differences, ms })
  return { ok: differences.length === 0, certificate, ms }
}

async function registered(
  { config, services, database }: RunningService,
  terminal: SimulatedTerminal,
): Promise<Device> {
  const known = await database.devices.findByTerminalSerial(SERIAL_NUMBER)
  if (known !== undefined && known.deletedAt === null) {
    if (known.port !== terminal.port)
      await database.devices.update(known.id, { port: terminal.port }, new Date().toISOString())
    return services.devices.find(known.id)
  }
  const { device } = await services.devices.register(
    {
      name: 'Simulated terminal',
      ip: terminal.host,
      port: terminal.port,
      password: String(COMM_KEY),
      location: 'This computer',
      timezone: config.DEFAULT_TIMEZONE,
    },
    SYSTEM,
  )
  return device
}

async function follow(
  { services }: RunningService,
  queued: JobView,
  report: Report,
  signal: AbortSignal,
): Promise<JobView> {
  const deadline = performance.now() + SYNC_WITHIN_MS
  for (;;) {
    signal.throwIfAborted()
    const job = await services.jobs.find(queued.id)
    if (job === undefined) throw new Error(`the job ${queued.id} is gone`)
    if (performance.now() > deadline)
      throw new Error(`the sync ${queued.id} did not end in time; it is ${job.state}`)
    report.progress(job.progress)
    if (job.state === 'completed' || job.state === 'failed' || job.state === 'cancelled') {
      report.progressEnds()
      return job
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

function demoState(file: string): DemoState {
  const kept = readState(file)
  if (kept !== undefined) return kept
  const since = new Date(Date.now() - DAYS * 86_400_000).toISOString()
  const state = { seed: 1, since: `${since.slice(0, 10)}T00:00:00` }
  mkdirSync(dirname(file), { recursive: true })
  // Written beside and moved into place: a start that is killed here leaves no half of it.
  writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`)
  renameSync(`${file}.new`, file)
  return state
}

function readState(file: string): DemoState | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const state = parseState(text)
  if (state !== undefined) return state
  throw new Error(
    `${file} is not what a start of the demo wrote; remove it together with the database beside it`,
  )
}

function parseState(text: string): DemoState | undefined {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof state !== 'object' || state === null || !('seed' in state) || !('since' in state))
    return undefined
  const { seed, since } = state
  if (typeof seed !== 'number' || typeof since !== 'string') return undefined
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(since) ? { seed, since } : undefined
}
