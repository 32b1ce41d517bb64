// What the terminal was asked and how its clients left it: the record that tests of leases, tails and clean-up
// read. Counted here, written by the listener and the responders.

/** How a session ended. */
export type SessionEnd = 'exit' | 'closed' | 'idle' | 'refused' | 'restart' | 'stopped'

/** One session from CMD_CONNECT to its end. Times are milliseconds since 1970 in UTC. */
export interface SessionRecord {
  readonly sessionId: number
  readonly transport: 'tcp' | 'udp'
  /** Address and port of the client. */
  readonly client: string
  readonly openedAt: number
  endedAt: number | undefined
  endedBy: SessionEnd | undefined
  /** It ended with a bulk buffer that nobody freed. */
  bufferNotFreed: boolean
  /** It ended with the terminal disabled by it. */
  leftDisabled: boolean
}

/** How many session records are kept; the oldest make room. */
const KEPT_SESSIONS = 10_000

/** Counters of one terminal, from its start or the last `reset()`. */
export class TerminalStats {
  /** Sessions in the order of their CMD_CONNECT; at most the last 10,000. */
  sessions: SessionRecord[] = []
  sessionsOpened = 0
  openSessions = 0
  maxConcurrentSessions = 0
  /** Connections turned away because the terminal serves no more. */
  connectionsRefused = 0
  /** Requests by the name of their command (`code 1234` where it has none). */
  requests: Record<string, number> = {}
  /** Packets dropped for a wrong checksum. */
  badChecksums = 0
  /** Bytes that are no packet: the connection was closed, the datagram ignored. */
  badFrames = 0
  buffersNotFreed = 0
  leftDisabled = 0
  bytesSent = 0
  bytesReceived = 0
  /** Slices of bulk reads (CMD_DATA_RDY) and the bytes they asked for. */
  slices = { count: 0, bytes: 0 }
  /** Live events: sent, acknowledged by whom they were sent to, and lost because their client did not read. */
  liveEvents = { sent: 0, acknowledged: 0, dropped: 0 }

  /** All counters back to zero; open sessions stay counted as open. */
  reset(): void {
    const open = this.sessions.filter(({ endedAt }) => endedAt === undefined)
    Object.assign(this, new TerminalStats())
    this.sessions = open
    this.openSessions = open.length
    this.maxConcurrentSessions = open.length
  }

  countRequest(name: string): void {
    this.requests[name] = (this.requests[name] ?? 0) + 1
  }

  countSlice(bytes: number): void {
    this.slices.count += 1
    this.slices.bytes += bytes
  }

  sessionOpened(
    session: Pick<SessionRecord, 'sessionId' | 'transport' | 'client' | 'openedAt'>,
  ): SessionRecord {
    const record: SessionRecord = {
      ...session,
      endedAt: undefined,
      endedBy: undefined,
      bufferNotFreed: false,
      leftDisabled: false,
    }
    this.sessions.push(record)
    if (this.sessions.length > KEPT_SESSIONS) this.sessions.shift()
    this.sessionsOpened += 1
    this.openSessions += 1
    this.maxConcurrentSessions = Math.max(this.maxConcurrentSessions, this.openSessions)
    return record
  }

  /** Closes the book on a session; a second call changes nothing. */
  sessionEnded(
    record: SessionRecord,
    end: { at: number; by: SessionEnd; bufferNotFreed: boolean; leftDisabled: boolean },
  ): void {
    if (record.endedAt !== undefined) return
    record.endedAt = end.at
    record.endedBy = end.by
    record.bufferNotFreed = end.bufferNotFreed
    record.leftDisabled = end.leftDisabled
    this.openSessions -= 1
    if (end.bufferNotFreed) this.buffersNotFreed += 1
    if (end.leftDisabled) this.leftDisabled += 1
  }
}
