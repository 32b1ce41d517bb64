// One read of an attendance log into the database, under one lease after the other: from a bookmark that the log proves, else whole;
// again where the log changed under the reader's hands; and until its end, or until somebody waits for the terminal.
import { sameBookmark, type Bookmark, type Database } from '@org/data'
import type { AttendanceBatch, AttendanceBookmark, AttendanceSummary, UnreadableLog } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Changes } from '../changes.ts'
import { ServiceError } from '../errors.ts'
import type { SyncCertificate, SyncMode } from '../jobs/catalogue.ts'
import type { TransferKeeper } from '../kept-transfers.ts'
import type { PunchNews } from '../notices/punch-news.ts'
import type { PunchRetention } from '../punch-retention.ts'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'
import {
  certify,
  countFault,
  isFull,
  joinSummaries,
  resumed,
  seenFromOutside,
  type Paused,
  type ReadFault,
} from './attendance-proof.ts'
import { AttendanceWriter, given, NOTHING_STORED, sum, type Stored } from './attendance-writer.ts'
import type { FinishedSync } from './finish-sync.ts'
import { LogPeople } from './log-people.ts'
import { isSameTerminal, provableBookmark } from './provable-bookmark.ts'
import { Slots } from './slots.ts'
import { settleClearing } from './settle-clearing.ts'
import { toAttendanceBookmark } from './stored-bookmark.ts'

/** How far a sync is; `total` is null while nobody can know. */
export interface SyncProgress {
  readonly phase: 'connecting' | 'people' | 'preparing' | 'reading' | 'checking' | 'done'
  readonly done: number
  readonly total: number | null
}

/** What reading a log needs. */
export interface SyncParts {
  readonly database: Database
  readonly changes: Changes
  readonly punchNews: PunchNews
  readonly retention: Pick<PunchRetention, 'raiseIn'>
  /** Where a log goes that has no known form. */
  readonly transfers: Pick<TransferKeeper, 'keep'>
  readonly log: Logger
}

/** A log that changes under the reader's hands is read so often; then the attempt fails. */
const READS = 2

/** The log names somebody whom the list of people does not: both are read anew, the log from there. */
interface PeopleLacking {
  readonly reason: 'people'
  readonly from: AttendanceBookmark | undefined
}

/** A whole read that gave way found another log, of which others have set a bookmark meanwhile: that is where to begin. */
const OVERTAKEN = { fault: { reason: 'overtaken' } } as const

type Outcome =
  | { readonly certificate: SyncCertificate }
  | { readonly fault: ReadFault | PeopleLacking | { readonly reason: 'overtaken' } }
  | { readonly paused: Paused }

/** Where a read begins: at a bookmark or at the log's first record; or it goes on. */
interface Start {
  readonly from: AttendanceBookmark | undefined
  readonly paused?: Paused
  /** We have emptied the log before: all that it holds is new, as in a tail. */
  readonly cleared?: boolean
}

/**
 * Batches that this process stores at once, over all of its reads: making rows takes the processor, and whatever comes live waits
 * for its turn behind all that are under way.
 */
const STORING = new Slots(2)

/** How often a sync gives way though it could not go on afterwards where it stopped. Then it reads to the end. */
const LOST_PAUSES = 3

/** Of a log that was not read to its end. */
export const UNTOLD: Pick<FinishedSync, 'records' | 'capacity'> = { records: null, capacity: null }

/** One sync, under one lease after the other. */
export class Sync {
  readonly #parts: SyncParts
  #mode: SyncMode = 'auto'
  #hand: TerminalAtHand
  readonly #progress: (progress: SyncProgress) => void
  readonly #writer: AttendanceWriter
  /** How full the log was at the end of the last read. */
  fill = UNTOLD
  readonly #people: LogPeople
  /** Punches that this sync has put in, over all of its reads. */
  #inserted = 0
  /** Reads that are wrong so far. */
  #faults = 0
  #paused: Paused | undefined
  /** The log as it came, where its records have no known form. */
  #unreadable: UnreadableLog | undefined
  /** Pauses after which the log was read anew. */
  #lostPauses = 0
  readonly #givesWay: boolean

  constructor(
    parts: SyncParts,
    hand: TerminalAtHand,
    progress: (progress: SyncProgress) => void,
    givesWay = true,
  ) {
    this.#parts = parts
    this.#givesWay = givesWay
    this.#hand = hand
    this.#progress = progress
    this.#people = new LogPeople(parts)
    this.#writer = AttendanceWriter.under(hand, parts)
  }

