// A capture of any kind to the entries of its trace: the beginning of a file says which kind it is.
import { BarePieces } from './bare-pieces.ts'
import { ByteSource } from './byte-source.ts'
import type { Entry } from './entry.ts'
import { CaptureError, type Frame } from './frame.ts'
import { hexPieces, MOST_LINE_BYTES } from './hex-dump.ts'
import { linkTypeOf, Listening, type Wanted } from './listening.ts'
import { isPcap, pcapFrames } from './pcap.ts'
import { isPcapng, pcapngFrames } from './pcapng.ts'

const KIND_BYTES = 4

/** How reading ended. */
export interface ReadOutcome {
  /** What kind of capture it was. */
  readonly kind: 'pcap' | 'pcapng' | 'hex dump'
  /** Frames or pieces that held something of the protocol, and all of them. */
  readonly heard: number
  readonly all: number
  /** Why reading ended before the end; what came before stands. */
  readonly damage: string | undefined
}

/** The entries of a capture, in its order. Holds only what is open; a capture may be of any size. */
export async function* readTrace(
  chunks: AsyncIterable<Uint8Array>,
  wanted: Wanted,
): AsyncGenerator<Entry, ReadOutcome> {
  const source = new ByteSource(chunks)
  const head = await source.peek(KIND_BYTES)
  if (isPcap(head)) return yield* framesRead('pcap', pcapFrames(source), wanted)
  if (isPcapng(head)) return yield* framesRead('pcapng', pcapngFrames(source), wanted)
  return yield* textRead(source, wanted)
}

async function* framesRead(
  kind: 'pcap' | 'pcapng',
  frames: AsyncIterable<Frame>,
  wanted: Wanted,
): AsyncGenerator<Entry, ReadOutcome> {
  const listening = new Listening(wanted)
  let damage: string | undefined
  try {
    for await (const frame of frames) yield* listening.frame(frame)
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    damage = error.message
  }
  yield* listening.ended()
  return { kind, heard: listening.heardFrames, all: listening.frames, damage }
}

/** A dump holds frames with addresses, or packets without. */
async function* textRead(source: ByteSource, wanted: Wanted): AsyncGenerator<Entry, ReadOutcome> {
  const listening = new Listening(wanted)
  const bare = new BarePieces(wanted)
  let all = 0
  for await (const piece of hexPieces(source.lines(MOST_LINE_BYTES))) {
    all += 1
    const linkType = linkTypeOf(piece.bytes)
    const { bytes, atMs } = piece
    if (linkType === undefined) yield* bare.piece(piece)
    else yield* listening.frame({ linkType, atMs, bytes, cutBytes: 0 })
  }
  yield* listening.ended()
  yield* bare.ended()
  return { kind: 'hex dump', heard: listening.heardFrames + bare.heardPieces, all, damage: undefined }
}
