// The command line as a process of its own: its lines as they come, and how it ended.
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const PATIENCE_MS = 45_000

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A running command line. Ended at the latest when it is disposed of. */
export class CliProcess implements AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #changed: (() => void)[] = []

  constructor(args: readonly string[], cwd?: string) {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd })
    this.child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#wake()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#wake()
    })
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject).once('close', (code) => {
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr })
        this.#wake()
      })
    })
  }

  /** Whole lines of stdout so far. */
  get lines(): string[] {
    return this.#stdout.split('\n').slice(0, -1)
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The line of an index, as soon as it is there. */
  async line(index: number): Promise<string> {
    await this.until(() => this.lines.length > index)
    return this.lines[index] ?? ''
  }

  /** The ready line of --json. */
  async ready(): Promise<Record<string, unknown> & { host: string; port: number }> {
    return JSON.parse(await this.line(0)) as Record<string, unknown> & { host: string; port: number }
  }

  /** Settles when something holds of what it has printed. Throws when it ends before, or takes too long. */
  async until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!holds()) {
      const left = deadline - Date.now()
      if (left <= 0 || this.child.exitCode !== null)
        throw new Error(`not printed: ${this.#stdout.slice(-2_000)}\n${this.#stderr.slice(-2_000)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#changed.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Ends it as Ctrl-C does. */
  interrupt(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    this.child.kill(signal)
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill('SIGKILL')
    await this.ended
  }

  #wake(): void {
    for (const wake of this.#changed.splice(0)) wake()
  }
}
