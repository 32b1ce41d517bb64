// Writes the progress of one run: at once the first time, then at most once per interval, always the newest report. A report
// that cannot be written is not worth an error; the next one, or the outcome, says more.
import type { Logger } from 'pino'
import type { JobProgress } from './define-job.ts'
import { pause } from '../pause.ts'

export class ProgressWriter {
  readonly #write: (progress: JobProgress) => Promise<unknown>
  readonly #intervalMs: number
  readonly #log: Logger
  readonly #closing = new AbortController()
  #newest: JobProgress | undefined
  #writing: Promise<void> | undefined
  #notBefore = 0

  constructor(write: (progress: JobProgress) => Promise<unknown>, intervalMs: number, log: Logger) {
    this.#write = write
    this.#intervalMs = intervalMs
    this.#log = log
  }

  /** Never throws and never waits. After `close` it does nothing. */
  report(progress: JobProgress): void {
    if (this.#closing.signal.aborted) return
    this.#newest = progress
    this.#writing ??= this.#writeWhatComes()
  }

  /** Writes the newest report, if it is not written yet, and ends. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#writing
  }

  async #writeWhatComes(): Promise<void> {
    while (this.#newest !== undefined) {
      await pause(this.#notBefore - performance.now(), this.#closing.signal)
      const progress = this.#newest
      this.#newest = undefined
      this.#notBefore = performance.now() + this.#intervalMs
      try {
        await this.#write(progress)
      } catch (error) {
        this.#log.debug({ err: error }, 'the progress of a job could not be written')
      }
    }
    this.#writing = undefined
  }
}
