// Answers that are looked up at most once a second, however many requests want them: what is true of a caller must be known
// at each request, and must not cost a query each time.

/** How old an answer may be, in milliseconds: within a second a change counts in every process. */
const OLDEST_MS = 900
const MOST_KEPT = 10_000

/** Looks things up by key, and remembers them briefly. */
export interface BriefAnswers<Key, Answer> {
  /** Requests that ask at once share one look. A look that failed is not remembered. */
  get(key: Key): Promise<Answer>
  /** Forgets everything: this process has just changed it. */
  forget(): void
}

/** Answers of a look. The age of an answer counts from the beginning of its look. */
export function rememberBriefly<Key, Answer>(look: (key: Key) => Promise<Answer>): BriefAnswers<Key, Answer> {
  const kept = new Map<Key, { readonly until: number; readonly answer: Promise<Answer> }>()
  return {
    get(key) {
      const now = performance.now()
      const known = kept.get(key)
      if (known !== undefined && known.until > now) return known.answer
      if (kept.size >= MOST_KEPT) kept.clear()
      const made = { until: now + OLDEST_MS, answer: look(key) }
      kept.set(key, made)
      made.answer.catch(() => {
        if (kept.get(key) === made) kept.delete(key)
      })
      return made.answer
    },
    forget: () => kept.clear(),
  }
}
