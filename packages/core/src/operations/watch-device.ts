// Watching a device for good: holds its terminal as long as nobody else needs it, gives it back when somebody waits, comes back,
// and tries again with growing pauses where the terminal cannot be had. What is done with it in hand is in watch-session.ts.
import { ZkError } from '@org/zk-proto'
import { ServiceError } from '../errors.ts'
import { pause } from '../pause.ts'
import type { WithTerminal } from '../terminals/with-terminal.ts'
import { CatchUp } from './catch-up.ts'
import { WatchSession, type WatchSessionParts } from './watch-session.ts'

/** What a watch needs. */
export interface WatchDeviceParts extends WatchSessionParts {
  readonly withTerminal: WithTerminal
}

/** How long a watch waits for the terminal behind everybody else; then it asks once as others do. */
const PATIENCE_MS = 30_000
/** Pauses between tries, each twice the one before: a dead address is not hammered, a terminal that restarts is soon heard again. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** What waiting does not cure (a wrong key, no terminal) is tried so often, in case somebody has cured it at the terminal. */
const HOPELESS_PAUSE_MS = 300_000
const HELD_PAUSE_MS = 250

/**
 * Watches until the signal aborts, or until there is no active device of that id. Never rejects for what a terminal, the
 * network, a lease or the database does: all of these pass.
 */
export async function watchDevice(
  parts: WatchDeviceParts,
  deviceId: number,
  signal: AbortSignal,
): Promise<void> {
  const log = parts.log.child({ deviceId })
  const catchUp = new CatchUp(parts)
  let failures = 0
  let hasWaited = false
  while (!signal.aborted) {
    const askedAt = performance.now()
    let pauseMs = 0
    try {
      const patience = { signal, waitMs: PATIENCE_MS, hasYielded: true, hasWaited }
      await parts.withTerminal(deviceId, { ...patience, manner: 'watching' }, (hand) =>
        new WatchSession(parts, hand, catchUp, () => {
          failures = 0
          log.debug('watching')
        }).run(),
      )
      hasWaited = false
    } catch (error) {
      if (signal.aborted || isGone(error)) return
      if (isHeld(error)) {
        hasWaited = performance.now() - askedAt >= PATIENCE_MS
        pauseMs = HELD_PAUSE_MS
      } else {
        hasWaited = false
        pauseMs = pauseAfter(error, failures)
        failures += 1
        const level = failures === 1 ? 'info' : 'debug'
        log[level]({ err: error, failures, pauseMs }, 'not watching for now')
      }
    }
    await pause(pauseMs, signal)
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof ServiceError && (error.code === 'DEVICE_NOT_FOUND' || error.code === 'DEVICE_INACTIVE')
  )
}

/** Held by somebody of ours, who gives it back. A terminal that serves another client is another matter: it is not hammered. */
function isHeld(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'DEVICE_BUSY' && !(error.cause instanceof ZkError)
}

/** Never the same for all: terminals behind one switch come back together. */
function pauseAfter(error: unknown, failures: number): number {
  const longest = isHopeless(error)
    ? HOPELESS_PAUSE_MS
    : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10))
  return longest * (0.5 + Math.random() / 2)
}

function isHopeless(error: unknown): boolean {
  if (!(error instanceof ServiceError) || error.retryable) return false
  return error.code === 'DEVICE_AUTH_FAILED' || error.code === 'DEVICE_UNREACHABLE'
}
