// Captures made for tests: what a client and a simulated terminal really said, in the frames and files of a capture program.

/** Who sends: `>` goes to the terminal. */
export interface Spoken {
  readonly direction: '>' | '<'
  readonly bytes: Uint8Array
}

/** One frame, as it is to stand in a file. */
export interface MadeFrame {
  readonly bytes: Buffer
  readonly atMs: number
  /** Bytes of its end that the capture leaves out. */
  readonly cut?: number
}

export interface Network {
  readonly link?: 'ethernet' | 'vlan' | 'sll' | 'sll2' | 'raw' | 'null'
  readonly version?: 4 | 6
  readonly transport?: 'tcp' | 'udp'
  readonly port?: number
}

export const BEGIN_MS = Date.UTC(2026, 2, 2, 8, 0, 0)
export const CLIENT_PORT = 51_000
export const LINK_TYPE = { ethernet: 1, vlan: 1, sll: 113, sll2: 276, raw: 101, null: 0 } as const

/** A segment or datagram as the network carries it. */
export function packet(
  network: Network,
  direction: '>' | '<',
  payload: Uint8Array,
  tcp: { readonly seq: number; readonly ack?: number; readonly flags?: number } = { seq: 0 },
): Buffer {
  const { version = 4, transport = 'tcp', port = 4370, link = 'ethernet' } = network
  const head = Buffer.alloc(transport === 'tcp' ? 20 : 8)
  head.writeUInt16BE(direction === '>' ? CLIENT_PORT : port, 0)
  head.writeUInt16BE(direction === '>' ? port : CLIENT_PORT, 2)
  if (transport === 'tcp') {
    head.writeUInt32BE(tcp.seq >>> 0, 4)
    head.writeUInt32BE((tcp.ack ?? 0) >>> 0, 8)
    head.writeUInt8(0x50, 12)
    head.writeUInt8(tcp.flags ?? (tcp.ack === undefined ? 0x08 : 0x18), 13)
  } else {
    head.writeUInt16BE(8 + payload.length, 4)
  }
  const carried = Buffer.concat([head, payload])
  const ip = version === 4 ? ipv4(direction, transport, carried) : ipv6(direction, transport, carried)
  return Buffer.concat([linkHead(link, version), ip])
}

function ipv4(direction: '>' | '<', transport: 'tcp' | 'udp', carried: Buffer): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt8(0x45, 0)
  head.writeUInt16BE(20 + carried.length, 2)
  head.writeUInt8(64, 8)
  head.writeUInt8(transport === 'tcp' ? 6 : 17, 9)
  const ends = [
    [10, 0, 0, 5],
    [192, 168, 1, 201],
  ]
  head.set((direction === '>' ? ends : ends.toReversed()).flat(), 12)
  return Buffer.concat([head, carried])
}

function ipv6(direction: '>' | '<', transport: 'tcp' | 'udp', carried: Buffer): Buffer {
  const head = Buffer.alloc(40)
  head.writeUInt8(0x60, 0)
  head.writeUInt16BE(carried.length, 4)
  head.writeUInt8(transport === 'tcp' ? 6 : 17, 6)
  const client = Buffer.from('fd000000000000000000000000000005', 'hex')
  const terminal = Buffer.from('fd000000000000000000000000000201', 'hex')
  head.set(Buffer.concat(direction === '>' ? [client, terminal] : [terminal, client]), 8)
  return Buffer.concat([head, carried])
}

function linkHead(link: Network['link'], version: 4 | 6): Buffer {
  const type = version === 4 ? '0800' : '86dd'
  const addresses = '020000000001020000000002'
  switch (link) {
    case 'ethernet':
      return Buffer.from(`${addresses}${type}`, 'hex')
    case 'vlan':
      return Buffer.from(`${addresses}88a800648100000a${type}`, 'hex')
    case 'sll':
      return Buffer.from(`0000000100060200000000010000${type}`, 'hex')
    case 'sll2':
      return Buffer.from(`${type}000000000002000100060200000000010000`, 'hex')
    case 'null':
      return Buffer.from(version === 4 ? '02000000' : '1e000000', 'hex')
    case 'raw':
    case undefined:
    default:
      return Buffer.alloc(0)
  }
}

const FIRST_SEQ: Readonly<Record<'>' | '<', number>> = { '>': 0xffff_ff00, '<': 1_000 }
const SYN = 0x02
const SYN_ACK = 0x12
const FIN_ACK = 0x11

