// Answers to questions that were asked before: from the cache where its rows are still what they were, else made once, however many
// ask at the same moment.
import { hash } from 'node:crypto'
import type { Change, Changes } from '../changes.ts'
import type { CacheScope, CacheStore, CacheSubject, SendableAnswer } from './cache-store.ts'

/** What is asked. */
export interface CacheQuestion {
  readonly subject: CacheSubject
  /** The devices whose rows can be in the answer, those that the caller may see included; undefined: any. */
  readonly deviceIds?: readonly number[] | undefined
  /** Everything else that the answer hangs on. Of data without undefined, in a fixed order of keys. */
  readonly filter: unknown
}

/** An answer, and whether it cost a query of its own. */
export interface CachedAnswer extends SendableAnswer {
  readonly hit: boolean
}

/** The cache as the service uses it. */
export interface CachedAnswers {
  /** The kept answer, or what `make` makes. Of simultaneous questions in this process one makes it. Rejects as `make` does. */
  answer(question: CacheQuestion, make: () => Promise<string>): Promise<CachedAnswer>
  /** Forgets everything. How many kept answers were removed. */
  clear(): Promise<number>
}

/** What it is put together from. */
export interface CachedAnswersParts {
  readonly store: CacheStore
  readonly changes: Changes
  /** Told of every answer; must not throw. */
  readonly onAnswer?: (subject: CacheSubject, outcome: 'hit' | 'miss') => void
}

/** Lists that hold rows, or names, of what has changed. */
const TOUCHED: Readonly<Record<Change['of'], readonly CacheSubject[]>> = {
  punches: ['attendance'],
  people: ['attendance', 'people'],
  device: ['attendance', 'people'],
}

/** Forgets by itself what a change touches, before the change counts as told. */
export function createCachedAnswers({
  store,
  changes,
  onAnswer = () => undefined,
}: CachedAnswersParts): CachedAnswers {
  const making = new Map<string, Promise<SendableAnswer>>()

  changes.listen(async ({ of, deviceId }) => {
    await Promise.all(TOUCHED[of].map((subject) => store.forget(subject, [deviceId, 'any'])))
  })

  /** The ticket holds the generation, so nobody joins a query that began before a forgetting which they came after. */
  const makeOnce = async (ticket: string, make: () => Promise<string>): Promise<CachedAnswer> => {
    const underWay = making.get(ticket)
    if (underWay !== undefined) return { ...(await underWay), hit: true }
    const made = make().then(sendable)
    making.set(ticket, made)
    try {
      const answer = await made
      await store.keep(ticket, answer)
      // A turn later: whoever looked just before it was kept, and is told of that look only now, joins instead of asking again.
      setImmediate(() => making.delete(ticket))
      return { ...answer, hit: false }
    } catch (error) {
      making.delete(ticket)
      throw error
    }
  }

  return {
    async answer(question, make) {
      const found = await store.look(placeOf(question))
      const answer =
        found === undefined
          ? { ...sendable(await make()), hit: false }
          : found.kept !== undefined
            ? { ...found.kept, hit: true }
            : await makeOnce(found.ticket, make)
      onAnswer(question.subject, answer.hit ? 'hit' : 'miss')
      return answer
    },
    clear: () => store.clear(),
  }
}

/** A text that was made, as it is sent and kept. */
export function sendable(text: string): SendableAnswer {
  const bytes = Buffer.from(text)
  return { bytes, etag: hash('sha256', bytes, 'base64url') }
}

function placeOf({ subject, deviceIds, filter }: CacheQuestion) {
  const devices = deviceIds === undefined ? undefined : [...new Set(deviceIds)].toSorted((a, b) => a - b)
  const [first, second] = devices ?? []
  const scope: CacheScope = first !== undefined && second === undefined ? first : 'any'
  const digest = hash('sha256', JSON.stringify([devices ?? null, filter]), 'base64url')
  return { subject, scope, digest }
}
