// Writes packets to a TCP socket, whole or in pieces of a given size, and waits where the socket is full.
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Outlet } from './delivery.ts'

/** The outlet of one TCP connection. */
export class TcpOutlet implements Outlet {
  readonly #socket: Socket
  readonly #pieceBytes: () => number | undefined
  readonly #sent: (bytes: number) => void

  /**
   * `pieceBytes` says, before each write, how long its pieces may be; undefined: it is written whole. `sent` is told of
   * every byte count that the socket was given.
   */
  constructor(socket: Socket, pieceBytes: () => number | undefined, sent: (bytes: number) => void) {
    this.#socket = socket
    this.#pieceBytes = pieceBytes
    this.#sent = sent
  }

  async write(bytes: Uint8Array): Promise<void> {
    const pieceBytes = this.#pieceBytes()
    if (pieceBytes === undefined) return this.#send(bytes)
    for (let start = 0; start < bytes.length && this.#socket.writable; start += pieceBytes) {
      await this.#send(bytes.subarray(start, start + pieceBytes))
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
