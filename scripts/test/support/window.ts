// A program in a window: behind a pseudo-terminal, as somebody types at it. Made by `script` of util-linux.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'

const ROOT = new URL('../../..', import.meta.url).pathname
const WAIT_MS = 60_000

export const KEYS = { interrupt: '\u0003', end: '\u0004', tab: '\t', enter: '\r' } as const

/** A window with a program in it. */
export class Window implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exit: Promise<unknown[]>
  #shown = ''
  #seen = 0

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#exit = once(child, 'close')
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text
    })
    child.stdin.on('error', () => undefined)
  }

  /** Opens one with the REPL in it. */
  static open(args: readonly string[], env: Readonly<Record<string, string>> = {}): Window {
    const line = [process.execPath, 'scripts/repl.ts', ...args]
      .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
      .join(' ')
    // `exec`, so that a signal to the program's id is one to the program.
    const child = spawn('script', ['-qfec', `stty cols 120; echo pid=$$; exec ${line}`, '/dev/null'], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: '/nonexistent',
        TERM: 'xterm',
        ZK_REPL_HISTORY: '',
        ...env,
      },
    })
    return new Window(child)
  }

  /** Everything shown so far, without what moves the cursor. */
  get text(): string {
    return stripVTControlCharacters(this.#shown)
  }

  /** As it came, colours and all. */
  get raw(): string {
    return this.#shown
  }

  type(keys: string): void {
    this.#child.stdin.write(keys)
  }

  line(text: string): void {
    this.type(`${text}${KEYS.enter}`)
  }

  /** Waits until something is shown that was not waited for before; what stands behind it is left for the next time. */
  async shows(what: RegExp): Promise<string> {
    const deadline = Date.now() + WAIT_MS
    for (;;) {
      const found = what.exec(this.text.slice(this.#seen))
      if (found !== null) {
        this.#seen += found.index + found[0].length
        return found[0]
      }
      if (Date.now() > deadline) throw new Error(`${String(what)} was not shown in:\n${this.text}`)
      await sleep(20)
    }
  }

  /** The id of the program. */
  async pid(): Promise<number> {
    const found = /pid=(\d+)/.exec(await this.shows(/pid=\d+/))
    return Number(found?.[1])
  }

  /** Its exit code, once it has ended. */
  async ended(): Promise<number> {
    const late = sleep(WAIT_MS, 'late', { ref: false })
    const exit = await Promise.race([this.#exit, late])
    if (exit === 'late') throw new Error(`it did not end:\n${this.text}`)
    return Number((exit as unknown[])[0])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.destroy()
    this.#child.kill('SIGKILL')
    await this.#exit
  }
}
