// The UDP transport: one socket, tied to one address, so that the system hands over no other sender's datagrams and tells
// when nobody listens there. It knows no connection: that the terminal lives shows in its answers alone.
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { lookup } from 'node:dns'
import { ZkTransportError } from '../errors.ts'
import { connectFailed } from './transport.ts'
import type { Address, Transport, TransportListener } from './transport.ts'

/** Room for two slices that arrive while the process is busy. The system may give less. */
const RECEIVE_BUFFER_BYTES = 256 * 1024

/**
 * Opens a UDP socket tied to the address. Nothing is sent. Throws ZK_CONNECT_FAILED when the name or the network is not
 * found, ZK_TIMEOUT, ZK_ABORTED.
 */
export async function openUdp(address: Address): Promise<Transport> {
  const { host, port } = address
  const { ip, family } = await withinLimits(address, resolve(address))
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    await withinLimits(address, tied(socket, ip, address))
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  } catch (error) {
    socket.on('error', ignoreAfterEnd)
    socket.close()
    throw error
  }
  return new UdpTransport(socket, { host, port })
}

interface Resolved {
  readonly ip: string
  readonly family: number
}

function resolve(address: Address): Promise<Resolved> {
  return new Promise((found, reject) => {
    lookup(address.host, (error, ip, family) => {
      if (error === null) found({ ip, family })
      else reject(connectFailed(error, address, REFUSED_PERHAPS))
    })
  })
}

const REFUSED_PERHAPS = 'it serves TCP only'

function tied(socket: Socket, ip: string, address: Address): Promise<void> {
  return new Promise((done, reject) => {
    const onError = (cause: Error): void => reject(connectFailed(cause, address, REFUSED_PERHAPS))
    socket.once('error', onError)
    socket.once('connect', () => {
      socket.off('error', onError)
      done()
    })
    // Without a callback: that one would be told of a failure as of success.
    socket.connect(address.port, ip)
  })
}

/** The result, or an error when it takes too long or is aborted first. */
function withinLimits<T>(address: Address, work: Promise<T>): Promise<T> {
  const { host, port, timeoutMs, signal } = address
  return new Promise((resolveWithin, reject) => {
    const onAbort = (): void => {
      reject(
        new ZkTransportError('ZK_ABORTED', 'Connecting was aborted', {
          effect: 'none',
          details: { host, port },
          cause: signal?.reason,
        }),
      )
    }
    const timer = setTimeout(() => {
      reject(
        new ZkTransportError('ZK_TIMEOUT', `The address of ${host} was not found within ${timeoutMs} ms`, {
          effect: 'none',
          details: { host, port, reason: 'silent', waitedMs: timeoutMs },
        }),
      )
    }, timeoutMs)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    work.then(resolveWithin, reject).finally(settle).catch(reject)
  })
}

/** A socket that was given up may still report an error; it concerns nobody any more. */
function ignoreAfterEnd(_error: Error): void {
  // Nothing is left to be told: the owner has its answer.
}

class UdpTransport implements Transport {
  readonly kind = 'udp'
  readonly #socket: Socket
  readonly #address: Pick<Address, 'host' | 'port'>
  #listener: TransportListener | undefined
  #heard = false
  #closing: Promise<void> | undefined

  constructor(socket: Socket, address: Pick<Address, 'host' | 'port'>) {
    this.#socket = socket
    this.#address = address
    socket.on('error', (cause) => this.#fail(cause))
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
    this.#socket.on('message', (datagram) => {
      this.#heard = true
      // Plain bytes: the slice of a Buffer would be no copy.
      const { buffer, byteOffset, length } = datagram
      if (this.#closing === undefined) listener.received(new Uint8Array(buffer, byteOffset, length))
    })
  }

  send(packet: Uint8Array): void {
    if (this.#closing !== undefined) return
    this.#socket.send(packet, (error) => {
      if (error !== null) this.#fail(error)
    })
  }

  close(): Promise<void> {
    return this.#end(undefined)
  }

  /** The system says that nobody listens there any more, or that there is no way to it. */
  #fail(cause: NodeJS.ErrnoException): void {
    // Never rejects: it resolves when the socket is closed.
    void this.#end(
      this.#heard
        ? new ZkTransportError('ZK_CONNECTION_LOST', `The terminal is gone: ${cause.message}`, {
            details: { system: cause.code ?? 'unknown' },
            cause,
          })
        : connectFailed(cause, this.#address, REFUSED_PERHAPS),
    )
  }

  #end(cause: ZkTransportError | undefined): Promise<void> {
    this.#closing ??= new Promise((resolveClosed) => {
      this.#socket.close(() => {
        this.#listener?.closed(cause)
        resolveClosed()
      })
    })
    return this.#closing
  }
}
