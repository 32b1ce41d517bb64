// The terminal's end of one conversation, without hands: it cuts the stream, judges checksums, hands out requests and
// frames the answers. What to answer, whom to let in and how fast is the simulator's business. Source: docs/protocol §26.
import { CODES, REPLIES } from '../codes.ts'
import { transferHead } from '../commands/bulk.ts'
import { ZkError, ZkProtocolError } from '../errors.ts'
import { framePacket, StreamReassembler } from '../framing.ts'
import type { Framing } from '../framing.ts'
import { decodePacket, PACKET_HEADER_BYTES } from '../packet.ts'
import type { Packet } from '../packet.ts'
import type { Millis, Session } from './session.ts'

/** What a client asked. Answers to it carry its reply id. */
export interface TerminalRequest {
  readonly code: number
  readonly payload: Uint8Array
  readonly replyId: number
  /** The session field of the request: the id the client believes to have, 0 with CMD_CONNECT. */
  readonly sessionId: number
  /** False for a packet with a wrong checksum; given out only when the session was told to accept those. */
  readonly checksumRight: boolean
}

export type TerminalEvent =
  | { readonly type: 'request'; readonly request: TerminalRequest }
  /** The client acknowledged a live event. */
  | { readonly type: 'acknowledged' }
  /** A packet with a wrong checksum was dropped. */
  | { readonly type: 'bad-checksum' }
  /** The bytes are not this protocol, or a packet is too large: end the connection. */
  | { readonly type: 'broken'; readonly error: ZkError }

/** An answer of one packet. */
export interface TerminalReply {
  readonly code: number
  readonly payload?: Uint8Array
  /** What stands in the session field; the session id unless something else is asked for. */
  readonly sessionField?: number
  /** The reply id, when it is to be another one than the request's. */
  readonly replyId?: number
}

/** An answer of many packets: PREPARE_DATA, DATA packets that carry their index in the session field, ACK_OK. */
export interface TerminalTransfer {
  readonly data: Uint8Array
  /** At most so many data bytes a packet. */
  readonly packetBytes: number
  /** The session field of the closing ACK_OK: the last index (the default), the byte total, or a number. */
  readonly closing?: 'last-index' | 'byte-total' | number
  /** The session field of DATA packets: their index (the default), or the session id as some simulators have it. */
  readonly indexed?: boolean
  /** The size that PREPARE_DATA announces, when it is to differ from the data's. */
  readonly announcedBytes?: number
}

export interface TerminalSessionOptions {
  readonly framing: Framing
  /** A longer packet breaks the connection. */
  readonly maxPacketBytes?: number
  /** Whether a request with a wrong checksum is dropped in silence, as terminals do (the default), or given out. */
  readonly wrongChecksum?: 'drop' | 'give-out'
}

const LARGEST_REQUEST_BYTES = 64 * 1024 + PACKET_HEADER_BYTES
const NO_DATA = new Uint8Array(0)

/** The terminal's end. Give it bytes, take its requests, call `reply`, `replyTransfer` or `sendEvent`, take its packets. */
export class TerminalSession implements Session<TerminalEvent> {
  readonly wakeAt: Millis | undefined = undefined
  /** The id that answers carry. The owner assigns it when it lets a client in; 0 until then. */
  sessionId = 0
  readonly #framing: Framing
  readonly #wrongChecksum: 'drop' | 'give-out'
  readonly #stream: StreamReassembler
  #outgoing: Iterator<Uint8Array>[] = []
  #events: TerminalEvent[] = []
  #ended = false

  constructor(options: TerminalSessionOptions) {
    this.#framing = options.framing
    this.#wrongChecksum = options.wrongChecksum ?? 'drop'
    this.#stream = new StreamReassembler(options.maxPacketBytes ?? LARGEST_REQUEST_BYTES)
  }

  /** Whether the transport is gone or the stream broken. Nothing comes out any more. */
  get ended(): boolean {
    return this.#ended
  }

