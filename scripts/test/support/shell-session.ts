// A shell as somebody has it open beside a page: bash, typed into line by line, with what it printed so far.
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 180_000
const LOOKS_EVERY_MS = 25
const DONE = '@@@ done'

/** One open shell. What runs in it ends with it. */
export class ShellSession implements AsyncDisposable {
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #turn = 0
  #failure: Error | undefined

  constructor(cwd: string, env: Readonly<Record<string, string>>) {
    // A process group of its own: Ctrl-C reaches all that was started from it.
    const child = spawn('bash', ['--noprofile', '--norc'], { cwd, env, detached: true })
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    child.once('error', (error) => (this.#failure = error))
    child.stdin.on('error', (error) => (this.#failure = error))
    this.#child = child
  }

  /** All it printed so far. */
  get output(): string {
    return this.#stdout
  }

  /** Types lines and does not wait for them. */
  type(lines: string): void {
    this.#child.stdin?.write(`${lines.trimEnd()}\n`)
  }

  /** Types lines and waits for the last to end; gives what was printed meanwhile. Throws when that one fails. */
  async run(lines: string): Promise<{ stdout: string; stderr: string }> {
    const [before, errorsBefore] = [this.#stdout.length, this.#stderr.length]
    this.#turn += 1
    const mark = `${DONE} ${this.#turn}`
    this.type(`${lines.trimEnd()}\n{ code=$?; echo '${mark}' >&2; echo "${mark} $code"; }`)
    // What runs in the background may print behind the mark already.
    const ended = new RegExp(`${mark} (\\d+)\n`)
    await this.until((output) => ended.test(output))
    await this.#holds(() => this.#stderr.includes(mark))
    const [stdout = ''] = this.#stdout.slice(before).split(mark)
    const [stderr = ''] = this.#stderr.slice(errorsBefore).split(mark)
    const code = ended.exec(this.#stdout)?.[1]
    if (code !== '0') throw new Error(`ended with ${code}: ${lines}\n${stdout}\n${stderr}`)
    return { stdout, stderr }
  }

  /** Types a line that stays, and waits until it has printed something. Throws when it ends before. */
  async start(line: string, ready: RegExp): Promise<void> {
    this.type(`${line.trimEnd()}; echo '${DONE}, and should have stayed'`)
    await this.until((output) => ready.test(output) || output.includes(`${DONE},`))
    if (!ready.test(this.#stdout)) throw new Error(`did not stay: ${line}\n${this.#stdout}\n${this.#stderr}`)
  }

  /** Waits until something holds of all that was printed. */
  until(holds: (output: string) => boolean): Promise<void> {
    return this.#holds(() => holds(this.#stdout))
  }

  /** Ctrl-C, and the end of what it ends. */
  async interrupt(): Promise<void> {
    this.#signal('SIGINT')
    this.#child.stdin?.end()
    await this.#holds(() => this.#hasEnded())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal('SIGKILL')
    await this.#holds(() => this.#hasEnded())
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? Number.NaN), signal)
    } catch (error) {
      // Nobody of the group is left.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }

  async #holds(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!holds()) {
      if (this.#failure !== undefined) throw this.#failure
      if (Date.now() > deadline)
        throw new Error(`waited in vain:\n${this.#stdout.slice(-3_000)}\n${this.#stderr.slice(-3_000)}`)
      await sleep(LOOKS_EVERY_MS)
    }
  }
}
