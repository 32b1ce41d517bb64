// Pieces of a hex dump without addresses: packets or stretches of a stream, of one conversation over each transport. Who speaks is
// told by the numbers of commands and replies where the text does not say.
import { CODES, PACKET_HEADER_BYTES, REPLIES, sameBytes, u16At, WRAPPER_BYTES } from '@org/zk-proto/wire'
import type { ListeningOptions } from './conversation.ts'
import { Ear } from './ear.ts'
import type { Direction, Entry } from './entry.ts'
import type { Piece } from './hex-dump.ts'
import { TableMemory } from './table-read.ts'

const MAGIC = Uint8Array.of(0x50, 0x50, 0x82, 0x7d)
const TABLE_BYTES = 96 * 1024 * 1024
const REPLY_NUMBERS: ReadonlySet<number> = new Set(Object.values(REPLIES))
/** The data of a request to begin an upload, and those of one for live events. */
const FOUR_BYTES = 4

/** Listens to pieces. */
export class BarePieces {
  readonly #tcp: Ear
  readonly #udp: Ear
  #last: Direction = '>'
  heardPieces = 0

  constructor(options: Omit<ListeningOptions, 'memory'>) {
    const shared = { ...options, memory: new TableMemory(TABLE_BYTES) }
    const ends = { client: undefined, terminal: undefined }
    this.#tcp = new Ear({ number: 1, transport: 'tcp', ...ends }, shared)
    this.#udp = new Ear({ number: 2, transport: 'udp', ...ends }, shared)
  }

  /** What a piece brings; nothing for one that is none of this protocol. */
  *piece({ bytes, direction, atMs }: Piece): Generator<Entry> {
    const isWrapped = sameBytes(bytes.subarray(0, MAGIC.length), MAGIC)
    if (!isWrapped && !this.#goesOn(direction)) {
      if (!isBarePacket(bytes)) return
      this.heardPieces += 1
      yield* this.#udp.heard(direction ?? speakerOf(bytes), bytes, atMs)
      return
    }
    if (isWrapped && bytes.length >= WRAPPER_BYTES + PACKET_HEADER_BYTES)
      this.#last = direction ?? speakerOf(bytes.subarray(WRAPPER_BYTES))
    this.heardPieces += 1
    yield* this.#tcp.heard(direction ?? this.#last, bytes, atMs)
  }

  *ended(): Generator<Entry> {
    yield* this.#tcp.ended(undefined)
    yield* this.#udp.ended(undefined)
  }

  /** Whether a packet of the stream is still open, so that bytes without a beginning belong to it. */
  #goesOn(direction: Direction | undefined): boolean {
    return this.#tcp.unfinished(direction ?? this.#last) > 0
  }
}

function isBarePacket(bytes: Uint8Array): boolean {
  if (bytes.length < PACKET_HEADER_BYTES) return false
  const code = u16At(bytes, 0)
  return REPLY_NUMBERS.has(code) || Object.values<number>(CODES).includes(code)
}

/** Who sends a packet, by its number; where both may, by its length. */
function speakerOf(packet: Uint8Array): Direction {
  if (packet.length < PACKET_HEADER_BYTES) return '>'
  const code = u16At(packet, 0)
  const dataBytes = packet.length - PACKET_HEADER_BYTES
  if (code === REPLIES.PREPARE_DATA) return dataBytes === FOUR_BYTES ? '>' : '<'
  if (code === CODES.REG_EVENT) return dataBytes === FOUR_BYTES ? '>' : '<'
  return REPLY_NUMBERS.has(code) ? '<' : '>'
}
