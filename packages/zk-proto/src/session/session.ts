// The contract of both ends of a conversation: bytes and time in; bytes, events and a wish for the next call out.
// Nothing here or in the sessions touches a socket, a timer or a clock.
import type { ZkError } from '../errors.ts'

/** Milliseconds on any clock that only goes forward. */
export type Millis = number

/** An end of a conversation that emits events of type E. */
export interface Session<E> {
  /**
   * TCP: any slice of the stream; its memory may be used again afterwards. UDP: exactly one datagram, whose memory must
   * not be changed any more.
   */
  receive(bytes: Uint8Array, now: Millis): void
  /** Time has passed. Early or repeated calls change nothing. */
  tick(now: Millis): void
  /** The transport is gone; whatever is open settles. */
  detach(cause: ZkError | undefined, now: Millis): void
  /** Take until undefined, after each call above. Each is one packet: for UDP one datagram. */
  takeOutgoing(): Uint8Array | undefined
  /** Take until undefined, after each call above. */
  takeEvent(): E | undefined
  /** When to tick next; undefined while nothing is awaited. */
  readonly wakeAt: Millis | undefined
}

/** How long to wait, in milliseconds. */
export interface Timeouts {
  /** For the connection itself, and again for the answer to the connect command. */
  readonly connectMs: number
  /** For the first packet of an answer; over UDP a request that may be repeated is, some times within this. */
  readonly replyMs: number
  /** For the answer to preparing a bulk read: large memories need seconds. */
  readonly prepareMs: number
  /** For the next bytes of an answer that has begun. TCP only: over UDP what is missing is asked for again. */
  readonly transferIdleMs: number
}

/** What holds unless the caller says otherwise. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 5_000,
  replyMs: 5_000,
  prepareMs: 15_000,
  transferIdleMs: 10_000,
}
