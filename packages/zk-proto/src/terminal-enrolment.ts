// terminal.enrolment: enrolling a finger at the terminal, with its steps as they happen.
import { cancelCapture, startVerification } from './commands/enrolment.ts'
import { ZkUsageError } from './errors.ts'
import { enrolFinger } from './procedures/enrol-finger.ts'
import type { EnrolledFinger, EnrolmentStep } from './procedures/enrol-finger.ts'
import type { Person } from './records/person.ts'
import { ask } from './session/procedure.ts'
import type { Procedure } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

export interface EnrolOptions extends CallOptions {
  /** Told what happens as it happens. An error thrown in it ends the enrolment. */
  readonly onStep?: (step: EnrolmentStep) => void
  /** A finger that opens the door and raises the duress alarm. */
  readonly duress?: boolean
  /** Deletes a template that the finger has already; without it that is an error. */
  readonly replace?: boolean
  /** How long the terminal may be silent between two steps; 60,000 unless said. `deadlineMs` bounds the whole. */
  readonly stepMs?: number
}

const STEP_MS = 60_000

/** Enrolment. Source: docs/protocol §17. */
export class TerminalEnrolment {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /**
   * Has the terminal enrol a finger, 0 to 9, of a person that is on it: three presses. Other calls go on meanwhile. However
   * it ends, the terminal is put back to its normal work; a template that it tells of is read back. Throws ZK_REFUSED with
   * `details.reason` `quality`, `timeout`, `duplicate`, `cancelled`, `unsupported` or `not_kept`; ZK_VALUE_OUT_OF_RANGE when
   * the finger is enrolled already; ZK_ABORTED.
   */
  async enrol(
    person: Pick<Person, 'uid' | 'pin' | 'layout'>,
    finger: number,
    options: EnrolOptions = {},
  ): Promise<EnrolledFinger> {
    const { onStep, duress = false, replace = false, stepMs = STEP_MS } = options
    if (!(stepMs > 0)) {
      throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `stepMs must be above 0, got ${stepMs}`)
    }
    const { uid, pin, layout } = person
    const { registrations } = this.#line
    const plan = { uid, pin, layout, finger, duress, replace, stepMs, onStep, registrations }
    return this.#line.perform(enrolFinger(plan), options)
  }

  /** Ends an enrolment or a recognition that is under way and puts the terminal back to its normal work. */
  cancel(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(backToWork(), options)
  }

  /** Has the terminal ask for that person; without a uid it recognises whoever comes. Listen to live events for the outcome. */
  verify(uid?: number, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(ask(startVerification, { uid }), options)
  }
}

function* backToWork(): Procedure<void> {
  yield* ask(cancelCapture, undefined)
  yield* ask(startVerification, { uid: undefined })
}
