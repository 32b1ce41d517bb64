// One request and what answers it: which packets belong to it, when they are complete, how long to wait, whether the
// request may be sent again. The client session has at most one of these open. What carries the packets decides how:
// stream-exchange.ts for TCP, datagram-exchange.ts for UDP. Source: docs/protocol §5 and §14.5.
import { hexHead } from '../bytes.ts'
import { transferHead } from '../commands/bulk.ts'
import { ZkProtocolError, ZkTransportError } from '../errors.ts'
import type { ZkError } from '../errors.ts'
import { anyBytes } from '../layout.ts'
import type { Packet } from '../packet.ts'
import type { Answer, Ask, Transfer } from './procedure.ts'
import type { Millis, Timeouts } from './session.ts'

/** However lively an answer trickles in, it must be complete by then. */
const LONGEST_EXCHANGE_MS = 600_000

/**
 * What an exchange wants of its session: nothing yet, to be settled, or its request sent again, under the same reply id
 * (`repeat`, the network may have lost it) or a new one (`resend`, its answer is of no use).
 */
export type Verdict =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: ZkError }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'resend' }
  | undefined

/** What a session opens an exchange with. */
export interface Opening {
  readonly ask: Ask
  readonly replyId: number
  readonly sessionId: number
  readonly timeouts: Timeouts
  /** When the request was sent. */
  readonly now: Millis
  /** When it must be over, whatever arrives. */
  readonly latest: Millis
}

/** One open request. */
export interface Exchange {
  readonly ask: Ask
  /** The reply id of the last sending. */
  readonly replyId: number
  /** When silence becomes a failure or a repeat. */
  readonly wakeAt: Millis
  /** Whether a packet with this reply id, which is no live event, belongs to it. */
  owns(replyId: number): boolean
  /** Part of an answer has arrived: the terminal is at it. */
  alive(now: Millis): void
  /** A whole packet that it owns. */
  take(packet: Packet, now: Millis): Verdict
  /** A packet whose checksum is wrong: its header may be wrong too, so it is a hint and no more. */
  takeDamaged(packet: Packet, now: Millis): Verdict
  /** Time has passed. `midPacket`: the beginning of a packet is there and its end is not, so that nothing may be asked. */
  tick(now: Millis, midPacket: boolean): Verdict
  /** The request went out once more under a new reply id. */
  resent(replyId: number, now: Millis): void
}

/** The latest end of an exchange that may last until `latest`. */
export function latestEnd(opening: Opening): Millis {
  return Math.min(opening.latest, opening.now + LONGEST_EXCHANGE_MS)
}

/** How long to wait for the first packet of an answer. */
export function firstWaitMs(ask: Ask, timeouts: Timeouts): Millis {
  return ask.command.patience === 'prepare' ? timeouts.prepareMs : timeouts.replyMs
}

/** Whether the answer can be a transfer; its command then takes any bytes for a reply. */
export function mayTransfer(ask: Ask): boolean {
  return ask.command.reply === anyBytes
}

/** The size that the opening packet of a transfer announces, or why it is not believed. */
export function announcedBytes(ask: Ask, packet: Packet): number | ZkError {
  if (packet.payload.length < transferHead.sizeBytes) {
    return new ZkProtocolError(
      'ZK_UNEXPECTED_REPLY',
      `The transfer that answers ${ask.command.name} is opened by ${packet.payload.length} byte(s); expected ${transferHead.sizeBytes}`,
      { details: { command: ask.command.name, head: hexHead(packet.payload) } },
    )
  }
  const { sizeBytes } = transferHead.decode(packet.payload)
  return tooLarge(ask, sizeBytes) ?? sizeBytes
}

/** Why so many bytes of an answer are not taken; undefined when they may be. */
export function tooLarge(ask: Ask, sizeBytes: number): ZkError | undefined {
  if (sizeBytes <= ask.limitBytes) return undefined
  return new ZkProtocolError(
    'ZK_TOO_LARGE',
    `The answer to ${ask.command.name} would hold ${sizeBytes} bytes; at most ${ask.limitBytes} are accepted`,
    { details: { command: ask.command.name, sizeBytes, limit: ask.limitBytes } },
  )
}

/** What answers a request: the packet that does, and the transfer that it closes. */
export function answeredBy(
  ask: Ask,
  packet: Pick<Packet, 'command' | 'session' | 'payload'>,
  transfer: Transfer | undefined,
  tookMs: Millis,
): Verdict {
  const error = tooLarge(ask, packet.payload.length)
  if (error !== undefined) return failedWith(error)
  const { command: code, session: sessionField, payload } = packet
  return { kind: 'answered', answer: { code, sessionField, payload, transfer, tookMs } }
}

/** An exchange that ends with an error. */
export function failedWith(error: ZkError): Verdict {
  return { kind: 'failed', error }
}

/** Nothing came, or nothing more after so many bytes of a transfer. */
export function silence(ask: Ask, waitedMs: Millis, bytesReceived: number | undefined): ZkTransportError {
  const { name } = ask.command
  const waited = Math.round(waitedMs)
  const begun = bytesReceived === undefined ? '' : ` after ${bytesReceived} bytes of it`
  return new ZkTransportError(
    'ZK_TIMEOUT',
    `No answer to ${name} within ${waited} ms${begun}; the terminal stopped or is unreachable`,
    { details: { command: name, waitedMs: waited, bytesReceived: bytesReceived ?? 0 } },
  )
}

/** Every answer that came was damaged. */
export function damagedAnswer(ask: Ask, attempts: number): ZkProtocolError {
  return new ZkProtocolError(
    'ZK_BAD_CHECKSUM',
    `The answer to ${ask.command.name} arrived damaged ${attempts} time(s)`,
    { details: { command: ask.command.name, attempts } },
  )
}
