// A client without opinions: sends the packets it is told to, gives back every packet that comes. What it takes for
// an answer is the test's business.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect as connectTcp, type Socket } from 'node:net'
import { decodePacket, framePacket, StreamReassembler, WRAPPER_BYTES, type Packet } from '@org/zk-proto/wire'

const WAIT_MS = 10_000

export interface Request {
  command: number
  session?: number
  replyId?: number
  payload?: Uint8Array
}

/** A packet as it came: its fields, and its bytes without any wrapper. */
export interface Received extends Packet {
  readonly bytes: Uint8Array
}

export class RawClient implements AsyncDisposable {
  readonly received: Received[] = []
  closed = false
  #waiting: (() => void)[] = []
  readonly #send: (bytes: Uint8Array) => void
  readonly #framing: 'tcp' | 'udp'
  readonly #end: () => void

  private constructor(framing: 'tcp' | 'udp', send: (bytes: Uint8Array) => void, end: () => void) {
    this.#framing = framing
    this.#send = send
    this.#end = end
  }

  static async tcp(port: number): Promise<RawClient> {
    const socket: Socket = connectTcp({ host: '127.0.0.1', port })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const client = new RawClient(
      'tcp',
      (bytes) => socket.write(bytes),
      () => socket.destroy(),
    )
    const stream = new StreamReassembler()
    socket.on('data', (segment) => {
      stream.push(segment)
      for (let bytes = stream.next(); bytes !== undefined; bytes = stream.next()) client.#take(bytes)
    })
    socket.on('close', () => client.#close())
    socket.on('error', () => undefined)
    return client
  }

  static async udp(port: number): Promise<RawClient> {
    const socket: UdpSocket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const client = new RawClient(
      'udp',
      (bytes) => socket.send(bytes, port, '127.0.0.1'),
      () => socket.close(),
    )
    socket.on('message', (bytes) => client.#take(bytes))
    return client
  }

  /** Sends a packet and gives the first one that comes after it. */
  async ask(request: Request): Promise<Received> {
    const next = this.received.length
    this.send(request)
    return this.nth(next)
  }

  send({ command, session = 0, replyId = 0, payload = new Uint8Array(0) }: Request): void {
    this.#send(framePacket(this.#framing, { command, session, replyId }, payload))
  }

  /** Sends a packet with a bit of its checksum flipped. */
  sendWrongChecksum({ command, session = 0, replyId = 0 }: Request): void {
    const bytes = framePacket(this.#framing, { command, session, replyId }, new Uint8Array(0))
    const at = this.#framing === 'tcp' ? WRAPPER_BYTES + 2 : 2
    bytes[at] = (bytes[at] ?? 0) ^ 1
    this.#send(bytes)
  }

  sendBytes(bytes: Uint8Array): void {
    this.#send(bytes)
  }

  /** The packet of an index in `received`, as soon as it is there. */
  async nth(index: number): Promise<Received> {
    await this.#until(() => this.received.length > index || this.closed)
    const packet = this.received[index]
    if (packet === undefined) throw new Error(`the connection ended after ${this.received.length} packets`)
    return packet
  }

  /** Settles when the terminal has ended the connection. */
  async untilClosed(): Promise<void> {
    await this.#until(() => this.closed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.closed) this.#end()
  }

  #take(bytes: Uint8Array): void {
    this.received.push({ ...decodePacket(bytes), bytes: Uint8Array.from(bytes) })
    this.#wake()
  }

  #close(): void {
    this.closed = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async #until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS
    while (!holds()) {
      const left = deadline - Date.now()
      if (left <= 0) throw new Error('nothing came in time')
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }
}
