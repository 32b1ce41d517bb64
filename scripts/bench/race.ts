// Times several ways of doing the same against each other in one run: in turn, round after round, so that whatever else the
// machine does hits all of them. Ratios are taken round by round and their median is what counts.

/** One way of doing it. What it returns is not looked at. */
export type Contender = () => unknown

/**
 * In a round each runs so often in a row, and its best time counts: the first ones still sweep up after the one before, and
 * on a busy machine few are left in peace.
 */
const TIMES_A_ROUND = 7

/** How long each contender took in each round. */
export interface Race {
  readonly names: readonly string[]
  /** Milliseconds: the middle one of all rounds. */
  medianMs(name: string): number
  /** Milliseconds: the shortest of all rounds, the least disturbed one. */
  bestMs(name: string): number
  /** How many times as long as `other` it took: the median over the rounds. */
  timesAsLong(name: string, other: string): number
}

/** Runs each contender `warmUps` times for nothing, then `rounds` times on the clock; each round begins with another one. */
export async function race(
  contenders: Readonly<Record<string, Contender>>,
  rounds: number,
  warmUps: number,
): Promise<Race> {
  const entries = Object.entries(contenders)
  const times = new Map<string, number[]>(entries.map(([name]) => [name, []]))
  for (let round = -warmUps; round < rounds; round += 1) {
    const first = Math.abs(round) % entries.length
    for (const [name, run] of [...entries.slice(first), ...entries.slice(0, first)]) {
      let best = Number.POSITIVE_INFINITY
      for (let time = 0; time < TIMES_A_ROUND; time += 1) {
        const started = performance.now()
        await run()
        best = Math.min(best, performance.now() - started)
      }
      if (round >= 0) times.get(name)?.push(best)
    }
  }
  const timesOf = (name: string): number[] => times.get(name) ?? []
  return {
    names: entries.map(([name]) => name),
    medianMs: (name) => median(timesOf(name)),
    bestMs: (name) => Math.min(...timesOf(name)),
    timesAsLong: (name, other) =>
      median(timesOf(name).map((ms, round) => ms / (timesOf(other)[round] ?? Number.NaN))),
  }
}

/** The middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
