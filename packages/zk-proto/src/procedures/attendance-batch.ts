// What a read of the attendance log hands out: some records of it as punches or as columns, and where they stand.
// read-attendance.ts has them made, each from the whole records of one slice.
import { AttendanceColumns } from '../records/attendance-columns.ts'
import { decodePunches } from '../records/punch.ts'
import type { AttendanceForm, Punch } from '../records/punch.ts'
import type { AttendanceBookmark } from './attendance-bookmark.ts'

/** Where a batch stands in the log. */
interface BatchPlace {
  /** Log index of its first record. */
  readonly firstIndex: number
  /** False: part of a tail whose anchor matched. True: of a read from the log's first record. */
  readonly wholeLog: boolean
  /** Stands behind this batch's last record. Made when it is first asked for. */
  readonly bookmark: AttendanceBookmark
}

/** Some punches of a log, in its order. */
export interface AttendanceBatch extends BatchPlace {
  readonly punches: readonly Punch[]
}

/** Some punches of a log, in its order, as columns. */
export interface AttendanceColumnsBatch extends BatchPlace {
  readonly columns: AttendanceColumns
}

/** What a batch is told of its place: the digest of a bookmark takes time, and most readers want the last one only. */
export interface BatchStart extends Omit<BatchPlace, 'bookmark'> {
  readonly bookmark: () => AttendanceBookmark
}

class Place implements BatchPlace {
  readonly firstIndex: number
  readonly wholeLog: boolean
  readonly #bookmark: () => AttendanceBookmark

  constructor({ firstIndex, wholeLog, bookmark }: BatchStart) {
    this.firstIndex = firstIndex
    this.wholeLog = wholeLog
    this.#bookmark = bookmark
  }

  get bookmark(): AttendanceBookmark {
    return this.#bookmark()
  }
}

class PunchesBatch extends Place implements AttendanceBatch {
  readonly punches: readonly Punch[]

  constructor(start: BatchStart, punches: readonly Punch[]) {
    super(start)
    this.punches = punches
  }
}

class ColumnsBatch extends Place implements AttendanceColumnsBatch {
  readonly columns: AttendanceColumns

  constructor(start: BatchStart, columns: AttendanceColumns) {
    super(start)
    this.columns = columns
  }
}

/** How batches are made. */
export interface BatchMaker<B> {
  /** Makes one of whole records of a form. */
  make(form: AttendanceForm, records: Uint8Array, start: BatchStart): B
  /** Whether a batch goes on reading the memory of its records; where not, the next slice may come into the same. */
  readonly keepsRecords: boolean
}

/** Batches of punches. */
export const PUNCHES: BatchMaker<AttendanceBatch> = {
  make: (form, records, start) => new PunchesBatch(start, decodePunches(form, records, start.firstIndex)),
  keepsRecords: true,
}

/** Batches of columns. */
export const COLUMNS: BatchMaker<AttendanceColumnsBatch> = {
  make: (form, records, start) => new ColumnsBatch(start, new AttendanceColumns(form, records)),
  keepsRecords: false,
}
