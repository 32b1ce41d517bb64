// Attempts counted in one process. Bounded: beyond the limit those windows are forgotten first in which there was little to
// remember, so that a flood of made-up names does not wash away the count of a real one.
import type { AttemptCounter } from './attempt-counter.ts'

const MOST_KEYS = 50_000

interface Window {
  count: number
  endsAt: number
}

/** `now` in milliseconds; given in tests. */
export function createMemoryAttemptCounter(now: () => number = () => performance.now()): AttemptCounter {
  const windows = new Map<string, Window>()

  const windowOf = (key: string, windowMs: number, at: number): Window => {
    const known = windows.get(key)
    if (known !== undefined && known.count > 0 && known.endsAt > at) return known
    windows.delete(key)
    if (windows.size >= MOST_KEYS) makeRoom(windows, at)
    const made = { count: 0, endsAt: at + windowMs }
    windows.set(key, made)
    return made
  }

  return {
    begin(key, { most, windowMs }) {
      const at = now()
      const window = windowOf(key, windowMs, at)
      if (window.count >= most)
        return Promise.resolve({ allowed: false, retryAfterMs: Math.ceil(window.endsAt - at) })
      window.count += 1
      const last = window.count === most
      if (last) window.endsAt = at + windowMs
      return Promise.resolve({ allowed: true, last })
    },
    takeBack(key) {
      const window = windows.get(key)
      if (window !== undefined) window.count = Math.max(0, window.count - 1)
      return Promise.resolve()
    },
    clear(key) {
      windows.delete(key)
      return Promise.resolve()
    },
  }
}

/** Forgets what has ended, then the tenth of all windows with the fewest attempts, the oldest of those first. */
function makeRoom(windows: Map<string, Window>, at: number): void {
  for (const [key, window] of windows) if (window.endsAt <= at) windows.delete(key)
  const excess = windows.size - MOST_KEYS * 0.9
  if (excess <= 0) return
  const byCount = [...windows].toSorted(([, a], [, b]) => a.count - b.count)
  for (const [key] of byCount.slice(0, excess)) windows.delete(key)
}
