// Finds new rows in the table of punches, each once. Ids do not become visible in their order: an id that is missing below one
// that was seen may be a transaction not yet committed, so missing ids are remembered and asked for again until they are a minute
// old. What is missing then was never committed, or was a number that the database gave and did not use.
import type { Database, IdRange, ListedPunch } from '@org/data'

/** How long a missing id may still appear: longer than any transaction lasts. */
export const VISIBLE_WITHIN_MS = 60_000

/** So far below the highest id it is looked for missing ones at the beginning. */
const LOOK_BACK = 2_000
/** A page goes to every listener at once, so it is a part of what may wait for one. */
const PAGE = 250
/** Ids of a page where few devices are listened to: those of all others are passed over without their rows. */
const ID_PAGE = 20_000
/** Ranges in one query. */
const RANGES = 100

interface Gap extends IdRange {
  /** Since when it is known to be missing, on the monotonic clock. */
  readonly since: number
}

/** What a look has found: rows above all that were known, and rows that appeared below them. */
export interface Found {
  readonly fresh: readonly ListedPunch[]
  readonly late: readonly ListedPunch[]
}

/** A place in the table that moves forward. */
export class NewPunches {
  readonly #database: Database
  #gaps: Gap[] = []
  #highest = 0

  private constructor(database: Database) {
    this.#database = database
  }

  /** From now on: rows that stand already are not found, rows that are being written are. */
  static async fromNow(database: Database): Promise<NewPunches> {
    const found = new NewPunches(database)
    const last = await database.punches.lastArrival(Number.MAX_SAFE_INTEGER)
    if (last === undefined) return found
    found.#highest = Math.max(0, last.id - LOOK_BACK)
    found.#pass(await database.punches.listIds({ from: found.#highest + 1, to: last.id }, LOOK_BACK))
    return found
  }

  /** The highest id that was seen. */
  get highest(): number {
    return this.#highest
  }

  /**
   * The next rows, at most a page of fresh ones; `more` follow at once. Of fresh rows only those of these devices are read: a
   * sync of another one holds nobody up. Undefined: of all.
   */
  async look(deviceIds?: readonly number[]): Promise<Found & { readonly more: boolean }> {
    const late = await this.#lookInGaps()
    const { punches } = this.#database
    const from = this.#highest + 1
    if (deviceIds === undefined) {
      const fresh = await punches.listByIds([{ from, to: Number.MAX_SAFE_INTEGER }], PAGE)
      this.#pass(fresh.map(({ id }) => id))
      return { fresh, late, more: fresh.length === PAGE }
    }
    const ids = await punches.listIds({ from, to: Number.MAX_SAFE_INTEGER }, ID_PAGE)
    const to = ids.at(-1)
    if (to === undefined) return { fresh: [], late, more: false }
    const fresh = await punches.listByIds([{ from, to }], PAGE, deviceIds)
    const isFull = fresh.length === PAGE
    const last = isFull ? (fresh.at(-1)?.id ?? to) : to
    this.#pass(ids.filter((id) => id <= last))
    return { fresh, late, more: isFull || ids.length === ID_PAGE }
  }

  /** Moves past these ids, which are the next ones, and remembers what is missing between them. */
  #pass(ids: readonly number[]): void {
    const since = performance.now()
    for (const id of ids) {
      if (id > this.#highest + 1) this.#gaps.push({ from: this.#highest + 1, to: id - 1, since })
      this.#highest = id
    }
  }

  async #lookInGaps(): Promise<readonly ListedPunch[]> {
    const asked = this.#gaps
    const askedAt = performance.now()
    const appeared: ListedPunch[] = []
    for (let at = 0; at < asked.length; at += RANGES) {
      const ranges = asked.slice(at, at + RANGES)
      for (let from = 0; ;) {
        const rows = await this.#database.punches.listByIds(behind(ranges, from), PAGE)
        appeared.push(...rows)
        const last = rows.at(-1)
        if (rows.length < PAGE || last === undefined) break
        from = last.id + 1
      }
    }
    const still = asked.flatMap((gap) => without(gap, appeared))
    this.#gaps = still.filter(({ since }) => askedAt - since < VISIBLE_WITHIN_MS)
    return appeared
  }
}

/** The part of these ranges from an id on. */
function behind(ranges: readonly IdRange[], id: number): IdRange[] {
  return ranges.filter(({ to }) => to >= id).map(({ from, to }) => ({ from: Math.max(from, id), to }))
}

/** What is left of a gap in which rows have appeared; they are sorted by id. */
function without(gap: Gap, appeared: readonly ListedPunch[]): Gap[] {
  const left: Gap[] = []
  let from = gap.from
  for (const { id } of appeared) {
    if (id < gap.from || id > gap.to) continue
    if (id > from) left.push({ ...gap, from, to: id - 1 })
    from = id + 1
  }
  if (from <= gap.to) left.push({ ...gap, from })
  return left
}
