// One line in the log when something begins to fail and one when it works again, however often it is tried in between.
import type { Logger } from 'pino'

export class Outage {
  readonly #log: Logger
  readonly #what: string
  #failures = 0

  constructor(log: Logger, what: string) {
    this.#log = log
    this.#what = what
  }

  /** Tells of a failure; how many there were in a row. */
  failed(error: unknown): number {
    this.#failures += 1
    if (this.#failures === 1)
      this.#log.error({ err: error }, `${this.#what} fails; jobs go on when it works again`)
    return this.#failures
  }

  /** Tells of a success. */
  over(): void {
    if (this.#failures > 0) this.#log.info({ failures: this.#failures }, `${this.#what} works again`)
    this.#failures = 0
  }
}
