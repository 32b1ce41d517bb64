// Frames of a pcapng file: sections of either byte order, several interfaces, enhanced, simple and obsolete packet blocks; all
// other blocks are passed over. Source: draft-ietf-opsawg-pcapng.
import type { ByteSource } from './byte-source.ts'
import { CaptureError, MOST_FRAME_BYTES, type Frame } from './frame.ts'

const SECTION = 0x0a0d0d0a
const INTERFACE = 1
const OBSOLETE_PACKET = 2
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6
const ORDER_MAGIC = 0x1a2b3c4d
const BLOCK_HEAD_BYTES = 8
const SMALLEST_BLOCK_BYTES = 12
const MOST_BLOCK_BYTES = MOST_FRAME_BYTES + 65_536
/** More than any capture has; a file that declares more is hostile. */
const MOST_INTERFACES = 1_000
const TIME_RESOLUTION = 9
const TIME_OFFSET = 14
const MICROSECONDS = 1_000_000n

interface Interface {
  readonly linkType: number
  readonly snapBytes: number
  /** Of its time stamps. */
  readonly unitsPerSecond: bigint
  readonly offsetMs: number
}

/** Whether a file of this beginning is a pcapng. */
export function isPcapng(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32BE(0) === SECTION
}

/** The frames of a file. Throws CaptureError where it is cut or damaged, after the frames before. */
export async function* pcapngFrames(source: ByteSource): AsyncGenerator<Frame> {
  let order = new ByteOrder(true)
  let interfaces: Interface[] = []
  for (;;) {
    const beginsAt = source.position
    const head = await source.peek(SMALLEST_BLOCK_BYTES)
    if (head.length === 0) return
    if (head.length < SMALLEST_BLOCK_BYTES)
      throw new CaptureError(`the file ends inside the head of a block, at byte ${beginsAt}`)
    const isSection = head.readUInt32BE(0) === SECTION
    if (isSection) {
      order = orderOfSection(head, beginsAt)
      interfaces = []
    }
    const size = order.u32(head, 4)
    if (size < SMALLEST_BLOCK_BYTES || size % 4 !== 0 || size > MOST_BLOCK_BYTES)
      throw new CaptureError(`the file is damaged at byte ${beginsAt}: a block of ${size} bytes`)
    const block = await source.take(size)
    if (block === undefined) throw new CaptureError(`the file ends inside a block, at byte ${beginsAt}`)
    const type = isSection ? SECTION : order.u32(block, 0)
    const body = block.subarray(BLOCK_HEAD_BYTES, size - 4)
    if (type === INTERFACE && interfaces.length < MOST_INTERFACES)
      interfaces.push(interfaceOf(order, body, beginsAt))
    const frame = frameOf(type, order, body, interfaces)
    if (frame !== undefined) yield frame
  }
}

function orderOfSection(head: Buffer, at: number): ByteOrder {
  if (head.readUInt32LE(BLOCK_HEAD_BYTES) === ORDER_MAGIC) return new ByteOrder(true)
  if (head.readUInt32BE(BLOCK_HEAD_BYTES) === ORDER_MAGIC) return new ByteOrder(false)
  throw new CaptureError(`the file is damaged at byte ${at}: a section without a byte order`)
}

/** Numbers in the byte order of a section. */
class ByteOrder {
  readonly #isLittle: boolean

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle
  }

  u16(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
  }

  u32(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  }

  i64(bytes: Buffer, at: number): bigint {
    return this.#isLittle ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at)
  }
}

function interfaceOf(order: ByteOrder, body: Buffer, at: number): Interface {
  if (body.length < 8)
    throw new CaptureError(`the file is damaged at byte ${at}: an interface without a type`)
  let unitsPerSecond = MICROSECONDS
  let offsetMs = 0
  for (const { code, value } of optionsOf(order, body.subarray(8))) {
    const resolution = value[0]
    if (code === TIME_RESOLUTION && resolution !== undefined) unitsPerSecond = unitsInSecond(resolution)
    if (code === TIME_OFFSET && value.length >= 8) offsetMs = Number(order.i64(value, 0)) * 1_000
  }
  return { linkType: order.u16(body, 0), snapBytes: order.u32(body, 4), unitsPerSecond, offsetMs }
}

/** The upper bit says whether the others are a power of two or of ten. */
function unitsInSecond(resolution: number): bigint {
  const exponent = BigInt(resolution & 0x7f)
  return (resolution & 0x80) === 0 ? 10n ** exponent : 2n ** exponent
}

/** Of two halves of a time stamp: beyond 53 bits, so not in a number. */
function millisecondsOf(high: number, low: number, { unitsPerSecond, offsetMs }: Interface): number {
  const units = (BigInt(high) << 32n) | BigInt(low)
  const seconds = Number(units / unitsPerSecond)
  const fraction = Number(units % unitsPerSecond) / Number(unitsPerSecond)
  return seconds * 1_000 + fraction * 1_000 + offsetMs
}

function* optionsOf(order: ByteOrder, bytes: Buffer): Generator<{ code: number; value: Buffer }> {
  for (let at = 0; at + 4 <= bytes.length;) {
    const code = order.u16(bytes, at)
    const size = order.u16(bytes, at + 2)
    if (code === 0 || at + 4 + size > bytes.length) return
    yield { code, value: bytes.subarray(at + 4, at + 4 + size) }
    at += 4 + Math.ceil(size / 4) * 4
  }
}

/** The frame of a packet block; undefined for other blocks, and for a packet whose block cannot hold it. */
function frameOf(
  type: number,
  order: ByteOrder,
  body: Buffer,
  interfaces: readonly Interface[],
): Frame | undefined {
  if (type === SIMPLE_PACKET) {
    const [first] = interfaces
    if (first === undefined || body.length < 4) return undefined
    const onWire = order.u32(body, 0)
    const most = first.snapBytes === 0 ? body.length - 4 : Math.min(first.snapBytes, body.length - 4)
    const bytes = body.subarray(4, 4 + Math.min(onWire, most))
    return {
      linkType: first.linkType,
      atMs: undefined,
      bytes,
      cutBytes: Math.max(0, onWire - bytes.length),
    }
  }
  if ((type !== ENHANCED_PACKET && type !== OBSOLETE_PACKET) || body.length < 20) return undefined
  const on = interfaces[type === ENHANCED_PACKET ? order.u32(body, 0) : order.u16(body, 0)]
  if (on === undefined) return undefined
  const size = order.u32(body, 12)
  const onWire = order.u32(body, 16)
  if (20 + size > body.length) return undefined
  return {
    linkType: on.linkType,
    atMs: millisecondsOf(order.u32(body, 4), order.u32(body, 8), on),
    bytes: body.subarray(20, 20 + size),
    cutBytes: Math.max(0, onWire - size),
  }
}
