// What a person sees of an examination: a line a step as it is decided, and the verdict. Colours at a terminal alone; the words say it all.
import type { Writable } from 'node:stream'
import pico from 'picocolors'
import { wrapped } from '../../toolchain/wrapped.ts'
import type { Check, Verdict } from './check.ts'
import type { Examination, Seen } from './examine.ts'

const VERDICT_COLUMNS = 'not tried'.length
const STEP_COLUMNS = 'handshake udp'.length
const MS_COLUMNS = 9
const INDENT = ' '.repeat(2 + VERDICT_COLUMNS + 2 + STEP_COLUMNS + 2 + MS_COLUMNS + 2)
const ADVICE_COLUMNS = 84

export class Screen {
  readonly #stream: Writable
  readonly #paint: Readonly<Record<Verdict, (text: string) => string>>

  constructor(stream: Writable, coloured: boolean) {
    this.#stream = stream
    const { green, yellow, red, dim } = pico.createColors(coloured && pico.isColorSupported)
    this.#paint = { ok: green, warning: yellow, failed: red, 'not tried': dim }
  }

  begin(host: string, port: number): void {
    this.#line(`Examining ${host}, port ${port}`)
  }

  check({ step, way, verdict, ms, said, advice }: Check, { address, facts }: Seen): void {
    const name = way === 'udp' && step !== 'udp too' ? `${step} udp` : step
    const time = ms === null ? '' : `${ms} ms`
    const more =
      step === 'name' && address !== undefined
        ? `: ${address}`
        : step === 'device' && typeof facts?.serialNumber === 'string'
          ? `, serial number ${facts.serialNumber}`
          : ''
    this.#line(
      `  ${this.#paint[verdict](verdict.padEnd(VERDICT_COLUMNS))}  ${name.padEnd(STEP_COLUMNS)}  ${time.padStart(MS_COLUMNS)}  ${said}${more}`,
    )
    if (advice === null) return
    for (const [index, line] of wrapped(advice, ADVICE_COLUMNS).entries())
      this.#line(`${INDENT}${index === 0 ? '→' : ' '} ${line}`)
  }

  end({ verdict, way, checks }: Examination): void {
    const count = (wanted: Verdict): number => checks.filter((check) => check.verdict === wanted).length
    const warnings = count('warning')
    const said =
      way === undefined
        ? checks.some((check) => check.step === 'handshake' && check.verdict === 'ok')
          ? 'The terminal answers and does not let us in'
          : 'The terminal cannot be reached'
        : verdict === 'failed'
          ? `The terminal is reached over ${way.toUpperCase()}, and ${count('failed')} of the steps failed`
          : `The terminal can be used over ${way.toUpperCase()}`
    const beside = warnings === 0 ? '' : `, with ${warnings} warning${warnings === 1 ? '' : 's'}`
    this.#line(`Verdict: ${this.#paint[verdict](verdict)}. ${said}${beside}.`)
  }

  #line(text: string): void {
    this.#stream.write(`${text}\n`)
  }
}
