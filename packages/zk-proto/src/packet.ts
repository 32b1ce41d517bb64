// The packet, the same over TCP and UDP: eight bytes of header with a checksum, then the data.
// Framing (framing.ts) stands below it, sessions above. Source: docs/protocol §1 and §2.
import { hexHead, u16At, u8At } from './bytes.ts'
import { ZkProtocolError, ZkUsageError } from './errors.ts'

/** Bytes of the packet header. */
export const PACKET_HEADER_BYTES = 8

const CHECKSUM_AT = 2
const WHOLE_SUM = 0xffff
const ONE_LOW_SUM = 0xfffe

/** The fields of a packet's header. `session` holds other things than the session id in some packets of a terminal. */
export interface PacketHeader {
  /** Request: the command. Answer: a reply number. Live event: 500. */
  readonly command: number
  readonly session: number
  readonly replyId: number
}

/**
 * Whether the stored checksum is that of the bytes. `one-low` is the right one minus one, as some home-made terminals
 * send throughout; a session decides once whether its terminal is one of them.
 */
export type ChecksumVerdict = 'right' | 'one-low' | 'wrong'

/** A packet that arrived. `payload` is a view of the received bytes. */
export interface Packet extends PacketHeader {
  readonly payload: Uint8Array
  readonly checksum: ChecksumVerdict
}

/** So many bytes are summed up before the sum is folded: no sum of their 16-bit words leaves 32 bits. */
const SUM_BLOCK_BYTES = 32_768

/**
 * Folded 16-bit sum over `start` to `end`; an odd end counts as if a zero byte followed. Every byte of a log goes through
 * this loop, so it reads 16 at once and adds up 32-bit words, whatever runs over, and their upper halves: what the lower
 * halves come to is the difference.
 */
function foldedSum(bytes: Uint8Array, start: number, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
  const wordsEnd = view.byteLength & ~15
  let sum = 0
  for (let at = 0; at < wordsEnd;) {
    const blockEnd = Math.min(wordsEnd, at + SUM_BLOCK_BYTES)
    let words = 0
    let upper = 0
    for (; at < blockEnd; at += 16) {
      const one = view.getInt32(at, true)
      const two = view.getInt32(at + 4, true)
      const three = view.getInt32(at + 8, true)
      const four = view.getInt32(at + 12, true)
      words = (words + one + two + three + four) | 0
      upper = (upper + (one >>> 16) + (two >>> 16) + (three >>> 16) + (four >>> 16)) | 0
    }
    const lower = (words - (upper << 16)) >>> 0
    sum = folded(sum + lower + upper)
  }
  for (let at = wordsEnd; at < view.byteLength; at += 1) sum += view.getUint8(at) << ((at & 1) * 8)
  return folded(sum)
}

/** A sum with what went beyond 16 bits added in again. */
function folded(sum: number): number {
  let rest = sum
  while (rest > 0xffff) rest = (rest & 0xffff) + (rest >>> 16)
  return rest
}

/** The checksum of a packet whose checksum field is zero: the one's complement of the folded sum. */
export function packetChecksum(packetWithZeroChecksum: Uint8Array): number {
  return WHOLE_SUM - foldedSum(packetWithZeroChecksum, 0, packetWithZeroChecksum.length)
}

/** How the checksum of a whole packet stands. */
export function verifyChecksum(packet: Uint8Array): ChecksumVerdict {
  const sum = foldedSum(packet, 0, packet.length)
  if (sum === WHOLE_SUM) return 'right'
  return sum === ONE_LOW_SUM ? 'one-low' : 'wrong'
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
}

/**
 * A packet ready to send, behind `headroom` bytes left free for a wrapper. Throws ZK_VALUE_OUT_OF_RANGE when a header
 * field is no unsigned 16-bit number.
 */
export function encodePacket(header: PacketHeader, payload: Uint8Array, headroom = 0): Uint8Array {
  for (const field of [header.command, header.session, header.replyId]) {
    if (!Number.isInteger(field) || field < 0 || field > 0xffff) {
      throw new ZkUsageError(
        'ZK_VALUE_OUT_OF_RANGE',
        `A header field is a number from 0 to 65535, got ${field}`,
      )
    }
  }
  const bytes = new Uint8Array(headroom + PACKET_HEADER_BYTES + payload.length)
  put16(bytes, headroom, header.command)
  put16(bytes, headroom + 4, header.session)
  put16(bytes, headroom + 6, header.replyId)
  bytes.set(payload, headroom + PACKET_HEADER_BYTES)
  put16(bytes, headroom + CHECKSUM_AT, WHOLE_SUM - foldedSum(bytes, headroom, bytes.length))
  return bytes
}

/** Reads a packet. The checksum is judged, not enforced. Throws ZK_BAD_FRAME below eight bytes. */
export function decodePacket(bytes: Uint8Array): Packet {
  if (bytes.length < PACKET_HEADER_BYTES) {
    throw new ZkProtocolError(
      'ZK_BAD_FRAME',
      `Expected a packet of at least ${PACKET_HEADER_BYTES} bytes, got ${bytes.length}`,
      { details: { head: hexHead(bytes) } },
    )
  }
  return {
    command: u16At(bytes, 0),
    session: u16At(bytes, 4),
    replyId: u16At(bytes, 6),
    payload: bytes.subarray(PACKET_HEADER_BYTES),
    checksum: verifyChecksum(bytes),
  }
}

/** The reply id after this one: counts to 65534 and begins again at 0, as every known client does. */
export function nextReplyId(replyId: number): number {
  return (replyId + 1) % 0xffff
}

/** Whether bytes begin as the frames of a C3 or inBio panel do. Source: capture notzk-c3-panel. */
export function looksLikePullPanel(bytes: Uint8Array): boolean {
  return bytes.length > 0 && u8At(bytes, 0) === 0xaa
}
