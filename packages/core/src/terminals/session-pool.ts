// Open sessions, at most one a device: operations of this process take turns, and a session is kept open with its lease for a
// while after use, until its time is over or another process waits for the terminal.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Terminal } from '@org/zk-proto'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import { leaseDenied, type Lease, type LeaseKeeper } from './lease.ts'
import { ParkedSessions } from './parked-sessions.ts'
import { SharedSessions, type OpenSession } from './shared-sessions.ts'

/** What an operation works with. Both end with it; it keeps neither. */
export interface HeldTerminal {
  readonly terminal: Terminal
  readonly lease: Lease
  /** Aborts when the caller gives up, the lease is lost or the service stops: goes into every call. */
  readonly signal: AbortSignal
  /** For a hosting operation: from now on nobody joins it, and whoever has joined is gone when this resolves. */
  readonly beAlone: () => Promise<void>
  /** True while somebody waits whom this operation lets go first: see Manner. */
  isWanted(): boolean
  /** Calls back once when that becomes true (at once when it is). The function returned takes the call back. */
  whenWanted(call: () => void): () => void
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
  /** True for a watching operation that has waited its whole time in vain: now it asks as the others do. */
  readonly hasWaited?: boolean
  /** True for a command that is never repeated: a session is asked whether it lives before it, however recently it was used. */
  readonly sendsOnce?: boolean
}

/**
 * How an operation shares the terminal with others. `alone`: not at all. `hosting`: a long read, between whose packets the
 * terminal may be asked other things. `joining`: a short question or command; it joins a hosting one of its process on its
 * session instead of waiting for it to end, so that nobody stands before a door while a log is read. `watching`: a hosting one
 * without end that comes after all others. Both are wanted when another process waits, or an operation of their own that
 * cannot join: whether there is one process or are several makes no difference to who waits for whom.
 */
export type Manner = 'alone' | 'hosting' | 'joining' | 'watching'

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

