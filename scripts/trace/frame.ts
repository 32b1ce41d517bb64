// One frame of a capture as the files hold it, and what is wrong with a file.

/** Link types as pcap and pcapng number them. */
export const LINK_TYPES = {
  NULL: 0, // loopback of BSD and macOS
  ETHERNET: 1,
  RAW_BSD: 12, // IP without anything before it, as some systems number it
  RAW_BSD_OTHER: 14,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const

/** A frame. `bytes` are a view that holds good until the next frame is asked for. */
export interface Frame {
  readonly linkType: number
  /** Milliseconds since 1970 in UTC, with a fraction; undefined where the block has no time. */
  readonly atMs: number | undefined
  readonly bytes: Uint8Array
  /** How many bytes of the frame the capture left out. */
  readonly cutBytes: number
}

/** A file that is damaged: what came before it stands. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
}

/** A frame longer than this is none: snap lengths end at 262,144. */
export const MOST_FRAME_BYTES = 1_048_576
