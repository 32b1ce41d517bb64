// Lines to a stream that may be slow or gone: a reader that does not keep up loses lines instead of filling the memory.
import type { Writable } from 'node:stream'

/** Lines wait in memory up to this many bytes; further ones are left out, and their number is told. */
const MOST_WAITING_BYTES = 1_048_576

/** Where lines go. */
export interface Lines {
  write(line: string): void
}

/** Lines of text on a stream. */
export class StreamLines implements Lines {
  readonly #stream: Writable
  readonly #leftOutText: (lines: number) => string
  #leftOut = 0

  /** `leftOutText` says how many lines were left out, in the form of the others. `gone` is told that nobody reads any more. */
  constructor(stream: Writable, leftOutText: (lines: number) => string, gone: () => void) {
    this.#stream = stream
    this.#leftOutText = leftOutText
    stream.on('error', gone)
  }

  write(line: string): void {
    if (!this.#stream.writable) return
    if (this.#stream.writableLength > MOST_WAITING_BYTES) {
      this.#leftOut += 1
      return
    }
    if (this.#leftOut > 0) this.#stream.write(`${this.#leftOutText(this.#leftOut)}\n`)
    this.#leftOut = 0
    this.#stream.write(`${line}\n`)
  }
}
