import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, toHex } from '../src/bytes.ts'
import { ZkError } from '../src/errors.ts'
import { framePacket, StreamReassembler } from '../src/framing.ts'
import { byteByByte, cutAt, cutAtRandom } from './support/cuts.ts'
import { readVectors } from './support/recorded.ts'

interface FramingVectors {
  readonly stream: string
  readonly packets: readonly string[]
  readonly splits: Readonly<Record<string, readonly number[] | string>>
  readonly malformed: readonly { readonly name: string; readonly stream: string; readonly expected: string }[]
}

const recorded = readVectors('framing') as FramingVectors

function reassemble(segments: readonly Uint8Array[]): string[] {
  const stream = new StreamReassembler()
  const packets: string[] = []
  for (const segment of segments) {
    stream.push(segment)
    for (let packet = stream.next(); packet !== undefined; packet = stream.next()) packets.push(toHex(packet))
  }
  expect(stream.pendingBytes).toBe(0)
  return packets
}

describe('a TCP stream', () => {
  it.each(Object.entries(recorded.splits))(
    'gives the same packets cut in the way of %s',
    (_name, lengths) => {
      const bytes = fromHex(recorded.stream)
      const segments = typeof lengths === 'string' ? byteByByte(bytes) : cutAt(bytes, lengths)
      expect(reassemble(segments)).toEqual(recorded.packets)
    },
  )

  it('gives the same packets for any cut', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 3000 }), (seed, longest) => {
        expect(reassemble(cutAtRandom(fromHex(recorded.stream), seed, longest))).toEqual(recorded.packets)
      }),
    )
  })

  it('gives large packets whole from small segments and after them', () => {
    const packets = [70_000, 8, 5_000, 65_536, 1].map((size, i) =>
      framePacket('tcp', { command: 1501, session: i, replyId: 7 }, new Uint8Array(size).fill(i + 1)),
    )
    const wanted = packets.map((packet) => toHex(packet.subarray(8)))
    for (const longest of [1, 100, 1460, 9000, 200_000]) {
      expect(reassemble(cutAtRandom(joinBytes(packets), longest, longest))).toEqual(wanted)
    }
  })

  it('may come in memory that is used again for the next segment', () => {
    const packets = [1, 2, 3].map((n) =>
      framePacket('tcp', { command: 2000, session: 1, replyId: n }, new Uint8Array(3000).fill(n)),
    )
    const bytes = joinBytes(packets)
    const reused = new Uint8Array(700)
    const stream = new StreamReassembler()
    const taken: string[] = []
    for (let at = 0; at < bytes.length; at += reused.length) {
      const segment = reused.subarray(0, Math.min(reused.length, bytes.length - at))
      segment.set(bytes.subarray(at, at + segment.length))
      stream.push(segment)
      for (let packet = stream.next(); packet !== undefined; packet = stream.next()) taken.push(toHex(packet))
    }
    expect(taken).toEqual(packets.map((packet) => toHex(packet.subarray(8))))
  })

  it('gives packets to keep, or views that hold good until the next segment', () => {
    const first = framePacket('tcp', { command: 2000, session: 1, replyId: 1 }, new Uint8Array(20).fill(1))
    const second = framePacket('tcp', { command: 2000, session: 1, replyId: 2 }, new Uint8Array(20).fill(2))
    const stream = new StreamReassembler()
    stream.push(first)
    const kept = stream.next()
    stream.push(first)
    const view = stream.nextInPlace()
    expect(view).toEqual(kept)
    stream.push(second)
    expect(kept).toEqual(first.slice(8))
    expect(view).toEqual(second.slice(8))
  })

  it('may be lent segments whose memory is used again once nothing whole is left in them', () => {
    const sizes = [0, 5, 20, 900, 30, 2_500, 1]
    const packets = sizes.map((size, i) =>
      framePacket('tcp', { command: 1501, session: i, replyId: 7 }, new Uint8Array(size).fill(i + 1)),
    )
    const wanted = packets.map((packet) => toHex(packet.subarray(8)))
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1_500 }), fc.boolean(), (seed, longest, mixed) => {
        const stream = new StreamReassembler()
        const taken: string[] = []
        cutAtRandom(joinBytes(packets), seed, longest).forEach((piece, i) => {
          const segment = piece.slice()
          if (mixed && i % 2 === 0) stream.push(segment)
          else stream.lend(segment)
          for (let packet = stream.nextInPlace(); packet !== undefined; packet = stream.nextInPlace()) {
            taken.push(toHex(packet))
          }
          segment.fill(0xee)
        })
        expect(stream.pendingBytes).toBe(0)
        expect(taken).toEqual(wanted)
      }),
    )
  })

  it('gives packets that lie whole in a lent segment where they are', () => {
    const segment = framePacket('tcp', { command: 2000, session: 1, replyId: 1 }, new Uint8Array(20))
    const stream = new StreamReassembler()
    stream.lend(segment)
    expect(stream.nextInPlace()?.buffer).toBe(segment.buffer)
  })

  it('keeps what is left of a lent segment when the next one is pushed before it was looked at', () => {
    const packets = [1, 2].map((n) =>
      framePacket('tcp', { command: 2000, session: 1, replyId: n }, Uint8Array.of(n, n, n)),
    )
    const stream = new StreamReassembler()
    for (const packet of packets) stream.lend(packet)
    expect(packets.map(() => stream.next())).toEqual(packets.map((packet) => packet.slice(8)))
  })

  it('costs bytes and not objects when it comes byte by byte', () => {
    const stream = new StreamReassembler()
    const packet = framePacket('tcp', { command: 2000, session: 1, replyId: 2 }, new Uint8Array(100_000))
    for (const byte of byteByByte(packet.subarray(0, -1))) stream.push(byte)
    expect(stream.next()).toBeUndefined()
    expect(stream.pendingBytes).toBe(packet.length - 1)
    stream.push(packet.subarray(-1))
    expect(stream.next()).toHaveLength(packet.length - 8)
  })

  it('ignores an empty segment', () => {
    const stream = new StreamReassembler()
    stream.push(new Uint8Array(0))
    expect(stream.next()).toBeUndefined()
  })
})

