// A lease in its holder's hands: renews itself, and gives itself up before its time ends when that fails or stays unanswered.
// Adapters whose leases end by time share it.
import type { Logger } from 'pino'
import { leaseLost, type Lease } from './lease.ts'

/** A moment on both clocks: the monotonic one stops while a machine sleeps, the other may be set back. */
export interface LeaseClock {
  readonly monotonic: number
  readonly wall: number
}

/** Now. */
export function leaseClock(): LeaseClock {
  return { monotonic: performance.now(), wall: Date.now() }
}

/** The longer of what both clocks say has passed. */
function passedSince(then: LeaseClock): number {
  return Math.max(performance.now() - then.monotonic, Date.now() - then.wall)
}

/** The part of its life in which a lease is not used any more: any command sent before is over by its end. */
export function leaseMarginMs(leaseMs: number): number {
  return leaseMs / 2
}

/** What an adapter knows of a lease that it granted. */
export interface HeldLeaseParts {
  readonly fence: number
  readonly leaseMs: number
  /** When the grant was asked for: the lease is at least as old as that. */
  readonly askedAt: LeaseClock
  /** May hang: the lease is given up in time all the same. */
  readonly renew: () => Promise<{ readonly stands: boolean; readonly wanted: boolean }>
  /** Never rejects. */
  readonly release: () => Promise<void>
  readonly log: Logger
}

/** A granted lease that renews itself until it is released or lost. */
export class HeldLease implements Lease {
  readonly fence: number
  readonly #parts: HeldLeaseParts
  readonly #lost = new AbortController()
  readonly #wantedCalls = new Set<() => void>()
  readonly #wishedCalls = new Set<() => void>()
  #renewedAt: LeaseClock
  #wanted = false
  #released: Promise<void> | undefined
  #renewal: NodeJS.Timeout | undefined
  #end: NodeJS.Timeout | undefined

  constructor(parts: HeldLeaseParts) {
    this.fence = parts.fence
    this.#parts = parts
    this.#renewedAt = parts.askedAt
    this.#renewIn(parts.leaseMs / 4)
    this.#watchEnd()
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  get wanted(): boolean {
    return this.#wanted && this.#released === undefined
  }

  whenWanted(call: () => void): () => void {
    if (this.#wanted) queueMicrotask(call)
    else this.#wantedCalls.add(call)
    return () => this.#wantedCalls.delete(call)
  }

  whenWished(call: () => void): () => void {
    this.#wishedCalls.add(call)
    return () => this.#wishedCalls.delete(call)
  }

  remainingMs(): number {
    if (this.#isOver()) return 0
    return Math.max(0, this.#parts.leaseMs - passedSince(this.#renewedAt))
  }

  assertHeld(): void {
    this.#lost.signal.throwIfAborted()
    if (this.#released !== undefined) throw leaseLost()
    if (this.#usableMs() <= 0) this.#lose(leaseLost())
    this.#lost.signal.throwIfAborted()
  }

  release(): Promise<void> {
    this.#released ??= this.#letGo()
    return this.#released
  }

  /** Somebody waits. */
  want(): void {
    this.#wanted = true
    for (const call of this.#wantedCalls) queueMicrotask(call)
    this.#wantedCalls.clear()
  }

  /** Somebody humble waits. */
  wish(): void {
    for (const call of this.#wishedCalls) queueMicrotask(call)
    this.#wishedCalls.clear()
  }

  /** Takes it from its holder, who is told the reason. */
  end(reason: unknown): Promise<void> {
    this.#lose(reason)
    return this.release()
  }

  #letGo(): Promise<void> {
    this.#stopTimers()
    this.#wantedCalls.clear()
    this.#wishedCalls.clear()
    return this.#parts.release()
  }

  #lose(reason: unknown): void {
    if (this.#isOver()) return
    this.#stopTimers()
    this.#lost.abort(reason)
  }

  #isOver(): boolean {
    return this.#released !== undefined || this.#lost.signal.aborted
  }

  #stopTimers(): void {
    clearTimeout(this.#renewal)
    clearTimeout(this.#end)
  }

  /** How long commands may still be sent. */
  #usableMs(): number {
    return this.remainingMs() - leaseMarginMs(this.#parts.leaseMs)
  }

  /** Loses the lease when its margin begins, whatever a renewal does meanwhile; looks again when it was renewed. */
  #watchEnd(): void {
    const usableMs = this.#usableMs()
    if (usableMs <= 0) this.#lose(leaseLost())
    else this.#end = setTimeout(() => this.#watchEnd(), usableMs).unref()
  }

  #renewIn(ms: number): void {
    this.#renewal = setTimeout(() => void this.#renew(), ms).unref()
  }

  /** Asks until it is renewed or over. Never rejects. */
  async #renew(): Promise<void> {
    const { leaseMs, log } = this.#parts
    const askedAt = leaseClock()
    let pauseMs = leaseMs / 4
    try {
      const { stands, wanted } = await this.#parts.renew()
      if (!stands) this.#lose(leaseLost())
      if (this.#isOver()) return
      this.#renewedAt = askedAt
      if (wanted) this.want()
    } catch (error) {
      log.debug({ err: error }, 'a lease could not be renewed yet')
      pauseMs = leaseMs / 20
    }
    if (!this.#isOver()) this.#renewIn(pauseMs)
  }
}
