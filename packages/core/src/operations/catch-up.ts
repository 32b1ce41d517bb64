// Reading what a log got meanwhile, with the terminal in hand already: what a live watch does at its beginning and after every
// silence. It is a sync in every respect, and leaves the same bookmark.
import type { Bookmark } from '@org/data'
import type { Notices } from '../notices/notice.ts'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'
import { Sync, type SyncParts } from './attendance-read.ts'
import { finishSync } from './finish-sync.ts'

/** Where the reader stands after a read that came to its end. */
export interface CaughtUp {
  /** Null where the log holds nothing that a bookmark could hold on to. */
  readonly bookmark: Bookmark | null
  /** The terminal's own count of its records; null where it gives none that can be used. */
  readonly records: number | null
  /** The count rose while it was read, so there may be a record behind the last one read. */
  readonly grew: boolean
}

/** What catching up needs. */
export interface CatchUpParts extends SyncParts {
  readonly notices: Notices
}

/** One device's log, read again and again. A read that gave way goes on with the next hand. */
export class CatchUp {
  readonly #parts: CatchUpParts
  #paused: Sync | undefined

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /** Undefined: it has given way to somebody who waits. Throws as a sync does. */
  async read(hand: TerminalAtHand): Promise<CaughtUp | undefined> {
    const paused = this.#paused
    this.#paused = undefined
    const sync = paused ?? new Sync(this.#parts, hand, () => undefined)
    const certificate = await (paused === undefined ? sync.begin('auto') : sync.goOn(hand))
    if (certificate === undefined) {
      this.#paused = sync
      return undefined
    }
    const { records, capacity } = sync.fill
    await finishSync(this.#parts, hand.device.id, { records, capacity })
    // Rows of live events that were taken over are not new, and yet no longer what they were.
    if (certificate.read > 0) await this.#parts.changes.tell({ of: 'punches', deviceId: hand.device.id })
    const { announced_before: before, announced_after: after } = certificate
    return {
      bookmark: sync.bookmark,
      records: after,
      grew: before !== null && after !== null && after > before,
    }
  }
}
