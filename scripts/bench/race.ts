// Times several ways of doing the same against each other in one run: in turn, round after round, so that whatever else the
// machine does hits all of them. Ratios are taken round by round and their median is what counts.

/** One way of doing it. What it returns is not looked at. */
export type Contender = () => unknown

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

/**
 * Runs `warmUps` rounds for nothing, then `rounds` on the clock. In a round all take `turns` turns, each beginning with
 * another contender, and the best time of each counts: on a busy machine few runs are left in peace, and whoever needs the
 * processor longer is disturbed more often.
 */
export async function race(
  contenders: Readonly<Record<string, Contender>>,
  rounds: number,
  warmUps: number,
  turns = 7,
): Promise<Race> {
  const entries = Object.entries(contenders)
  const times = new Map<string, number[]>(entries.map(([name]) => [name, []]))
  for (let round = -warmUps; round < rounds; round += 1) {
    const best = new Map<string, number>()
    for (let turn = 0; turn < turns; turn += 1) {
      const first = turn % entries.length
      for (const [name, run] of [...entries.slice(first), ...entries.slice(0, first)]) {
        const started = performance.now()
        await run()
        const ms = performance.now() - started
        best.set(name, Math.min(ms, best.get(name) ?? ms))
      }
    }
    if (round >= 0) for (const [name, ms] of best) times.get(name)?.push(ms)
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

/** The least value that `share` (0 to 1) of all values do not exceed. NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** The middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
