// One run of the program from its settings to its end: terminals, page, live people, notices of faults, files. Whatever was
// opened here is closed here, in the other order, also when something fails on the way.
import { readFile } from 'node:fs/promises'
import type { Page } from '../page/page-server.ts'
import type { SimulatedTerminal } from '../simulated-terminal.ts'
import { FaultNotices } from './fault-notices.ts'
import { saveMemories, writeTruth } from './files.ts'
import { Fleet, type FleetOptions } from './fleet.ts'
import { StreamLines } from './lines.ts'
import { letPeoplePunch } from './live-people.ts'
import { JsonReport, TextReport, type Report } from './report.ts'
import type { Settings } from './settings.ts'

/** Terminals that do not end within this time are left to the end of the process. */
const END_WITHIN_MS = 5_000

/** Runs until the process is told to end. */
export async function run(settings: Settings): Promise<void> {
  // Asked before the ready line: whoever reads it may end the program at once.
  const ending = new AbortController()
  const end = (): void => ending.abort()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  const out = new StreamLines(process.stdout, (lines) => leftOut(lines, settings.json), end)
  const report = settings.json ? new JsonReport(out) : new TextReport(out)
  const faults = settings.faults === undefined ? undefined : await scriptText(settings.faults)
  const fleet = await Fleet.start(settings, {
    faults,
    watchOf: await traceOf(settings, end),
    signal: ending.signal,
  })
  try {
    // Told to end before all of them had started: nothing is printed or written of a part of them.
    if (!ending.signal.aborted) await serve(settings, fleet, report, ending.signal)
  } finally {
    await endWithin(fleet)
  }
  if (settings.stats) report.stats(fleet.terminals)
}

/** A trace of each terminal; where there are several, its lines begin with the serial number. */
async function traceOf({ trace, memories }: Settings, gone: () => void): Promise<FleetOptions['watchOf']> {
  if (!trace) return () => undefined
  const { Trace } = await import('./trace.ts')
  const lines = new StreamLines(process.stderr, traceLeftOut, gone)
  const isOne = memories.kind !== 'file' && memories.count === 1
  return ({ serialNumber }) => new Trace(lines, isOne ? '' : `${serialNumber} `)
}

async function serve(settings: Settings, fleet: Fleet, report: Report, signal: AbortSignal): Promise<void> {
  const { truthFile, saveFile, livePerMinute } = settings
  const { terminals, memories } = fleet
  const ended = untilAborted(signal)
  if (truthFile !== undefined) await writeTruth(truthFile, memories)
  if (saveFile !== undefined) await saveMemories(saveFile, memories)
  const page = settings.page === undefined ? undefined : await openPage(settings.page, terminals, report)
  const tellStats = (): void => report.stats(terminals)
  const notices = new FaultNotices(terminals, (terminal, name, times) => report.fault(terminal, name, times))
  const canSignal = process.platform !== 'win32'
  if (canSignal) process.on('SIGUSR2', tellStats)
  try {
    report.ready(terminals, page?.url)
    const people = livePerMinute > 0 ? terminals : []
    await Promise.all([
      ended,
      ...people.map((terminal) =>
        letPeoplePunch(terminal, livePerMinute, (punch) => report.punch(terminal, punch), signal),
      ),
    ])
  } finally {
    if (canSignal) process.off('SIGUSR2', tellStats)
    notices.end()
    await page?.close()
    if (truthFile !== undefined) await writeTruth(truthFile, memories)
    if (saveFile !== undefined) await saveMemories(saveFile, memories)
  }
}

/** The page's code is loaded when somebody wants it. */
async function openPage(
  address: { host: string; port: number },
  terminals: readonly SimulatedTerminal[],
  report: Report,
): Promise<Page> {
  const { openPage: open } = await import('../page/page-server.ts')
  return open(terminals, { ...address, punched: (terminal, punch) => report.punch(terminal, punch) })
}

/** The script of faults: the text of a file of that name, or what was written itself. */
async function scriptText(source: string): Promise<string> {
  try {
    return await readFile(source, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENAMETOOLONG' || code === 'ENOTDIR') return source
    throw new Error(`--faults ${source}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function endWithin(fleet: Fleet): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const message = `the terminals did not end within ${END_WITHIN_MS / 1000} seconds`
    timer = setTimeout(() => reject(new Error(message)), END_WITHIN_MS)
  })
  try {
    await Promise.race([fleet.stop(), late])
  } finally {
    clearTimeout(timer)
  }
}

function leftOut(lines: number, json: boolean): string {
  return json
    ? JSON.stringify({ event: 'left_out', lines })
    : `${lines} lines were left out: nobody read them in time`
}

function traceLeftOut(lines: number): string {
  return `${lines} packets were left out of the trace: nobody read it in time`
}
