// The least that a client can do to read a log over TCP: ask for slice after slice and count bytes up to the packet that
// closes each. It looks at the length and command of every packet and at nothing else: no checksum, no copy, no record.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import {
  bulkReady,
  BULK_TABLES,
  CODES,
  connectSession,
  framePacket,
  freeBulk,
  nextReplyId,
  PACKET_HEADER_BYTES,
  prepareBulk,
  readChunk,
  REPLIES,
  u16At,
  u32At,
  WRAPPER_BYTES,
} from '@org/zk-proto/wire'

const SLICE_BYTES = 65_472
const HEAD_BYTES = WRAPPER_BYTES + PACKET_HEADER_BYTES

/** A connection that reads logs and throws them away. */
export class BareClient implements AsyncDisposable {
  readonly #socket: Socket
  #replyId = 0
  #session = 0
  /** The beginning of a packet whose head is not whole yet. */
  #head: Uint8Array = new Uint8Array(0)
  /** Data bytes of the packet at hand that have yet to arrive. */
  #skip = 0
  #counted = 0
  #answered: ((packet: Uint8Array) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
  }

  static async open(port: number): Promise<BareClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const client = new BareClient(socket)
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    const accepted = await client.#ask(connectSession.code, new Uint8Array(0))
    client.#session = u16At(accepted, WRAPPER_BYTES + 4)
    return client
  }

  /** Reads the attendance log; gives its bytes, of which it has seen the number only. */
  async countLog(): Promise<number> {
    const { command, dataType } = BULK_TABLES.attendance
    const request = prepareBulk.request.encode({ one: 1, command, dataType, extra: 0 })
    const ready = await this.#ask(prepareBulk.code, request)
    const { sizeBytes } = bulkReady.decode(ready.subarray(HEAD_BYTES))
    this.#counted = 0
    for (let start = 0; start < sizeBytes; start += SLICE_BYTES) {
      const slice = { start, sizeBytes: Math.min(SLICE_BYTES, sizeBytes - start) }
      await this.#ask(readChunk.code, readChunk.request.encode(slice))
    }
    const counted = this.#counted
    await this.#ask(freeBulk.code, new Uint8Array(0))
    return counted
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#socket.once('close', resolve)
      this.#socket.destroy()
    })
  }

  /** Settles with the packet that closes the answer, as far as it lay in one segment. */
  #ask(command: number, payload: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#answered = resolve
      this.#socket.write(
        framePacket('tcp', { command, session: this.#session, replyId: this.#replyId }, payload),
      )
      this.#replyId = nextReplyId(this.#replyId)
    })
  }

  #take(segment: Uint8Array): void {
    let bytes = segment
    if (this.#head.length > 0) {
      bytes = Buffer.concat([this.#head, segment])
      this.#head = new Uint8Array(0)
    }
    let at = Math.min(this.#skip, bytes.length)
    this.#skip -= at
    while (at < bytes.length) {
      if (bytes.length - at < HEAD_BYTES) {
        this.#head = bytes.subarray(at)
        return
      }
      const dataBytes = u32At(bytes, at + 4) - PACKET_HEADER_BYTES
      const command = u16At(bytes, at + WRAPPER_BYTES)
      const packet = bytes.subarray(at, at + HEAD_BYTES + dataBytes)
      at += packet.length
      this.#skip = HEAD_BYTES + dataBytes - packet.length
      if (command === REPLIES.DATA) this.#counted += dataBytes
      else if (command !== CODES.PREPARE_DATA) this.#answered?.(packet)
    }
  }
}
