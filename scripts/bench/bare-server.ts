// The least that can serve a log: a program of its own that keeps every slice as the bytes that go over the wire and writes
// them, looking at nothing but what is asked for. What a simulator is measured against. Arguments: bytes of the log with its
// size word, data bytes a packet. Started by simulator.ts; it tells its port.
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import {
  bulkReady,
  CODES,
  decodePacket,
  framePacket,
  readChunk,
  REPLIES,
  StreamReassembler,
  transferHead,
} from '@org/zk-proto/wire'
import type { Packet } from '@org/zk-proto/wire'

const SESSION = 4_370
const NO_DATA = new Uint8Array(0)

const [tableBytes = Number.NaN, packetBytes = Number.NaN] = process.argv.slice(2).map(Number)
/** Slices as they go over the wire, by where they begin. */
const slices = new Map<number, Uint8Array>()

function frame(command: number, session: number, payload: Uint8Array): Uint8Array {
  return framePacket('tcp', { command, session, replyId: 0 }, payload)
}

function madeSlice(sizeBytes: number): Uint8Array {
  const frames = [frame(REPLIES.PREPARE_DATA, SESSION, transferHead.encode({ sizeBytes, packetBytes }))]
  for (let at = 0; at < sizeBytes; at += packetBytes)
    frames.push(
      frame(REPLIES.DATA, frames.length - 1, new Uint8Array(Math.min(packetBytes, sizeBytes - at)).fill(at)),
    )
  frames.push(frame(REPLIES.ACK_OK, SESSION, NO_DATA))
  return Buffer.concat(frames)
}

function answer({ command, payload }: Packet): Uint8Array {
  if (command === CODES.DATA_WRRQ) {
    const ready = { zero: 0, sizeBytes: tableBytes, sizeBytesAgain: tableBytes, unknown9: 0 }
    return frame(REPLIES.ACK_OK, SESSION, bulkReady.encode(ready))
  }
  if (command !== CODES.DATA_RDY) return frame(REPLIES.ACK_OK, SESSION, NO_DATA)
  const { start, sizeBytes } = readChunk.request.decode(payload)
  const slice = slices.get(start) ?? madeSlice(sizeBytes)
  slices.set(start, slice)
  return slice
}

function serve(socket: Socket): void {
  const stream = new StreamReassembler()
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    stream.push(bytes)
    for (let packet = stream.next(); packet !== undefined; packet = stream.next())
      socket.write(answer(decodePacket(packet)))
  })
}

const server = createServer({ noDelay: true }, serve)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.(address.port)
})
process.on('disconnect', () => process.exit())
