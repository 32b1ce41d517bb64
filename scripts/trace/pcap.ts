// Frames of a pcap file: both byte orders, times in micro- and nanoseconds. Source: draft-ietf-opsawg-pcap.
import type { ByteSource } from './byte-source.ts'
import { CaptureError, MOST_FRAME_BYTES, type Frame } from './frame.ts'

const FILE_HEAD_BYTES = 24
const FRAME_HEAD_BYTES = 16
const LINK_TYPE_AT = 20
/** Only the lower bits name the link type; the upper ones say how long a checksum behind each frame is. */
const LINK_TYPE_BITS = 0x0fff_ffff
const MICRO_MAGIC = 0xa1b2c3d4
const NANO_MAGIC = 0xa1b23c4d

interface PcapOrder {
  readonly isLittle: boolean
  /** Parts of a second in a millisecond. */
  readonly unitsPerMs: number
}

/** How a file of this beginning is to be read; undefined for one that is no pcap. */
function orderOf(head: Buffer): PcapOrder | undefined {
  if (head.length < 4) return undefined
  for (const isLittle of [true, false]) {
    const magic = isLittle ? head.readUInt32LE(0) : head.readUInt32BE(0)
    if (magic === MICRO_MAGIC) return { isLittle, unitsPerMs: 1_000 }
    if (magic === NANO_MAGIC) return { isLittle, unitsPerMs: 1_000_000 }
  }
  return undefined
}

/** Whether a file of this beginning is a pcap. */
export function isPcap(head: Buffer): boolean {
  return orderOf(head) !== undefined
}

/** The frames of a file. Throws CaptureError where it is cut or damaged, after the frames before. */
export async function* pcapFrames(source: ByteSource): AsyncGenerator<Frame> {
  const head = await source.take(FILE_HEAD_BYTES)
  const order = head === undefined ? undefined : orderOf(head)
  if (head === undefined || order === undefined)
    throw new CaptureError('the pcap file ends inside its header')
  const { isLittle, unitsPerMs } = order
  const read32 = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const linkType = read32(head, LINK_TYPE_AT) & LINK_TYPE_BITS
  for (;;) {
    const beginsAt = source.position
    const frameHead = await source.take(FRAME_HEAD_BYTES)
    if (frameHead === undefined) {
      if ((await source.peek(1)).length === 0) return
      throw new CaptureError(`the file ends inside the head of a frame, at byte ${beginsAt}`)
    }
    const atMs = read32(frameHead, 0) * 1_000 + read32(frameHead, 4) / unitsPerMs
    const size = read32(frameHead, 8)
    const onWire = read32(frameHead, 12)
    if (size > MOST_FRAME_BYTES)
      throw new CaptureError(`the file is damaged at byte ${beginsAt}: a frame of ${size} bytes`)
    const bytes = await source.take(size)
    if (bytes === undefined)
      throw new CaptureError(`the file ends inside a frame, at byte ${source.position}`)
    yield { linkType, atMs, bytes, cutBytes: Math.max(0, onWire - size) }
  }
}
