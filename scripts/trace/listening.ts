// All conversations of a capture: each frame goes to the one that it belongs to. Only so many are open at a time; the one that
// has been silent for longest ends first.
import { Ear } from './ear.ts'
import type { Direction, Entry } from './entry.ts'
import { LINK_TYPES, type Frame } from './frame.ts'
import { segmentOf, spelledEnd, type End, type Segment } from './network.ts'
import { StreamOrder } from './stream-order.ts'
import { TableMemory } from './table-read.ts'

const MOST_OPEN = 64
/** Tables that all conversations may hold together. */
const TABLE_BYTES = 96 * 1024 * 1024

/** What to listen for. */
export interface Wanted {
  /** The terminal's port. */
  readonly port: number
  readonly nameEncoding: string
  /** Of each table so many records are decoded. */
  readonly mostRecords: number
}

interface Open {
  readonly ear: Ear
  readonly client: string
  readonly orders: Record<Direction, StreamOrder>
  lastMs: number | undefined
}

/** Listens to frames. */
export class Listening {
  readonly #wanted: Wanted
  readonly #memory = new TableMemory(TABLE_BYTES)
  readonly #open = new Map<string, Open>()
  #count = 0
  /** Frames that carried TCP or UDP of the port, and all of them. */
  heardFrames = 0
  frames = 0

  constructor(wanted: Wanted) {
    this.#wanted = wanted
  }

  /** What a frame brings. */
  *frame(frame: Frame): Generator<Entry> {
    this.frames += 1
    const segment = segmentOf(frame)
    if (segment === undefined) return
    const { from, to } = segment
    const { port } = this.#wanted
    if (from.port !== port && to.port !== port) return
    this.heardFrames += 1
    const kind = segment.tcp === undefined ? 'udp' : 'tcp'
    const [one, other] = [spelledEnd(from), spelledEnd(to)]
    const key = one < other ? `${kind} ${one} ${other}` : `${kind} ${other} ${one}`
    const open = this.#open.get(key) ?? (yield* this.#begin(key, kind, from, to))
    this.#open.delete(key)
    this.#open.set(key, open)
    open.lastMs = frame.atMs
    const direction = one === open.client ? '>' : '<'
    yield* this.#segment(key, open, direction, segment, frame)
  }

  /** The capture is over. */
  *ended(): Generator<Entry> {
    for (const key of this.#open.keys()) yield* this.#end(key)
  }

  *#begin(key: string, transport: 'tcp' | 'udp', from: End, to: End): Generator<Entry, Open> {
    const [oldest] = this.#open.keys()
    if (this.#open.size >= MOST_OPEN && oldest !== undefined) yield* this.#end(oldest)
    // With the port at both ends, as vendor software has it over UDP, whoever speaks first is the client.
    const isToTerminal = to.port === this.#wanted.port
    const [client, terminal] = isToTerminal ? [from, to] : [to, from]
    this.#count += 1
    const place = {
      number: this.#count,
      transport,
      client: spelledEnd(client),
      terminal: spelledEnd(terminal),
    }
    const ear = new Ear(place, { ...this.#wanted, memory: this.#memory })
    const orders = { '>': new StreamOrder(), '<': new StreamOrder() }
    const open = { ear, client: spelledEnd(client), orders, lastMs: undefined }
    this.#open.set(key, open)
    return open
  }

  *#segment(
    key: string,
    { ear, orders }: Open,
    direction: Direction,
    { tcp, payload, cutBytes }: Segment,
    frame: Frame,
  ): Generator<Entry> {
    const { atMs } = frame
    if (tcp === undefined) {
      if (payload.length > 0) yield* ear.heard(direction, payload, atMs)
      if (cutBytes > 0)
        yield ear.conversation.remark(`${direction} cut by the capture: ${cutBytes} bytes`, atMs)
      return
    }
    const other = direction === '>' ? '<' : '>'
    if (tcp.ack !== undefined) yield* hear(ear, other, orders[other].acknowledged(tcp.ack), atMs)
    // A new connection between the same ports: the one before is over.
    if (tcp.syn && tcp.ack === undefined) yield* ear.ended(atMs)
    yield* hear(ear, direction, orders[direction].push(tcp.seq, payload, tcp.syn, cutBytes), atMs)
    if (tcp.end && direction === '<') yield* this.#end(key)
  }

  *#end(key: string): Generator<Entry> {
    const open = this.#open.get(key)
    if (open === undefined) return
    this.#open.delete(key)
    const { ear, orders, lastMs } = open
    for (const direction of ['>', '<'] as const)
      yield* hear(ear, direction, orders[direction].flush(), lastMs)
    yield* ear.ended(lastMs)
  }
}

function* hear(
  ear: Ear,
  direction: Direction,
  ordered: ReturnType<StreamOrder['flush']>,
  atMs: number | undefined,
): Generator<Entry> {
  for (const piece of ordered) {
    if (piece.type === 'bytes') yield* ear.heard(direction, piece.bytes, atMs)
    else yield* ear.gap(direction, piece.sizeBytes, atMs)
  }
}

/** The link type that bytes out of a text have, as far as can be told: of Ethernet, or IP alone. */
export function linkTypeOf(bytes: Uint8Array): number | undefined {
  const candidates = [LINK_TYPES.ETHERNET, LINK_TYPES.RAW, LINK_TYPES.LINUX_SLL, LINK_TYPES.NULL]
  return candidates.find((linkType) => segmentOf({ linkType, bytes }) !== undefined)
}
