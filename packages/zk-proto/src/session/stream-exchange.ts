// One request over TCP, where bytes arrive whole and in order or not at all: silence is final, but for a slice of a table,
// which is asked for once more; an answer that was damaged on its way is asked for again. Source: docs/protocol §5 and §14.5.
import { REPLIES, CODES } from '../codes.ts'
import { ZkError } from '../errors.ts'
import type { Packet } from '../packet.ts'
import {
  announcedBytes,
  answeredBy,
  damagedAnswer,
  failedWith,
  firstWaitMs,
  latestEnd,
  mayTransfer,
  silence,
  tooLarge,
} from './exchange.ts'
import type { Exchange, Opening, Verdict } from './exchange.ts'
import type { Ask, Transfer } from './procedure.ts'
import type { Millis, Timeouts } from './session.ts'

/** An answer damaged on its way is asked for again so often, at most. */
const MAX_ATTEMPTS = 3

/** What stands in for the closing packet of a transfer that came without one that can be read. */
const NO_CLOSING = { command: REPLIES.ACK_OK, session: 0, payload: new Uint8Array(0) } as const

/** So much memory is taken at first for a transfer that announces more. */
const FIRST_ROOM_BYTES = 65_536

/** The data packets of a transfer, taken in the order in which a stream delivers them and copied into one memory. */
class Collector {
  readonly announcedBytes: number
  readonly #sessionId: number
  #memory: Uint8Array
  #packets = 0
  #sizeBytes = 0
  #indexed = true
  #inTurn = true

  constructor(announced: number, sessionId: number, into: Uint8Array | undefined) {
    this.announcedBytes = announced
    this.#sessionId = sessionId
    this.#memory = into ?? new Uint8Array(Math.min(announced, FIRST_ROOM_BYTES))
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  take(packet: Packet): void {
    const index = this.#packets & 0xffff
    // Some simulators put the session id where terminals put the index; then there is no order to check.
    if (index === 0) this.#indexed = packet.session === 0 || packet.session !== this.#sessionId
    const expected = this.#indexed ? index : this.#sessionId
    if (packet.session !== expected) this.#inTurn = false
    this.#packets += 1
    const end = this.#sizeBytes + packet.payload.length
    if (end > this.#memory.length) this.#grow(end)
    this.#memory.set(packet.payload, this.#sizeBytes)
    this.#sizeBytes = end
  }

  finish(intact: boolean): Transfer {
    return {
      pieces: [this.#memory.subarray(0, this.#sizeBytes)],
      sizeBytes: this.#sizeBytes,
      announcedBytes: this.announcedBytes,
      intact: intact && this.#inTurn,
    }
  }

  #grow(neededBytes: number): void {
    const grown = new Uint8Array(Math.max(neededBytes, this.#memory.length * 2))
    grown.set(this.#memory.subarray(0, this.#sizeBytes))
    this.#memory = grown
  }
}

/** One open request over a stream. */
export class StreamExchange implements Exchange {
  readonly ask: Ask
  readonly #timeouts: Timeouts
  readonly #sessionId: number
  readonly #startedAt: Millis
  readonly #latest: Millis
  #replyId: number
  #attempts = 1
  #sentAt: Millis
  #quietUntil: Millis
  #collector: Collector | undefined
  #damaged = false
  #silenceForgiven = false

  constructor(opening: Opening) {
    const { ask, replyId, sessionId, timeouts, now } = opening
    this.ask = ask
    this.#replyId = replyId
    this.#sessionId = sessionId
    this.#timeouts = timeouts
    this.#startedAt = now
    this.#sentAt = now
    this.#latest = latestEnd(opening)
    this.#quietUntil = now + firstWaitMs(ask, timeouts)
  }

  get replyId(): number {
    return this.#replyId
  }

  get wakeAt(): Millis {
    return Math.min(this.#quietUntil, this.#latest)
  }

  owns(replyId: number): boolean {
    return replyId === this.#replyId
  }

  alive(now: Millis): void {
    this.#quietUntil = now + this.#timeouts.transferIdleMs
  }

  take(packet: Packet, now: Millis): Verdict {
    this.alive(now)
    const collector = this.#collector
    if (packet.command === REPLIES.PREPARE_DATA) return this.#open(packet)
    // What was damaged may have opened a transfer, of which this is then a part and not the answer.
    if (collector === undefined && this.#damaged && mayTransfer(this.ask)) return this.#again()
    if (collector === undefined || packet.command !== REPLIES.DATA) {
      return this.#answeredBy(packet, collector?.finish(!this.#damaged), now)
    }
    const error = tooLarge(this.ask, collector.sizeBytes + packet.payload.length)
    if (error !== undefined) return failedWith(error)
    collector.take(packet)
    return undefined
  }

  takeDamaged(packet: Packet, now: Millis): Verdict {
    this.#damaged = true
    if (packet.replyId !== this.#replyId || packet.command === CODES.REG_EVENT) return undefined
    this.alive(now)
    if (this.#collector === undefined) return this.#again()
    // The transfer runs to its end, so that the repeat does not meet its remains.
    if (packet.command !== REPLIES.ACK_OK) return undefined
    return this.#answeredBy(packet, this.#collector.finish(false), now)
  }

  tick(now: Millis, midPacket: boolean): Verdict {
    if (now < this.wakeAt) return undefined
    if (this.#damaged && now < this.#latest) {
      if (this.#collector === undefined) return this.#again()
      return answeredBy(this.ask, NO_CLOSING, this.#collector.finish(false), now - this.#sentAt)
    }
    if (this.#forgivesSilence(now, midPacket)) {
      this.#silenceForgiven = true
      return { kind: 'resend' }
    }
    return failedWith(silence(this.ask, now - this.#startedAt, this.#collector?.sizeBytes))
  }

  /** A new reply id, so that a late first answer cannot be taken for that of the repeat. */
  resent(replyId: number, now: Millis): void {
    this.#replyId = replyId
    this.#attempts += 1
    this.#sentAt = now
    this.#collector = undefined
    this.#damaged = false
    this.#quietUntil = now + firstWaitMs(this.ask, this.#timeouts)
  }

  /**
   * A terminal that served a punch meanwhile may have dropped one slice of a long read: that one is asked for once more. A
   * late answer to the first ask carries its reply id and is not taken.
   */
  #forgivesSilence(now: Millis, midPacket: boolean): boolean {
    const { command, exactBytes } = this.ask
    const slice = exactBytes !== undefined && command.repeat === 'safe'
    return slice && !midPacket && !this.#silenceForgiven && now < this.#latest
  }

  #open(packet: Packet): Verdict {
    const announced = announcedBytes(this.ask, packet)
    if (announced instanceof ZkError) return failedWith(announced)
    this.#collector = new Collector(announced, this.#sessionId, this.ask.into)
    return undefined
  }

  /** The packet's memory is used again for the next one: what an answer holds is a copy. */
  #answeredBy(packet: Packet, transfer: Transfer | undefined, now: Millis): Verdict {
    const error = tooLarge(this.ask, packet.payload.length)
    if (error !== undefined) return failedWith(error)
    const { command, session, payload } = packet
    return answeredBy(this.ask, { command, session, payload: payload.slice() }, transfer, now - this.#sentAt)
  }

  #again(): Verdict {
    if (this.ask.command.repeat === 'safe' && this.#attempts < MAX_ATTEMPTS) return { kind: 'resend' }
    return failedWith(damagedAnswer(this.ask, this.#attempts))
  }
}
