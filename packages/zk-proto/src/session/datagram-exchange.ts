// One request over UDP, where the network loses, doubles and reorders: an unanswered request that may be repeated goes out
// again under its reply id; a transfer with gaps is asked for again under a new one, and only the gaps are filled.
// Source: docs/protocol §4.
import { REPLIES } from '../codes.ts'
import { ZkError, ZkProtocolError } from '../errors.ts'
import type { Packet } from '../packet.ts'
import { DatagramFiling } from './datagram-filing.ts'
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

/** The first pause before a repeat, as a share of the time-out, and by how much each next one is longer. */
const PAUSE_SHARE = 0.1
const PAUSE_GROWTH = 1.5

/** Quiet after which a transfer that has begun is held to be over; longer in each round, for slow terminals. */
const QUIET_MS = 300
const LONGEST_QUIET_MS = 3_000

/** How long a closing packet may be behind the last of the data, or the data behind the closing packet. */
const STRAGGLERS_MS = 40

const MAX_ROUNDS = 10

/**
 * What a round left behind that is the whole answer or the rest of a transfer that was lost on its way: a yes without
 * data, or one data packet. It is believed when the next round leaves the same.
 */
type Doubtful = 'bare-yes' | 'lone-data' | undefined

/** The closing packet of a transfer that is whole, whether or not it came. */
const CLOSED = { command: REPLIES.ACK_OK, session: 0, payload: new Uint8Array(0) } as const

/** One open request over datagrams. */
export class DatagramExchange implements Exchange {
  readonly ask: Ask
  readonly #timeouts: Timeouts
  readonly #sessionId: number
  readonly #startedAt: Millis
  readonly #latest: Millis
  readonly #filing: DatagramFiling
  /** One for each round; all of them ask for the same bytes. */
  readonly #replyIds = new Set<number>()
  #replyId: number
  #sentAt: Millis
  #repeatAt: Millis
  #pauseMs: Millis
  #silentAt: Millis
  #quietAt: Millis | undefined
  #damagedAnswers = 0
  /** Of this round: its first data packet and the one that closed it. */
  #first: Packet | undefined
  #closed: Packet | undefined
  #doubtfulBefore: Doubtful

  constructor(opening: Opening) {
    const { ask, replyId, sessionId, timeouts, now } = opening
    this.ask = ask
    this.#timeouts = timeouts
    this.#sessionId = sessionId
    this.#startedAt = now
    this.#latest = latestEnd(opening)
    this.#filing = new DatagramFiling(sessionId)
    this.#replyId = replyId
    this.#replyIds.add(replyId)
    this.#sentAt = now
    this.#pauseMs = firstWaitMs(ask, timeouts) * PAUSE_SHARE
    this.#repeatAt = now + this.#pauseMs
    this.#silentAt = now + firstWaitMs(ask, timeouts)
  }

  get replyId(): number {
    return this.#replyId
  }

  get wakeAt(): Millis {
    const repeatAt = this.#mayRepeat ? this.#repeatAt : Number.POSITIVE_INFINITY
    return Math.min(this.#quietAt ?? Math.min(repeatAt, this.#silentAt), this.#latest)
  }

  get #mayRepeat(): boolean {
    return this.ask.command.repeat === 'safe'
  }

  /** Data that answer an earlier round are as good as those of the last one. */
  owns(replyId: number): boolean {
    return this.#replyIds.has(replyId)
  }

