// What stands beside the wire and reads along: the port through which a trace, or a test, sees every packet of a terminal.

/** Who a conversation is with. */
export interface WatchedClient {
  readonly transport: 'tcp' | 'udp'
  /** Address and port. */
  readonly client: string
}

/** Reads along. Bytes are views: what is to be kept is copied. */
export interface WireWatch {
  /** A client sent these: any slice of its TCP stream, or one datagram. */
  received(client: WatchedClient, bytes: Uint8Array): void
  /** The terminal says this packet; faults of the script have yet to strike it. */
  sent(client: WatchedClient, packet: Uint8Array): void
  /** The conversation is over. */
  gone(client: WatchedClient): void
}
