// Terminal: the promise and async-iterator API over a driven session, and `connect`, which makes one. The only file that
// joins procedures to transports.
import { exitSession } from './commands/connection.ts'
import { readClock } from './commands/terminal.ts'
import { ZkRefusedError, ZkTransportError, ZkUsageError } from './errors.ts'
import { AUTO_ENCODING, checkNameEncoding } from './name-encoding.ts'
import type { AttendanceBookmark } from './procedures/attendance-bookmark.ts'
import { formOfBookmark } from './procedures/attendance-bookmark.ts'
import { TCP_SLICE_BYTES } from './procedures/bulk-read.ts'
import { handshake, NO_COMM_KEY } from './procedures/handshake.ts'
import { capacityIfTold, readAttendance } from './procedures/read-attendance.ts'
import type { AttendanceBatch, AttendanceSummary } from './procedures/read-attendance.ts'
import { clockReading, optionIfKnown, readIdentity } from './procedures/read-info.ts'
import type { TerminalIdentity } from './procedures/read-info.ts'
import { readPeople } from './procedures/read-people.ts'
import type { PeopleRead } from './procedures/read-people.ts'
import type { OnProgress } from './procedures/read-progress.ts'
import type { Capacity } from './records/capacity.ts'
import type { SessionStats } from './session/client-session.ts'
import { ask } from './session/procedure.ts'
import type { Procedure } from './session/procedure.ts'
import { DEFAULT_TIMEOUTS } from './session/session.ts'
import type { Timeouts } from './session/session.ts'
import { DrivenSession, epochMs } from './transport/drive.ts'
import type { DrivenStream } from './transport/drive.ts'
import { openTcp } from './transport/tcp.ts'
import { formatWallTime } from './wall-time.ts'
import type { WallTime } from './wall-time.ts'

/** The port on which terminals listen unless it was changed in their menu. */
export const DEFAULT_PORT = 4370

/** How to reach a terminal. */
export interface ConnectOptions {
  /** IPv4, IPv6 or a host name. */
  readonly host: string
  readonly port?: number
  /** `auto` takes TCP. UDP is not built yet. */
  readonly transport?: 'auto' | 'tcp' | 'udp'
  /** 0 for none, up to 4294967295; terminals take up to six digits. */
  readonly commKey?: number
  /** How names are written on the terminal: `auto`, or a WHATWG label such as `gb18030`. */
  readonly nameEncoding?: string
  readonly timeouts?: Partial<Timeouts>
  readonly signal?: AbortSignal
}

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** The whole call must be over by then; cleaning up may take two seconds more. */
  readonly deadlineMs?: number
}

export interface ReadPeopleOptions extends CallOptions {
  readonly onProgress?: OnProgress
}

export interface ReadAttendanceOptions extends CallOptions {
  /** Reads only what follows, if its anchor still matches; else everything. */
  readonly from?: AttendanceBookmark
  readonly onProgress?: OnProgress
}

/** A terminal's identity, its counts, and its clock held against the host's. */
export interface TerminalInfo extends TerminalIdentity {
  /** The terminal's clock, `YYYY-MM-DDTHH:MM:SS`. */
  readonly wallTime: string
  /** The host's clock at the middle of that reading, in milliseconds since 1970. */
  readonly wallTimeReadAtMs: number
  /** How long the reading took: the clock was read at `wallTimeReadAtMs` give or take half of this. */
  readonly roundTripMs: number
}

/** A read of the log that is pulled batch by batch. Can be iterated once. */
export interface AttendanceRead extends AsyncIterable<AttendanceBatch> {
  /** What the read found, once its loop has ended by itself. Throws ZK_WRONG_ORDER before. */
  summary(): AttendanceSummary
}

const EXIT_MS = 1_000
const HIGHEST_PORT = 65_535
const HIGHEST_KEY = 0xffffffff