  receive(bytes: Uint8Array, _now: Millis): void {
    if (this.#ended) return
    if (this.#framing === 'udp') {
      if (bytes.length >= PACKET_HEADER_BYTES) this.#take(decodePacket(bytes))
      return
    }
    this.#stream.push(bytes)
    try {
      for (let packet = this.#stream.next(); packet !== undefined; packet = this.#stream.next()) {
        this.#take(decodePacket(packet))
      }
    } catch (error) {
      if (!(error instanceof ZkError)) throw error
      this.#end()
      this.#events.push({ type: 'broken', error })
    }
  }

  tick(_now: Millis): void {
    // A terminal's end waits for nothing by itself; pacing and time-outs belong to its owner.
  }

  detach(_cause: ZkError | undefined, _now: Millis): void {
    this.#end()
  }

  takeEvent(): TerminalEvent | undefined {
    return this.#events.shift()
  }

  takeOutgoing(): Uint8Array | undefined {
    for (;;) {
      const [packets] = this.#outgoing
      if (packets === undefined) return undefined
      const next = packets.next()
      if (next.done !== true) return next.value
      this.#outgoing.shift()
    }
  }

  /** Answers a request with one packet. */
  reply(request: TerminalRequest, reply: TerminalReply): void {
    this.#send([
      this.#frame(
        reply.code,
        reply.sessionField ?? this.sessionId,
        reply.replyId ?? request.replyId,
        reply.payload,
      ),
    ])
  }

  /** Answers a request with a transfer. Its packets are made one by one as they are taken. */
  replyTransfer(request: TerminalRequest, transfer: TerminalTransfer): void {
    if (!Number.isInteger(transfer.packetBytes) || transfer.packetBytes < 1) {
      throw new ZkProtocolError(
        'ZK_BAD_FRAME',
        `A packet of a transfer cannot hold ${transfer.packetBytes} bytes`,
      )
    }
    this.#send(this.#transferPackets(request.replyId, transfer))
  }

  /** Sends a live event: its code stands in the session field, its reply id is 0. Source: docs/protocol §18.2. */
  sendEvent(eventCode: number, payload: Uint8Array): void {
    this.#send([this.#frame(CODES.REG_EVENT, eventCode, 0, payload)])
  }

  *#transferPackets(replyId: number, transfer: TerminalTransfer): Generator<Uint8Array> {
    const { data, packetBytes } = transfer
    const head = transferHead.encode({ sizeBytes: transfer.announcedBytes ?? data.length, packetBytes })
    yield this.#frame(REPLIES.PREPARE_DATA, this.sessionId, replyId, head)
    let index = 0
    for (let at = 0; at < data.length; at += packetBytes) {
      const field = transfer.indexed === false ? this.sessionId : index & 0xffff
      yield this.#frame(REPLIES.DATA, field, replyId, data.subarray(at, at + packetBytes))
      index += 1
    }
    const { closing = 'last-index' } = transfer
    const lastIndex = Math.max(index - 1, 0)
    const field = closing === 'last-index' ? lastIndex : closing === 'byte-total' ? data.length : closing
    yield this.#frame(REPLIES.ACK_OK, field & 0xffff, replyId)
  }

  #frame(command: number, session: number, replyId: number, payload: Uint8Array = NO_DATA): Uint8Array {
    return framePacket(this.#framing, { command, session, replyId }, payload)
  }

  #send(packets: Iterable<Uint8Array>): void {
    if (!this.#ended) this.#outgoing.push(packets[Symbol.iterator]())
  }

  #take(packet: Packet): void {
    const checksumRight = packet.checksum === 'right'
    if (!checksumRight && this.#wrongChecksum === 'drop') {
      this.#events.push({ type: 'bad-checksum' })
      return
    }
    if (packet.command === REPLIES.ACK_OK) {
      this.#events.push({ type: 'acknowledged' })
      return
    }
    this.#events.push({
      type: 'request',
      request: {
        code: packet.command,
        payload: packet.payload,
        replyId: packet.replyId,
        sessionId: packet.session,
        checksumRight,
      },
    })
  }

  #end(): void {
    this.#ended = true
    this.#outgoing = []
  }
}
