// The test's end of a killable process: tells it lines, waits for what it says, and kills it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('killable-process.ts', import.meta.url))
/** Patience for a machine that others use too. */
const ANSWER_WITHIN_MS = 60_000

/** A job as a process tells of it. */
export interface ToldJob {
  readonly state: string
  readonly attempts: number
  readonly result: { readonly from: number; readonly read: number; readonly new: number } | null
  readonly error: unknown
}

/** A running process that knows no farewell. */
export class Killable implements AsyncDisposable {
  readonly #child
  readonly #exited: Promise<unknown>
  readonly #said: string[] = []
  readonly #listeners = new Set<() => void>()
  #told = 0

  /** The process is there and has loaded its modules, but has opened nothing. */
  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [SCRIPT], {
      env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'silent', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#exited = once(this.#child, 'exit')
    // What is told to a process that was just killed goes nowhere, as it should.
    this.#child.stdin.on('error', () => undefined)
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#said.push(line)
      this.#heard()
    })
    this.#child.once('exit', () => this.#heard())
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Whether it has said that it took a job up. */
  hasBegun(jobId: string): boolean {
    return this.#said.includes(`begun ${jobId}`)
  }

  async start(): Promise<this> {
    await this.#tell('start')
    return this
  }

  /** Registers the terminal of a port of this machine and asks for its sync. */
  async ask(port: number): Promise<{ deviceId: number; jobId: string }> {
    const answer: { deviceId: number; jobId: string } = JSON.parse(await this.#tell('ask', port))
    return answer
  }

  /** Asks for another sync; the job's id. */
  async again(deviceId: number): Promise<string> {
    const jobId: string = JSON.parse(await this.#tell('again', deviceId))
    return jobId
  }

  /** The job, once it has ended. */
  async finish(jobId: string): Promise<ToldJob> {
    const job: ToldJob = JSON.parse(await this.#tell('finish', jobId))
    return job
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (!this.isGone) this.#child.kill('SIGKILL')
    await this.#exited
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  /** Tells it something; its answer to that, as JSON. */
  #tell(verb: string, word: string | number = ''): Promise<string> {
    const number = (this.#told += 1)
    const line = `${number} ${verb} ${word}`
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(late)
        this.#listeners.delete(look)
        act()
      }
      const look = (): void => {
        const answer = this.#said.find((said) => said.startsWith(`${number} `))
        const failure = this.#said.find((said) => said.startsWith(`failed ${line}`))
        if (answer !== undefined) settle(() => resolve(answer.slice(`${number} `.length)))
        else if (failure !== undefined) settle(() => reject(new Error(failure)))
        else if (this.isGone)
          settle(() => reject(new Error(`the process ended before it answered "${line}"`)))
      }
      const late = setTimeout(() => {
        settle(() => reject(new Error(`no answer to "${line}" in ${ANSWER_WITHIN_MS} ms`)))
      }, ANSWER_WITHIN_MS)
      this.#listeners.add(look)
      this.#child.stdin.write(`${line}\n`)
      look()
    })
  }

  #heard(): void {
    for (const listener of this.#listeners) listener()
  }
}
