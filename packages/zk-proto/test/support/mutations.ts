// Packets spoilt in every way that a seed can think of: bytes changed, cut off, added, fields set to what breaks parsers.
// Most get their checksum and length put right again, so that they are believed and reach what lies behind.
import { putU16, putU32 } from '../../src/bytes.ts'
import type { Framing } from '../../src/framing.ts'
import { WRAPPER_BYTES } from '../../src/framing.ts'
import { PACKET_HEADER_BYTES, packetChecksum } from '../../src/packet.ts'

const LONGEST_BYTES = 4096
const SIZES = [0, 1, 7, 8, 0x7f, 0xff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]
const CODES = [
  0, 500, 1000, 1102, 1500, 1501, 1502, 1503, 1504, 2000, 2001, 2002, 2005, 4989, 65_531, 65_535,
] as const

/** A spoilt copy of a packet as it goes on the wire. */
export function mutated(packet: Uint8Array, framing: Framing, random: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit)
  const head = framing === 'tcp' ? WRAPPER_BYTES : 0
  let bytes: Uint8Array = packet.slice(0, LONGEST_BYTES)
  for (let times = 1 + below(3); times > 0; times -= 1) bytes = mutatedOnce(bytes, head, below)
  if (bytes.length >= head + PACKET_HEADER_BYTES && random() < 0.8) {
    putU16(bytes, head + 2, 0)
    putU16(bytes, head + 2, packetChecksum(bytes.subarray(head)))
  }
  if (head > 0 && bytes.length >= head && random() < 0.9) putU32(bytes, 4, bytes.length - head)
  return bytes
}

function mutatedOnce(bytes: Uint8Array, head: number, below: (limit: number) => number): Uint8Array {
  const at = below(Math.max(1, bytes.length))
  const size = SIZES[below(SIZES.length)] ?? 0
  switch (below(9)) {
    case 0:
    case 1:
      if (bytes.length > 0) bytes[at] = below(256)
      return bytes
    case 2:
      return bytes.slice(0, at)
    case 3: {
      const longer = new Uint8Array(bytes.length + 1 + below(40))
      longer.set(bytes)
      for (let i = bytes.length; i < longer.length; i += 1) longer[i] = below(256)
      return longer
    }
    case 4:
      if (at + 4 <= bytes.length) putU32(bytes, at, size)
      return bytes
    case 5:
      if (at + 2 <= bytes.length) putU16(bytes, at, size & 0xffff)
      return bytes
    case 6:
      if (bytes.length >= head + 2) putU16(bytes, head, CODES[below(CODES.length)] ?? 0)
      return bytes
    case 7:
      if (bytes.length >= head + PACKET_HEADER_BYTES)
        putU16(bytes, head + 4, below(4) === 0 ? below(65_536) : below(4))
      return bytes
    default:
      return bytes.length < 2 ? bytes : new Uint8Array([...bytes.subarray(at), ...bytes.subarray(0, at)])
  }
}
