import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, toHex } from '../src/bytes.ts'
import { framePacket, WRAPPER_BYTES } from '../src/framing.ts'
import {
  decodePacket,
  encodePacket,
  looksLikePullPanel,
  nextReplyId,
  PACKET_HEADER_BYTES,
  packetChecksum,
  verifyChecksum,
} from '../src/packet.ts'
import { byteByByte } from './support/cuts.ts'
import { readVectors, reassembled } from './support/recorded.ts'

interface ChecksumVectors {
  readonly vectors: readonly {
    readonly name: string
    readonly packet_with_zero_checksum: string
    readonly checksum: number
  }[]
  readonly verify: readonly { readonly packet: string; readonly valid: boolean; readonly source: string }[]
  readonly counter_trick: readonly {
    readonly command: number
    readonly session: number
    readonly reply_id_on_wire: number
    readonly data: string
    readonly packet: string
  }[]
}
interface PacketRow {
  readonly name: string
  readonly command: number
  readonly session: number
  readonly reply: number
  readonly data: string
  readonly udp?: string
  readonly udp_equivalent?: string
  readonly tcp: string
  readonly checksum_ok?: boolean
  readonly note?: string
}

const checksums = readVectors('checksum') as ChecksumVectors
const packets = readVectors('packets') as { readonly packets: PacketRow[]; readonly captured: PacketRow[] }

describe('the checksum', () => {
  it.each(checksums.vectors)('of $name is $checksum', (row) => {
    const bytes = fromHex(row.packet_with_zero_checksum)
    expect(packetChecksum(bytes)).toBe(row.checksum)
    bytes[2] = row.checksum & 0xff
    bytes[3] = row.checksum >>> 8
    expect(verifyChecksum(bytes)).toBe('right')
  })

  it.each(checksums.verify)('of $packet is judged: $valid ($source)', ({ packet, valid }) => {
    expect(verifyChecksum(fromHex(packet)) === 'right').toBe(valid)
  })

  it.each(checksums.counter_trick)(
    'is the same as that of libraries which count before they send: $packet',
    (row) => {
      const header = { command: row.command, session: row.session, replyId: row.reply_id_on_wire }
      expect(toHex(encodePacket(header, fromHex(row.data)))).toBe(row.packet)
    },
  )

  it('tells one that is too low by one from one that is wrong', () => {
    const packet = encodePacket({ command: 2000, session: 15_452, replyId: 3 }, fromHex('09'))
    const stored = (packet[2] ?? 0) | ((packet[3] ?? 0) << 8)
    const lower = packet.slice()
    lower[2] = (stored - 1) & 0xff
    lower[3] = (stored - 1) >>> 8
    expect(verifyChecksum(lower)).toBe('one-low')
    lower[4] = (lower[4] ?? 0) ^ 0xff
    expect(verifyChecksum(lower)).toBe('wrong')
  })

  it('notices any single flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (payload, at) => {
        const packet = encodePacket({ command: 1501, session: 1, replyId: 2 }, payload)
        const bit = at % (packet.length * 8)
        const byte = bit >>> 3
        packet[byte] = (packet[byte] ?? 0) ^ (1 << (bit & 7))
        expect(verifyChecksum(packet)).not.toBe('right')
      }),
    )
  })
})

describe('a packet', () => {
  it.each(packets.packets)('goes both ways: $name', (row) => {
    const header = { command: row.command, session: row.session, replyId: row.reply }
    const udp = row.udp ?? ''
    expect(toHex(framePacket('udp', header, fromHex(row.data)))).toBe(udp)
    expect(toHex(framePacket('tcp', header, fromHex(row.data)))).toBe(row.tcp)
    expect(decodePacket(fromHex(udp))).toEqual({ ...header, payload: fromHex(row.data), checksum: 'right' })
  })

  it.each(packets.captured)('of a real terminal is read: $name', (row) => {
    const packet = decodePacket(fromHex(row.tcp).subarray(WRAPPER_BYTES))
    expect(packet).toMatchObject({ command: row.command, session: row.session, replyId: row.reply })
    expect(toHex(packet.payload)).toBe(row.data)
    expect(toHex(encodePacket(packet, packet.payload))).toBe(row.udp_equivalent ?? row.tcp.slice(16))
  })

  it.each([...packets.packets, ...packets.captured])(
    'is found in its stream whatever the cut: $name',
    ({ tcp }) => {
      const bytes = fromHex(tcp)
      const packet = tcp.slice(2 * WRAPPER_BYTES)
      for (const segments of [[bytes], byteByByte(bytes)]) {
        expect(reassembled(segments)).toEqual({ packets: [packet], left: 0 })
      }
      expect(reassembled([joinBytes([bytes, bytes])])).toEqual({ packets: [packet, packet], left: 0 })
      expect(reassembled([bytes.subarray(0, -1)])).toEqual({ packets: [], left: bytes.length - 1 })
      expect(reassembled([bytes, bytes.subarray(0, 1)])).toEqual({ packets: [packet], left: 1 })
    },
  )

  it('keeps any header and any data', () => {
    const u16 = fc.nat(0xffff)
    fc.assert(
      fc.property(u16, u16, u16, fc.uint8Array(), (command, session, replyId, payload) => {
        fc.pre(command !== 0 || session !== 0 || replyId !== 0 || payload.some((value) => value !== 0))
        expect(decodePacket(encodePacket({ command, session, replyId }, payload))).toEqual({
          command,
          session,
          replyId,
          payload,
          checksum: 'right',
        })
      }),
    )
  })

  it('has at least a header', () => {
    expect(() => decodePacket(new Uint8Array(PACKET_HEADER_BYTES - 1))).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_FRAME' }),
    )
  })

  it('refuses header fields that are no unsigned 16-bit number', () => {
    for (const command of [-1, 0x1_0000, 0.5]) {
      expect(() => encodePacket({ command, session: 0, replyId: 0 }, new Uint8Array(0))).toThrow(
        expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
      )
    }
  })
})

describe('reply ids', () => {
  it('count to 65534 and begin again', () => {
    expect([nextReplyId(0), nextReplyId(65_533), nextReplyId(65_534), nextReplyId(65_535)]).toEqual([
      1, 65_534, 0, 1,
    ])
  })
})

describe('frames of another protocol', () => {
  it('are recognised by their first byte', () => {
    expect(looksLikePullPanel(fromHex('aa01c8'))).toBe(true)
    expect(looksLikePullPanel(fromHex('5050827d'))).toBe(false)
    expect(looksLikePullPanel(new Uint8Array(0))).toBe(false)
  })
})
