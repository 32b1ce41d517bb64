// `.trace on`: every packet of the connection in words, with its bytes, as `zk-trace` shows a capture.
import type { WireTap } from '@org/zk-proto'
import { Ear } from '../trace/ear.ts'
import type { Direction, Entry } from '../trace/entry.ts'
import { TextLines } from '../trace/lines.ts'
import { TableMemory } from '../trace/table-read.ts'

const TABLE_BYTES = 64 * 1024 * 1024
const RECORDS_SHOWN = 5

/** Reads along while it is on. */
export class WireTrace implements WireTap {
  readonly #write: (line: string) => void
  readonly #transport: () => 'tcp' | 'udp'
  readonly #nameEncoding: string
  readonly #text = new TextLines({ bytes: true, numbered: false })
  #ear: Ear | undefined
  #isOn = false

  /** `transport` tells what carries the connection of now. */
  constructor(options: {
    readonly write: (line: string) => void
    readonly transport: () => 'tcp' | 'udp'
    readonly nameEncoding: string
  }) {
    this.#write = options.write
    this.#transport = options.transport
    this.#nameEncoding = options.nameEncoding
  }

  get isOn(): boolean {
    return this.#isOn
  }

  turn(on: boolean): void {
    this.#isOn = on
    this.#ear = undefined
  }

  sent(bytes: Uint8Array): void {
    this.#heard('>', bytes)
  }

  received(bytes: Uint8Array): void {
    this.#heard('<', bytes)
  }

  closed(): void {
    if (this.#ear !== undefined) this.#show(this.#ear.ended(Date.now()))
    this.#ear = undefined
  }

  #heard(direction: Direction, bytes: Uint8Array): void {
    if (!this.#isOn) return
    this.#ear ??= this.#newEar(bytes)
    this.#show(this.#ear.heard(direction, bytes, Date.now()))
  }

  /** The first bytes tell what carries a connection that is still being made. */
  #newEar(bytes: Uint8Array): Ear {
    const isWrapped = Buffer.from(bytes.subarray(0, 4)).toString('hex') === '5050827d'
    const transport = isWrapped ? 'tcp' : this.#transport()
    const place = { number: 1, transport, client: undefined, terminal: undefined }
    const memory = new TableMemory(TABLE_BYTES)
    return new Ear(place, { nameEncoding: this.#nameEncoding, mostRecords: RECORDS_SHOWN, memory })
  }

  #show(entries: Iterable<Entry>): void {
    for (const entry of entries) for (const line of this.#text.of(entry)) this.#write(line)
    for (const line of this.#text.rest()) this.#write(line)
  }
}
