// Rate counts of one process. Bounded: beyond the limit the windows that began first are forgotten, which lets a flood of
// strange addresses cost nobody the memory.
import type { RateCount, RateCounter } from './rate-counter.ts'

const MOST_KEYS = 10_000

interface Window {
  count: number
  readonly endsAt: number
}

/** `now` in milliseconds; given in tests. */
export function createMemoryRateCounter(now: () => number = () => performance.now()): RateCounter {
  const windows = new Map<string, Window>()

  const windowOf = (key: string, windowMs: number, at: number): Window => {
    const known = windows.get(key)
    if (known !== undefined && known.endsAt > at) return known
    windows.delete(key)
    if (windows.size >= MOST_KEYS) makeRoom(windows, at)
    const made = { count: 0, endsAt: at + windowMs }
    windows.set(key, made)
    return made
  }

  return {
    hit(key, windowMs): Promise<RateCount> {
      const at = now()
      const window = windowOf(key, windowMs, at)
      window.count += 1
      return Promise.resolve({ count: window.count, ttlMs: Math.ceil(window.endsAt - at) })
    },
  }
}

/** Forgets what has ended, or else the tenth of all windows that began first. */
function makeRoom(windows: Map<string, Window>, at: number): void {
  for (const [key, window] of windows) if (window.endsAt <= at) windows.delete(key)
  let excess = windows.size - MOST_KEYS * 0.9
  for (const key of windows.keys()) {
    if (excess <= 0) return
    windows.delete(key)
    excess -= 1
  }
}
