// Standard input, of which a question may take the next line for itself: while somebody is asked, what is typed goes to the
// question and not to the prompt.
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ReadStream } from 'node:tty'

const ENTER = /[\r\n]/u
const INTERRUPT = '\u0003'
const END = '\u0004'
const BACKSPACES = ['\u007f', '\b']
/** A line of an answer longer than this is none. */
const LONGEST_ANSWER = 1_000

interface Question {
  readonly shows: boolean
  readonly output: NodeJS.WritableStream
  readonly answer: (text: string | undefined) => void
  text: string
}

/** What is typed or piped in. Stands before a readline in the place of stdin. */
export class Keys extends Readable {
  readonly #source: NodeJS.ReadStream
  #question: Question | undefined
  #isListening = false
  #isOver = false

  /** Nothing is read before somebody wants it. */
  constructor(source: NodeJS.ReadStream) {
    super()
    this.#source = source
  }

  get isTTY(): boolean {
    return this.#source.isTTY
  }

  get isRaw(): boolean {
    return this.#source.isTTY && this.#source.isRaw
  }

  /** Whether keys come one by one; only a window knows. */
  setRawMode(mode: boolean): this {
    if (isWindow(this.#source)) this.#source.setRawMode(mode)
    return this
  }

  /**
   * Asks and waits for a line. Undefined where none comes: Ctrl-C, Ctrl-D, the end of a pipe, an aborted signal.
   * `shows`: what is typed is seen.
   */
  async ask(
    text: string,
    options: {
      readonly shows: boolean
      readonly output: NodeJS.WritableStream
      readonly signal: AbortSignal
    },
  ): Promise<string | undefined> {
    const { shows, output, signal } = options
    if (signal.aborted || this.#question !== undefined || this.#isOver) return undefined
    // The REPL changes how keys come while the first part of a line runs; the question comes behind that.
    await setImmediate()
    const wasRaw = this.isRaw
    output.write(text)
    this.setRawMode(true)
    let abort = (): void => undefined
    try {
      return await new Promise((answer) => {
        abort = () => answer(undefined)
        signal.addEventListener('abort', abort, { once: true })
        this.#question = { shows, output, answer, text: '' }
        this.#listen()
      })
    } finally {
      this.#question = undefined
      signal.removeEventListener('abort', abort)
      this.setRawMode(wasRaw)
      if (this.isTTY) output.write('\n')
    }
  }

  /** Lets go of standard input, so that it keeps no process alive. */
  release(): void {
    if (!this.#isListening) return
    this.setRawMode(false)
    this.#source.pause()
    this.#source.unref()
  }

  override _read(): void {
    this.#listen()
  }

  #listen(): void {
    const source = this.#source
    if (!this.#isListening) {
      this.#isListening = true
      source.on('data', (chunk: Buffer | string) => this.#typed(chunk))
      source.on('end', () => this.#ended())
      // A window that is closed takes its terminal away: the same as the end.
      source.on('error', () => this.#ended())
    }
    source.resume()
  }

  #typed(chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const rest = this.#question === undefined ? bytes : this.#answered(this.#question, bytes)
    if (rest.length > 0 && !this.push(rest)) this.#source.pause()
  }

  /** Takes what belongs to an answer; what is behind its line is left. */
  #answered(question: Question, bytes: Buffer): Buffer {
    const text = bytes.toString()
    let used = 0
    for (const character of text) {
      used += character.length
      if (ENTER.test(character)) {
        question.answer(question.text)
        this.#question = undefined
        return Buffer.from(text.slice(used))
      }
      if (character === INTERRUPT || character === END) {
        question.answer(undefined)
        this.#question = undefined
        return Buffer.from(text.slice(used))
      }
      this.#key(question, character)
    }
    return Buffer.alloc(0)
  }

  #key(question: Question, character: string): void {
    const isEcho = question.shows && this.isTTY
    if (BACKSPACES.includes(character)) {
      if (question.text !== '' && isEcho) question.output.write('\b \b')
      question.text = question.text.slice(0, -1)
    } else if (!/\p{Cc}/u.test(character) && question.text.length < LONGEST_ANSWER) {
      question.text += character
      if (isEcho) question.output.write(character)
    }
  }

  #ended(): void {
    this.#question?.answer(undefined)
    this.#question = undefined
    if (!this.#isOver) this.push(null)
    this.#isOver = true
  }
}

function isWindow(source: NodeJS.ReadStream): source is ReadStream & NodeJS.ReadStream {
  return source.isTTY
}
