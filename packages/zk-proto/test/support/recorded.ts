// The recorded bytes beside these tests: golden vectors and captures of real terminals, read as they stand.
import { readdirSync, readFileSync } from 'node:fs'
import { fromHex } from '../../src/bytes.ts'

const VECTORS = new URL('../vectors/', import.meta.url)
const CAPTURES = new URL('../captures/', import.meta.url)

/** A vector file. Its shape is known to the test that reads it. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, VECTORS), 'utf8'))
}

export interface Capture {
  readonly id: string
  readonly transport: 'tcp' | 'udp' | 'unknown'
  readonly kind: string
  readonly layer: 'packets' | 'data' | 'records' | 'foreign'
  readonly complete: boolean
  readonly exchange: readonly {
    readonly dir: 'to_device' | 'from_device'
    readonly hex: string
    readonly whole?: boolean
  }[]
  readonly headers?: readonly { readonly checksum_ok: boolean | null }[]
  readonly reference_decode?: Readonly<Record<string, unknown>>
  readonly correct_decode?: unknown
}

/** A capture by its id. */
export function readCapture(id: string): Capture {
  return JSON.parse(readFileSync(new URL(`${id}.json`, CAPTURES), 'utf8')) as Capture
}

/** Every capture. */
export function readCaptures(): Capture[] {
  return readdirSync(CAPTURES)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readCapture(file.slice(0, -'.json'.length)))
}

/** The bytes of one direction of a capture, one entry a segment or datagram. */
export function captured(capture: Capture, dir: 'to_device' | 'from_device'): Uint8Array[] {
  return capture.exchange.filter((entry) => entry.dir === dir).map((entry) => fromHex(entry.hex))
}
