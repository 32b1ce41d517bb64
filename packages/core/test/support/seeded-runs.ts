// Runs of a fault test, each from a seed of its own: what a seed did once it does again. A run that fails names its seed, and
// FAULT_SEED=… runs that one alone; FAULT_RUNS=… says how many there are.

/** Numbers that a seed repeats. */
export interface SeededRandom {
  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number
  chance(share: number): boolean
  pick<T>(values: readonly [T, ...T[]]): T
}

/** The seeds 1 to `runs` or FAULT_RUNS, or the one that FAULT_SEED names. */
export function seedsOf(runs: number): number[] {
  const { FAULT_SEED: chosen, FAULT_RUNS: length = runs } = process.env
  return chosen === undefined
    ? Array.from({ length: Number(length) }, (_, index) => index + 1)
    : [Number(chosen)]
}

/** Runs every seed, one at a time on each stage. The first that fails ends all, with its seed in the message. */
export async function runSeeds<Stage>(
  seeds: readonly number[],
  stages: readonly Stage[],
  run: (seed: number, stage: Stage) => Promise<void>,
): Promise<void> {
  const left = [...seeds]
  const work = async (stage: Stage): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      try {
        await run(seed, stage)
      } catch (cause) {
        left.length = 0
        const said = cause instanceof Error ? cause.message : String(cause)
        throw new Error(`seed ${seed} (FAULT_SEED=${seed} runs it alone): ${said}`, { cause })
      }
    }
  }
  const ends = await Promise.allSettled(stages.map(work))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** mulberry32: 32 bits of state, good enough to choose moments with. */
export function seededRandom(seed: number): SeededRandom {
  let state = (seed * 0x9e37_79b9) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return {
    below,
    chance: (share) => next() < share,
    pick: (values) => values[below(values.length)] ?? values[0],
  }
}