  alive(now: Millis): void {
    const quietMs = Math.min(QUIET_MS * this.#replyIds.size, LONGEST_QUIET_MS)
    this.#quietAt = now + (this.#closed === undefined ? quietMs : STRAGGLERS_MS)
  }

  take(packet: Packet, now: Millis): Verdict {
    switch (packet.command) {
      case REPLIES.PREPARE_DATA:
        return this.#announced(packet, now)
      case REPLIES.DATA:
        return this.#data(packet, now)
      default:
        return packet.replyId === this.#replyId ? this.#closing(packet, now) : undefined
    }
  }

  /** As good as lost. */
  takeDamaged(_packet: Packet, _now: Millis): Verdict {
    this.#damagedAnswers += 1
    return undefined
  }

  tick(now: Millis): Verdict {
    if (now >= this.#latest) return failedWith(this.#silence(now))
    if (this.#quietAt !== undefined) return now < this.#quietAt ? undefined : this.#roundIsOver(now)
    if (now >= this.#silentAt) {
      const damaged = this.#damagedAnswers > 0 && this.#filing.isEmpty
      return failedWith(damaged ? damagedAnswer(this.ask, this.#damagedAnswers) : this.#silence(now))
    }
    if (!this.#mayRepeat || now < this.#repeatAt) return undefined
    this.#pauseMs *= PAUSE_GROWTH
    this.#repeatAt = now + this.#pauseMs
    return { kind: 'repeat' }
  }

  resent(replyId: number, now: Millis): void {
    this.#replyId = replyId
    this.#replyIds.add(replyId)
    this.#filing.nextRound()
    this.#doubtfulBefore = this.#doubtful
    this.#first = undefined
    this.#closed = undefined
    this.#sentAt = now
    this.#quietAt = undefined
    this.#pauseMs = firstWaitMs(this.ask, this.#timeouts) * PAUSE_SHARE
    this.#repeatAt = now + this.#pauseMs
    this.#silentAt = now + firstWaitMs(this.ask, this.#timeouts)
  }

  #announced(packet: Packet, now: Millis): Verdict {
    const announced = announcedBytes(this.ask, packet)
    if (announced instanceof ZkError) return failedWith(announced)
    this.#filing.announce(announced, packet.replyId === this.#replyId)
    return this.#wholeOrMore(now)
  }

  #data(packet: Packet, now: Millis): Verdict {
    const { ask } = this
    const inline = ask.exactBytes === undefined && packet.session === this.#sessionId
    if (!this.#begun && (inline || !mayTransfer(ask))) {
      return answeredBy(ask, packet, undefined, now - this.#sentAt)
    }
    const newest = packet.replyId === this.#replyId
    this.#filing.file(packet, newest)
    const error = tooLarge(ask, this.#filing.sizeBytes)
    if (error !== undefined) return failedWith(error)
    if (newest) this.#first ??= packet
    return this.#wholeOrMore(now)
  }

  /** Whether part of a transfer is there. */
  get #begun(): boolean {
    return !this.#filing.isEmpty || this.#filing.announced !== undefined
  }

  /** A transfer that is whole is taken when its closing packet is in, too, or that is long enough in coming. */
  #wholeOrMore(now: Millis): Verdict {
    const transfer = this.#filing.whole(this.ask.exactBytes)
    const unopened = this.#filing.announced === undefined && transfer?.pieces.length === 1
    if (transfer !== undefined && (unopened || this.#closed !== undefined))
      return this.#transferred(transfer, now)
    this.alive(now)
    if (transfer !== undefined) this.#quietAt = now + STRAGGLERS_MS
    return undefined
  }

  #transferred(transfer: Transfer, now: Millis): Verdict {
    return answeredBy(this.ask, CLOSED, transfer, now - this.#sentAt)
  }

  /** Neither data nor their announcement: the end of a transfer, of which more may still come, or the answer itself. */
  #closing(packet: Packet, now: Millis): Verdict {
    const yes = packet.command === REPLIES.ACK_OK && packet.payload.length === 0
    const transfer =
      this.#begun || this.ask.exactBytes !== undefined || (mayTransfer(this.ask) && this.#mayRepeat)
    if (!yes || !transfer) return answeredBy(this.ask, packet, undefined, now - this.#sentAt)
    this.#closed = packet
    return this.#wholeOrMore(now)
  }

  get #doubtful(): Doubtful {
    if (this.ask.exactBytes !== undefined || this.#filing.announced !== undefined) return undefined
    if (this.#closed !== undefined) return this.#filing.isEmpty ? 'bare-yes' : undefined
    return this.#filing.lone !== undefined && this.#first !== undefined ? 'lone-data' : undefined
  }

  /** Quiet with something missing: asks for it again, unless what came is the answer after all or rounds are enough. */
  #roundIsOver(now: Millis): Verdict {
    const transfer = this.#filing.whole(this.ask.exactBytes)
    if (transfer !== undefined) return this.#transferred(transfer, now)
    const doubtful = this.#doubtful
    const answer = doubtful === 'bare-yes' ? this.#closed : this.#first
    const believed = doubtful !== undefined && (doubtful === this.#doubtfulBefore || !this.#mayRepeat)
    if (believed && answer !== undefined) return answeredBy(this.ask, answer, undefined, now - this.#sentAt)
    if (this.#mayRepeat && this.#replyIds.size < MAX_ROUNDS) return { kind: 'resend' }
    return failedWith(this.#incomplete())
  }

  #silence(now: Millis): ZkError {
    return silence(this.ask, now - this.#startedAt, this.#begun ? this.#filing.sizeBytes : undefined)
  }

  #incomplete(): ZkError {
    const { command, exactBytes } = this.ask
    const rounds = this.#replyIds.size
    const wanted = this.#filing.announced ?? exactBytes ?? null
    const received = this.#filing.sizeBytes
    return new ZkProtocolError(
      'ZK_TRANSFER_INCOMPLETE',
      `Of the answer to ${command.name}, ${received} of ${wanted ?? 'an unknown number of'} bytes came, asked for ${rounds} time(s); the network loses too much`,
      {
        effect: this.#mayRepeat ? 'none' : 'unknown',
        details: { command: command.name, wanted, received, rounds },
      },
    )
  }
}
