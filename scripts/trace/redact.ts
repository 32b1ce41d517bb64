// A trace that may be shown to others: whoever stands in it is replaced by a made-up name, the same one each time, so that what
// belongs together still does. What may hold anything is left out. Checksums stay those of the original.
import { PACKET_HEADER_BYTES } from '@org/zk-proto/wire'
import type { Entry, Fact, FactKind, Place } from './entry.ts'

export const LEFT_OUT = '(left out)'

/** More different people than a terminal holds: then names repeat nobody and are numbered on. */
const PREFIXES: Readonly<Record<Exclude<FactKind, 'plain' | 'free'>, string>> = {
  pin: 'pin',
  uid: 'uid',
  name: 'name',
  card: 'card',
  serial: 'serial',
}

/** Replaces people and places. One for a whole trace. */
export class Redactor {
  readonly #known = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** An entry without anybody in it. */
  entry(entry: Entry): Entry {
    const place = this.#place(entry.place)
    if (entry.type === 'packet') {
      // Data are shown by their facts alone: of those it is known what they say.
      const bytes = entry.length === 0 ? entry.bytes : entry.bytes.subarray(0, PACKET_HEADER_BYTES)
      return { ...entry, place, facts: this.#facts(entry.facts), bytes }
    }
    if (entry.type === 'record') return { ...entry, place, facts: this.#facts(entry.facts) }
    return { ...entry, place }
  }

  #place({ client, terminal, ...place }: Place): Place {
    return { ...place, client: this.#end('client', client), terminal: this.#end('terminal', terminal) }
  }

  /** An address with its port: the port stays. */
  #end(prefix: string, end: string | undefined): string | undefined {
    if (end === undefined) return undefined
    const colon = end.lastIndexOf(':')
    return `${this.#pseudonym(prefix, 'address', end.slice(0, colon))}${end.slice(colon)}`
  }

  #facts(facts: readonly Fact[]): Fact[] {
    return facts.map((fact) => ({ ...fact, value: this.#value(fact) }))
  }

  #value({ kind, value }: Fact): Fact['value'] {
    if (kind === 'plain' || value === null || value === '') return value
    if (kind === 'free') return LEFT_OUT
    // A uid of 0 is nobody.
    if (kind === 'uid' && value === 0) return value
    return this.#pseudonym(PREFIXES[kind], kind, String(value))
  }

  #pseudonym(prefix: string, kind: string, value: string): string {
    const key = `${kind} ${value}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const count = (this.#counts.get(prefix) ?? 0) + 1
    this.#counts.set(prefix, count)
    const pseudonym = `${prefix}-${count}`
    this.#known.set(key, pseudonym)
    return pseudonym
  }
}
