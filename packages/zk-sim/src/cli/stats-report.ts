// What a terminal was asked and how its clients left it, as text and as facts for JSON. The counters are those of the stats;
// what hints at a client's fault comes first: wrong checksums, buffers that nobody freed, a terminal left disabled.
import type { SimulatedTerminal } from '../simulated-terminal.ts'

const LABEL_COLUMNS = 20

/** The stats of one terminal with the spelling of JSON. */
export function statsFacts({ port, memory, stats, faults }: SimulatedTerminal): Record<string, unknown> {
  return {
    port,
    serial_number: memory.serialNumber,
    bad_checksums: stats.badChecksums,
    bad_frames: stats.badFrames,
    buffers_not_freed: stats.buffersNotFreed,
    left_disabled: stats.leftDisabled,
    sessions: stats.sessionsOpened,
    open_sessions: stats.openSessions,
    most_sessions_at_once: stats.maxConcurrentSessions,
    connections_refused: stats.connectionsRefused,
    requests: stats.requests,
    slices: stats.slices,
    bytes_received: stats.bytesReceived,
    bytes_sent: stats.bytesSent,
    live_events: stats.liveEvents,
    door_openings: memory.door.openings,
    faults: Object.fromEntries(faults.totals),
  }
}

/** The stats as lines of text; terminals that nobody asked anything share one line. */
export function statsText(terminals: readonly SimulatedTerminal[]): string[] {
  const asked = terminals.filter(({ stats }) => stats.bytesReceived > 0)
  const silent = terminals.length - asked.length
  const lines = asked.flatMap((terminal) => textOf(terminal))
  if (silent > 0)
    lines.push(`stats: ${silent === 1 ? 'one terminal was' : `${silent} terminals were`} not asked anything`)
  return lines
}

function textOf({ port, memory, stats, faults }: SimulatedTerminal): string[] {
  const { slices, liveEvents } = stats
  const line = (label: string, text: string | number): string => `  ${label.padEnd(LABEL_COLUMNS)}${text}`
  return [
    `stats of ${memory.serialNumber} at port ${port}:`,
    line('bad checksums', stats.badChecksums),
    line('bad frames', stats.badFrames),
    line('buffers not freed', stats.buffersNotFreed),
    line('left disabled', stats.leftDisabled),
    line(
      'sessions',
      `${stats.sessionsOpened}, ${stats.openSessions} open, at most ${stats.maxConcurrentSessions} at once`,
    ),
    line('connections refused', stats.connectionsRefused),
    line('requests', counted(Object.entries(stats.requests))),
    line('bulk reads', `${slices.count} slices, ${slices.bytes} bytes asked for`),
    line('bytes', `${stats.bytesReceived} received, ${stats.bytesSent} sent`),
    line(
      'live events',
      `${liveEvents.sent} sent, ${liveEvents.acknowledged} acknowledged, ${liveEvents.dropped} lost`,
    ),
    line('door openings', memory.door.openings),
    line('faults', counted([...faults.totals])),
  ]
}

function counted(entries: readonly (readonly [string, number])[]): string {
  if (entries.length === 0) return 'none'
  return entries
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')
}
