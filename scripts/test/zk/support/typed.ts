// The command line as somebody types it, run in this process: what it was given, what it wrote, how it ended.
import { PassThrough, Readable, Writable } from 'node:stream'
import { run } from '../../../zk/run.ts'

export interface TypedOptions {
  readonly env?: Readonly<Record<string, string>>
  /** What comes by standard input. Default: nothing. */
  readonly stdin?: string
  /** Ctrl-C. */
  readonly stop?: AbortSignal
}

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

class Kept extends Writable {
  readonly chunks: Buffer[] = []

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

/** Runs it to its end. */
export async function typed(args: readonly string[], options: TypedOptions = {}): Promise<Outcome> {
  const { env = {}, stdin, stop = new AbortController().signal } = options
  const stdout = new Kept()
  const stderr = new Kept()
  const input = stdin === undefined ? new PassThrough().end() : Readable.from([Buffer.from(stdin)])
  const code = await run(args, { env, stdin: input, stdout, stderr, stop })
  return { code, stdout: stdout.text, stderr: stderr.text }
}
