// The end of a run, however it comes: by `.exit`, Ctrl-D, a signal, an error that nobody caught, `process.exit()`. Once, in order,
// the terminal is freed, enabled and disconnected before the process ends.

/** 128 and the signal's number, as shells have it. */
const SIGNAL_EXITS = { SIGTERM: 143, SIGHUP: 129 } as const
/** A terminal that does not answer is left all the same. */
const LEAVE_WITHIN_MS = 15_000

/** What is to be done at the end. */
export interface Ending {
  /** Must not throw. */
  readonly tidy: () => Promise<void>
  /** An error that nobody caught. */
  readonly uncaught: (error: unknown) => void
}

/** Watches for the end. One a process. */
export class Leaving {
  readonly #ending: Ending
  readonly #exit: (code: number) => never
  #left: Promise<void> | undefined
  /** At a prompt a promise that nobody awaited may fail: it is told, and the run goes on. */
  forgivesRejections = false

  constructor(ending: Ending) {
    this.#ending = ending
    this.#exit = process.exit.bind(process)
    for (const [signal, code] of Object.entries(SIGNAL_EXITS)) process.on(signal, () => void this.leave(code))
    process.on('uncaughtException', (error) => this.#fail(error))
    process.on('unhandledRejection', (error) => {
      if (this.forgivesRejections) ending.uncaught(error)
      else this.#fail(error)
    })
    // Whoever reads has had enough.
    process.stdout.on('error', () => void this.leave(0))
    // Typed by somebody, it must not leave the terminal disabled.
    Reflect.set(process, 'exit', (code?: unknown) => void this.leave(typeof code === 'number' ? code : 0))
  }

  /** Tidies up and ends the process. The first call decides on the exit code. */
  leave(code: number): Promise<void> {
    this.#left ??= this.#leave(code)
    return this.#left
  }

  async #leave(code: number): Promise<void> {
    const timer = setTimeout(() => this.#exit(1), LEAVE_WITHIN_MS)
    await this.#ending.tidy()
    clearTimeout(timer)
    // What was written must have left before the process does.
    await new Promise<void>((resolve) => {
      if (process.stdout.writableLength === 0 || process.stdout.destroyed) resolve()
      else process.stdout.write('', () => resolve())
    })
    this.#exit(code)
  }

  #fail(error: unknown): void {
    this.#ending.uncaught(error)
    void this.leave(1)
  }
}
