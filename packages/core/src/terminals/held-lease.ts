// A lease in its holder's hands: renews itself, and gives itself up before its time ends when that fails. Adapters whose
// leases end by time share it.
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
  #renewedAt: LeaseClock
  #wanted = false
  #released: Promise<void> | undefined
  #timer: NodeJS.Timeout

  constructor(parts: HeldLeaseParts) {
    this.fence = parts.fence
    this.#parts = parts
    this.#renewedAt = parts.askedAt
    this.#timer = this.#schedule(parts.leaseMs / 4)
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

  remainingMs(): number {
    if (this.#released !== undefined || this.#lost.signal.aborted) return 0
    return Math.max(0, this.#parts.leaseMs - passedSince(this.#renewedAt))
  }

  assertHeld(): void {
    this.#lost.signal.throwIfAborted()
    if (this.#released !== undefined) throw leaseLost()
    if (this.remainingMs() <= leaseMarginMs(this.#parts.leaseMs)) this.#lose(leaseLost())
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

  /** Takes it from its holder, who is told the reason. */
  end(reason: unknown): Promise<void> {
    this.#lose(reason)
    return this.release()
  }

  #letGo(): Promise<void> {
    clearTimeout(this.#timer)
    this.#wantedCalls.clear()
    return this.#parts.release()
  }

  #lose(reason: unknown): void {
    clearTimeout(this.#timer)
    if (!this.#lost.signal.aborted) this.#lost.abort(reason)
  }

  #schedule(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#renew(), ms).unref()
  }

  /** Asks until it is renewed or too late. Never rejects. */
  async #renew(): Promise<void> {
    const { leaseMs, log } = this.#parts
    const askedAt = leaseClock()
    let pauseMs = leaseMs / 4
    try {
      const { stands, wanted } = await this.#parts.renew()
      if (!stands) return this.#lose(leaseLost())
      this.#renewedAt = askedAt
      if (wanted) this.want()
    } catch (error) {
      log.debug({ err: error }, 'a lease could not be renewed yet')
      pauseMs = leaseMs / 20
    }
    if (this.#released !== undefined || this.#lost.signal.aborted) return undefined
    const usableMs = this.remainingMs() - leaseMarginMs(leaseMs)
    if (usableMs <= 0) return this.#lose(leaseLost())
    this.#timer = this.#schedule(Math.min(pauseMs, usableMs))
    return undefined
  }
}
