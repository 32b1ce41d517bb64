// One request and what answers it: which packets belong to it, when they are complete, how long to wait, whether the
// request may be sent again. The client session has at most one of these open. Source: docs/protocol §5 and §14.5.
import { hexHead } from '../bytes.ts'
import { CODES, REPLIES } from '../codes.ts'
import { transferHead } from '../commands/bulk.ts'
import { ZkProtocolError, ZkTransportError } from '../errors.ts'
import type { ZkError } from '../errors.ts'
import type { Packet } from '../packet.ts'
import type { Answer, Ask, Transfer } from './procedure.ts'
import type { Millis, Timeouts } from './session.ts'

/** An answer damaged on its way is asked for again so often, at most. */
const MAX_ATTEMPTS = 3

/** However lively an answer trickles in, it must be complete by then. */
const LONGEST_EXCHANGE_MS = 600_000

/** What an exchange wants of its session: nothing yet, to be settled, or to be sent again under a new reply id. */
export type Verdict =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: ZkError }
  | { readonly kind: 'resend' }
  | undefined

/** The data packets of a transfer, taken in the order in which a stream delivers them. */
class Collector {
  readonly announcedBytes: number
  readonly #sessionId: number
  readonly #pieces: Uint8Array[] = []
  #sizeBytes = 0
  #indexed = true
  #inTurn = true

  constructor(announcedBytes: number, sessionId: number) {
    this.announcedBytes = announcedBytes
    this.#sessionId = sessionId
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  take(packet: Packet): void {
    const index = this.#pieces.length & 0xffff
    // Some simulators put the session id where terminals put the index; then there is no order to check.
    if (index === 0) this.#indexed = packet.session === 0 || packet.session !== this.#sessionId
    const expected = this.#indexed ? index : this.#sessionId
    if (packet.session !== expected) this.#inTurn = false
    this.#pieces.push(packet.payload)
    this.#sizeBytes += packet.payload.length
  }

  finish(intact: boolean): Transfer {
    return {
      pieces: this.#pieces,
      sizeBytes: this.#sizeBytes,
      announcedBytes: this.announcedBytes,
      intact: intact && this.#inTurn,
    }
  }
}

/** One open request. */
export class Exchange {
  readonly ask: Ask
  readonly #timeouts: Timeouts
  readonly #sessionId: number
  readonly #startedAt: Millis
  /** The latest moment, whatever arrives. */
  readonly #latest: Millis
  #replyId: number
  #attempts = 1
  #sentAt: Millis
  #quietUntil: Millis
  #collector: Collector | undefined
  #damaged = false

  constructor(ask: Ask, replyId: number, sessionId: number, timeouts: Timeouts, now: Millis, latest: Millis) {
    this.ask = ask
    this.#replyId = replyId
    this.#sessionId = sessionId
    this.#timeouts = timeouts
    this.#startedAt = now
    this.#sentAt = now
    this.#latest = Math.min(latest, now + LONGEST_EXCHANGE_MS)
    this.#quietUntil = now + this.#firstWaitMs()
  }

  get replyId(): number {
    return this.#replyId
  }

