// One stretch of a watch, with the terminal in hand: hears live events and stores them early, and reads the log's tail at the
// beginning, soon after punches, and whenever the terminal's count tells of records that nobody has seen. Ends when somebody
// waits for the terminal. The log stays the truth: what is not certain of an event is left to it.
import type { Bookmark } from '@org/data'
import {
  EVENTS,
  ZkProtocolError,
  ZkRefusedError,
  type AttendanceLayoutName,
  type LiveNotice,
  type LivePunch,
} from '@org/zk-proto'
import type { Bus } from '../bus/bus.ts'
import { ServiceError } from '../errors.ts'
import { aborted, pause } from '../pause.ts'
import type { NoteContact } from '../terminals/contact-notes.ts'
import { ifTold } from '../terminals/side-question.ts'
import { findActiveDevice, type TerminalAtHand } from '../terminals/with-terminal.ts'
import { AttendanceWriter } from './attendance-writer.ts'
import type { CatchUp, CatchUpParts } from './catch-up.ts'
import { inLogWords, needsPeople, type KnownPerson } from './live-punch.ts'
import type { Slots } from './slots.ts'
import { isLayout } from './stored-bookmark.ts'

/** What a stretch of a watch needs. */
export interface WatchSessionParts extends CatchUpParts {
  readonly bus: Bus
  /** How many logs this process reads for its watches at once. */
  readonly slots: Slots
  readonly timings: WatchTimings
  readonly noteContact: NoteContact
}

/** When a watch looks at the log, in milliseconds. */
export interface WatchTimings {
  /** How often the terminal's count is asked for. */
  readonly countEveryMs: number
  /** How soon after a punch the log's own record takes its row over. */
  readonly settleMs: number
  /** How often the tail is read where counts cannot be used. */
  readonly uncountedMs: number
  /** How long a log that was never read is left to a sync that somebody may ask for. */
  readonly firstReadMs: number
}

/** What the service runs with. */
export const WATCH_TIMINGS: WatchTimings = {
  countEveryMs: 10_000,
  settleMs: 3_000,
  uncountedMs: 60_000,
  firstReadMs: 5_000,
}

/** Events of one transaction, and of all that wait for one; when so many wait, no more are taken from the session. */
const BATCH_EVENTS = 100
const MOST_WAITING = 500
/** A read takes at most one part in so many of the time. */
const READ_SHARE = 10
/** After a read that failed for what the log is; so much more after each that follows. */
const FAILED_READ_PAUSE_MS = 60_000
/** How often it is noted that the terminal is there. */
const NOTE_EVERY_MS = 60_000
const PEOPLE_PAGE = 1_000

/** Begins with its terminal in hand and ends before that is given back. */
export class WatchSession {
  readonly #parts: WatchSessionParts
  readonly #hand: TerminalAtHand
  readonly #catchUp: CatchUp
  readonly #isUp: () => void
  readonly #writer: AttendanceWriter
  /** Aborts when the stretch is to end, for whatever reason. */
  readonly #left = new AbortController()
  readonly #waiting: LivePunch[] = []
  #wake: () => void = () => undefined
  #room: () => void = () => undefined
  #layout: AttendanceLayoutName | undefined
  #people: readonly KnownPerson[] | undefined
  /** The rows may not say who is on the terminal: nobody has looked since this stretch began, or since somebody was added there. */
  #peopleStale: boolean
  /** How often somebody was added at the terminal. */
  #added = 0
  /** The terminal's count after the last read; undefined before it. */
  #counted: number | null | undefined
  #readAt: number
  #countAt: number
  #notBefore = 0
  #readDoneAt = 0
  #failedReads = 0
  #notedAt = 0

  /** @param isUp called when events are heard and the log was read: from here on nothing is missed */
  constructor(parts: WatchSessionParts, hand: TerminalAtHand, catchUp: CatchUp, isUp: () => void) {
    this.#parts = parts
    this.#hand = hand
    this.#catchUp = catchUp
    this.#isUp = isUp
    const { bookmark } = hand.device
    this.#writer = AttendanceWriter.under(hand, parts)
    this.#layout = layoutOf(bookmark)
    this.#peopleStale = isReadWithPeople(this.#layout)
    const now = performance.now()
    this.#readAt = bookmark === null ? now + parts.timings.firstReadMs : now
    this.#countAt = now + parts.timings.countEveryMs
  }

