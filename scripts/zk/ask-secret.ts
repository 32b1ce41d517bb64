// Asking for a secret: at a terminal without echo, or from a pipe. Never from an argument, which every user of the machine can read in
// the list of processes, and the shell's history keeps.
import type { Readable } from 'node:stream'
import { CommandFailure, GivenUp, UsageError } from './command.ts'
import { isTerminal, type Io } from './io.ts'

/** Whoever types gets this long. */
const TYPED_WITHIN_MS = 300_000
/** More than any secret; what is longer is a file that was piped by mistake. */
const LONGEST_SECRET = 1_024

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_U = '\u0015'
const DELETE = '\u007f'

/** The secret from standard input, up to the end of its first line. Throws UsageError for none, or for more than a line. */
export async function readPiped({ stdin, stop }: Io): Promise<string> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TYPED_WITHIN_MS)])
  let text = ''
  for await (const piece of readUntil(stdin, signal)) {
    text += piece
    if (text.length > LONGEST_SECRET)
      throw new UsageError('what came from standard input is no secret: too long')
  }
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw new UsageError('nothing came from standard input')
  if (/[\r\n]/.test(line)) throw new UsageError('expected one line from standard input, got several')
  return line
}

/** Asks a person, without echo. Throws UsageError where there is none, GivenUp at Ctrl-C, CommandFailure after five minutes. */
export async function askHidden(io: Io, question: string): Promise<string> {
  const { stdin, stderr, stop } = io
  if (!isTerminal(stdin) || !hasRawMode(stdin))
    throw new UsageError('there is no terminal to ask at; give it by standard input')
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TYPED_WITHIN_MS)])
  stdin.setRawMode(true)
  stderr.write(question)
  try {
    const typed: string[] = []
    for await (const piece of readUntil(stdin, signal)) {
      for (const [index, key] of Array.from(piece).entries()) {
        if (key === '\r' || key === '\n') {
          // What was typed ahead answers the next question.
          const ahead = Array.from(piece)
            .slice(index + 1)
            .join('')
          if (ahead !== '') stdin.unshift(ahead, 'utf8')
          return typed.join('')
        }
        if (key === CTRL_C || key === CTRL_D) throw new GivenUp('given up')
        if (key === DELETE || key === '\b') typed.pop()
        else if (key === CTRL_U) typed.length = 0
        else if (key >= ' ' && typed.length < LONGEST_SECRET) typed.push(key)
      }
    }
    throw new CommandFailure('the terminal is gone')
  } finally {
    stdin.setRawMode(false)
    stderr.write('\n')
  }
}

function hasRawMode(stream: Readable): stream is Readable & { setRawMode(raw: boolean): unknown } {
  return 'setRawMode' in stream && typeof stream.setRawMode === 'function'
}

/** What arrives, until the end or the signal. Between two pieces the stream is paused, so that nothing is lost between two questions. */
async function* readUntil(stream: Readable, signal: AbortSignal): AsyncGenerator<string> {
  stream.setEncoding('utf8')
  for (;;) {
    const piece = await nextPiece(stream, signal)
    if (piece === undefined) return
    yield piece
  }
}

function nextPiece(stream: Readable, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const settled = (outcome: () => void): void => {
      stream.pause()
      stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError)
      signal.removeEventListener('abort', onAbort)
      outcome()
    }
    const onData = (piece: string): void => settled(() => resolve(piece))
    const onEnd = (): void => settled(() => resolve(undefined))
    const onError = (): void => settled(() => reject(new CommandFailure('standard input cannot be read')))
    const onAbort = (): void => settled(() => reject(new CommandFailure('nobody answered in time')))
    stream.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else if (stream.readableEnded || stream.destroyed) onEnd()
    else stream.resume()
  })
}