/**
 * Connects and authenticates. Throws ZK_CONNECT_FAILED or ZK_TIMEOUT when nothing answers, ZK_KEY_REQUIRED or
 * ZK_KEY_WRONG, ZK_CLIENTS_REFUSED, ZK_BUSY, ZK_PULL_PANEL, ZK_NOT_A_TERMINAL, and a ZkUsageError for bad options.
 */
export async function connect(options: ConnectOptions): Promise<Terminal> {
  checkOptions(options)
  const { host, port = DEFAULT_PORT, commKey = NO_COMM_KEY, nameEncoding = AUTO_ENCODING, signal } = options
  const timeouts: Timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const transport = await openTcp({ host, port, timeoutMs: timeouts.connectMs, signal })
  const driven = new DrivenSession(transport, timeouts, () => undefined)
  try {
    await driven.perform(handshake(commKey), { deadlineMs: timeouts.connectMs, signal })
  } catch (error) {
    await driven.close()
    throw connectError(error, driven, host, port)
  }
  return new Terminal(driven, nameEncoding)
}

/** Says what a failed handshake means where the bare failure does not. */
function connectError(error: unknown, driven: DrivenSession, host: string, port: number): unknown {
  if (!(error instanceof ZkTransportError) || driven.heard) return error
  const details = { host, port }
  if (error.code === 'ZK_CONNECTION_LOST') {
    return new ZkRefusedError(
      'ZK_BUSY',
      `${host}:${port} accepted the connection and ended it without a word, as terminals do that serve another client`,
      { details, cause: error },
    )
  }
  if (error.code === 'ZK_TIMEOUT') {
    return new ZkTransportError(
      'ZK_TIMEOUT',
      `${host}:${port} accepted the connection but did not answer: it serves another client, or is no terminal`,
      { details: { ...details, reason: 'silent' }, effect: 'none', cause: error },
    )
  }
  return error
}

function checkOptions(options: ConnectOptions): void {
  const { host, port = DEFAULT_PORT, commKey = NO_COMM_KEY, transport = 'auto' } = options
  if (host === '') throw outOfRange('The host is empty; give an address or a name')
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    throw outOfRange(`A port is a whole number from 1 to ${HIGHEST_PORT}, got ${port}`)
  }
  if (!Number.isInteger(commKey) || commKey < 0 || commKey > HIGHEST_KEY) {
    throw outOfRange(`A comm key is a whole number from 0 to ${HIGHEST_KEY}`)
  }
  if (transport === 'udp') throw outOfRange('UDP is not built yet; use TCP')
  checkNameEncoding(options.nameEncoding ?? AUTO_ENCODING)
  for (const [name, value] of Object.entries(options.timeouts ?? {})) {
    if (!(value > 0)) throw outOfRange(`The time-out ${name} must be a number above 0, got ${value}`)
  }
}

function outOfRange(message: string): ZkUsageError {
  return new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', message)
}

/** A connected terminal. Calls made at the same time take turns; a long read lets others in between its steps. */
export class Terminal implements AsyncDisposable {
  readonly #driven: DrivenSession
  readonly #nameEncoding: string
  #closing: Promise<void> | undefined

  /** Made by `connect`. */
  constructor(driven: DrivenSession, nameEncoding: string) {
    this.#driven = driven
    this.#nameEncoding = nameEncoding
  }

  /** Whether it can no longer be used: closed here, or the connection is gone. */
  get closed(): boolean {
    return this.#closing !== undefined || this.#driven.gone
  }

  get transport(): 'tcp' | 'udp' {
    return this.#driven.kind
  }

  /** What went over the wire, and what was wrong with it. */
  get stats(): SessionStats {
    return this.#driven.stats
  }

  /** Identity, counts and clock. What the terminal refuses to tell is null. */
  async info(options: CallOptions = {}): Promise<TerminalInfo> {
    const { identity, clock } = await this.#perform(readIdentity(), options)
    // The clock was the last question: it was answered just now.
    const { roundTripMs } = clock
    const wallTimeReadAtMs = epochMs() - roundTripMs / 2
    return { ...identity, wallTime: formatWallTime(clock.time), wallTimeReadAtMs, roundTripMs }
  }

