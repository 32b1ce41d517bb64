// A terminal that costs as little as one can: a program of its own that holds a made-up log and answers at once, each slice
// in one write, so that a read is timed and not the answering. It speaks what a read of the log needs, over TCP only.
// Started by instant-process.ts; arguments: number of punches, data bytes a packet.
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import {
  bulkReady,
  CODES,
  decodePacket,
  encodeCapacity,
  framePacket,
  readChunk,
  REPLIES,
  StreamReassembler,
  TABLE_HEAD_BYTES,
  tableHead,
  transferHead,
} from '@org/zk-proto/wire'
import type { Packet } from '@org/zk-proto/wire'
import { madeLog } from './made-log.ts'

const SESSION = 4_370
const NO_DATA: Uint8Array = new Uint8Array(0)

const [punches = Number.NaN, packetBytes = Number.NaN] = process.argv.slice(2).map(Number)
const log = madeLog(punches)
const table = new Uint8Array(TABLE_HEAD_BYTES + log.length)
table.set(tableHead.encode({ sizeBytes: log.length }))
table.set(log, TABLE_HEAD_BYTES)

function frame(command: number, session: number, payload: Uint8Array, replyId: number): Uint8Array {
  return framePacket('tcp', { command, session, replyId }, payload)
}

/** Part of the table as a transfer, in one piece. */
function transferOf(start: number, sizeBytes: number, replyId: number): Uint8Array {
  const data = table.subarray(start, start + sizeBytes)
  const frames = [
    frame(REPLIES.PREPARE_DATA, SESSION, transferHead.encode({ sizeBytes, packetBytes }), replyId),
  ]
  let index = 0
  for (let at = 0; at < data.length; at += packetBytes, index += 1) {
    frames.push(frame(REPLIES.DATA, index, data.subarray(at, at + packetBytes), replyId))
  }
  frames.push(frame(REPLIES.ACK_OK, index - 1, NO_DATA, replyId))
  return Buffer.concat(frames)
}

function answer({ command, replyId, payload }: Packet): Uint8Array {
  const ok = (data = NO_DATA): Uint8Array => frame(REPLIES.ACK_OK, SESSION, data, replyId)
  switch (command) {
    case CODES.GET_FREE_SIZES:
      return ok(encodeCapacity({ records: punches, recordCapacity: punches * 2 }, 92))
    case CODES.DATA_WRRQ: {
      const sizeBytes = table.length
      return ok(bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: 0 }))
    }
    case CODES.DATA_RDY: {
      const { start, sizeBytes } = readChunk.request.decode(payload)
      return transferOf(start, sizeBytes, replyId)
    }
    default:
      return ok()
  }
}

function serve(socket: Socket): void {
  const stream = new StreamReassembler()
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    stream.push(bytes)
    for (let packet = stream.next(); packet !== undefined; packet = stream.next()) {
      socket.write(answer(decodePacket(packet)))
    }
  })
}

const server = createServer({ noDelay: true }, serve)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.(address.port)
})
process.on('disconnect', () => process.exit())
