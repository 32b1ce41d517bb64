// watch: live events that survive a lost connection. It connects, listens, and when the connection is gone says so, connects
// again and listens again; with a bookmark it reads what the log got meanwhile.
import { connect, worthAnotherTry } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { ZkError, ZkTransportError } from './errors.ts'
import type { AttendanceBookmark } from './procedures/attendance-bookmark.ts'
import type { LiveNotice } from './procedures/live-events.ts'
import type { AttendanceBatch } from './procedures/read-attendance.ts'
import type { Terminal } from './terminal.ts'
import type { LiveEventsOptions } from './terminal-live.ts'
import { BackOff, pause } from './transport/back-off.ts'
import type { RetryOptions } from './transport/back-off.ts'

/** How to watch. `signal` ends it with ZK_ABORTED; leaving the loop ends it too. */
export interface WatchOptions extends ConnectOptions, LiveEventsOptions {
  /**
   * Where the reader stands in the log. Each time it is connected, first of all, what follows is read and handed out; the
   * bookmark moves along. `start` reads the whole log first. Without it nothing is read, and a loss is only told.
   */
  readonly from?: AttendanceBookmark | 'start'
  /** How to try again; endlessly unless said, with pauses from half a second to half a minute. */
  readonly retry?: RetryOptions
}

/** What watching gives: what `liveEvents` gives, and three notices more. */
export type WatchNotice =
  | LiveNotice
  /** Connected and listening; `terminal` can be used meanwhile and is closed by the watch. */
  | { readonly type: 'connected'; readonly terminal: Terminal }
  /**
   * Not listening: whatever happens from now until `connected` is not told live. `failed` counts the tries since, 1 when the
   * connection was just lost; the next one begins after `pauseMs`.
   */
  | { readonly type: 'away'; readonly error: ZkError; readonly failed: number; readonly pauseMs: number }
  /** Punches that the log has behind the bookmark, those among them too that were told live. Refused ones are marked. */
  | { readonly type: 'log'; readonly batch: AttendanceBatch }

const ENDLESSLY: RetryOptions = { attempts: Number.POSITIVE_INFINITY }

/**
 * Watches a terminal until the loop is left or the signal aborts. Throws ZK_ABORTED; what connecting throws when it can never
 * succeed (a wrong key, no terminal) or when tries are used up; and what a terminal refuses.
 */
export async function* watch(options: WatchOptions): AsyncGenerator<WatchNotice, void, undefined> {
  const { from, retry = ENDLESSLY, signal, ...rest } = options
  const target: ConnectOptions = {
    ...rest,
    retry: { attempts: 1 },
    ...(signal === undefined ? {} : { signal }),
  }
  const backOff = new BackOff(retry)
  let place = from
  for (;;) {
    let failure: ZkError
    let terminal: Terminal | undefined
    try {
      terminal = await connect(target)
      for await (const notice of stay(terminal, options, place, () => backOff.reset())) {
        if (notice.type === 'log') {
          place = notice.batch.bookmark
          backOff.reset()
        }
        yield notice
      }
      return
    } catch (error) {
      failure = passing(error)
    } finally {
      await terminal?.close()
    }
    const pauseMs = backOff.next()
    if (pauseMs === undefined) throw failure
    yield { type: 'away', error: failure, failed: backOff.failed, pauseMs }
    await pause(pauseMs, signal)
  }
}

/**
 * One connection: listens first and reads the log then, so that no punch falls between the two. `caughtUp` is called when
 * both have been done: a connection that never gets there is a try that failed.
 */
async function* stay(
  terminal: Terminal,
  { mask, heartbeatMs, signal }: WatchOptions,
  from: AttendanceBookmark | 'start' | undefined,
  caughtUp: () => void,
): AsyncGenerator<WatchNotice, void, undefined> {
  const left = new AbortController()
  const ending = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
  const events = terminal.liveEvents({
    signal: ending,
    ...(mask === undefined ? {} : { mask }),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
  })
  try {
    let next = settled(events.next())
    // Answered after the registration: from here on nothing is missed.
    await terminal.ping({ signal: ending })
    yield { type: 'connected', terminal }
    if (from !== undefined) {
      const tail = from === 'start' ? {} : { from }
      for await (const batch of terminal.readAttendance({ signal: ending, ...tail, denied: 'mark' })) {
        yield { type: 'log', batch }
      }
    }
    caughtUp()
    for (;;) {
      const step = await next
      if (!step.ok) throw step.error
      if (step.value.done === true) return
      yield step.value.value
      next = settled(events.next())
    }
  } finally {
    // Ends the wait for the next event, which `return` alone would sit out.
    left.abort()
    await events.return()
  }
}

/** A promise that never rejects: what it waits for may fail long before anybody looks. */
async function settled<T>(
  work: Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }> {
  try {
    return { ok: true, value: await work }
  } catch (error) {
    return { ok: false, error }
  }
}

const BROKEN_STREAM: readonly string[] = ['ZK_BAD_FRAME', 'ZK_BAD_CHECKSUM', 'ZK_TRANSFER_INCOMPLETE']

/** The error that another connection may cure; throws one that it cannot. */
function passing(error: unknown): ZkError {
  if (!(error instanceof ZkError)) throw error
  const lost = error instanceof ZkTransportError && error.code !== 'ZK_ABORTED'
  if (lost || worthAnotherTry(error) || BROKEN_STREAM.includes(error.code)) return error
  throw error
}
