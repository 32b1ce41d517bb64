// The port of the tally: numbers that only grow, counted by all processes together, so that /metrics tells of what workers did too.
// Memory and Redis carry it; test/contract/tally.contract.ts checks both.

/** Counts by name. Names are few: never ids, never anything from a request. */
export interface Tally {
  /** Never fails and never waits; what cannot be told to others now is told later. */
  add(name: string, by: number): void
  /** Rejects while the shared numbers cannot be read. */
  read(): Promise<ReadonlyMap<string, number>>
  /** Hands on what is not handed on yet, in bounded time. Never rejects. */
  close(): Promise<void>
}
