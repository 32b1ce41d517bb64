// Scripts of faults as text: an expression such as `lose=0.1, cut(afterBytes=3000, times=2); seed=7`, or JSON of the same
// form as the typed script.
//
//   script  = item { ( "," | ";" ) item }
//   item    = "seed=" number | fault [ "=" value ] [ "(" name "=" value { "," name "=" value } ")" ]
//   value   = number [ "%" ] | word
import { faultDeclared, isFaultName } from './fault-table.ts'
import { checkedSeed, DEFAULT_SEED, FaultPlan, FaultScriptError, plannedFault, planOf } from './fault-plan.ts'
import type { PlannedFault } from './fault-plan.ts'

const PERCENT = 100
const MOST_CHARACTERS = 100_000

/** Reads a script of faults, JSON when it begins with a brace. @throws FaultScriptError that says what is wrong and where. */
export function parseFaults(text: string): FaultPlan {
  if (text.length > MOST_CHARACTERS) {
    throw new FaultScriptError(
      `a script of faults has at most ${MOST_CHARACTERS} characters, got ${text.length}`,
    )
  }
  return text.trimStart().startsWith('{') ? planOf(parsedJson(text)) : new ExpressionReader(text).read()
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new FaultScriptError(`the script of faults begins as JSON and is none: ${message}`, { cause })
  }
}

/** Reads an expression from its first character to its last. */
class ExpressionReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): FaultPlan {
    let seed: number | undefined
    const faults = new Map<string, PlannedFault>()
    this.#skipBlanks()
    while (this.#at < this.#text.length) {
      const start = this.#at
      const name = this.#word('the name of a fault, or seed')
      if (name === 'seed') {
        if (seed !== undefined) throw this.#fault('seed is there twice', start)
        this.#take('=')
        seed = this.#checked(start, () => checkedSeed(this.#value()))
      } else {
        if (faults.has(name)) throw this.#fault(`${name} is there twice`, start)
        faults.set(name, this.#item(name, start))
      }
      this.#separator()
    }
    return new FaultPlan(seed ?? DEFAULT_SEED, [...faults.values()])
  }

  #item(name: string, start: number): PlannedFault {
    const setting: Record<string, unknown> = {}
    if (this.#takeIf('=')) setting[this.#mainOf(name, start)] = this.#value()
    if (this.#takeIf('(')) {
      do {
        const at = this.#at
        const parameter = this.#word('the name of a parameter')
        if (Object.hasOwn(setting, parameter)) throw this.#fault(`${parameter} is there twice`, at)
        this.#take('=')
        setting[parameter] = this.#value()
      } while (this.#takeIf(','))
      this.#take(')')
    }
    return this.#checked(start, () => plannedFault(name, setting))
  }

  /** The parameter that a value behind the name is meant for. */
  #mainOf(name: string, start: number): string {
    const main = isFaultName(name) ? faultDeclared(name).main : undefined
    if (main !== undefined) return main
    // No such fault, or none that takes a value: the check against the table says which.
    return this.#checked(start, () => {
      plannedFault(name, this.#value())
      throw new FaultScriptError(`${name} takes no value`)
    })
  }

  /** A number, a share in per cent as a number, or a word. */
  #value(): string | number {
    const number = this.#match(/[-+]?\d+(\.\d+)?([eE][-+]?\d+)?/uy)
    if (number === undefined) return this.#word('a number or a word')
    return this.#takeIf('%') ? Number(number) / PERCENT : Number(number)
  }

  #word(what: string): string {
    const word = this.#match(/[A-Za-z][A-Za-z0-9]*/uy)
    if (word === undefined) throw this.#fault(`expected ${what}, got ${this.#rest()}`, this.#at)
    return word
  }

  #separator(): void {
    if (this.#at === this.#text.length || this.#takeIf(',') || this.#takeIf(';')) return
    throw this.#fault(`expected a comma, a semicolon or the end, got ${this.#rest()}`, this.#at)
  }

  #take(sign: string): void {
    if (!this.#takeIf(sign)) throw this.#fault(`expected ${sign}, got ${this.#rest()}`, this.#at)
  }

  #takeIf(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    this.#skipBlanks()
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) return undefined
    this.#at += found.length
    this.#skipBlanks()
    return found
  }

  #skipBlanks(): void {
    while (/\s/u.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #rest(): string {
    const rest = this.#text.slice(this.#at, this.#at + 20)
    return rest === '' ? 'the end' : JSON.stringify(rest)
  }

  /** Says where in the text something stands that the table does not allow. */
  #checked<T>(start: number, check: () => T): T {
    try {
      return check()
    } catch (error) {
      if (!(error instanceof FaultScriptError) || /character \d+: /u.test(error.message)) throw error
      throw this.#fault(error.message, start)
    }
  }

  #fault(message: string, at: number): FaultScriptError {
    return new FaultScriptError(`character ${at + 1}: ${message}`)
  }
}