  /** When silence becomes a failure. */
  get wakeAt(): Millis {
    return Math.min(this.#quietUntil, this.#latest)
  }

  /** Part of a packet has arrived: the terminal is at it. */
  alive(now: Millis): void {
    this.#quietUntil = now + this.#timeouts.transferIdleMs
  }

  /** A whole packet with this exchange's reply id. */
  take(packet: Packet, now: Millis): Verdict {
    this.alive(now)
    const collector = this.#collector
    if (packet.command === REPLIES.PREPARE_DATA) return this.#open(packet)
    if (collector === undefined) return this.#answered(packet, undefined, now)
    if (packet.command !== REPLIES.DATA) {
      return this.#answered(packet, collector.finish(!this.#damaged), now)
    }
    if (collector.sizeBytes + packet.payload.length > this.ask.limitBytes) {
      return this.#tooLarge(collector.sizeBytes + packet.payload.length)
    }
    collector.take(packet)
    return undefined
  }

  /** A packet whose checksum is wrong: its header may be wrong too, so it is a hint and no more. */
  takeDamaged(packet: Packet, now: Millis): Verdict {
    this.#damaged = true
    if (packet.replyId !== this.#replyId || packet.command === CODES.REG_EVENT) return undefined
    this.alive(now)
    if (this.#collector === undefined) return this.#again()
    // The transfer runs to its end, so that the repeat does not meet its remains.
    return packet.command === REPLIES.ACK_OK
      ? this.#answered(packet, this.#collector.finish(false), now)
      : undefined
  }

  /** Time has passed: fails or repeats when it was too long. */
  tick(now: Millis): Verdict {
    if (now < this.wakeAt) return undefined
    if (this.#damaged && now < this.#latest) {
      if (this.#collector === undefined) return this.#again()
      const transfer = this.#collector.finish(false)
      return {
        kind: 'answered',
        answer: {
          code: REPLIES.ACK_OK,
          sessionField: 0,
          payload: new Uint8Array(0),
          transfer,
          tookMs: now - this.#sentAt,
        },
      }
    }
    const waitedMs = Math.round(now - this.#startedAt)
    const begun = this.#collector === undefined ? '' : ` after ${this.#collector.sizeBytes} bytes of it`
    const error = new ZkTransportError(
      'ZK_TIMEOUT',
      `No answer to ${this.ask.command.name} within ${waitedMs} ms${begun}; the terminal stopped or is unreachable`,
      {
        details: {
          command: this.ask.command.name,
          waitedMs,
          bytesReceived: this.#collector?.sizeBytes ?? 0,
        },
      },
    )
    return { kind: 'failed', error }
  }

  /** The request goes out once more, under a new reply id, so that a late first answer cannot be taken for it. */
  resent(replyId: number, now: Millis): void {
    this.#replyId = replyId
    this.#attempts += 1
    this.#sentAt = now
    this.#collector = undefined
    this.#damaged = false
    this.#quietUntil = now + this.#firstWaitMs()
  }

  #firstWaitMs(): number {
    return this.ask.command.patience === 'prepare' ? this.#timeouts.prepareMs : this.#timeouts.replyMs
  }

  #open(packet: Packet): Verdict {
    if (packet.payload.length < transferHead.sizeBytes) {
      const error = new ZkProtocolError(
        'ZK_UNEXPECTED_REPLY',
        `The transfer that answers ${this.ask.command.name} is opened by ${packet.payload.length} byte(s); expected ${transferHead.sizeBytes}`,
        { details: { command: this.ask.command.name, head: hexHead(packet.payload) } },
      )
      return { kind: 'failed', error }
    }
    const { sizeBytes } = transferHead.decode(packet.payload)
    if (sizeBytes > this.ask.limitBytes) return this.#tooLarge(sizeBytes)
    this.#collector = new Collector(sizeBytes, this.#sessionId)
    return undefined
  }

  #answered(packet: Packet, transfer: Transfer | undefined, now: Millis): Verdict {
    if (packet.payload.length > this.ask.limitBytes) return this.#tooLarge(packet.payload.length)
    return {
      kind: 'answered',
      answer: {
        code: packet.command,
        sessionField: packet.session,
        payload: packet.payload,
        transfer,
        tookMs: now - this.#sentAt,
      },
    }
  }

  #again(): Verdict {
    if (this.ask.command.repeat === 'safe' && this.#attempts < MAX_ATTEMPTS) return { kind: 'resend' }
    const error = new ZkProtocolError(
      'ZK_BAD_CHECKSUM',
      `The answer to ${this.ask.command.name} arrived damaged ${this.#attempts} time(s)`,
      { details: { command: this.ask.command.name, attempts: this.#attempts } },
    )
    return { kind: 'failed', error }
  }

  #tooLarge(sizeBytes: number): Verdict {
    const error = new ZkProtocolError(
      'ZK_TOO_LARGE',
      `The answer to ${this.ask.command.name} would hold ${sizeBytes} bytes; at most ${this.ask.limitBytes} are accepted`,
      { details: { command: this.ask.command.name, sizeBytes, limit: this.ask.limitBytes } },
    )
    return { kind: 'failed', error }
  }
}
