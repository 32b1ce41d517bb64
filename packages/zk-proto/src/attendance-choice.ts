// A read of the attendance log of which only some punches are handed out. Batches, bookmarks and summary stay those of the
// whole read: choosing never makes a reader lose its place.
import type { AttendanceRead } from './attendance-read.ts'
import type { AttendanceBookmark } from './procedures/attendance-bookmark.ts'
import type { AttendanceBatch, AttendanceSummary } from './procedures/read-attendance.ts'
import { choosePunches, punchChooser } from './records/punch-choice.ts'
import type { PunchChoice } from './records/punch-choice.ts'
import type { Punch } from './records/punch.ts'

/** A batch of which some punches may have been left out; its bookmark stands behind those too. */
export interface ChosenBatch extends AttendanceBatch {
  /** How many were read and are not in `punches`. */
  readonly leftOut: number
}

/** Hands out what is wanted of each batch of a read, batches of which nothing is wanted too. */
export class ChosenAttendance implements AttendanceRead<ChosenBatch> {
  readonly #read: AttendanceRead
  readonly #chooser: (punch: Punch) => boolean

  /** Throws ZK_VALUE_OUT_OF_RANGE for a time that is none. */
  constructor(read: AttendanceRead, choice: PunchChoice) {
    this.#read = read
    this.#chooser = punchChooser(choice)
  }

  summary(): AttendanceSummary {
    return this.#read.summary()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChosenBatch, void, undefined> {
    for await (const batch of this.#read) {
      const punches = choosePunches(batch.punches, this.#chooser)
      yield new Chosen(batch, punches)
    }
  }
}

/** A batch with some of its punches. Its bookmark is still made on demand, as that of the whole batch is. */
class Chosen implements ChosenBatch {
  readonly punches: readonly Punch[]
  readonly leftOut: number
  readonly #batch: AttendanceBatch

  constructor(batch: AttendanceBatch, punches: readonly Punch[]) {
    this.#batch = batch
    this.punches = punches
    this.leftOut = batch.punches.length - punches.length
  }

  get firstIndex(): number {
    return this.#batch.firstIndex
  }

  get wholeLog(): boolean {
    return this.#batch.wholeLog
  }

  get bookmark(): AttendanceBookmark {
    return this.#batch.bookmark
  }
}
