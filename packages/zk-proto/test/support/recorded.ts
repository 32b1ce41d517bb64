// The recorded bytes beside these tests: golden vectors and captures of real terminals, read as they stand.
import { readdirSync, readFileSync } from 'node:fs'
import { fromHex, toHex } from '../../src/bytes.ts'
import { StreamReassembler } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import type { Packet } from '../../src/packet.ts'

const VECTORS = new URL('../vectors/', import.meta.url)
const CAPTURES = new URL('../captures/', import.meta.url)

/** A vector file. Its shape is known to the test that reads it. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, VECTORS), 'utf8'))
}

/** Who says something in a capture. */
export type Side = 'to_device' | 'from_device'

export interface Capture {
  readonly id: string
  readonly transport: 'tcp' | 'udp' | 'unknown'
  readonly kind: string
  readonly layer: 'packets' | 'data' | 'records' | 'foreign'
  readonly complete: boolean
  readonly exchange: readonly {
    readonly dir: Side
    readonly hex: string
    readonly whole?: boolean
  }[]
  /** Of its packets, found without any library; those of the terminal first. */
  readonly headers?: readonly {
    readonly dir: Side
    readonly name: string
    readonly cmd: number
    readonly session: number
    readonly reply: number
    readonly data_len: number
    readonly checksum_ok: boolean | null
  }[]
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
export function captured(capture: Capture, dir: Side): Uint8Array[] {
  return capture.exchange.filter((entry) => entry.dir === dir).map((entry) => fromHex(entry.hex))
}

/** A piece of a capture as it stands. */
export function pieceOf(id: string, side: Side, n = 0): Uint8Array {
  const piece = captured(readCapture(id), side)[n]
  if (piece === undefined) throw new Error(`${id} holds no piece ${n} ${side}`)
  return piece
}

/** The packets of segments of a stream as hex, and how many bytes are left over. */
export function reassembled(segments: readonly Uint8Array[]): {
  readonly packets: string[]
  readonly left: number
} {
  const stream = new StreamReassembler()
  const packets: string[] = []
  for (const segment of segments) {
    stream.push(segment)
    for (let packet = stream.next(); packet !== undefined; packet = stream.next()) packets.push(toHex(packet))
  }
  return { packets, left: stream.pendingBytes }
}

/** What one side of a capture said, as packets. */
export function packetsOf(id: string, side: Side): Packet[] {
  const capture = readCapture(id)
  const pieces = captured(capture, side)
  const bare =
    capture.transport === 'tcp' ? reassembled(pieces).packets.map((packet) => fromHex(packet)) : pieces
  return bare.map((bytes) => decodePacket(bytes))
}

/** One of those packets. */
export function packetOf(id: string, side: Side, n = 0): Packet {
  const packet = packetsOf(id, side)[n]
  if (packet === undefined) throw new Error(`${id} holds no packet ${n} ${side}`)
  return packet
}