  /**
   * Undefined: it has given way to somebody who waits, and is to go on once the terminal can be had again. A whole read too begins
   * with the tail where there is one: what is new by its place there could be taken for what we have cleared once, of the same
   * person and second, when only its numbers are looked at.
   */
  async begin(mode: SyncMode): Promise<SyncCertificate | undefined> {
    this.#mode = mode
    const { bookmark } = this.#writer
    const ours = bookmark?.clearing === true || bookmark?.cleared === true
    if (ours && (await isSameTerminal(this.#hand, this.#parts.log))) {
      if (bookmark.clearing === true) await settleClearing(this.#parts, this.#hand, this.#writer)
      if (this.#writer.logWasCleared) return this.#run({ from: undefined, cleared: true })
    }
    return this.#run({ from: await provableBookmark(this.#hand, this.#writer.bookmark, this.#parts.log) })
  }

  /** Where the next tail read begins; null where the whole log would be read. */
  get bookmark(): Bookmark | null {
    return this.#writer.bookmark
  }

  /**
   * Goes on with the terminal in hand again. Where somebody else has moved the bookmark meanwhile, a tail read begins anew at
   * theirs; a whole read goes on, since it numbers its punches by itself, unless they have emptied the log. Undefined as `begin`.
   */
  goOn(hand: TerminalAtHand): Promise<SyncCertificate | undefined> {
    this.#hand = hand
    const { bookmark } = hand.device
    const overtaken = !sameBookmark(bookmark, this.#writer.bookmark)
    this.#writer.continueUnder({ fence: hand.lease.fence }, bookmark)
    const paused = this.#paused
    const emptied = bookmark?.clearing === true || bookmark?.cleared === true
    if (overtaken && (emptied || paused?.wholeLog !== true)) return this.begin(this.#mode)
    return this.#run(paused === undefined ? { from: undefined } : { from: paused.at, paused })
  }

  async #run(start: Start): Promise<SyncCertificate | undefined> {
    for (let next = start; ;) {
      const outcome = await this.#readOrKeep(next)
      if ('certificate' in outcome) {
        if (this.#mode === 'auto' || outcome.certificate.from === 0) return outcome.certificate
        next = { from: undefined }
        continue
      }
      if ('paused' in outcome) {
        this.#paused = outcome.paused
        return undefined
      }
      const { fault } = outcome
      this.#parts.log.info({ deviceId: this.#hand.device.id, fault }, 'the log is read anew')
      if (fault.reason === 'people') {
        next = next.cleared === true ? this.#startOfCleared() : { from: fault.from }
        continue
      }
      if (fault.reason === 'overtaken') return this.begin(this.#mode)
      this.#faults += 1
      if (this.#faults >= READS) throw new ServiceError('DEVICE_TRANSFER_INCOMPLETE', { details: fault })
      next = next.cleared === true ? this.#startOfCleared() : { from: undefined }
    }
  }

  /** A log that we had emptied, read again: what of it is stored by now is behind the bookmark. */
  #startOfCleared(): Start {
    return this.#writer.logWasCleared
      ? { from: undefined, cleared: true }
      : { from: toAttendanceBookmark(this.#writer.bookmark) }
  }

  /** A log of no known form is kept before the attempt fails: nobody can ask the terminal again once it was cleared. */
  async #readOrKeep(start: Start): Promise<Outcome> {
    try {
      return await this.#read(start)
    } catch (error) {
      const log = this.#unreadable
      if (log !== undefined) await this.#parts.transfers.keep(this.#hand.device.id, log)
      throw error
    }
  }

  /** One read: whole, or from the bookmark as long as its anchor matches; until its end, or until somebody waits. */
  async #read({ from, paused: before, cleared = false }: Start): Promise<Outcome> {
    const { terminal, signal } = this.#hand
    if (this.#people.areNeededFor(from)) await this.#readPeople()

    this.#progress({ phase: 'preparing', done: 0, total: null })
    let total: number | null = null
    const reading = terminal.readAttendance({
      signal,
      denied: 'mark',
      ...(from === undefined ? {} : { from }),
      onProgress: ({ recordsTotal }) => {
        total = recordsTotal ?? null
      },
      onUnreadable: (log) => {
        this.#unreadable = log
      },
    })
    let goesOn = before
    let stored = before?.stored ?? NOTHING_STORED
    let isWhole = before?.wholeLog ?? false
    let begunWhole = false
    let firstIndex = before?.from
    for await (const batch of reading) {
      if (this.#people.areLackingFor(batch)) {
        const untouched = stored === NOTHING_STORED && !batch.wholeLog
        return { fault: { reason: 'people', from: untouched ? from : undefined } }
      }
      if (batch.wholeLog && !begunWhole && !cleared) {
        if (goesOn !== undefined) this.#lostPauses += 1
        if (goesOn?.wholeLog === true && this.#writer.bookmark !== null) return OVERTAKEN
        await this.#writer.beginWhole(this.#hand.device.clockDriftSeconds)
        begunWhole = isWhole = true
        goesOn = undefined
        stored = NOTHING_STORED
        firstIndex = 0
      }
      firstIndex ??= batch.firstIndex
      stored = sum(stored, await this.#store(batch, isWhole))
      const read = given(stored)
      this.#progress({
        phase: 'reading',
        done: read,
        total: total === null ? null : (goesOn?.read ?? 0) + total,
      })
      if (this.#givesWay && this.#hand.isWanted() && this.#lostPauses < LOST_PAUSES) {
        return { paused: { at: batch.bookmark, wholeLog: isWhole, from: firstIndex, read, stored } }
      }
    }
    if (goesOn !== undefined && reading.summary().anchor !== 'matched') {
      goesOn = undefined
      stored = NOTHING_STORED
      isWhole = false
    }
    const summary = resumed(goesOn, reading.summary())
    this.#progress({ phase: 'checking', done: summary.read, total: summary.read })
    if (summary.anchor !== 'matched' && !begunWhole && !cleared)
      await this.#writer.beginWhole(this.#hand.device.clockDriftSeconds)

    const fault = countFault(summary)
    if (fault !== undefined) return { fault }
    if (isWhole && summary.bookmark !== undefined) await this.#writer.endWhole(summary.bookmark)
    return this.#confirm(summary, stored)
  }

  /** Stores a batch while the lease certainly stands. */
  async #store(batch: AttendanceBatch, isWhole: boolean): Promise<Stored> {
    const { lease, signal } = this.#hand
    using _place = await STORING.take(signal)
    signal.throwIfAborted()
    lease.assertHeld()
    const { punches, bookmark } = batch
    const stored = await (isWhole
      ? this.#writer.storeWhole(punches)
      : this.#writer.storeTail(punches, bookmark))
    this.#inserted += stored.new
    if (stored.new > 0) await this.#parts.changes.tell({ of: 'punches', deviceId: this.#hand.device.id })
    lease.assertHeld()
    return stored
  }

  /**
   * Looks at count and anchor once more: what was read must still be what the log begins with. Punches that came meanwhile are
   * taken along. A full log moves with every punch, so there is nothing to hold it against.
   */
  async #confirm(summary: AttendanceSummary, stored: Stored): Promise<Outcome> {
    const { bookmark, announcedAfter, capacity } = summary
    this.fill = { records: announcedAfter, capacity: capacity ?? null }
    if (bookmark === undefined || summary.read === 0 || isFull(announcedAfter, capacity))
      return { certificate: certify(summary, seenFromOutside(stored, this.#inserted)) }

    const { terminal, signal } = this.#hand
    const reading = terminal.readAttendance({ signal, from: bookmark, denied: 'mark' })
    let since = NOTHING_STORED
    for await (const batch of reading) {
      if (batch.wholeLog) return { fault: { reason: 'changed' } }
      if (this.#people.areLackingFor(batch)) return { fault: { reason: 'people', from: undefined } }
      since = sum(since, await this.#store(batch, false))
    }
    const again = reading.summary()
    if (again.anchor !== 'matched') return { fault: { reason: 'changed' } }
    const joined = joinSummaries(summary, again)
    this.fill = { ...this.fill, records: joined.announcedAfter }
    const fault = countFault(joined)
    if (fault !== undefined) return { fault }
    return { certificate: certify(joined, seenFromOutside(sum(stored, since), this.#inserted)) }
  }

  async #readPeople(): Promise<void> {
    this.#progress({ phase: 'people', done: 0, total: null })
    const pinByUid = await this.#people.read(this.#hand)
    if (pinByUid !== undefined) this.#writer.pinByUid = pinByUid
  }
}
