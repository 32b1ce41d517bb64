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
  /** For a hosting operation: from now on nobody joins it, and whoever has joined is gone when this resolves. */
  readonly beAlone: () => Promise<void>
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
  /** Default: alone. */
  readonly manner?: Manner
  /** True for an operation that gave the terminal back because others waited, and goes on: they go first. */
  readonly hasYielded?: boolean
}

/**
 * How an operation shares the terminal with others of its process. `alone`: not at all. `hosting`: a long read, between whose
 * packets the terminal may be asked other things. `joining`: a short question or command; it joins a hosting one on its session
 * instead of waiting for it to end, so that nobody stands before a door while a log is read.
 */
export type Manner = 'alone' | 'hosting' | 'joining'

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

/** A hosting operation under way, and who has joined it. */
interface Host {
  readonly session: OpenSession
  readonly guests: Set<Promise<unknown>>
}

/** The pool of this process; one for all devices. */
export function createSessionPool({ leases, turns, idleMs, log }: PoolSettings): SessionPool {
  const idle = new Map<number, IdleSession>()
  const hosts = new Map<number, Host>()
  /** Who waits for a turn, and would rather join a host that comes before it. */
  const hostAwaited = new Map<number, Set<() => void>>()
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
    const lease = await leases.acquire(
      { deviceId: options.deviceId },
      { waitMs, signal, hasYielded: options.hasYielded ?? false },
    )
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
    const host = options.manner === 'hosting' ? openHouse(options.deviceId, session) : undefined
    try {
      lease.assertHeld()
      const result = await act({
        terminal,
        lease,
        signal: AbortSignal.any([signal, lease.signal]),
        beAlone: () => (host === undefined ? Promise.resolve() : closeHouse(options.deviceId, host)),
      })
      sound = true
      return result
    } finally {
      if (host !== undefined) await closeHouse(options.deviceId, host)
      const keep = sound && idleMs > 0 && !closing.signal.aborted
      if (keep && !terminal.closed && !lease.wanted && !lease.signal.aborted) park(options.deviceId, session)
      else await end(session)
    }
  }

  const openHouse = (deviceId: number, session: OpenSession): Host => {
    const host = { session, guests: new Set<Promise<unknown>>() }
    hosts.set(deviceId, host)
    for (const call of hostAwaited.get(deviceId) ?? []) call()
    return host
  }

  /** Nobody joins any more, and whoever has joined is waited for: what comes next on this session is alone again. */
  const closeHouse = async (deviceId: number, host: Host): Promise<void> => {
    hosts.delete(deviceId)
    await Promise.allSettled(host.guests)
  }

  /** Joins the host that there is, if its session is the one that would be opened now. */
  const join = async <T>(
    options: UseOptions,
    signal: AbortSignal,
    act: (held: HeldTerminal) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> => {
    const { dialKey } = await options.findWay()
    const host = hosts.get(options.deviceId)
    if (host === undefined || host.session.dialKey !== dialKey || host.session.terminal.closed)
      return undefined
    const { terminal, lease } = host.session
    lease.assertHeld()
    const work = act({
      terminal,
      lease,
      signal: AbortSignal.any([signal, lease.signal]),
      beAlone: () => Promise.reject(new Error('a guest cannot be alone with its host’s terminal')),
    })
    host.guests.add(work)
    try {
      return { result: await work }
    } finally {
      host.guests.delete(work)
    }
  }

  /** The turn; undefined when a host has come meanwhile that may be joined. */
  const turnOrHost = async (
    { deviceId, manner }: UseOptions,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Lease | undefined> => {
    const hostCame = new AbortController()
    const call = (): void => hostCame.abort()
    const calls = hostAwaited.get(deviceId) ?? new Set()
    if (manner === 'joining') hostAwaited.set(deviceId, calls.add(call))
    try {
      return await turns.acquire({ deviceId }, { waitMs, signal: AbortSignal.any([signal, hostCame.signal]) })
    } catch (error) {
      signal.throwIfAborted()
      if (hostCame.signal.aborted) return undefined
      throw error
    } finally {
      calls.delete(call)
      if (calls.size === 0) hostAwaited.delete(deviceId)
    }
  }

  return {
    async use(options, act) {
      const signal = AbortSignal.any([options.signal, closing.signal])
      const giveUpAt = performance.now() + options.waitMs
      const leftMs = (): number => Math.max(0, giveUpAt - performance.now())
      const mayJoin = options.manner === 'joining'
      for (let wayChanged = false; ;) {
        signal.throwIfAborted()
        if (mayJoin && !wayChanged && hosts.has(options.deviceId)) {
          const joined = await track(join(options, signal, act))
          if (joined !== undefined) return joined.result
          wayChanged = hosts.has(options.deviceId)
        }
        const turn = await turnOrHost(
          wayChanged ? { ...options, manner: 'alone' } : options,
          leftMs(),
          signal,
        )
        if (turn === undefined) continue
        try {
          return await track(useInTurn(options, leftMs(), signal, act))
        } finally {
          await turn.release()
        }
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
