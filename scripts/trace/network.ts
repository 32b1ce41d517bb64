// From a frame to what TCP and UDP carry: Ethernet with VLAN tags, Linux cooked captures, loopback, bare IP; IPv4 and IPv6.
// Nothing throws: what is not understood is undefined. Hostile lengths are held against the bytes that are there.
import { LINK_TYPES, type Frame } from './frame.ts'

/** One end of a connection. */
export interface End {
  readonly address: string
  readonly port: number
}

/** What a frame carries of TCP or UDP. */
export interface Segment {
  readonly from: End
  readonly to: End
  readonly payload: Uint8Array
  /** Bytes of the payload that the capture left out. */
  readonly cutBytes: number
  /** Undefined for UDP. */
  readonly tcp:
    | { readonly seq: number; readonly ack: number | undefined; readonly syn: boolean; readonly end: boolean }
    | undefined
}

const IPV4 = 0x0800
const IPV6 = 0x86dd
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100]
const TCP = 6
const UDP = 17
/** Extension headers of IPv6 that stand before TCP or UDP, and say how long they are. */
const EXTENSIONS: readonly number[] = [0, 43, 60, 135]
const FRAGMENT = 44
const MOST_EXTENSIONS = 8

/** The TCP or UDP part of a frame. */
export function segmentOf({ linkType, bytes }: Pick<Frame, 'linkType' | 'bytes'>): Segment | undefined {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = networkAt(linkType, frame)
  return at === undefined || at >= frame.length ? undefined : ipSegment(frame.subarray(at))
}

/** Where IP begins; undefined for what carries none. */
function networkAt(linkType: number, frame: Buffer): number | undefined {
  switch (linkType) {
    case LINK_TYPES.ETHERNET:
      return behindEtherType(frame, 12)
    case LINK_TYPES.LINUX_SLL:
      return behindEtherType(frame, 14)
    case LINK_TYPES.LINUX_SLL2:
      return frame.length >= 20 && isIp(frame.readUInt16BE(0)) ? 20 : undefined
    case LINK_TYPES.NULL:
    case LINK_TYPES.LOOP:
      return 4
    case LINK_TYPES.RAW_BSD:
    case LINK_TYPES.RAW_BSD_OTHER:
    case LINK_TYPES.RAW:
    case LINK_TYPES.IPV4:
    case LINK_TYPES.IPV6:
      return 0
    default:
      return undefined
  }
}

/** Behind the type and the VLAN tags that stand before it. */
function behindEtherType(frame: Buffer, typeAt: number): number | undefined {
  let at = typeAt
  while (at + 2 <= frame.length && VLAN_TAGS.includes(frame.readUInt16BE(at))) at += 4
  return at + 2 <= frame.length && isIp(frame.readUInt16BE(at)) ? at + 2 : undefined
}

function isIp(etherType: number): boolean {
  return etherType === IPV4 || etherType === IPV6
}

/** The TCP or UDP part of an IP packet. */
export function ipSegment(packet: Buffer): Segment | undefined {
  const version = (packet[0] ?? 0) >>> 4
  if (version === 4) return ipv4(packet)
  return version === 6 ? ipv6(packet) : undefined
}

function ipv4(packet: Buffer): Segment | undefined {
  if (packet.length < 20) return undefined
  const headBytes = ((packet[0] ?? 0) & 0x0f) * 4
  if (headBytes < 20 || headBytes > packet.length) return undefined
  // Pieces of a packet that was cut up on its way are not put together: terminals send none.
  if ((packet.readUInt16BE(6) & 0x3fff) !== 0) return undefined
  // 0: left to the network card, which had not filled it in when the packet was captured.
  const total = packet.readUInt16BE(2)
  const end = total === 0 ? packet.length : total
  if (end < headBytes) return undefined
  return carried(
    packet[9],
    packet.subarray(headBytes, end),
    end - packet.length,
    dotted(packet, 12),
    dotted(packet, 16),
  )
}

function ipv6(packet: Buffer): Segment | undefined {
  if (packet.length < 40) return undefined
  const size = packet.readUInt16BE(4)
  const end = size === 0 ? packet.length : 40 + size
  let protocol = packet[6]
  let at = 40
  for (let i = 0; i < MOST_EXTENSIONS && protocol !== undefined && EXTENSIONS.includes(protocol); i += 1) {
    if (at + 2 > packet.length) return undefined
    protocol = packet[at]
    at += ((packet[at + 1] ?? 0) + 1) * 8
  }
  if (protocol === FRAGMENT || at > end || at > packet.length) return undefined
  return carried(
    protocol,
    packet.subarray(at, end),
    end - packet.length,
    coloned(packet, 8),
    coloned(packet, 24),
  )
}

function carried(
  protocol: number | undefined,
  bytes: Buffer,
  missing: number,
  from: string,
  to: string,
): Segment | undefined {
  if (bytes.length < 8) return undefined
  const ends = {
    from: { address: from, port: bytes.readUInt16BE(0) },
    to: { address: to, port: bytes.readUInt16BE(2) },
    cutBytes: Math.max(0, missing),
  }
  if (protocol === UDP) {
    const size = bytes.readUInt16BE(4)
    const end = size === 0 ? bytes.length : size
    return end < 8 ? undefined : { ...ends, payload: bytes.subarray(8, end), tcp: undefined }
  }
  if (protocol !== TCP || bytes.length < 20) return undefined
  const headBytes = ((bytes[12] ?? 0) >>> 4) * 4
  if (headBytes < 20 || headBytes > bytes.length) return undefined
  const flags = bytes[13] ?? 0
  const hasAck = (flags & 0x10) !== 0
  return {
    ...ends,
    payload: bytes.subarray(headBytes),
    tcp: {
      seq: bytes.readUInt32BE(4),
      ack: hasAck ? bytes.readUInt32BE(8) : undefined,
      syn: (flags & 0x02) !== 0,
      end: (flags & 0x05) !== 0,
    },
  }
}

function dotted(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.')
}

/** As it is written: the longest row of zeros left out. */
function coloned(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + i * 2))
  let longest = { from: 0, length: 1 }
  for (let from = 0; from < groups.length; from += 1) {
    let length = 0
    while (groups[from + length] === 0) length += 1
    if (length > longest.length) longest = { from, length }
  }
  const spelled = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (longest.length < 2) return spelled(groups)
  return `${spelled(groups.slice(0, longest.from))}::${spelled(groups.slice(longest.from + longest.length))}`
}

/** Address and port in one. */
export function spelledEnd({ address, port }: End): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
