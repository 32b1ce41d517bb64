// Where the REPL writes: results as text or JSON on stdout, everything beside them on stderr where a program reads along.
import pico from 'picocolors'
import { errorJson, errorText, json } from './printing.ts'

/** How it is to look. */
export interface OutputStyle {
  readonly json: boolean
  readonly colors: boolean
  /** A program reads stdout: what is no result goes to stderr. */
  readonly forProgram: boolean
}

/** Whether a window wants colours: see https://no-color.org. */
export function wantsColors(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}

/** Writes. */
export class Output {
  readonly style: OutputStyle
  readonly #colors: ReturnType<typeof pico.createColors>
  /** How a line is put above a prompt that waits; set while there is one. */
  around: ((write: () => void) => void) | undefined

  constructor(style: OutputStyle) {
    this.style = style
    this.#colors = pico.createColors(style.colors)
  }

  readonly bold = (text: string): string => this.#colors.bold(text)
  readonly dim = (text: string): string => this.#colors.dim(text)

  /** The run is over: what still comes to its end has nobody to tell. */
  isOver = false

  /** What a command gives: lines for people, or the value for programs. */
  result(value: unknown, lines: readonly string[]): void {
    if (this.isOver) return
    if (this.style.json) process.stdout.write(`${json(value)}\n`)
    else for (const line of lines) process.stdout.write(`${line}\n`)
  }

  /** Something beside the results, such as a packet of a trace. */
  note(text: string): void {
    if (this.isOver) return
    if (this.style.forProgram) process.stderr.write(`${text}\n`)
    else this.#put(`${text}\n`)
  }

  warning(text: string): void {
    this.note(this.style.forProgram ? text : this.#colors.yellow(text))
  }

  /** What failed. */
  error(error: unknown): void {
    if (this.isOver) return
    const text = this.style.json ? errorJson(error) : this.#colors.red(errorText(error))
    if (this.style.forProgram) process.stderr.write(`${text}\n`)
    else this.#put(`${text}\n`)
  }

  #put(text: string): void {
    const write = (): void => {
      process.stdout.write(text)
    }
    if (this.around === undefined) write()
    else this.around(write)
  }
}
