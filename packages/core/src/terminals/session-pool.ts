// Open sessions, at most one a device: operations of this process take turns, and a session is kept open with its lease for a
// while after use, until its time is over or another process waits for the terminal.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Terminal } from '@org/zk-proto'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import type { Lease, LeaseKeeper } from './lease.ts'

/** What an operation works with. Both end with it; it keeps neither. */
export interface HeldTerminal {
  readonly terminal: Terminal
  readonly lease: Lease
  /** Aborts when the caller gives up, the lease is lost or the service stops: goes into every call. */
  readonly signal: AbortSignal
}

/** How a terminal is connected to. */
export interface WayToTerminal {
  /** Says how the terminal is dialled; a session made with another one is not reused. */
  readonly dialKey: string
  readonly connect: (signal: AbortSignal) => Promise<Terminal>
}

/** Which terminal, how to connect to it, and how long to wait. */
export interface UseOptions {
  readonly deviceId: number
  /** Asked while the lease is held, so that what was changed during the wait for it counts. */
  readonly findWay: () => Promise<WayToTerminal>
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** Sessions of this process. */
export interface SessionPool {
  /** Waits for its turn and for the lease, opens or reuses a session, runs `act`. Throws DEVICE_BUSY when waiting takes too long. */
  use<T>(options: UseOptions, act: (held: HeldTerminal) => Promise<T>): Promise<T>
  /** Breaks off what runs, closes all sessions and gives back all leases. */
  close(): Promise<void>
}

/** What a pool needs. */
export interface PoolSettings {
  readonly leases: LeaseKeeper
  /** Turns of this process alone, so that its operations can hand a session on together with its lease. */
  readonly turns: LeaseKeeper
  /** How long a session is kept open after use; 0 keeps none. */
  readonly idleMs: number
  readonly log: Logger
}

/** A session that has been idle for less than this is not asked whether it still lives. */
const FRESH_MS = 1_000
/** What operations that were broken off get for leaving their terminals in order. */
const CLOSE_WITHIN_MS = 2_500

interface OpenSession {
  readonly terminal: Terminal
  readonly lease: Lease
  readonly dialKey: string
}

interface IdleSession extends OpenSession {
  readonly since: number
  /** Ends its timer and watches: from now on it is the taker's. */
  readonly take: () => void
}

/** The pool of this process; one for all devices. */
export function createSessionPool({ leases, turns, idleMs, log }: PoolSettings): SessionPool {
  const idle = new Map<number, IdleSession>()
  const running = new Set<Promise<unknown>>()
  const closing = new AbortController()

  /** Work that close() waits for. */
  const track = async <T>(work: Promise<T>): Promise<T> => {
    running.add(work)
    try {
      return await work
    } finally {
      running.delete(work)
    }
  }

  /** Closes a session, then gives its lease back. Never rejects. */
  const end = async ({ terminal, lease }: Pick<OpenSession, 'terminal' | 'lease'>): Promise<void> => {
    try {
      await terminal.close()
    } catch (error) {
      log.warn({ err: error }, 'a session did not close well')
    } finally {
      await lease.release()
    }
  }

  const park = (deviceId: number, session: OpenSession): void => {
    const giveUp = (): void => {
      if (idle.get(deviceId) !== parked) return
      parked.take()
      void track(end(session))
    }
    const timer = setTimeout(giveUp, idleMs).unref()
    session.lease.signal.addEventListener('abort', giveUp, { once: true })
    const parked: IdleSession = {
      ...session,
      since: performance.now(),
      take() {
        idle.delete(deviceId)
        clearTimeout(timer)
        stopWatching()
        session.lease.signal.removeEventListener('abort', giveUp)
      },
    }
    idle.set(deviceId, parked)
    const stopWatching = session.lease.whenWanted(giveUp)
  }

  /** The parked session, when it is still good for this. */
  const reuse = async (
    { deviceId, findWay }: UseOptions,
    signal: AbortSignal,
  ): Promise<OpenSession | undefined> => {
    const parked = idle.get(deviceId)
    if (parked === undefined) return undefined
    parked.take()
    const { terminal, lease } = parked
    let usable = false
    try {
      const { dialKey } = await findWay()
      const right = parked.dialKey === dialKey && !terminal.closed && !lease.signal.aborted
      const fresh = performance.now() - parked.since < FRESH_MS
      usable = right && (fresh || (await answers(terminal, signal, log)))
    } finally {
      if (!usable) await end(parked)
    }
    return usable ? parked : undefined
  }

  const open = async (options: UseOptions, waitMs: number, signal: AbortSignal): Promise<OpenSession> => {
    const lease = await leases.acquire({ deviceId: options.deviceId }, { waitMs, signal })
    try {
      const { dialKey, connect } = await options.findWay()
      lease.assertHeld()
      const terminal = await connect(AbortSignal.any([signal, lease.signal]))
      return { terminal, lease, dialKey }
    } catch (error) {
      await lease.release()
      throw error
    }
  }

  const useInTurn = async <T>(
    options: UseOptions,
    waitMs: number,
    signal: AbortSignal,
    act: (held: HeldTerminal) => Promise<T>,
  ): Promise<T> => {
    const session = (await reuse(options, signal)) ?? (await open(options, waitMs, signal))
    const { terminal, lease } = session
    let sound = false
    try {
      lease.assertHeld()
      const result = await act({ terminal, lease, signal: AbortSignal.any([signal, lease.signal]) })
      sound = true
      return result
    } finally {
      const keep = sound && idleMs > 0 && !closing.signal.aborted
      if (keep && !terminal.closed && !lease.wanted && !lease.signal.aborted) park(options.deviceId, session)
      else await end(session)
    }
  }

  return {
    async use(options, act) {
      const signal = AbortSignal.any([options.signal, closing.signal])
      const giveUpAt = performance.now() + options.waitMs
      const turn = await turns.acquire({ deviceId: options.deviceId }, { waitMs: options.waitMs, signal })
      try {
        return await track(useInTurn(options, Math.max(0, giveUpAt - performance.now()), signal, act))
      } finally {
        await turn.release()
      }
    },
    async close() {
      closing.abort(new ServiceError('SERVICE_STOPPING'))
      for (const session of idle.values()) {
        session.take()
        void track(end(session))
      }
      await settledWithin(CLOSE_WITHIN_MS, running, log)
      await turns.close()
    },
  }
}

/** Waits until all has ended, but not for ever: what hangs then is cut with the process. */
async function settledWithin(ms: number, running: ReadonlySet<Promise<unknown>>, log: Logger): Promise<void> {
  const timer = new AbortController()
  const late = sleep(ms, 'late' as const, { signal: timer.signal }).catch(() => 'in time' as const)
  const first = await Promise.race([Promise.allSettled(running), late])
  timer.abort()
  if (first === 'late') log.warn({ operations: running.size }, 'operations on terminals did not end in time')
}

/** Whether a parked session still answers. */
async function answers(terminal: Terminal, signal: AbortSignal, log: Logger): Promise<boolean> {
  try {
    await terminal.ping({ signal })
    return true
  } catch (error) {
    signal.throwIfAborted()
    log.debug({ err: error }, 'a parked session has died; connecting anew')
    return false
  }
}
