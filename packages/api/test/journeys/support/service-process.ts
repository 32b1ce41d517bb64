// A process of the service as an operator starts it: spawned, waited for by its log, stopped or killed, its log kept for
// whoever has to read why a test failed.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { testLogFile } from '../../../../../scripts/toolchain/test-log.ts'

const ROOT = new URL('../../../../../', import.meta.url).pathname
/** Patience for a machine on which many start at once. */
const READY_WITHIN_MS = 180_000
const STOP_WITHIN_MS = 20_000

export interface ServiceProcess extends AsyncDisposable {
  readonly pid: number
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Everything it wrote. */
  readonly output: readonly string[]
  /** SIGTERM. */
  tellToStop(): void
  /** SIGTERM, then waits; the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL: no farewell of any kind. */
  kill(): Promise<void>
}

export interface ProcessOptions {
  /** From the project's root. */
  readonly script: string
  readonly args?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The `msg` of the log line that says it is ready. */
  readonly readyMessage: string
  /** False: what it writes after it is ready is taken and thrown away unread, for whoever measures it. */
  readonly keepOutput?: boolean
}

/** Starts the script on this Node with nothing of our own environment but PATH, and waits for its ready line. */
export async function startProcess({
  script,
  args = [],
  env,
  readyMessage,
  keepOutput = true,
}: ProcessOptions): Promise<ServiceProcess> {
  const kept = testLogFile()
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: kept === undefined ? 'info' : 'debug', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  const exited = once(child, 'exit')
  const ready = await waitForLine(child, output, { readyMessage, script, keepOutput })
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await exited
    clearTimeout(late)
    return child.exitCode
  }
  return {
    pid: child.pid ?? -1,
    ready,
    output,
    tellToStop: () => void child.kill('SIGTERM'),
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    [Symbol.asyncDispose]: async () => void (await end('SIGTERM')),
  }
}

function waitForLine(
  child: ChildProcess,
  output: string[],
  { readyMessage, script, keepOutput }: { readyMessage: string; script: string; keepOutput: boolean },
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL')
      reject(new Error(`${script} ${why}:\n${output.slice(-20).join('\n')}`))
    }
    const deadline = setTimeout(
      () => fail(`said no "${readyMessage}" in ${READY_WITHIN_MS} ms`),
      READY_WITHIN_MS,
    )
    child.once('error', (error) => fail(error.message))
    const early = (code: number | null) => {
      clearTimeout(deadline)
      fail(`ended with ${code} before it was ready`)
    }
    child.once('exit', early)
    const throwAway: (() => void)[] = []
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      const lines = createInterface({ input: stream })
      throwAway.push(() => {
        lines.close()
        stream.resume()
      })
      lines.on('line', (line) => {
        output.push(line)
        testLogFile()?.write(`${line}\n`)
        const entry = parseLogLine(line)
        if (entry?.['msg'] !== readyMessage) return
        clearTimeout(deadline)
        child.removeListener('exit', early)
        if (!keepOutput) for (const act of throwAway) act()
        resolve(entry)
      })
    }
  })
}

function parseLogLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null ? { ...entry } : undefined
  } catch {
    return undefined // a line that is no log entry is kept as text
  }
}
