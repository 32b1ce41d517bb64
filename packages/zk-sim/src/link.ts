// One client's conversation as the terminal knows it: how far it was let in, and what the terminal holds for it.
import type { TerminalRequest } from '@org/zk-proto/wire'
import type { Answer } from './responders/respond.ts'
import type { SessionRecord } from './stats.ts'
import type { TableSnapshot } from './table-snapshot.ts'

/** A snapshot of a table that a client reads in slices. */
export interface BulkBuffer {
  /** The command whose table it is. */
  readonly command: number
  readonly table: TableSnapshot
  /** Slices asked for so far. */
  slices: number
}

/** What a client uploads, piece by piece. */
export interface Upload {
  readonly announcedBytes: number
  /** What came so far, and room for more: it grows with what arrives, not with what was announced. */
  buffer: Uint8Array
  receivedBytes: number
}

/** A request and its answer, in case it comes again. */
export interface LastAnswered {
  readonly request: TerminalRequest
  readonly answer: Answer
}

/** How far a client was let in. Source: docs/protocol §26.3. */
export type Phase = 'none' | 'unauthorised' | 'ready'

/** The state of one conversation. */
export class Link {
  readonly transport: 'tcp' | 'udp'
  /** Address and port of the client. */
  readonly client: string
  phase: Phase = 'none'
  /** The id that CMD_CONNECT assigned; 0 before. */
  sessionId = 0
  /** Its line in the stats, while it has a session. */
  record: SessionRecord | undefined
  buffer: BulkBuffer | undefined
  upload: Upload | undefined
  /** Wrong keys it has tried in this session. */
  wrongKeys = 0
  lastAnswered: LastAnswered | undefined
  /** Whether it disabled the terminal and has not enabled it since. */
  disabledTerminal = false
  /** The live events it asked for: a sum of EVENTS, 0 for none. */
  eventMask = 0
  /** Live events sent to it that it has not acknowledged. */
  unacknowledgedEvents = 0

  constructor(transport: 'tcp' | 'udp', client: string) {
    this.transport = transport
    this.client = client
  }
}
