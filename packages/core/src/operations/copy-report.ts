// What a copy of people leaves behind: who was added, updated, left unchanged or refused, each with the reason.
import type { PeopleCopyReport } from '../jobs/catalogue.ts'

/** What became of somebody. */
export type CopyFate = 'added' | 'updated' | 'unchanged' | 'refused'

interface Entry {
  readonly user_id: string
  readonly reason: string
  readonly fingers: number[]
  readonly message?: string
}

/** So many are named in each list; all are counted. */
const MOST_NAMED = 1_000

/** Grows as the copy goes on. */
export class CopyReport {
  readonly #lists: Record<CopyFate, { count: number; users: Entry[] }> = {
    added: { count: 0, users: [] },
    updated: { count: 0, users: [] },
    unchanged: { count: 0, users: [] },
    refused: { count: 0, users: [] },
  }

  /** @param about the fingers that it is about; with none it is about the person */
  tell(
    fate: CopyFate,
    pin: string,
    reason: string,
    about: { readonly fingers?: readonly number[]; readonly message?: string } = {},
  ): void {
    const list = this.#lists[fate]
    list.count += 1
    if (list.users.length >= MOST_NAMED) return
    const { fingers = [], message } = about
    list.users.push({
      user_id: pin,
      reason,
      fingers: [...fingers],
      ...(message === undefined ? {} : { message }),
    })
  }

  /** The job's result. */
  result(facts: Pick<PeopleCopyReport, 'dry_run' | 'chosen' | 'templates_from'>): PeopleCopyReport {
    const { added, updated, unchanged, refused } = this.#lists
    return { ...facts, added, updated, unchanged, refused }
  }
}
