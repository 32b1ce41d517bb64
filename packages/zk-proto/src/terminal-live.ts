// terminal.liveEvents: what happens at the terminal, as an async iterator. Each event is acknowledged when it arrives, however
// slow the loop is that takes it.
import { ALL_EVENTS } from './commands/live.ts'
import { ZkUsageError } from './errors.ts'
import { listen } from './procedures/live-events.ts'
import type { LiveNotice } from './procedures/live-events.ts'
import type { TerminalLine } from './terminal-line.ts'

export interface LiveEventsOptions {
  /** Ends the loop with ZK_ABORTED. */
  readonly signal?: AbortSignal
  /** Which events: a sum of EVENTS. All unless said. */
  readonly mask?: number
  /** After so long without an event the terminal is asked whether it is still there; 30,000 unless said. */
  readonly heartbeatMs?: number
}

const HEARTBEAT_MS = 30_000

/**
 * Listens until the loop is left, the signal aborts, or the connection ends, which is thrown. Throws ZK_VALUE_OUT_OF_RANGE for a
 * heartbeat or a mask that cannot be meant.
 */
export async function* liveEvents(
  line: TerminalLine,
  options: LiveEventsOptions = {},
): AsyncGenerator<LiveNotice, void, undefined> {
  const { signal, mask = ALL_EVENTS, heartbeatMs = HEARTBEAT_MS } = options
  if (!(heartbeatMs > 0)) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `heartbeatMs must be above 0, got ${heartbeatMs}`)
  }
  // With a mask that asks for nothing the loop would wait for ever.
  if (!Number.isInteger(mask) || mask < 1 || mask > ALL_EVENTS) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `A mask is a sum of EVENTS, got ${mask}`)
  }
  line.refuseWhenClosed()
  const plan = { registrations: line.registrations, mask, heartbeatMs }
  const stream = line.stream(listen(plan), signal === undefined ? {} : { signal })
  try {
    for (;;) {
      const step = await stream.next()
      if (step.done) return
      yield step.value
    }
  } finally {
    await stream.leave()
  }
}
