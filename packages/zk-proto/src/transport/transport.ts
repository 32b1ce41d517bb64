// The port between a session and the network. What it promises: bytes arrive in the order and pieces in which the network
// gave them, `closed` is called once and last, and nothing is called after `close` has resolved.
import type { Framing } from '../framing.ts'
import type { ZkError } from '../errors.ts'

/** What a transport tells its owner. */
export interface TransportListener {
  received(bytes: Uint8Array): void
  /** The connection is over. `cause` says why, unless the other end closed it in good order. */
  closed(cause: ZkError | undefined): void
}

/** An open connection to a terminal. */
export interface Transport {
  readonly kind: Framing
  /** Begins to deliver. Called once. */
  listen(listener: TransportListener): void
  /** Sends one packet. After the end it does nothing. */
  send(packet: Uint8Array): void
  /** Ends the connection and resolves when it is gone. May be called more than once. */
  close(): Promise<void>
}

/** Where a terminal is and how long to try. */
export interface Address {
  /** IPv4, IPv6 or a host name. */
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}
