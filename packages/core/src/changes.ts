// What changed in the rows, told to whoever keeps copies of them: caches forget before the telling is over, so that an operation
// which awaits it never counts as done while an older answer may still be given; streams are woken.
import type { Logger } from 'pino'

/** Rows of one device that are no longer what they were: `punches` stored or corrected, `people`, the `device` itself. */
export interface Change {
  readonly of: 'punches' | 'people' | 'device'
  readonly deviceId: number
}

/** Somebody who keeps copies, or waits for news. */
export type ChangeListener = (change: Change) => Promise<void>

/** The one place where changes are told. */
export interface Changes {
  /** Resolves when every listener has dealt with it. Never rejects: the rows are stored, whatever becomes of their copies. */
  tell(change: Change): Promise<void>
  /** The function returned takes the listener away again. */
  listen(listener: ChangeListener): () => void
}

/** Changes of this process; listeners carry them to others. */
export function createChanges(log: Logger): Changes {
  const listeners = new Set<ChangeListener>()
  return {
    async tell(change) {
      const told = await Promise.allSettled([...listeners].map((listener) => listener(change)))
      for (const outcome of told) {
        if (outcome.status === 'rejected')
          log.error({ err: outcome.reason, change }, 'a change could not be told to everyone')
      }
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
