// The port of the cache's store: answers as they are sent, each kept for a while under its question and under the GENERATION of the rows that it
// was made from. Forgetting raises the generation, so that an answer whose query began before it can never be found afterwards,
// however late it is kept. Memory and Redis carry it; test/contract/cached-answers.contract.ts checks both.

/** How long an answer is kept, in milliseconds: 5 minutes. */
export const KEEP_MS = 300_000
/** A larger answer is not kept: it would take the place of many. In bytes. */
export const LARGEST_KEPT_BYTES = 1_048_576
/** What is kept at once, in bytes. */
export const MOST_KEPT_BYTES = 67_108_864

/** What lists are made of. */
export type CacheSubject = 'attendance' | 'people'

/** Whose rows an answer holds: those of one device, or of any. */
export type CacheScope = number | 'any'

/** A question that may have been answered before. */
export interface CachePlace {
  readonly subject: CacheSubject
  readonly scope: CacheScope
  /** Names the question among all of its scope: a digest, so that its length is bounded. */
  readonly digest: string
}

/**
 * An answer as it is sent: its bytes, and the name (`etag`) by which whoever has it already knows it. Both are made once, with the
 * answer, and not each time it is given; nobody changes the bytes.
 */
export interface SendableAnswer {
  readonly bytes: Buffer
  readonly etag: string
}

/** What a look finds. */
export interface CacheFinding {
  /** Place and generation in one: equal for two looks exactly when nothing was forgotten between them. */
  readonly ticket: string
  readonly kept: SendableAnswer | undefined
}

/** Where answers are kept. */
export interface CacheStore {
  /** Undefined while the store cannot be trusted to know what was forgotten: nothing of it may be used then. Never rejects. */
  look(place: CachePlace): Promise<CacheFinding | undefined>
  /** Keeps an answer under the generation that the look found, if there is room. Never rejects. */
  keep(ticket: string, answer: SendableAnswer): Promise<void>
  /**
   * Raises the generations of these scopes. When it has resolved nobody is given what was kept before. Never rejects: a store that is
   * away is not looked into again before this was made good.
   */
  forget(subject: CacheSubject, scopes: readonly CacheScope[]): Promise<void>
  /** Forgets everything and removes it. How many answers were removed. Never rejects. */
  clear(): Promise<number>
}
