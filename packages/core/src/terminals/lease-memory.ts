// Leases within one process: a queue for each name, first come first served, the humble last. A holder here cannot die without its
// waiters, so nothing ends by time; `signal` aborts only when the keeper closes.
import { ServiceError } from '../errors.ts'
import {
  fenceFor,
  leaseDenied,
  leaseLost,
  leaseName,
  type AcquireOptions,
  type Lease,
  type LeaseKeeper,
  type LeaseSettings,
} from './lease.ts'

/** One name: who holds it is told when somebody waits; who waits is called in turn, the humble when nobody else does. */
interface Place {
  readonly waiting: Array<() => void>
  readonly humble: Array<() => void>
  readonly wantedCalls: Set<() => void>
  readonly wishedCalls: Set<() => void>
}

/** Leases for the modes in which one process does everything. */
export function createMemoryLeases(settings: LeaseSettings): LeaseKeeper {
  const places = new Map<string, Place>()
  const closing = new AbortController()

  /** Resolves when the name is ours. */
  const takePlace = (name: string, { waitMs, signal, isHumble = false }: AcquireOptions): Promise<Place> => {
    const taken = places.get(name)
    if (taken === undefined) {
      const place: Place = { waiting: [], humble: [], wantedCalls: new Set(), wishedCalls: new Set() }
      places.set(name, place)
      return Promise.resolve(place)
    }
    const [queue, calls] = isHumble ? [taken.humble, taken.wishedCalls] : [taken.waiting, taken.wantedCalls]
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        stop.removeEventListener('abort', abort)
        const index = queue.indexOf(granted)
        if (index >= 0) queue.splice(index, 1)
        act()
      }
      const granted = (): void => settle(() => resolve(taken))
      const abort = (): void => settle(() => reject(asError(stop.reason)))
      const timer = setTimeout(() => settle(() => reject(leaseDenied())), waitMs)
      const stop = AbortSignal.any([signal, closing.signal])
      stop.addEventListener('abort', abort, { once: true })
      queue.push(granted)
      for (const call of calls) call()
    })
  }

  const leavePlace = (name: string, place: Place): void => {
    place.wantedCalls.clear()
    place.wishedCalls.clear()
    const next = place.waiting[0] ?? place.humble[0]
    if (next === undefined) places.delete(name)
    else next()
  }

  return {
    async acquire(target, options) {
      options.signal.throwIfAborted()
      closing.signal.throwIfAborted()
      const name = leaseName(target)
      const place = await takePlace(name, options)
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
    whenWished(call) {
      if (place.humble.length > 0) queueMicrotask(call)
      else place.wishedCalls.add(call)
      return () => place.wishedCalls.delete(call)
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
