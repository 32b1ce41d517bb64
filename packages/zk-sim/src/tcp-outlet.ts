// Writes packets to a TCP socket, whole or in pieces of a given size, and waits where the socket is full.
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Outlet } from './delivery.ts'

/** The outlet of one TCP connection. */
export class TcpOutlet implements Outlet {
  readonly #socket: Socket
  readonly #segmentBytes: number | undefined
  readonly #sent: (bytes: number) => void

  /** `sent` is told of every byte count that the socket was given. */
  constructor(socket: Socket, segmentBytes: number | undefined, sent: (bytes: number) => void) {
    this.#socket = socket
    this.#segmentBytes = segmentBytes
    this.#sent = sent
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#segmentBytes === undefined) return this.#send(bytes)
    for (let start = 0; start < bytes.length && this.#socket.writable; start += this.#segmentBytes) {
      await this.#send(bytes.subarray(start, start + this.#segmentBytes))
      // A turn of the event loop between two writes keeps them apart on the wire.
      await nextTurn()
    }
  }

  cut(cause?: Error): void {
    this.#socket.destroy(cause)
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 || !this.#socket.writable) return
    this.#sent(bytes.length)
    if (!this.#socket.write(bytes)) await this.#drained()
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.once('drain', done).once('close', done)
      if (this.#socket.destroyed) done()
    })
  }
}
