// Where a reader stands in a terminal's log, and how it knows that the log is still the same one: a digest of the first
// record and of the last ones before the place. Clocks are set back and logs refilled; bytes do not lie.
import { hash } from 'node:crypto'
import { joinBytes } from '../bytes.ts'
import { ZkUsageError } from '../errors.ts'
import { attendanceForm } from '../records/punch.ts'
import type { AttendanceForm, AttendanceLayoutName } from '../records/punch.ts'

/** Where a reader stands in a terminal's log: plain JSON, to be stored as it is. */
export interface AttendanceBookmark {
  /** Records before the bookmark. */
  readonly index: number
  readonly recordSize: number
  readonly layout: AttendanceLayoutName
  /** SHA-256 in hex over the raw bytes of the log's first record and of the last 32 (or fewer) before `index`. */
  readonly anchor: string
}

/** So many records before the bookmark go into its anchor. */
export const ANCHOR_RECORDS = 32

/** The anchor of a place: `first` is the log's first record, `last` up to 32 records that end at the place. */
export function anchorOf(first: Uint8Array, last: Uint8Array): string {
  return hash('sha256', joinBytes([first, last]), 'hex')
}

/** The form that a stored bookmark names. Throws ZK_VALUE_OUT_OF_RANGE when the bookmark is none of ours. */
export function formOfBookmark(bookmark: AttendanceBookmark): AttendanceForm {
  // It comes from where its reader stores it, and may be anything, null too.
  const { layout, recordSize, index }: Partial<AttendanceBookmark> = Object(bookmark)
  const form =
    layout === undefined || recordSize === undefined ? undefined : attendanceForm(layout, recordSize)
  if (form !== undefined && Number.isInteger(index) && bookmark.index >= 0) return form
  throw new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `This is no bookmark of an attendance log: ${layout}, ${recordSize} bytes, record ${index}`,
  )
}

/** Follows a read through the log and makes the bookmark of any place it has come to. */
export class BookmarkMaker {
  readonly #form: AttendanceForm
  #first: Uint8Array | undefined
  #last: Uint8Array = new Uint8Array(0)
  #index: number

  /** `index` is the first record that will be passed on; with `first` and `last` a read goes on behind an anchor. */
  constructor(form: AttendanceForm, index = 0, first?: Uint8Array, last?: Uint8Array) {
    this.#form = form
    this.#index = index
    this.#first = first?.slice()
    this.#last = last?.slice() ?? this.#last
  }

  /** Takes whole records in the order of the log. */
  passed(records: Uint8Array): void {
    const { recordSize } = this.#form
    if (records.length === 0) return
    this.#first ??= records.slice(0, recordSize)
    const kept = ANCHOR_RECORDS * recordSize
    this.#last = (records.length >= kept ? records : joinBytes([this.#last, records])).slice(-kept)
    this.#index += records.length / recordSize
  }

  /** The bookmark behind the last record passed; undefined before the first. */
  get bookmark(): AttendanceBookmark | undefined {
    return this.#first === undefined ? undefined : this.bookmarkOnDemand()()
  }

  /** Gives the bookmark of this place once it is asked for: its digest takes time, and most readers want the last one only. */
  bookmarkOnDemand(): () => AttendanceBookmark {
    const first = this.#first
    const last = this.#last
    if (first === undefined) throw new TypeError('a bookmark exists once records have passed')
    const place = { index: this.#index, recordSize: this.#form.recordSize, layout: this.#form.name }
    let made: AttendanceBookmark | undefined
    return () => (made ??= { ...place, anchor: anchorOf(first, last) })
  }
}
