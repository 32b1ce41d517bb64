// The tally of a service that is one process.
import type { Tally } from './tally.ts'

/** Begins at nothing with each start, which is what scrapers of counters expect. */
export function createMemoryTally(): Tally {
  const counts = new Map<string, number>()
  return {
    add(name, by) {
      counts.set(name, (counts.get(name) ?? 0) + by)
    },
    read: () => Promise.resolve(new Map(counts)),
    close: () => Promise.resolve(),
  }
}
