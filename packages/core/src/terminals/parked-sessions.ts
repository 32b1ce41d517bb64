// Sessions that are kept open after use, with their leases, until their time is over, somebody else waits for the terminal, or the
// next operation takes them.
import type { OpenSession } from './shared-sessions.ts'

/** A session that waits for its next use. */
export interface ParkedSession extends OpenSession {
  /** On the monotonic clock. */
  readonly since: number
}

interface Place extends ParkedSession {
  /** Ends its timer and watches: from now on it is the taker's. */
  readonly leave: () => void
}

/** The parked sessions of this process, at most one a device. */
export class ParkedSessions {
  readonly #places = new Map<number, Place>()
  readonly #idleMs: number
  readonly #end: (session: OpenSession) => void

  /** @param end called with each session that nobody took in time */
  constructor(idleMs: number, end: (session: OpenSession) => void) {
    this.#idleMs = idleMs
    this.#end = end
  }

  park(deviceId: number, { terminal, lease, dialKey }: OpenSession): void {
    // Only what a session is: a place taken before, kept with it, would keep the one before that, and so on for as long as it lives.
    const session = { terminal, lease, dialKey }
    const giveUp = (): void => {
      if (this.#places.get(deviceId) !== place) return
      place.leave()
      this.#end(session)
    }
    const timer = setTimeout(giveUp, this.#idleMs).unref()
    lease.signal.addEventListener('abort', giveUp, { once: true })
    const place: Place = {
      ...session,
      since: performance.now(),
      leave: () => {
        this.#places.delete(deviceId)
        clearTimeout(timer)
        for (const takeBack of calls) takeBack()
        lease.signal.removeEventListener('abort', giveUp)
      },
    }
    this.#places.set(deviceId, place)
    const calls = [lease.whenWanted(giveUp), lease.whenWished(giveUp)]
  }

  /** The device's session, which is the caller's from now on. */
  take(deviceId: number): ParkedSession | undefined {
    const place = this.#places.get(deviceId)
    place?.leave()
    return place
  }

  /** Ends all. */
  clear(): void {
    for (const place of this.#places.values()) {
      place.leave()
      this.#end(place)
    }
  }
}
