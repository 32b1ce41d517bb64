// What the tests of the symptoms share: recorded answers put in the place of a scripted terminal's, whole reads, listening, and
// peers behind sockets.
import { joinBytes, toHex } from '../../src/bytes.ts'
import { readClock } from '../../src/commands/terminal.ts'
import { connect } from '../../src/connect.ts'
import type { ConnectOptions } from '../../src/connect.ts'
import type { Framing } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import type { AttendanceBookmark } from '../../src/procedures/attendance-bookmark.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { listen, LiveRegistrations } from '../../src/procedures/live-events.ts'
import type { LiveNotice } from '../../src/procedures/live-events.ts'
import { readAttendance } from '../../src/procedures/read-attendance.ts'
import type { AttendanceBatch, AttendanceSummary } from '../../src/procedures/read-attendance.ts'
import type { Punch } from '../../src/records/punch.ts'
import { ask } from '../../src/session/procedure.ts'
import type { Outcome } from '../../src/session/turns.ts'
import type { Terminal } from '../../src/terminal.ts'
import { captured, readCapture } from '../support/recorded.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import type { Ran, WireOptions } from '../support/virtual-wire.ts'

export type LogRead = Ran<AttendanceSummary, AttendanceBatch>

/** What the terminal of a capture sent, one entry a segment or datagram. */
export function sentBy(id: string): Uint8Array[] {
  return captured(readCapture(id), 'from_device')
}

/** The first thing that the terminal of a capture sent. */
export function firstOf(id: string): Uint8Array {
  const [bytes] = sentBy(id)
  if (bytes === undefined) throw new Error(`the capture ${id} holds nothing of a terminal`)
  return bytes
}

/** A connected wire, which behaves as the options have it only from then on. */
export function wireWith(script: Script, options: WireOptions = {}, framing: Framing = 'tcp'): VirtualWire {
  const wire = new VirtualWire(script, { framing }).connected()
  wire.faults = options
  return wire
}

/** Asks for the clock until the next request has this reply id: recorded answers carry theirs. */
export function askUntil(wire: VirtualWire, replyId: number): void {
  while ((wire.terminal.asked.at(-1)?.replyId ?? -1) + 1 < replyId) wire.result(ask(readClock, undefined))
}

/** The terminal's next packet is lost, and the recorded segments come in its place. */
export function answerNextWith(wire: VirtualWire, segments: readonly Uint8Array[]): void {
  wire.faults = { spoil: (packet, n) => (n === 0 ? segments : packet) }
}

/** The whole log, or what follows a bookmark. */
export function readLog(wire: VirtualWire, framing: Framing = 'tcp', from?: AttendanceBookmark): LogRead {
  return wire.run(readAttendance({ from, onProgress: undefined, sliceBytes: SLICE_BYTES[framing] }))
}

/** What a read handed out; throws what it failed with. */
export function punchesOf(ran: LogRead): Punch[] {
  if (!ran.outcome.ok) throw ran.outcome.error
  return ran.offered.flatMap(({ punches }) => [...punches])
}

/** The bytes that a read handed out, as hex; throws what it failed with. */
export function rawOf(ran: LogRead): string {
  return toHex(joinBytes([new Uint8Array(0), ...punchesOf(ran).map(({ raw }) => raw)]))
}

/** Where the peers of these tests listen. */
export const HOST = '127.0.0.1'
/** For peers that stay silent. */
export const QUICK = { connectMs: 400, replyMs: 200, prepareMs: 200, transferIdleMs: 200 }

/** Connects to a peer, over TCP unless the options say otherwise. */
export function dial(
  peer: { readonly port: number },
  options: Partial<ConnectOptions> = {},
): Promise<Terminal> {
  return connect({ host: HOST, port: peer.port, transport: 'tcp', ...options })
}

/** What a call fails with; undefined when it does not. */
export function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A terminal that holds this log and says how many records it has. */
export const holding = (log: Uint8Array, size = 40): Script => ({
  attendance: log,
  capacity: { records: log.length / size, recordCapacity: 100_000 },
})

/** Listens and takes whatever comes; `hear` has the terminal tell of events first. */
export function listening(wire: VirtualWire, mask = 0xffff) {
  const notices: LiveNotice[] = []
  const outcomes: Outcome<never>[] = []
  const run = wire.client.run(
    listen({ registrations: new LiveRegistrations(), mask, heartbeatMs: 30_000 }),
    {
      deadline: Number.POSITIVE_INFINITY,
      settled: (outcome) => outcomes.push(outcome),
      offered: (notice) => notices.push(notice),
    },
    wire.now,
  )
  while (wire.shuttle());
  return {
    notices,
    outcomes,
    hear: (...events: readonly (readonly [number, Uint8Array])[]): void => {
      for (const [event, payload] of events) wire.terminal.session.sendEvent(event, payload)
      while (wire.shuttle());
      for (let before = -1; before !== notices.length;) {
        before = notices.length
        run.resume(wire.now)
        while (wire.shuttle());
      }
    },
  }
}

/** Data of an event that a real terminal told of. */
export function toldBy(id: string, framing: 'tcp' | 'udp'): readonly [number, Uint8Array] {
  const bytes = firstOf(id)
  const { session, payload } = decodePacket(framing === 'tcp' ? bytes.subarray(8) : bytes)
  return [session, payload]
}
