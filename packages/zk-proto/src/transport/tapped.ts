// A transport that somebody reads along on: what a trace sees. What passes is not changed and not held up.
import type { ZkError } from '../errors.ts'
import type { Transport, TransportListener } from './transport.ts'

/**
 * Reads along on a connection, from its first packet on. Bytes are views of memory that is used again: what is to be kept is
 * copied. Must not throw. The answer to a comm key is among them; log it nowhere.
 */
export interface WireTap {
  /** A packet goes to the terminal, over TCP behind its wrapper. */
  sent(bytes: Uint8Array): void
  /** Bytes came from the terminal: over TCP any slice of the stream, over UDP one datagram. */
  received(bytes: Uint8Array): void
  /** The connection is over. `cause` says why, unless it ended in good order. */
  closed(cause: ZkError | undefined): void
}

/** The same transport, with somebody who reads along. */
export function tapped(transport: Transport, tap: WireTap): Transport {
  return {
    kind: transport.kind,
    listen: (listener) => transport.listen(alsoTo(listener, tap)),
    send(packet) {
      tap.sent(packet)
      transport.send(packet)
    },
    close: () => transport.close(),
  }
}

function alsoTo(listener: TransportListener, tap: WireTap): TransportListener {
  return {
    received(bytes) {
      tap.received(bytes)
      listener.received(bytes)
    },
    closed(cause) {
      tap.closed(cause)
      listener.closed(cause)
    },
  }
}
