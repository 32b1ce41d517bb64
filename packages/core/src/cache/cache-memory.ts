// Answers kept in this process. Bounded in bytes and in number: what was asked for least recently goes first.
import {
  KEEP_MS,
  LARGEST_KEPT_BYTES,
  MOST_KEPT_BYTES,
  type CacheScope,
  type CacheStore,
  type CacheSubject,
  type SendableAnswer,
} from './cache-store.ts'

const MOST_ANSWERS = 10_000
interface Kept {
  readonly answer: SendableAnswer
  readonly sizeBytes: number
  readonly until: number
}

/** What tests set. */
export interface MemoryStoreOptions {
  /** In milliseconds. */
  readonly now?: () => number
  readonly mostBytes?: number
}

/** A store that ends with the process. */
export function createMemoryCacheStore({
  now = () => performance.now(),
  mostBytes = MOST_KEPT_BYTES,
}: MemoryStoreOptions = {}): CacheStore {
  /** In the order of their last use. */
  const answers = new Map<string, Kept>()
  /** Only of what was ever forgotten, so there are no more of them than devices. */
  const generations = new Map<string, number>()
  let cleared = 0
  let keptBytes = 0

  const nameOf = (subject: CacheSubject, scope: CacheScope): string => `${subject}:${scope}`
  const remove = (ticket: string): void => {
    const kept = answers.get(ticket)
    if (kept === undefined) return
    answers.delete(ticket)
    keptBytes -= kept.sizeBytes
  }
  const makeRoom = (sizeBytes: number): void => {
    for (const [ticket] of answers) {
      if (keptBytes + sizeBytes <= mostBytes && answers.size < MOST_ANSWERS) return
      remove(ticket)
    }
  }

  return {
    look({ subject, scope, digest }) {
      const name = nameOf(subject, scope)
      const ticket = `${name}:${cleared}.${generations.get(name) ?? 0}:${digest}`
      const found = answers.get(ticket)
      if (found === undefined) return Promise.resolve({ ticket, kept: undefined })
      if (found.until <= now()) {
        remove(ticket)
        return Promise.resolve({ ticket, kept: undefined })
      }
      answers.delete(ticket)
      answers.set(ticket, found)
      return Promise.resolve({ ticket, kept: found.answer })
    },
    keep(ticket, answer) {
      const sizeBytes = answer.bytes.length + answer.etag.length + ticket.length
      if (sizeBytes <= Math.min(LARGEST_KEPT_BYTES, mostBytes)) {
        remove(ticket)
        makeRoom(sizeBytes)
        answers.set(ticket, { answer, sizeBytes, until: now() + KEEP_MS })
        keptBytes += sizeBytes
      }
      return Promise.resolve()
    },
    forget(subject, scopes) {
      for (const scope of scopes) {
        const name = nameOf(subject, scope)
        generations.set(name, (generations.get(name) ?? 0) + 1)
        for (const ticket of answers.keys()) if (ticket.startsWith(`${name}:`)) remove(ticket)
      }
      return Promise.resolve()
    },
    clear() {
      const removed = answers.size
      cleared += 1
      answers.clear()
      keptBytes = 0
      return Promise.resolve(removed)
    },
  }
}