/** The pool of this process; one for all devices. */
export function createSessionPool({ leases, turns, idleMs, log }: PoolSettings): SessionPool {
  const shared = new SharedSessions()
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

  /** Never rejects. */
  const closeQuietly = async (terminal: Terminal): Promise<void> => {
    try {
      await terminal.close()
    } catch (error) {
      log.warn({ err: error }, 'a session did not close well')
    }
  }

  /** Closes a session, then gives its lease back. Never rejects. */
  const end = async ({ terminal, lease }: Pick<OpenSession, 'terminal' | 'lease'>): Promise<void> => {
    await closeQuietly(terminal)
    await lease.release()
  }

  const parked = new ParkedSessions(idleMs, (session) => void track(end(session)))

  /** The parked session, when it is still good for this. */
  const reuse = async (
    { deviceId, findWay, sendsOnce = false }: UseOptions,
    signal: AbortSignal,
  ): Promise<OpenSession | undefined> => {
    const kept = parked.take(deviceId)
    if (kept === undefined) return undefined
    const { terminal, lease } = kept
    let usable = false
    try {
      const { dialKey } = await findWay()
      const right = kept.dialKey === dialKey && !terminal.closed && !lease.signal.aborted
      const fresh = !sendsOnce && performance.now() - kept.since < FRESH_MS
      usable = right && (fresh || (await answers(terminal, signal, log)))
    } finally {
      if (!usable) await end(kept)
    }
    return usable ? kept : undefined
  }

  const open = async (
    options: UseOptions,
    turn: Lease,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<OpenSession> => {
    const { deviceId, hasYielded = false } = options
    const isHumble = comesLast(options)
    const overtaken = new AbortController()
    // Whoever waits in this process does not wait for a watch that waits for another process.
    const takeBack = isHumble ? turn.whenWanted(() => overtaken.abort(leaseDenied())) : undefined
    const stop = AbortSignal.any([signal, overtaken.signal])
    const asking = leases.acquire({ deviceId }, { waitMs, signal: stop, hasYielded, isHumble })
    const lease = await asking.finally(takeBack)
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
    turn: Lease,
    waitMs: number,
    signal: AbortSignal,
    act: (held: HeldTerminal) => Promise<T>,
  ): Promise<T> => {
    const session = (await reuse(options, signal)) ?? (await open(options, turn, waitMs, signal))
    const { terminal, lease } = session
    let sound = false
    const { deviceId, manner } = options
    const hosts = manner === 'hosting' || manner === 'watching'
    const house = hosts ? shared.open(deviceId, session) : undefined
    try {
      lease.assertHeld()
      const beAlone = (): Promise<void> =>
        house === undefined ? Promise.resolve() : shared.close(deviceId, house)
      const wantedFor = hosts ? [lease, turn] : [lease]
      const result = await act({ ...handOf(session, wantedFor, signal), beAlone })
      sound = true
      return result
    } finally {
      if (house !== undefined) await shared.close(deviceId, house)
      const keep = sound && idleMs > 0 && !closing.signal.aborted
      if (keep && !terminal.closed && !lease.wanted && !lease.signal.aborted) parked.park(deviceId, session)
      else await end(session)
    }
  }

  /** Joins the host that there is, if its session is the one that would be opened now, and lives where that is asked. */
  const join = async <T>(
    { deviceId, findWay, sendsOnce = false }: UseOptions,
    signal: AbortSignal,
    act: (held: HeldTerminal) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> => {
    const { dialKey } = await findWay()
    const joined = await shared.join(deviceId, dialKey, async (session) => {
      const held = handOf(session, [session.lease], signal)
      if (sendsOnce && !(await answers(session.terminal, held.signal, log))) {
        // Its host has not noticed yet, and would keep us waiting until it does.
        await closeQuietly(session.terminal)
        return undefined
      }
      return { result: await act({ ...held, beAlone: guestsAreNeverAlone }) }
    })
    return joined?.result
  }

  /** The turn; undefined when a host has come meanwhile that may be joined. */
  const turnOrHost = async (
    options: UseOptions,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Lease | undefined> => {
    const { deviceId, manner } = options
    const hostCame = new AbortController()
    const takeBack =
      manner === 'joining' ? shared.whenOpened(deviceId, () => hostCame.abort()) : () => undefined
    const stop = AbortSignal.any([signal, hostCame.signal])
    try {
      return await turns.acquire({ deviceId }, { waitMs, signal: stop, isHumble: comesLast(options) })
    } catch (error) {
      signal.throwIfAborted()
      if (hostCame.signal.aborted) return undefined
      throw error
    } finally {
      takeBack()
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
        if (mayJoin && !wayChanged && shared.isOpen(options.deviceId)) {
          const joined = await track(join(options, signal, act))
          if (joined !== undefined) return joined.result
          wayChanged = shared.isOpen(options.deviceId)
        }
        const turn = await turnOrHost(
          wayChanged ? { ...options, manner: 'alone' } : options,
          leftMs(),
          signal,
        )
        if (turn === undefined) continue
        try {
          return await track(useInTurn(options, turn, leftMs(), signal, act))
        } finally {
          await turn.release()
        }
      }
    },
    async close() {
      closing.abort(new ServiceError('SERVICE_STOPPING'))
      parked.clear()
      await settledWithin(CLOSE_WITHIN_MS, running, log)
      await turns.close()
    },
  }
}

/** Whoever asks for this long in vain dials anew: somebody may be standing before a door. */
const SIGN_OF_LIFE_MS = 5_000

/** A watch disturbs nobody and waits until nobody else does, until it has waited for long. */
function comesLast({ manner, hasWaited = false }: UseOptions): boolean {
  return manner === 'watching' && !hasWaited
}

function guestsAreNeverAlone(): Promise<never> {
  return Promise.reject(new Error('a guest cannot be alone with its host’s terminal'))
}

/** A session in an operation's hands, which is wanted when one of these leases is. */
function handOf(
  { terminal, lease }: OpenSession,
  wantedFor: readonly Lease[],
  signal: AbortSignal,
): Omit<HeldTerminal, 'beAlone'> {
  return {
    terminal,
    lease,
    signal: AbortSignal.any([signal, lease.signal]),
    isWanted: () => wantedFor.some(({ wanted }) => wanted),
    whenWanted(call) {
      const takeBacks = wantedFor.map((it) => it.whenWanted(call))
      return () => {
        for (const takeBack of takeBacks) takeBack()
      }
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

/** Whether a session that was not used just now still answers, and soon. */
async function answers(terminal: Terminal, signal: AbortSignal, log: Logger): Promise<boolean> {
  try {
    await terminal.ping({ signal: AbortSignal.any([signal, AbortSignal.timeout(SIGN_OF_LIFE_MS)]) })
    return true
  } catch (error) {
    signal.throwIfAborted()
    log.debug({ err: error }, 'a session that was kept open has died')
    return false
  }
}
