// Leases within one process: a queue for each name, first come first served. A holder here cannot die without its waiters, so
// nothing ends by time; `signal` aborts only when the keeper closes.
import { ServiceError } from '../errors.ts'
import {
  fenceFor,
  leaseDenied,
  leaseLost,
  leaseName,
  type Lease,
  type LeaseKeeper,
  type LeaseSettings,
} from './lease.ts'

/** One name: who holds it is told when somebody waits; who waits is called in turn. */
interface Place {
  readonly waiting: Array<() => void>
  readonly wantedCalls: Set<() => void>
}

/** Leases for the modes in which one process does everything. */
export function createMemoryLeases(settings: LeaseSettings): LeaseKeeper {
  const places = new Map<string, Place>()
  const closing = new AbortController()

  /** Resolves when the name is ours. */
  const takePlace = (name: string, waitMs: number, signal: AbortSignal): Promise<Place> => {
    const taken = places.get(name)
    if (taken === undefined) {
      const place: Place = { waiting: [], wantedCalls: new Set() }
      places.set(name, place)
      return Promise.resolve(place)
    }
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        stop.removeEventListener('abort', abort)
        const index = taken.waiting.indexOf(granted)
        if (index >= 0) taken.waiting.splice(index, 1)
        act()
      }
      const granted = (): void => settle(() => resolve(taken))
      const abort = (): void => settle(() => reject(asError(stop.reason)))
      const timer = setTimeout(() => settle(() => reject(leaseDenied())), waitMs)
      const stop = AbortSignal.any([signal, closing.signal])
      stop.addEventListener('abort', abort, { once: true })
      taken.waiting.push(granted)
      for (const call of taken.wantedCalls) call()
    })
  }

  const leavePlace = (name: string, place: Place): void => {
    place.wantedCalls.clear()
    const next = place.waiting[0]
    if (next === undefined) places.delete(name)
    else next()
  }

  return {
    async acquire(target, { waitMs, signal }) {
      signal.throwIfAborted()
      closing.signal.throwIfAborted()
      const name = leaseName(target)
      const place = await takePlace(name, waitMs, signal)
      try {
        const fence = await fenceFor(target, settings)
        return holdPlace(place, fence, settings.leaseMs, closing.signal, () => leavePlace(name, place))
      } catch (error) {
        leavePlace(name, place)
        throw error
      }
    },
    close() {
      closing.abort(new ServiceError('SERVICE_STOPPING'))
      return Promise.resolve()
    },
  }
}

function holdPlace(
  place: Place,
  fence: number,
  leaseMs: number,
  closing: AbortSignal,
  leave: () => void,
): Lease {
  const lost = new AbortController()
  const abort = (): void => lost.abort(closing.reason)
  closing.addEventListener('abort', abort, { once: true })
  let released = false

  return {
    fence,
    signal: lost.signal,
    get wanted() {
      return !released && place.waiting.length > 0
    },
    whenWanted(call) {
      if (place.waiting.length > 0) queueMicrotask(call)
      else place.wantedCalls.add(call)
      return () => place.wantedCalls.delete(call)
    },
    remainingMs: () => (released || lost.signal.aborted ? 0 : leaseMs),
    assertHeld() {
      lost.signal.throwIfAborted()
      if (released) throw leaseLost()
    },
    release() {
      if (!released) {
        released = true
        closing.removeEventListener('abort', abort)
        leave()
      }
      return Promise.resolve()
    },
  }
}

/** Abort reasons may be anything; what is thrown is an error. */
function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
