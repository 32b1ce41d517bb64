// The TCP transport: one socket, opened with a time limit and closed without leaving anything behind.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { ZkTransportError } from '../errors.ts'
import type { ZkErrorDetails } from '../errors.ts'
import type { Address, Transport, TransportListener } from './transport.ts'

/** How long the other end has to close in good order. */
const CLOSE_MS = 500

/**
 * Opens a TCP connection. Throws ZK_CONNECT_FAILED with `details.reason` (`refused_connection`, `unreachable`,
 * `name_not_found` or the system's code), ZK_TIMEOUT when nothing answers, ZK_ABORTED.
 */
export function openTcp(address: Address): Promise<Transport> {
  const { host, port, timeoutMs, signal } = address
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
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
    const onError = (cause: NodeJS.ErrnoException): void => fail(connectFailed(cause, details))
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
      resolve(new TcpTransport(socket))
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

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refused_connection'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENOTFOUND', 'name_not_found'],
  ['EAI_AGAIN', 'name_not_found'],
])

function connectFailed(
  cause: NodeJS.ErrnoException,
  details: ZkErrorDetails & { readonly host: string; readonly port: number },
): ZkTransportError {
  const system = cause.code ?? 'unknown'
  const reason = REASONS.get(system) ?? system
  const { host, port } = details
  const said =
    reason === 'refused_connection'
      ? `${host} refuses connections on port ${port}: the terminal’s port is another one, or it serves UDP only`
      : `No connection to ${host}:${port}: ${cause.message}`
  return new ZkTransportError('ZK_CONNECT_FAILED', said, {
    effect: 'none',
    details: { ...details, reason, system },
    cause,
  })
}

class TcpTransport implements Transport {
  readonly kind = 'tcp'
  readonly #socket: Socket
  #failure: ZkTransportError | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      this.#failure ??= new ZkTransportError(
        'ZK_CONNECTION_LOST',
        `The connection to the terminal broke: ${cause.message}`,
        { details: { system: cause.code ?? 'unknown' }, cause },
      )
    })
  }

  listen(listener: TransportListener): void {
    this.#socket.on('data', (bytes: Buffer) => listener.received(bytes))
    this.#socket.once('close', () => listener.closed(this.#failure))
    if (this.#socket.destroyed) listener.closed(this.#failure)
  }

  send(packet: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(packet)
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
