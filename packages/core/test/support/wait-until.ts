// Waiting for something that comes in its own time, on a machine that others use too.
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 25

/** Looks until there is something; rejects, saying what was waited for, when that takes too long. */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  withinMs = 120_000,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${withinMs} ms`)
    await sleep(LOOK_MS)
  }
}
