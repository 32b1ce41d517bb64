// Programs that the tests of the packages run: each with a deadline, an environment without what npm and Vitest leave in
// it, and its whole output in the error when it fails.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** Long enough for a download on a slow line, or for a machine that has much else to do. */
export const PROGRAM_WITHIN_MS = 150_000
/** What has been asked to end is killed after this. */
const END_WITHIN_MS = 15_000
const OUTPUT_BYTES = 16 * 1024 * 1024

/** What a running npm, pnpm, Vitest or Node says of its own project. */
const SURROUNDINGS = /^(npm_|pnpm_|vitest|tinypool|init_cwd$|node_(env|options|path)$)/i
/** Of these, what says how the registry is reached. */
const REGISTRY_SETTING = /^npm_config_(registry|cache|userconfig|globalconfig|.*proxy|cafile|strict_ssl)$/i
/** What npm says when nobody answers there. */
const UNREACHABLE =
  /^npm error code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT)$/m

export interface RunOptions {
  readonly cwd: string
  /** The folder whose programs come first; default: those of the Node that runs the tests. */
  readonly firstInPath?: string
}

/** Runs a program to its end and gives what it printed; throws with all it printed when it fails or takes too long. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      {
        cwd: options.cwd,
        env: environment(options),
        timeout: PROGRAM_WITHIN_MS,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else {
          const ended = error.killed ? `was ended after ${PROGRAM_WITHIN_MS} ms` : `ended with ${error.code}`
          const said = `${stdout}\n${stderr}`.trim()
          const why = UNREACHABLE.test(stderr) ? 'The npm registry cannot be reached. ' : ''
          reject(new Error(`${why}${command} ${args.join(' ')} ${ended}:\n${said}`, { cause: error }))
        }
      },
    )
    child.stdin?.end()
  })
}

/** A program that runs until it is disposed of, after it has printed its first line. */
export interface RunningProgram extends AsyncDisposable {
  readonly firstLine: string
}

/** Starts a program and waits for the first line it prints. Disposing of it ends it and all that it started. */
export async function start(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunningProgram> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environment(options),
    // A process group of its own: npx is a chain of processes, and all of them must end.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = once(child, 'close')
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    complaint = (complaint + piece).slice(-OUTPUT_BYTES)
  })
  const end = async (): Promise<void> => {
    if (!signalGroup(child.pid, 'SIGTERM')) return
    const late = new AbortController()
    await Promise.race([gone, sleep(END_WITHIN_MS, undefined, { signal: late.signal })])
    late.abort()
    signalGroup(child.pid, 'SIGKILL')
  }
  const lines = createInterface({ input: child.stdout })
  try {
    const [firstLine]: unknown[] = await Promise.race([
      once(lines, 'line', { signal: AbortSignal.timeout(PROGRAM_WITHIN_MS) }),
      gone.then(([code]: unknown[]) => {
        throw new Error(`ended with ${String(code)}`)
      }),
    ])
    return { firstLine: String(firstLine), [Symbol.asyncDispose]: end }
  } catch (cause) {
    await end()
    throw new Error(`${command} ${args.join(' ')} printed no first line:\n${complaint}`, { cause })
  }
}

/** Whether there was still somebody to signal. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(-pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

function environment({ firstInPath }: RunOptions): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !SURROUNDINGS.test(name) || REGISTRY_SETTING.test(name),
  )
  const path = [firstInPath, process.env['PATH']].filter((part) => part !== undefined).join(':')
  return { ...Object.fromEntries(own), PATH: path, NO_COLOR: '1', npm_config_fetch_retry_maxtimeout: '10000' }
}
