// Punches as a multiset, named by person and second: what two logs have of one another.

/** What names a punch. */
export interface Named {
  readonly packedTime: number
  readonly logNumber: string
}

/** How often each punch is there. */
export class PunchCounts {
  readonly #counts = new Map<string, number>()

  constructor(punches: Iterable<Named> = []) {
    for (const punch of punches) this.add(punch)
  }

  add({ packedTime, logNumber }: Named): void {
    const key = `${packedTime} ${logNumber}`
    this.#counts.set(key, this.#of(key) + 1)
  }

  /** From now on at least as many of each as the other has. */
  atLeast(other: PunchCounts): void {
    for (const [key, count] of other.#counts) this.#counts.set(key, Math.max(count, this.#of(key)))
  }

  /** What the other has less of. */
  lackingIn(other: PunchCounts): string[] {
    return [...this.#counts].filter(([key, count]) => other.#of(key) < count).map(([key]) => key)
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0
  }
}
