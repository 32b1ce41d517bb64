// The port between a session and the network. What it promises: bytes arrive in the order and pieces in which the network
// gave them, `closed` is called once and last, and nothing is called after `close` has resolved.
import type { Framing } from '../framing.ts'
import { ZkTransportError } from '../errors.ts'
import type { ZkError } from '../errors.ts'

/** What a transport tells its owner. */
export interface TransportListener {
  /** TCP: a slice of the stream, in memory that is used again afterwards. UDP: a datagram, in memory of its own. */
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

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refused_connection'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENOTFOUND', 'name_not_found'],
  ['EAI_AGAIN', 'name_not_found'],
])

/**
 * ZK_CONNECT_FAILED for what the system says, with `details.reason`: `refused_connection`, `unreachable`,
 * `name_not_found` or the system's code. `perhaps` ends the sentence about a refusal.
 */
export function connectFailed(
  cause: Error & { readonly code?: string | undefined },
  { host, port }: Pick<Address, 'host' | 'port'>,
  perhaps: string,
): ZkTransportError {
  const system = cause.code ?? 'unknown'
  const reason = REASONS.get(system) ?? system
  const said =
    reason === 'refused_connection'
      ? `${host} refuses connections on port ${port}: the terminal’s port is another one, or ${perhaps}`
      : `No connection to ${host}:${port}: ${cause.message}`
  return new ZkTransportError('ZK_CONNECT_FAILED', said, {
    effect: 'none',
    details: { host, port, reason, system },
    cause,
  })
}
