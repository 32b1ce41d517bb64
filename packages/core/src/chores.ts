// What a process does by itself again and again: small work on rows that may fail today and be done tomorrow.
import type { Logger } from 'pino'

/** One chore. */
export interface Chore {
  readonly everyMs: number
  /** Logged when the work fails, which is all that happens then. */
  readonly failure: string
  readonly work: () => Promise<unknown>
}

/** Begins them; the first time after their pause. The function returned ends them; work that is under way goes on to its end. */
export function startChores(chores: readonly Chore[], log: Logger): () => void {
  const timers = chores.map(({ everyMs, failure, work }) =>
    setInterval(() => {
      work().catch((error: unknown) => log.warn({ err: error }, failure))
    }, everyMs).unref(),
  )
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}
