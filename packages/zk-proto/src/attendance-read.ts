// A read of the attendance log that its caller pulls batch by batch: the async iterator over a driven procedure, for punches
// and for columns alike. Terminal makes them.
import { ZkUsageError } from './errors.ts'
import type { AttendanceBatch, AttendanceSummary } from './procedures/read-attendance.ts'
import type { DrivenStream } from './transport/drive.ts'

/** A read of the log that is pulled batch by batch. Can be iterated once. */
export interface AttendanceRead<B = AttendanceBatch> extends AsyncIterable<B> {
  /** What the read found, once its loop has ended by itself. Throws ZK_WRONG_ORDER before. */
  summary(): AttendanceSummary
}

/** Pulls a driven read. `mayBegin` throws when it may not be begun any more. */
export class PulledAttendance<B> implements AttendanceRead<B> {
  readonly #stream: DrivenStream<AttendanceSummary, B>
  readonly #mayBegin: () => void
  #begun = false
  #summary: AttendanceSummary | undefined

  constructor(stream: DrivenStream<AttendanceSummary, B>, mayBegin: () => void) {
    this.#stream = stream
    this.#mayBegin = mayBegin
  }

  summary(): AttendanceSummary {
    if (this.#summary !== undefined) return this.#summary
    throw new ZkUsageError('ZK_WRONG_ORDER', 'The summary of a read exists once its loop has ended by itself')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    this.#mayBegin()
    if (this.#begun)
      throw new ZkUsageError('ZK_WRONG_ORDER', 'A read can be iterated once; start another one')
    this.#begun = true
    try {
      for (;;) {
        const step = await this.#stream.next()
        if (step.done) {
          this.#summary = step.result
          return
        }
        yield step.value
      }
    } finally {
      await this.#stream.leave()
    }
  }
}
