// terminal.logs: the operation log, work codes, and taking data away for good. The attendance log is read by
// `readAttendance`.
import { DATA_TYPES } from './codes.ts'
import { clearAttendance } from './commands/attendance.ts'
import { clearEverything, clearOperations, clearTable } from './commands/clearing.ts'
import { makeItCount } from './procedures/after-writing.ts'
import { readOperations, readWorkCodes } from './procedures/read-logs.ts'
import type { Operation } from './records/operation.ts'
import { ask } from './session/procedure.ts'
import type { Procedure } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

/** Logs. Source: docs/protocol §20, §21 and §23. */
export class TerminalLogs {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** What was done at the terminal. Throws ZK_BAD_RECORD when the records are of another form. */
  readOperations(options: CallOptions = {}): Promise<Operation[]> {
    return this.#line.perform(readOperations(this.#line.sliceBytes), options, true)
  }

  /** The table of work codes as it is: the form of its records is not known. Whether they are used: option `WorkCode`. */
  readWorkCodes(options: CallOptions = {}): Promise<Uint8Array> {
    return this.#line.perform(readWorkCodes(this.#line.sliceBytes), options, true)
  }

  /**
   * Empties the attendance log. A punch made since it was last read is lost: disable the terminal, read, compare the counts,
   * then clear. Never sent twice; when no answer comes, the error’s `effect` is `unknown`.
   */
  clearAttendance(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(clearing(ask(clearAttendance, undefined)), options)
  }

  /** Empties the operation log. */
  clearOperations(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(clearing(ask(clearOperations, undefined)), options)
  }

  /** Deletes all templates. */
  clearTemplates(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(clearing(ask(clearTable, { dataType: DATA_TYPES.TEMPLATES })), options)
  }

  /** Deletes all people, and their templates with them. */
  clearPeople(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(clearing(ask(clearTable, { dataType: DATA_TYPES.PEOPLE })), options)
  }

  /** Empties the terminal: people, templates and logs. */
  clearEverything(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(clearing(ask(clearEverything, undefined)), options)
  }
}

function* clearing(clear: Procedure<void>): Procedure<void> {
  yield* clear
  yield* makeItCount()
}
