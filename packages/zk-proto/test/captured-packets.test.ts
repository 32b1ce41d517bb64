// Every packet of every capture that is whole: read, made again, and found in its stream whatever the cuts.
import { describe, expect, it } from 'vitest'
import { joinBytes, toHex } from '../src/bytes.ts'
import { ZkError } from '../src/errors.ts'
import { framePacket } from '../src/framing.ts'
import { decodePacket } from '../src/packet.ts'
import { byteByByte, cutAtRandom } from './support/cuts.ts'
import { captured, packetsOf, readCaptures, reassembled } from './support/recorded.ts'

const ROWS = readCaptures()
  .filter(({ layer, exchange }) => layer === 'packets' && exchange.every((piece) => piece.whole !== false))
  .flatMap((capture) => (['to_device', 'from_device'] as const).map((side) => ({ capture, side })))
  .filter(({ capture, side }) => capture.exchange.some(({ dir }) => dir === side))
  .map(({ capture, side }) => ({ id: capture.id, side, capture, pieces: captured(capture, side) }))

/** What is wrong with a datagram, as its reader sees it. */
function verdictOf(datagram: Uint8Array): string {
  try {
    return decodePacket(datagram).checksum
  } catch (error) {
    if (error instanceof ZkError) return error.code
    throw error
  }
}

describe.each(ROWS)('the packets of $id $side', ({ id, capture, side, pieces }) => {
  const packets = packetsOf(id, side)

  it('have the headers that were found without any library', () => {
    const headers = (capture.headers ?? []).filter(({ dir }) => dir === side)
    expect(
      packets.map(({ command, session, replyId, payload, checksum }) => ({
        cmd: command,
        session,
        reply: replyId,
        data_len: payload.length,
        checksum_ok: checksum === 'right',
      })),
    ).toEqual(headers.map(({ dir: _dir, name: _name, ...header }) => header))
  })

  it('are made again as they were, but for one whose checksum its terminal dropped', () => {
    const framing = capture.transport === 'udp' ? 'udp' : 'tcp'
    const made = toHex(joinBytes(packets.map((packet) => framePacket(framing, packet, packet.payload))))
    expect(made === toHex(joinBytes(pieces))).toBe(id !== 'hs-zlm60-checksum-dropped')
  })
})

describe.each(ROWS.filter(({ capture }) => capture.transport === 'tcp'))(
  'the stream of $id $side',
  ({ pieces }) => {
    const stream = joinBytes(pieces)
    const { packets } = reassembled(pieces)

    it('gives the same packets whole, byte by byte, cut anyhow and glued to itself', () => {
      for (const segments of [[stream], byteByByte(stream), cutAtRandom(stream, 7, 40)]) {
        expect(reassembled(segments)).toEqual({ packets, left: 0 })
      }
      const twice = { packets: [...packets, ...packets], left: 0 }
      expect(reassembled([joinBytes([stream, stream])])).toEqual(twice)
    })

    it('keeps its last packet back when it is a byte short, and waits for more when it is a byte long', () => {
      const short = reassembled([stream.subarray(0, -1)])
      expect(short.packets).toEqual(packets.slice(0, -1))
      expect(short.left).toBeGreaterThan(0)
      expect(reassembled([stream, stream.subarray(0, 1)])).toEqual({ packets, left: 1 })
    })
  },
)

describe.each(ROWS.filter(({ capture }) => capture.transport === 'udp'))(
  'the datagrams of $id $side',
  ({ pieces }) => {
    it('are not taken for right when they are a byte short or long', () => {
      for (const datagram of pieces) {
        expect(['wrong', 'one-low']).toContain(verdictOf(Uint8Array.of(...datagram, 0x5a)))
        // A zero byte that is missing leaves the sum as it is: then the length has to tell.
        const unseen = datagram.length > 8 && datagram.at(-1) === 0
        expect(verdictOf(datagram.subarray(0, -1)) === 'right').toBe(unseen)
      }
    })
  },
)
