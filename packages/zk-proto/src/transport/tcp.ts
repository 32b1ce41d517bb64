// The TCP transport: one socket, opened with a time limit and closed without leaving anything behind.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { ZkTransportError } from '../errors.ts'
import { connectFailed } from './transport.ts'
import type { Address, Transport, TransportListener } from './transport.ts'

/** How long the other end has to close in good order. */
const CLOSE_MS = 500

/**
 * So much may wait to be sent. Requests and acknowledgements are tiny: more waits only where the other end sends live events
 * and takes nothing itself.
 */
const MOST_UNSENT_BYTES = 256 * 1024

/** So much is taken from the socket at once: a slice of a table with the heads of its packets. */
const READ_BYTES = 81_920

/**
 * Opens a TCP connection. Throws ZK_CONNECT_FAILED with `details.reason` (`refused_connection`, `unreachable`,
 * `name_not_found` or the system's code), ZK_TIMEOUT when nothing answers, ZK_ABORTED.
 */
export function openTcp(address: Address): Promise<Transport> {
  const { host, port, timeoutMs, signal } = address
  return new Promise((resolve, reject) => {
    const incoming = new Incoming()
    const socket = connect({ host, port, noDelay: true, onread: incoming })
    const details = { host, port }
    const fail = (error: ZkTransportError): void => {
      settle()
      socket.on('error', ignoreAfterEnd)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => {
      fail(
        new ZkTransportError(
          'ZK_TIMEOUT',
          `No connection to ${host}:${port} within ${timeoutMs} ms: nothing answers`,
          {
            effect: 'none',
            details: { ...details, reason: 'silent', waitedMs: timeoutMs },
          },
        ),
      )
    }, timeoutMs)
    const onError = (cause: NodeJS.ErrnoException): void =>
      fail(connectFailed(cause, details, 'it serves UDP only'))
    const onAbort = (): void => {
      fail(
        new ZkTransportError('ZK_ABORTED', 'Connecting was aborted', {
          effect: 'none',
          details,
          cause: signal?.reason,
        }),
      )
    }
    const onConnect = (): void => {
      settle()
      resolve(new TcpTransport(socket, incoming))
    }
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError)
      socket.off('connect', onConnect)
    }
    socket.once('error', onError)
    socket.once('connect', onConnect)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A socket that was given up may still report an error; it concerns nobody any more. */
function ignoreAfterEnd(_error: Error): void {
  // Nothing is left to be told: the owner has its answer.
}

/** Where the socket puts what arrives: always the same memory, so that a long read leaves little to be swept up. */
class Incoming {
  readonly buffer = new Uint8Array(READ_BYTES)
  #received: ((bytes: Uint8Array) => void) | undefined
  /** What came before there was a listener; the socket waits until there is one. */
  #early: Uint8Array | undefined

  /** Called by the socket. False: wait. */
  readonly callback = (sizeBytes: number, buffer: Uint8Array): boolean => {
    const bytes = buffer.subarray(0, sizeBytes)
    if (this.#received === undefined) {
      this.#early = bytes.slice()
      return false
    }
    this.#received(bytes)
    return true
  }

  deliverTo(received: (bytes: Uint8Array) => void): void {
    this.#received = received
    if (this.#early !== undefined) received(this.#early)
    this.#early = undefined
  }
}

class TcpTransport implements Transport {
  readonly kind = 'tcp'
  readonly #socket: Socket
  readonly #incoming: Incoming
  #failure: ZkTransportError | undefined

  constructor(socket: Socket, incoming: Incoming) {
    this.#socket = socket
    this.#incoming = incoming
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      this.#failure ??= new ZkTransportError(
        'ZK_CONNECTION_LOST',
        `The connection to the terminal broke: ${cause.message}`,
        { details: { system: cause.code ?? 'unknown' }, cause },
      )
    })
  }

  listen(listener: TransportListener): void {
    const socket = this.#socket
    this.#incoming.deliverTo((bytes) => listener.received(bytes))
    // Its end may have been told before anybody listened.
    if (socket.closed) listener.closed(this.#failure)
    else socket.once('close', () => listener.closed(this.#failure))
    socket.resume()
  }

  send(packet: Uint8Array): void {
    const socket = this.#socket
    if (!socket.writable) return
    socket.write(packet)
    if (socket.writableLength <= MOST_UNSENT_BYTES) return
    this.#failure ??= new ZkTransportError(
      'ZK_CONNECTION_LOST',
      'The terminal sends, but takes nothing of what is sent to it',
      { details: { unsentBytes: socket.writableLength } },
    )
    socket.destroy()
  }

  close(): Promise<void> {
    const socket = this.#socket
    if (socket.closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.destroy(), CLOSE_MS)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.end()
      // Whatever still arrives is read and dropped, so that the end of the stream is seen.
      socket.resume()
    })
  }
}
