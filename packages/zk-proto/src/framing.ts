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

/** Room to begin with; it doubles when more than that waits to become whole. */
const FIRST_ROOM_BYTES = 4_096

/** A packet as it goes on the wire: wrapped for TCP, bare for UDP. */
export function framePacket(framing: Framing, header: PacketHeader, payload: Uint8Array): Uint8Array {
  if (framing === 'udp') return encodePacket(header, payload)
  const bytes = encodePacket(header, payload, WRAPPER_BYTES)
  bytes.set(MAGIC)
  putU32(bytes, MAGIC.length, bytes.length - WRAPPER_BYTES)
  return bytes
}

/**
 * Cuts a TCP stream into packets. It keeps in memory of its own what has arrived and is not yet whole, never much more, and
 * uses that memory again and again.
 */
export class StreamReassembler {
  readonly #maxPacketBytes: number
  /** Its own; what is cut up lies here or in a segment that was lent. */
  #memory = new Uint8Array(0)
  #bytes: Uint8Array = this.#memory
  /** Where the first byte stands that is not part of a packet handed out. */
  #begin = 0
  /** Behind the last byte that arrived. */
  #end = 0

  constructor(maxPacketBytes: number = MAX_PACKET_BYTES) {
    this.#maxPacketBytes = maxPacketBytes
  }

  /** Bytes that have arrived and are not yet part of a packet that was handed out. */
  get pendingBytes(): number {
    return this.#end - this.#begin
  }

  /** Takes the next segment. Its memory may be used again afterwards. */
  push(segment: Uint8Array): void {
    if (this.#end === this.#begin) this.#standIn(this.#memory, 0)
    if (this.#bytes !== this.#memory || this.#end + segment.length > this.#memory.length) {
      this.#keep(segment.length)
    }
    this.#memory.set(segment, this.#end)
    this.#end += segment.length
  }

  /**
   * As `push`, for a segment that is lent: its memory must not change until `nextInPlace` has given undefined. Packets
   * that lie in it whole are then never copied.
   */
  lend(segment: Uint8Array): void {
    if (this.pendingBytes > 0) this.push(segment)
    else this.#standIn(segment, segment.length)
  }

  /**
   * The next whole packet without its wrapper, or undefined while it is not whole. Throws ZK_BAD_FRAME as soon as the
   * bytes at a boundary cannot begin a packet, and ZK_TOO_LARGE for a length that no packet has.
   */
  next(): Uint8Array | undefined {
    return this.nextInPlace()?.slice()
  }

  /** As `next`, without copying: the packet is a view that holds good until the next `push` or `lend`. */
  nextInPlace(): Uint8Array | undefined {
    const length = this.#wholePacketBytes()
    if (length === undefined) {
      if (this.#bytes !== this.#memory) this.#keep(0)
      return undefined
    }
    const start = this.#begin + WRAPPER_BYTES
    this.#begin = start + length
    return this.#bytes.subarray(start, this.#begin)
  }

  /** The length of the packet that is pending, without its wrapper; undefined while it is not whole. */
  #wholePacketBytes(): number | undefined {
    const pending = this.pendingBytes
    if (pending === 0) return undefined
    if (!this.#beginsPacket()) {
      throw new ZkProtocolError('ZK_BAD_FRAME', 'Expected the start of a packet; the stream is out of step', {
        details: { head: hexHead(this.#bytes.subarray(this.#begin, this.#end)) },
      })
    }
    if (pending < WRAPPER_BYTES) return undefined
    const length = u32At(this.#bytes, this.#begin + MAGIC.length)
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
    return pending < WRAPPER_BYTES + length ? undefined : length
  }

  /** Whether what is pending is the beginning of the magic number, or begins with it. */
  #beginsPacket(): boolean {
    const known = Math.min(this.pendingBytes, MAGIC.length)
    for (let i = 0; i < known; i += 1) if (this.#bytes[this.#begin + i] !== MAGIC[i]) return false
    return true
  }

  /** What is pending moves to the front of memory of its own, which is made larger where more than that is to fit in. */
  #keep(moreBytes: number): void {
    const pending = this.#bytes.subarray(this.#begin, this.#end)
    const needed = pending.length + moreBytes
    if (needed > this.#memory.length) {
      this.#memory = new Uint8Array(Math.max(needed, this.#memory.length * 2, FIRST_ROOM_BYTES))
    }
    this.#memory.set(pending)
    this.#standIn(this.#memory, pending.length)
  }

  /** From here on the first `sizeBytes` of `bytes` are pending. */
  #standIn(bytes: Uint8Array, sizeBytes: number): void {
    this.#bytes = bytes
    this.#begin = 0
    this.#end = sizeBytes
  }
}
