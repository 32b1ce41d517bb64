// Cuts what goes over one connection into packets and hands them to its conversation. A stream that is out of step, as after a
// gap, is told of and taken up again at the next packet.
import { looksLikePullPanel, StreamReassembler, ZkError } from '@org/zk-proto/wire'
import { Conversation, type ListeningOptions } from './conversation.ts'
import type { Direction, Entry, Place } from './entry.ts'

/** Longer packets no terminal sends; memory for one is bounded by it. */
const MOST_PACKET_BYTES = 4 * 1024 * 1024
const MAGIC = Buffer.of(0x50, 0x50, 0x82, 0x7d)

/** Listens to one connection, whatever the segments. */
export class Ear {
  readonly conversation: Conversation
  readonly #place: Place
  readonly #streams: Record<Direction, StreamReassembler> = {
    '>': new StreamReassembler(MOST_PACKET_BYTES),
    '<': new StreamReassembler(MOST_PACKET_BYTES),
  }
  #begun = false

  constructor(place: Place, options: ListeningOptions) {
    this.#place = place
    this.conversation = new Conversation(place, options)
  }

  /** Bytes of a direction whose packet is not whole yet. */
  unfinished(direction: Direction): number {
    return this.#streams[direction].pendingBytes
  }

  /** TCP: the next bytes of the stream. UDP: one datagram. */
  *heard(direction: Direction, bytes: Uint8Array, atMs: number | undefined): Generator<Entry> {
    yield* this.#begins(atMs)
    if (this.#place.transport === 'udp') yield* this.conversation.heard(direction, bytes, atMs)
    else yield* this.#segment(direction, bytes, atMs)
  }

  /** Bytes of the stream are missing here: what was not whole is given up. */
  *gap(direction: Direction, sizeBytes: number | undefined, atMs: number | undefined): Generator<Entry> {
    yield* this.#begins(atMs)
    const size = sizeBytes === undefined ? 'bytes' : `${sizeBytes} bytes`
    yield this.conversation.remark(`${direction} ${size} of the stream are missing in the capture`, atMs)
    this.#streams[direction] = new StreamReassembler(MOST_PACKET_BYTES)
  }

  /** The connection is over. */
  *ended(atMs: number | undefined): Generator<Entry> {
    for (const direction of ['>', '<'] as const) {
      const left = this.unfinished(direction)
      if (left > 0)
        yield this.conversation.remark(`${direction} ${left} bytes of a packet that did not end`, atMs)
      this.#streams[direction] = new StreamReassembler(MOST_PACKET_BYTES)
    }
    yield* this.conversation.ended(atMs)
  }

  *#begins(atMs: number | undefined): Generator<Entry> {
    if (this.#begun) return
    this.#begun = true
    yield { type: 'conversation', place: this.#place, atMs }
  }

  *#segment(direction: Direction, segment: Uint8Array, atMs: number | undefined): Generator<Entry> {
    let rest = segment
    while (rest.length > 0) {
      const stream = this.#streams[direction]
      const pendingBefore = stream.pendingBytes
      try {
        stream.push(rest)
        for (let packet = stream.next(); packet !== undefined; packet = stream.next())
          yield* this.conversation.heard(direction, packet, atMs)
        return
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
        const left = rest.subarray(Math.max(0, rest.length - stream.pendingBytes))
        const next = nextPacket(left)
        const skipped = next === -1 ? stream.pendingBytes : next + Math.max(0, pendingBefore - rest.length)
        yield this.conversation.remark(outOfStep(direction, left, skipped), atMs)
        this.#streams[direction] = new StreamReassembler(MOST_PACKET_BYTES)
        rest = next === -1 ? left.subarray(left.length) : left.subarray(next)
      }
    }
  }
}

/** Where the next packet begins behind the first byte; -1 for nowhere. */
function nextPacket(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(MAGIC, 1)
}

function outOfStep(direction: Direction, bytes: Uint8Array, skipped: number): string {
  if (looksLikePullPanel(bytes))
    return `${direction} ${skipped} bytes of another protocol: that of C3 and inBio access panels`
  return `${direction} ${skipped} bytes that are no packet of this protocol`
}
