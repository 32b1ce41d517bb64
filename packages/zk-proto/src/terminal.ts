// Terminal: the promise and async-iterator API over a driven session, which connect.ts makes. What concerns one subject is
// grouped in the facets of terminal-*.ts.
/// <reference lib="esnext.disposable" preserve="true" />
import { disableTerminal, enableTerminal, readClock } from './commands/terminal.ts'
import { ChosenAttendance } from './attendance-choice.ts'
import type { ChosenBatch } from './attendance-choice.ts'
import { PulledAttendance } from './attendance-read.ts'
import type { AttendanceRead } from './attendance-read.ts'
import type { ZkError } from './errors.ts'
import type { AttendanceBookmark } from './procedures/attendance-bookmark.ts'
import { formOfBookmark } from './procedures/attendance-bookmark.ts'
import type { LiveNotice } from './procedures/live-events.ts'
import { capacityIfTold, readAttendance, readAttendanceColumns } from './procedures/read-attendance.ts'
import type {
  AttendanceColumnsBatch,
  AttendanceSummary,
  ReadAttendancePlan,
} from './procedures/read-attendance.ts'
import { readIdentity } from './procedures/read-info.ts'
import type { TerminalIdentity } from './procedures/read-info.ts'
import type { PeopleRead } from './procedures/read-people.ts'
import type { OnProgress } from './procedures/read-progress.ts'
import { sendRaw } from './procedures/send-raw.ts'
import type { RawAnswer } from './procedures/send-raw.ts'
import type { OnUnreadable } from './procedures/unreadable-log.ts'
import type { Capacity } from './records/capacity.ts'
import type { PunchChoice } from './records/punch-choice.ts'
import type { SessionStats } from './session/client-session.ts'
import { ask } from './session/procedure.ts'
import type { Procedure } from './session/procedure.ts'
import { TerminalAccess } from './terminal-access.ts'
import { TerminalDoor } from './terminal-door.ts'
import { TerminalEnrolment } from './terminal-enrolment.ts'
import { TerminalLine } from './terminal-line.ts'
import type { CallOptions } from './terminal-line.ts'
import { liveEvents } from './terminal-live.ts'
import type { LiveEventsOptions } from './terminal-live.ts'
import { TerminalLogs } from './terminal-logs.ts'
import { TerminalMessages } from './terminal-messages.ts'
import { TerminalPeople } from './terminal-people.ts'
import type { ReadPeopleOptions } from './terminal-people.ts'
import { TerminalPower } from './terminal-power.ts'
import { TerminalScreen } from './terminal-screen.ts'
import { TerminalClock, TerminalOptions } from './terminal-settings.ts'
import { TerminalTemplates } from './terminal-templates.ts'
import { epochMs } from './transport/drive.ts'
import type { DrivenSession } from './transport/drive.ts'
import { formatWallTime } from './wall-time.ts'
import type { WallTime } from './wall-time.ts'

/** How the log is read, whatever is handed out of it. */
export interface ReadLogOptions extends CallOptions {
  /** Reads only what follows, if its anchor still matches; else everything. */
  readonly from?: AttendanceBookmark
  readonly onProgress?: OnProgress
  /** Given the bytes as they came, once, before a read fails with ZK_BAD_RECORD. */
  readonly onUnreadable?: OnUnreadable
}

/** How the log is read, and which punches of it are wanted. */
export interface ReadAttendanceOptions extends ReadLogOptions, PunchChoice {}

/** A terminal's identity, its counts, and its clock held against the host's. */
export interface TerminalInfo extends TerminalIdentity {
  /** The terminal's clock, `YYYY-MM-DDTHH:MM:SS`; null where it cannot be read, for which `clockFault` has the reason. */
  readonly wallTime: string | null
  readonly clockFault: ZkError | undefined
  /** The host's clock at the middle of that reading, in milliseconds since 1970. */
  readonly wallTimeReadAtMs: number
  /** How long the reading took: the clock was read at `wallTimeReadAtMs` give or take half of this. */
  readonly roundTripMs: number
}

/** A connected terminal. Calls made at the same time take turns; a long read lets others in between its steps. */
export class Terminal implements AsyncDisposable {
  /** Who is on it. */
  readonly people: TerminalPeople
  /** Their fingerprint templates. */
  readonly templates: TerminalTemplates
  /** Enrolling fingers at it. */
  readonly enrolment: TerminalEnrolment
  readonly door: TerminalDoor
  /** Who may enter when. */
  readonly access: TerminalAccess
  readonly clock: TerminalClock
  readonly options: TerminalOptions
  /** What it shows and says. */
  readonly screen: TerminalScreen
  readonly messages: TerminalMessages
  /** The operation log, work codes, and clearing. */
  readonly logs: TerminalLogs
  /** Disabling, enabling, restarting, switching off. */
  readonly power: TerminalPower
  readonly #line: TerminalLine

  /** Made by `connect`. */
  constructor(driven: DrivenSession, nameEncoding: string) {
    const line = new TerminalLine(driven, nameEncoding)
    this.#line = line
    this.people = new TerminalPeople(line)
    this.templates = new TerminalTemplates(line)
    this.enrolment = new TerminalEnrolment(line)
    this.door = new TerminalDoor(line)
    this.access = new TerminalAccess(line)
    this.clock = new TerminalClock(line)
    this.options = new TerminalOptions(line)
    this.screen = new TerminalScreen(line)
    this.messages = new TerminalMessages(line)
    this.logs = new TerminalLogs(line)
    this.power = new TerminalPower(line)
  }

