// The place in a terminal's log up to which everything is stored, as a value and as a column.
import { isJsonObject, json } from './columns.ts'
import { CorruptRow } from './errors.ts'

/**
 * Where a reader stands in a terminal's log. `index` records lie before it; `anchor` is a digest over the raw bytes
 * of some of them; `clearing` says that all of them are stored and that we set out to empty the log, `cleared` that it was
 * emptied by us, so whatever follows is new.
 */
export type Bookmark = {
  readonly index: number
  readonly recordSize: number
  readonly layout: string
  readonly anchor: string
  readonly clearing?: boolean
  readonly cleared?: boolean
}

/** A bookmark, without what else may stand beside it. */
export const bookmark = () =>
  json<Bookmark>((value) => {
    if (!isJsonObject(value)) throw new CorruptRow('is no bookmark')
    const { index, recordSize, layout, anchor, clearing, cleared } = value
    if (typeof index !== 'number' || typeof recordSize !== 'number') throw new CorruptRow('is no bookmark')
    if (typeof layout !== 'string' || typeof anchor !== 'string') throw new CorruptRow('is no bookmark')
    return {
      index,
      recordSize,
      layout,
      anchor,
      ...(typeof clearing === 'boolean' ? { clearing } : {}),
      ...(typeof cleared === 'boolean' ? { cleared } : {}),
    }
  })

/** Whether two say the same place in the same log. */
export function sameBookmark(one: Bookmark | null, other: Bookmark | null): boolean {
  if (one === null || other === null) return one === other
  return (
    one.index === other.index &&
    one.recordSize === other.recordSize &&
    one.layout === other.layout &&
    one.anchor === other.anchor &&
    (one.clearing ?? false) === (other.clearing ?? false) &&
    (one.cleared ?? false) === (other.cleared ?? false)
  )
}
