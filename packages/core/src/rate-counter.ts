// The port of the rate counter: how often something happened within a window that begins with its first event. Memory and
// Redis carry it; test/contract/rate-counter.contract.ts checks both. It limits and never stops: while Redis is away each process counts
// for itself.

/** A window's state after a hit. */
export interface RateCount {
  /** Events in the window, this one included. */
  readonly count: number
  /** What is left of the window. */
  readonly ttlMs: number
}

/** Counts for limits. */
export interface RateCounter {
  /** Counts one event under a key, in a window of this length. Never rejects and never waits long. */
  hit(key: string, windowMs: number): Promise<RateCount>
}
