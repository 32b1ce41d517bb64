// What a command is run with: streams, environment, and the signal that tells it to end. Tests give their own.
import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { PROGRAM } from './help.ts'

/** Where a command reads and writes. */
export interface Io {
  readonly env: NodeJS.ProcessEnv
  /** A ReadStream of `node:tty` where a person types. */
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Aborts at Ctrl-C: then end soon, and leave everything in order. */
  readonly stop: AbortSignal
}

/** A second signal within this time is an echo of the first: Ctrl-C reaches this process from the terminal and from npm. */
const ECHO_MS = 1_000
/** What was asked for could not be done. */
export const EXIT_FAILED = 1
/** What a shell says of a program that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130

/** What a stream says whose reader has closed it, at first and from then on. */
const GONE: readonly string[] = ['EPIPE', 'ERR_STREAM_DESTROYED']

/** Those of this process. The first signal asks the command to end, a later one ends the process. */
export function processIo(): Io {
  const stopping = new AbortController()
  let since: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (since === undefined) {
        since = performance.now()
        stopping.abort()
      } else if (performance.now() - since > ECHO_MS) process.exit(EXIT_INTERRUPTED)
    })
  }
  const { env, stdin, stdout, stderr } = process
  outliveReader(stdout, stderr)
  outliveReader(stderr, stderr)
  return { env, stdin, stdout, stderr, stop: stopping.signal }
}

/** Who reads may stop reading (`| head`): what is written then is lost, and the command goes on. Other faults make it fail. */
function outliveReader(stream: Writable, stderr: Writable): void {
  let told = false
  stream.on('error', (error) => {
    const code = faultCode(error)
    if (told || GONE.includes(code)) return
    told = true
    process.exitCode = EXIT_FAILED
    if (stream !== stderr) stderr.write(`${PROGRAM}: standard output cannot be written (${code})\n`)
  })
}

/** What the system calls a fault: `EPIPE`; empty where it has no name for it. */
export function faultCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether a person sits at the other end of a stream. */
export function isTerminal(stream: Readable | Writable): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}

/** A path as whoever typed it means it: npm and pnpm run scripts in the project's folder and tell where they were called. */
export function typedPath({ env }: Io, path: string): string {
  return resolve(env['INIT_CWD'] ?? '', path)
}