  /** Resolves when somebody waits for the terminal. Throws what ends the session, the lease or the signal. */
  async run(): Promise<void> {
    const { terminal, signal, device } = this.#hand
    if (this.#hand.isWanted()) return
    const takeBack = this.#hand.whenWanted(() => this.#leave())
    const forget = this.#parts.bus.listen('changed', ({ of, deviceId }) => {
      if (of === 'people' && deviceId === device.id) this.#peopleChanged()
    })
    const listening = AbortSignal.any([signal, this.#left.signal])
    const events = terminal.liveEvents({ signal: listening })
    try {
      const first = settled(events.next())
      // Answered after the registration: from here on every event is heard.
      await terminal.ping({ signal })
      await this.#noteContact()
      const work = [this.#hear(events, first), this.#store(), this.#keepUp()]
      const ends = await Promise.allSettled(work.map((it) => it.finally(() => this.#leave())))
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    } finally {
      takeBack()
      forget()
      this.#leave()
      await events.return()
    }
  }

  #leave(): void {
    this.#left.abort()
    this.#wake()
    this.#room()
  }

  get #isOver(): boolean {
    return this.#left.signal.aborted
  }

  /** Takes events as they come. A terminal that refuses to tell any is watched by its counts alone. */
  async #hear(events: AsyncGenerator<LiveNotice, void>, first: Promise<Step>): Promise<void> {
    for (let step = await first; ; step = await settled(events.next())) {
      if (!step.ok) {
        if (this.#isOver) return
        if (!(step.error instanceof ZkRefusedError) || this.#hand.terminal.closed) throw step.error
        this.#parts.log.info(
          { err: step.error, deviceId: this.#hand.device.id },
          'the terminal tells no live events',
        )
        await aborted(this.#left.signal)
        return
      }
      if (step.value.done === true) return
      this.#take(step.value.value)
      if (this.#waiting.length >= MOST_WAITING && !this.#isOver) {
        await new Promise<void>((resolve) => {
          this.#room = resolve
        })
      }
    }
  }

  #take(notice: LiveNotice): void {
    if (notice.type === 'punch') {
      this.#waiting.push(notice)
      this.#wake()
    } else if (notice.type === 'missed' || (notice.type === 'unknown' && notice.event === EVENTS.ATTLOG)) {
      this.#readSoon(0)
    } else if (notice.type === 'person') {
      this.#added += 1
      this.#people = undefined
      this.#peopleStale = true
    }
  }

  /** Stores what waits, a burst in one transaction; also what still waits when the stretch ends. */
  async #store(): Promise<void> {
    for (;;) {
      const batch = this.#waiting.splice(0, BATCH_EVENTS)
      this.#room()
      if (batch.length === 0) {
        if (this.#isOver) return
        await this.#untilWoken()
        continue
      }
      await this.#storeBatch(batch)
    }
  }

  async #storeBatch(batch: readonly LivePunch[]): Promise<void> {
    const { lease, device } = this.#hand
    const layout = this.#layout
    const people = batch.some((event) => needsPeople(event, layout)) ? await this.#knownPeople() : undefined
    const facts = { layout, people }
    const punches = batch.map((event) => inLogWords(event, facts)).filter((it) => it !== undefined)
    lease.assertHeld()
    const stored = punches.length === 0 ? 0 : await this.#writer.storeEarly(punches)
    if (stored > 0) await this.#parts.changes.tell({ of: 'punches', deviceId: device.id })
    this.#readSoon(punches.length < batch.length ? 0 : this.#parts.timings.settleMs)
  }

  /** Until an event comes or the stretch ends. */
  #untilWoken(): Promise<void> {
    if (this.#waiting.length > 0 || this.#isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Who is on the terminal, as far as the rows know; undefined while they are known to be behind. */
  async #knownPeople(): Promise<readonly KnownPerson[] | undefined> {
    if (this.#peopleStale || this.#people !== undefined) return this.#people
    const { database } = this.#parts
    const filter = { deviceIds: [this.#hand.device.id], onDevice: true }
    const known: KnownPerson[] = []
    for (let offset = 0; ; offset += PEOPLE_PAGE) {
      const { rows } = await database.people.list(filter, { offset, limit: PEOPLE_PAGE })
      known.push(...rows.map(({ pin, uid }) => ({ pin, uid })))
      if (rows.length < PEOPLE_PAGE) break
    }
    this.#people = known
    return known
  }

  /** Rows of people are no longer what they were. Where a read of the log reads the people too, that alone is believed. */
  #peopleChanged(): void {
    this.#people = undefined
    if (!isReadWithPeople(this.#layout)) this.#peopleStale = false
  }

  #readSoon(ms: number): void {
    this.#readAt = Math.min(this.#readAt, performance.now() + ms)
    this.#turn()
  }

  #turn: () => void = () => undefined

  /** Reads the tail when that is due, and asks for the count in between. */
  async #keepUp(): Promise<void> {
    while (!this.#isOver) {
      const now = performance.now()
      const readAt = Math.max(this.#readAt, this.#notBefore)
      if (readAt <= now) await this.#read()
      else if (this.#countAt <= now) await this.#count()
      else await this.#untilDue(Math.min(readAt, this.#countAt) - now)
    }
  }

  async #untilDue(ms: number): Promise<void> {
    const turned = new AbortController()
    this.#turn = () => turned.abort()
    await pause(ms, AbortSignal.any([turned.signal, this.#left.signal]))
    this.#turn = () => undefined
  }

  async #read(): Promise<void> {
    const { database, slots } = this.#parts
    this.#readAt = Number.POSITIVE_INFINITY
    const listening = AbortSignal.any([this.#hand.signal, this.#left.signal])
    using slot = await slots.take(listening)
    if (slot === undefined) return
    const begun = performance.now()
    const device = await findActiveDevice(database, this.#hand.device.id)
    const [added, withPeople] = [this.#added, isReadWithPeople(this.#layout)]
    const hand = { ...this.#hand, device, isWanted: () => this.#isOver || this.#hand.isWanted() }
    try {
      const read = await this.#catchUp.read(hand)
      if (read === undefined) return this.#leave()
      this.#layout = layoutOf(read.bookmark) ?? this.#layout
      this.#counted = read.records
      this.#people = undefined
      if (withPeople && added === this.#added) this.#peopleStale = false
      this.#failedReads = 0
      this.#isUp()
      // What came between the last record read and the count is in the count already: only another read finds it.
      if (read.grew) this.#readSoon(this.#parts.timings.settleMs)
    } catch (error) {
      if (!this.#outlives(error)) throw error
      this.#failedReads += 1
      this.#parts.log.warn(
        { err: error, deviceId: device.id },
        'a watch could not read the log; it goes on listening',
      )
    }
    const now = performance.now()
    this.#readDoneAt = now
    const restMs = Math.min(this.#failedReads, 10) * FAILED_READ_PAUSE_MS
    if (restMs > 0) this.#readAt = now
    this.#notBefore = now + Math.max(restMs, (now - begun) * READ_SHARE)
    this.#countAt = now + this.#parts.timings.countEveryMs
  }

  /** Whether a read failed for what the log is, and not for the end of the session or the lease. */
  #outlives(error: unknown): boolean {
    const { terminal, signal } = this.#hand
    if (terminal.closed || signal.aborted || this.#isOver) return false
    if (error instanceof ZkProtocolError || error instanceof ZkRefusedError) return true
    return error instanceof ServiceError && error.code.startsWith('DEVICE_TRANSFER')
  }

  /** Records that nobody told of, or that were told and not read yet, show in the count. */
  async #count(): Promise<void> {
    const { terminal, signal } = this.#hand
    const { countEveryMs, uncountedMs } = this.#parts.timings
    const { records, recordCapacity } = (await ifTold(terminal, terminal.readCapacity({ signal }))) ?? {}
    const now = performance.now()
    this.#countAt = now + countEveryMs
    const isUsable = records !== undefined && records > 0 && records !== recordCapacity
    const isDue = isUsable ? records !== this.#counted : now - this.#readDoneAt >= uncountedMs
    if (isDue && this.#readAt > now) this.#readAt = now
    if (now - this.#notedAt >= NOTE_EVERY_MS) await this.#noteContact()
  }

  /** A watch may last for weeks: that the terminal is there is not left to its end. */
  async #noteContact(): Promise<void> {
    this.#notedAt = performance.now()
    await this.#parts.noteContact(this.#hand.device.id, { reached: true, error: undefined })
  }
}

type Step =
  | { readonly ok: true; readonly value: IteratorResult<LiveNotice, void> }
  | { readonly ok: false; readonly error: unknown }

/** A promise that never rejects: what it waits for may fail long before anybody looks. */
async function settled(work: Promise<IteratorResult<LiveNotice, void>>): Promise<Step> {
  try {
    return { ok: true, value: await work }
  } catch (error) {
    return { ok: false, error }
  }
}

/** Whether who is on the terminal is read before the log: where its records name uids, and where it was never seen. */
function isReadWithPeople(layout: AttendanceLayoutName | undefined): boolean {
  return layout === undefined || layout === 'attendance/8a' || layout === 'attendance/8b'
}

function layoutOf(bookmark: Bookmark | null): AttendanceLayoutName | undefined {
  return bookmark !== null && isLayout(bookmark.layout) ? bookmark.layout : undefined
}
