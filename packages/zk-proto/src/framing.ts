// TCP carries each packet behind eight bytes: a magic number and the packet's length. This file writes that wrapper and
// cuts a stream back into packets, whatever the segments. UDP has no wrapper. Source: docs/protocol §3.
import { hexHead, putU32, u32At } from './bytes.ts'
import { ZkProtocolError } from './errors.ts'
import { encodePacket, PACKET_HEADER_BYTES } from './packet.ts'
import type { PacketHeader } from './packet.ts'

/** What carries the packets. */
export type Framing = 'tcp' | 'udp'

/** Bytes before each packet on TCP. */
export const WRAPPER_BYTES = 8

/** More than any table of a terminal needs; a longer packet is refused before memory is taken for it. */
export const MAX_PACKET_BYTES = 64 * 1024 * 1024

const MAGIC = Uint8Array.of(0x50, 0x50, 0x82, 0x7d)

// Segments below this size are gathered, so that a stream of single bytes costs bytes and not objects.
const GATHER_BYTES = 4096

/** A packet as it goes on the wire: wrapped for TCP, bare for UDP. */
export function framePacket(framing: Framing, header: PacketHeader, payload: Uint8Array): Uint8Array {
  if (framing === 'udp') return encodePacket(header, payload)
  const bytes = encodePacket(header, payload, WRAPPER_BYTES)
  bytes.set(MAGIC)
  putU32(bytes, MAGIC.length, bytes.length - WRAPPER_BYTES)
  return bytes
}

/**
 * Cuts a TCP stream into packets. It keeps what has arrived and never more, copies a byte at most twice, and hands
 * out a packet that lies in one segment without copying it.
 */
export class StreamReassembler {
  readonly #maxPacketBytes: number
  #segments: Uint8Array[] = []
  #firstUsed = 0
  #pending = 0
  #gather: { readonly bytes: Uint8Array; used: number } | undefined

  constructor(maxPacketBytes: number = MAX_PACKET_BYTES) {
    this.#maxPacketBytes = maxPacketBytes
  }

  /** Bytes that have arrived and are not yet part of a packet that was handed out. */
  get pendingBytes(): number {
    return this.#pending
  }

  /** Takes the next segment. Its memory must not be changed afterwards. */
  push(segment: Uint8Array): void {
    if (segment.length === 0) return
    const joins = this.#pending > 0 && segment.length < GATHER_BYTES
    this.#pending += segment.length
    if (!joins) {
      this.#gather = undefined
      this.#segments.push(segment)
      return
    }
    if (this.#gather === undefined || this.#gather.used + segment.length > this.#gather.bytes.length) {
      this.#gather = { bytes: new Uint8Array(GATHER_BYTES), used: 0 }
      this.#segments.push(this.#gather.bytes.subarray(0, 0))
    }
    const { bytes, used } = this.#gather
    bytes.set(segment, used)
    this.#gather.used = used + segment.length
    this.#segments[this.#segments.length - 1] = bytes.subarray(0, this.#gather.used)
  }

  /**
   * The next whole packet without its wrapper, or undefined while it is not whole. Throws ZK_BAD_FRAME as soon as the
   * bytes at a boundary cannot begin a packet, and ZK_TOO_LARGE for a length that no packet has.
   */
  next(): Uint8Array | undefined {
    if (this.#pending === 0) return undefined
    const wrapper = this.#peek(Math.min(this.#pending, WRAPPER_BYTES))
    if (!MAGIC.subarray(0, wrapper.length).every((value, i) => wrapper[i] === value)) {
      throw new ZkProtocolError('ZK_BAD_FRAME', 'Expected the start of a packet; the stream is out of step', {
        details: { head: hexHead(this.#peek(Math.min(this.#pending, 64))) },
      })
    }
    if (wrapper.length < WRAPPER_BYTES) return undefined
    const length = u32At(wrapper, MAGIC.length)
    if (length < PACKET_HEADER_BYTES) {
      throw new ZkProtocolError('ZK_BAD_FRAME', `A packet cannot be ${length} byte(s) long`, {
        details: { length },
      })
    }
    if (length > this.#maxPacketBytes) {
      throw new ZkProtocolError(
        'ZK_TOO_LARGE',
        `A packet of ${length} bytes was announced; at most ${this.#maxPacketBytes} are accepted`,
        { details: { length, limit: this.#maxPacketBytes } },
      )
    }
    if (this.#pending < WRAPPER_BYTES + length) return undefined
    this.#drop(WRAPPER_BYTES)
    const packet = this.#peek(length)
    this.#drop(length)
    return packet
  }

  /** The next `sizeBytes` bytes, which must have arrived: a view where they lie in one segment, else a copy. */
  #peek(sizeBytes: number): Uint8Array {
    const [first] = this.#segments
    if (first !== undefined && first.length - this.#firstUsed >= sizeBytes) {
      return first.subarray(this.#firstUsed, this.#firstUsed + sizeBytes)
    }
    const joined = new Uint8Array(sizeBytes)
    let filled = 0
    let from = this.#firstUsed
    for (const segment of this.#segments) {
      const piece = segment.subarray(from, from + sizeBytes - filled)
      joined.set(piece, filled)
      filled += piece.length
      from = 0
      if (filled === sizeBytes) break
    }
    return joined
  }

  #drop(sizeBytes: number): void {
    this.#pending -= sizeBytes
    let used = this.#firstUsed + sizeBytes
    let spent = 0
    for (const segment of this.#segments) {
      if (used < segment.length) break
      used -= segment.length
      spent += 1
    }
    this.#segments.splice(0, spent)
    this.#firstUsed = used
    if (this.#segments.length === 0) this.#gather = undefined
  }
}