  /** Whether it can no longer be used: closed here, or the connection is gone. */
  get closed(): boolean {
    return this.#line.closed
  }

  /** What carries the packets. */
  get transport(): 'tcp' | 'udp' {
    return this.#line.driven.kind
  }

  /** What went over the wire, and what was wrong with it. */
  get stats(): SessionStats {
    return this.#line.driven.stats
  }

  /** Identity, counts and clock. What the terminal refuses to tell is null. */
  async info(options: CallOptions = {}): Promise<TerminalInfo> {
    const { identity, clock, clockFault } = await this.#line.perform(readIdentity(), options)
    // The clock was the last question: it was answered just now.
    const roundTripMs = clock?.roundTripMs ?? 0
    const wallTimeReadAtMs = epochMs() - roundTripMs / 2
    const wallTime = clock === undefined ? null : formatWallTime(clock.time)
    return { ...identity, wallTime, clockFault, wallTimeReadAtMs, roundTripMs }
  }

  /** What it holds and can hold, as far as it tells. */
  readCapacity(options: CallOptions = {}): Promise<Capacity> {
    return this.#line.perform(capacityIfTold(), options)
  }

  /** The value of an option; undefined when the terminal does not know it. More: `options`. */
  readOption(name: string, options: CallOptions = {}): Promise<string | undefined> {
    return this.options.readText(name, options)
  }

  /** What its clock shows. More: `clock`. */
  readTime(options: CallOptions = {}): Promise<WallTime> {
    return this.clock.read(options)
  }

  /** Everyone on the terminal. More: `people`. */
  readPeople(options: ReadPeopleOptions = {}): Promise<PeopleRead> {
    return this.people.list(options)
  }

  /**
   * The attendance log, to be iterated: the next batch is asked for when the last one was taken, and leaving the loop
   * frees the terminal's buffer. `since`, `until` and `pins` choose among what is read; attempts that an access panel refused
   * are no punches and are left out unless `denied` says otherwise. Whatever is left out, bookmarks and summary are those of
   * the whole read. Throws ZK_VALUE_OUT_OF_RANGE for a bookmark or a time that is none.
   */
  readAttendance(options: ReadAttendanceOptions = {}): AttendanceRead<ChosenBatch> {
    return new ChosenAttendance(this.#pull(readAttendance, options), options)
  }

  /**
   * The attendance log, each batch as typed arrays instead of punches: every record of it, also what an access panel refused;
   * see `AttendanceColumns.deniedAt`.
   */
  readAttendanceColumns(options: ReadLogOptions = {}): AttendanceRead<AttendanceColumnsBatch> {
    return this.#pull(readAttendanceColumns, options)
  }

  /**
   * What happens at the terminal, as it happens. An event is acknowledged when it arrives; up to 1024 wait for a slow loop,
   * then the oldest are dropped and a `missed` stands in their place. Other calls go on meanwhile. The loop ends when it is
   * left; an aborted signal, a lost connection, and a terminal that no longer answers are thrown.
   */
  liveEvents(options: LiveEventsOptions = {}): AsyncGenerator<LiveNotice, void, undefined> {
    return liveEvents(this.#line, options)
  }

  /** The cheapest round trip: whether the session still lives. */
  async ping(options: CallOptions = {}): Promise<void> {
    await this.#line.perform(ask(readClock, undefined), options)
  }

  /**
   * Sends data under a command’s number as they are, once, and gives what answered, also a refusal: for what no other method
   * does, and for looking into a terminal by hand. Nothing is checked, decoded or tidied up; other methods are the safe way.
   */
  async send(
    command: number,
    data: Uint8Array = new Uint8Array(0),
    options: CallOptions = {},
  ): Promise<RawAnswer> {
    // Before it is known: an answer may be lost after the terminal has obeyed.
    if (command === disableTerminal.code) this.#line.disabled = true
    const answer = await this.#line.perform(sendRaw(command, data), options)
    if (command === enableTerminal.code && enableTerminal.accepts.includes(answer.code))
      this.#line.disabled = false
    return answer
  }

  /**
   * Ends the session and the connection; a terminal that was disabled here is enabled again. A call that is at it has a
   * second to end; what still runs then, and reads, listeners and enrolments at once, end with ZK_CLOSED and tidy up. Never
   * throws, also not when the connection is gone already.
   */
  close(): Promise<void> {
    return this.#line.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #pull<B>(
    read: (plan: ReadAttendancePlan) => Procedure<AttendanceSummary, B>,
    options: ReadLogOptions,
  ): AttendanceRead<B> {
    const { from, onProgress, onUnreadable } = options
    if (from !== undefined) formOfBookmark(from)
    const procedure = read({ from, onProgress, onUnreadable, sliceBytes: this.#line.sliceBytes })
    const stream = this.#line.stream(procedure, options, true)
    return new PulledAttendance(stream, () => this.#line.refuseWhenClosed())
  }
}