/** A whole conversation as frames: with the handshake of TCP before and its end behind. */
export function frames(spoken: readonly Spoken[], network: Network = {}): MadeFrame[] {
  const made: MadeFrame[] = []
  const add = (bytes: Buffer): void => {
    made.push({ bytes, atMs: BEGIN_MS + made.length * 10 })
  }
  if (network.transport === 'udp') {
    for (const { direction, bytes } of spoken) add(packet(network, direction, bytes))
    return made
  }
  const next = { ...FIRST_SEQ }
  const nothing = new Uint8Array(0)
  add(packet(network, '>', nothing, { seq: next['>'] - 1, flags: SYN }))
  add(packet(network, '<', nothing, { seq: next['<'] - 1, ack: next['>'], flags: SYN_ACK }))
  for (const { direction, bytes } of spoken) {
    const other = direction === '>' ? '<' : '>'
    add(packet(network, direction, bytes, { seq: next[direction], ack: next[other] }))
    next[direction] += bytes.length
  }
  add(packet(network, '>', nothing, { seq: next['>'], ack: next['<'], flags: FIN_ACK }))
  add(packet(network, '<', nothing, { seq: next['<'], ack: next['>'] + 1, flags: FIN_ACK }))
  return made
}

/** A pcap file. */
export function pcap(
  made: readonly MadeFrame[],
  options: { readonly bigEndian?: boolean; readonly nanoseconds?: boolean; readonly linkType?: number } = {},
): Buffer {
  const { bigEndian = false, nanoseconds = false, linkType = LINK_TYPE.ethernet } = options
  const u32 = (...values: number[]): Buffer => words(values, bigEndian)
  const head = Buffer.concat([
    u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4),
    bigEndian ? Buffer.from('00020004', 'hex') : Buffer.from('02000400', 'hex'),
    u32(0, 0, 262_144, linkType),
  ])
  const blocks = made.map(({ bytes, atMs, cut = 0 }) => {
    const fraction = Math.round((atMs % 1_000) * (nanoseconds ? 1_000_000 : 1_000))
    const kept = bytes.subarray(0, bytes.length - cut)
    return Buffer.concat([u32(Math.floor(atMs / 1_000), fraction, kept.length, bytes.length), kept])
  })
  return Buffer.concat([head, ...blocks])
}

/** Numbers of 32 bits in one byte order. */
export function words(values: readonly number[], bigEndian: boolean): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries())
    if (bigEndian) bytes.writeUInt32BE(value >>> 0, i * 4)
    else bytes.writeUInt32LE(value >>> 0, i * 4)
  return bytes
}

/** A block of a pcapng file. */
export function block(type: number, body: Buffer, bigEndian: boolean): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
  const size = words([12 + padded.length], bigEndian)
  return Buffer.concat([words([type], bigEndian), size, padded, size])
}

/** A pcapng file whose frames are of interface `on`, behind others that are declared before it. */
export function pcapng(
  made: readonly MadeFrame[],
  options: {
    readonly bigEndian?: boolean
    readonly linkType?: number
    readonly on?: number
    readonly simple?: boolean
  } = {},
): Buffer {
  const { bigEndian = false, linkType = LINK_TYPE.ethernet, on = 0, simple = false } = options
  const u16 = (value: number): Buffer => {
    const bytes = Buffer.alloc(2)
    if (bigEndian) bytes.writeUInt16BE(value)
    else bytes.writeUInt16LE(value)
    return bytes
  }
  const section = block(
    0x0a0d0d0a,
    Buffer.concat([
      words([0x1a2b3c4d], bigEndian),
      u16(1),
      u16(0),
      words([0xffffffff, 0xffffffff], bigEndian),
    ]),
    bigEndian,
  )
  // Nanoseconds, in the option if_tsresol.
  const resolution = Buffer.concat([u16(9), u16(1), Buffer.of(9, 0, 0, 0), u16(0), u16(0)])
  const declared = (type: number): Buffer =>
    block(1, Buffer.concat([u16(type), u16(0), words([0], bigEndian), resolution]), bigEndian)
  const others = Array.from({ length: on }, () => declared(147))
  const comment = block(5, words([0, 0, 0], bigEndian), bigEndian)
  const blocks = made.map(({ bytes, atMs, cut = 0 }) => {
    const kept = bytes.subarray(0, bytes.length - cut)
    if (simple) return block(3, Buffer.concat([words([bytes.length], bigEndian), kept]), bigEndian)
    const nanos = BigInt(Math.round(atMs)) * 1_000_000n
    const at = [Number(nanos >> 32n), Number(nanos & 0xffff_ffffn)]
    return block(
      6,
      Buffer.concat([words([on, ...at, kept.length, bytes.length], bigEndian), kept]),
      bigEndian,
    )
  })
  return Buffer.concat([section, ...others, declared(linkType), comment, ...blocks])
}