  /** What it holds and can hold, as far as it tells. */
  readCapacity(options: CallOptions = {}): Promise<Capacity> {
    return this.#perform(capacityIfTold(), options)
  }

  /** The value of an option; undefined when the terminal does not know it. */
  readOption(name: string, options: CallOptions = {}): Promise<string | undefined> {
    return this.#perform(optionIfKnown(name), options)
  }

  /** What its clock shows. */
  async readTime(options: CallOptions = {}): Promise<WallTime> {
    return (await this.#perform(clockReading(), options)).time
  }

  /** Everyone on the terminal. */
  readPeople(options: ReadPeopleOptions = {}): Promise<PeopleRead> {
    const plan = {
      nameEncoding: this.#nameEncoding,
      onProgress: options.onProgress,
      sliceBytes: TCP_SLICE_BYTES,
    }
    return this.#perform(readPeople(plan), options, true)
  }

  /**
   * The attendance log, to be iterated: the next batch is asked for when the last one was taken, and leaving the loop
   * frees the terminal's buffer. Throws ZK_VALUE_OUT_OF_RANGE for a bookmark that is none.
   */
  readAttendance(options: ReadAttendanceOptions = {}): AttendanceRead {
    const { from, onProgress } = options
    if (from !== undefined) formOfBookmark(from)
    const procedure = readAttendance({ from, onProgress, sliceBytes: TCP_SLICE_BYTES })
    const stream = this.#driven.stream(procedure, {
      deadlineMs: options.deadlineMs ?? Number.POSITIVE_INFINITY,
      signal: options.signal,
      usesBuffer: true,
    })
    return new PulledAttendance(stream, () => this.#refuseWhenClosed())
  }

  /** The cheapest round trip: whether the session still lives. */
  async ping(options: CallOptions = {}): Promise<void> {
    await this.#perform(ask(readClock, undefined), options)
  }

  /** Ends the session and the connection. Never throws, also not when the connection is gone already. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      if (!this.#driven.gone) {
        await this.#driven.perform(ask(exitSession, undefined), { deadlineMs: EXIT_MS, signal: undefined })
      }
    } catch (error) {
      // A terminal that does not answer its farewell is left all the same; anything but its silence is a fault here.
      if (!(error instanceof ZkTransportError || error instanceof ZkRefusedError)) throw error
    } finally {
      await this.#driven.close(
        new ZkUsageError('ZK_CLOSED', 'The terminal was closed while this call was running'),
      )
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) {
      throw new ZkUsageError('ZK_CLOSED', 'This terminal was closed; connect again')
    }
  }

  async #perform<T>(procedure: Procedure<T>, options: CallOptions, usesBuffer = false): Promise<T> {
    this.#refuseWhenClosed()
    return this.#driven.perform(procedure, {
      deadlineMs: options.deadlineMs ?? Number.POSITIVE_INFINITY,
      signal: options.signal,
      usesBuffer,
    })
  }
}

class PulledAttendance implements AttendanceRead {
  readonly #stream: DrivenStream<AttendanceSummary, AttendanceBatch>
  readonly #refuseWhenClosed: () => void
  #begun = false
  #summary: AttendanceSummary | undefined

  constructor(stream: DrivenStream<AttendanceSummary, AttendanceBatch>, refuseWhenClosed: () => void) {
    this.#stream = stream
    this.#refuseWhenClosed = refuseWhenClosed
  }

  summary(): AttendanceSummary {
    if (this.#summary !== undefined) return this.#summary
    throw new ZkUsageError('ZK_WRONG_ORDER', 'The summary of a read exists once its loop has ended by itself')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AttendanceBatch, void, undefined> {
    this.#refuseWhenClosed()
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
