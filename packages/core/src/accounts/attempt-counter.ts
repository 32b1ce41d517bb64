// The port of the attempt counter: how often somebody has tried, each try counted before it is known how it ends, so that
// tries of one moment count too. Memory and Redis carry it; test/contract/attempt-counter.contract.ts checks both. It never
// rejects and never waits long: while Redis is away each process counts for itself.

/** So many attempts within this time; whoever makes the last of them may make no other for the same time. */
export interface AttemptRule {
  readonly most: number
  readonly windowMs: number
}

/** What becomes of an attempt. */
export type AttemptTurn =
  /** It may be made. `last`: should it fail, everyone is kept out from now on. */
  | { readonly allowed: true; readonly last: boolean }
  /** It must not be made, and was not counted. */
  | { readonly allowed: false; readonly retryAfterMs: number }

/** Counts attempts by key. */
export interface AttemptCounter {
  /** Counts one attempt, if there is one left. A window begins with its first attempt, the time of keeping out with the last. */
  begin(key: string, rule: AttemptRule): Promise<AttemptTurn>
  /** Takes one attempt back: it did not fail after all. */
  takeBack(key: string): Promise<void>
  /** Forgets all attempts of a key. */
  clear(key: string): Promise<void>
}