describe('a stream that is not right', () => {
  const broken = recorded.malformed.filter((row) => row.expected.includes('framing error'))
  it.each(broken)('gives its first packet, then an error, for any cut: $name', ({ stream }) => {
    for (const segments of [[fromHex(stream)], byteByByte(fromHex(stream))]) {
      const reassembler = new StreamReassembler()
      const packets: Uint8Array[] = []
      let failure: unknown
      try {
        for (const segment of segments) {
          reassembler.push(segment)
          for (let packet = reassembler.next(); packet !== undefined; packet = reassembler.next()) {
            packets.push(packet)
          }
        }
      } catch (error) {
        failure = error
      }
      expect(packets).toHaveLength(1)
      expect(failure).toBeInstanceOf(ZkError)
    }
  })

  const cut = recorded.malformed.filter((row) => !row.expected.includes('framing error'))
  it.each(cut)('waits for the rest of its last packet: $name', ({ stream }) => {
    const reassembler = new StreamReassembler()
    reassembler.push(fromHex(stream))
    let packets = 0
    while (reassembler.next() !== undefined) packets += 1
    expect(packets).toBe(recorded.packets.length - 1)
    expect(reassembler.pendingBytes).toBeGreaterThan(0)
  })

  it('is recognised from its first byte', () => {
    const reassembler = new StreamReassembler()
    reassembler.push(fromHex('aa'))
    expect(() => reassembler.next()).toThrow(expect.objectContaining({ code: 'ZK_BAD_FRAME' }))
  })

  it('cannot announce more than the bound, and nothing is reserved for what it announces', () => {
    const reassembler = new StreamReassembler(1000)
    reassembler.push(fromHex('5050827d e8030000'))
    expect(reassembler.next()).toBeUndefined()
    const beyond = new StreamReassembler(1000)
    beyond.push(fromHex('5050827d e9030000'))
    expect(() => beyond.next()).toThrow(expect.objectContaining({ code: 'ZK_TOO_LARGE' }))
  })
})
