// Sends packets to one UDP peer, each as a datagram.
import type { Socket } from 'node:dgram'
import type { Outlet } from './delivery.ts'

/** The outlet of one UDP peer. There is no connection to cut: nothing more is sent, that is all. */
export class UdpOutlet implements Outlet {
  readonly #socket: Socket
  readonly #peer: { address: string; port: number }
  readonly #sent: (bytes: number) => void
  readonly #cut: () => void

  /** `sent` is told of every byte count that was sent, `cut` that the conversation is to end. */
  constructor(
    socket: Socket,
    peer: { address: string; port: number },
    sent: (bytes: number) => void,
    cut: () => void,
  ) {
    this.#socket = socket
    this.#peer = peer
    this.#sent = sent
    this.#cut = cut
  }

  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return Promise.resolve()
    this.#sent(bytes.length)
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, this.#peer.port, this.#peer.address, (error) => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  cut(): void {
    this.#cut()
  }
}
