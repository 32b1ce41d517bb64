// Reading a terminal's attendance log into the database: only what is new where a bookmark proves what is not, else everything;
// never a punch lost or doubled. What it returns is the certificate that nothing is missing. A read gives way to other processes
// that wait for the terminal and goes on afterwards where it stopped.
import { sameBookmark, type Bookmark, type Database } from '@org/data'
import {
  ZkProtocolError,
  ZkRefusedError,
  type AttendanceBatch,
  type AttendanceBookmark,
  type AttendanceSummary,
  type UnreadableLog,
} from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Changes } from '../changes.ts'
import { ServiceError } from '../errors.ts'
import type { SyncCertificate, SyncMode } from '../jobs/catalogue.ts'
import type { TransferKeeper } from '../kept-transfers.ts'
import type { Notices } from '../notices/notice.ts'
import type { PunchNews } from '../notices/punch-news.ts'
import { clockZone } from '../zone-history.ts'
import { measureClockDrift } from '../terminals/clock-drift.ts'
import { ifTold } from '../terminals/side-question.ts'
import type { TerminalAtHand, WithTerminal } from '../terminals/with-terminal.ts'
import {
  certify,
  countFault,
  isFull,
  joinSummaries,
  resumed,
  type Paused,
  type ReadFault,
} from './attendance-proof.ts'
import { AttendanceWriter, type Stored } from './attendance-writer.ts'
import { finishSync, type FinishedSync } from './finish-sync.ts'
import { settleClearing } from './settle-clearing.ts'
import { storePeople } from './store-people.ts'
import { toAttendanceBookmark } from './stored-bookmark.ts'

/** How far a sync is; `total` is null while nobody can know. */
export interface SyncProgress {
  readonly phase: 'connecting' | 'people' | 'preparing' | 'reading' | 'checking' | 'done'
  readonly done: number
  readonly total: number | null
}

/** One sync, as a job asks for it. `signal` ends it soon; `progress` must not throw. */
export interface SyncAttendanceInput {
  readonly deviceId: number
  readonly mode: SyncMode
  readonly signal: AbortSignal
  readonly progress: (progress: SyncProgress) => void
}

/** What reading a log needs. */
export interface SyncParts {
  readonly database: Database
  readonly changes: Changes
  readonly punchNews: PunchNews
  /** Where a log goes that has no known form. */
  readonly transfers: Pick<TransferKeeper, 'keep'>
  readonly log: Logger
}

/** What a sync needs. */
export interface SyncAttendanceParts extends SyncParts {
  readonly withTerminal: WithTerminal
  readonly notices: Notices
  /** How long to wait for the terminal: long enough that the lease of a process that died is over. */
  readonly waitMs: number
}

/** A log that changes under the reader's hands is read so often; then the attempt fails. */
const READS = 2
/** Records of this size name only a uid, so the PINs must be known before they are stored. */
const UID_ONLY_BYTES = 8

/**
 * Throws ServiceError; `retryable` says whether waiting may cure it. What was stored by then stays, and the next attempt finds
 * it again.
 */
export async function syncAttendance(
  parts: SyncAttendanceParts,
  { deviceId, mode, signal, progress }: SyncAttendanceInput,
): Promise<SyncCertificate> {
  progress({ phase: 'connecting', done: 0, total: null })
  let begun: { readonly sync: Sync; readonly clockDriftSeconds: number | null } | undefined
  let certificate: SyncCertificate | undefined
  while (certificate === undefined) {
    const patience = { signal, waitMs: parts.waitMs, hasYielded: begun !== undefined, measuresClock: true }
    certificate = await parts.withTerminal(deviceId, { ...patience, manner: 'hosting' }, async (hand) => {
      if (begun !== undefined) return begun.sync.goOn(hand)
      const drift = await measureClockDrift(
        hand.terminal,
        await clockZone(parts.database, deviceId),
        hand.signal,
      )
      begun = { sync: new Sync(parts, hand, progress), clockDriftSeconds: drift }
      return begun.sync.begin(mode)
    })
  }
  const clockDriftSeconds = begun?.clockDriftSeconds ?? null
  const { records, capacity } = begun?.sync.fill ?? UNTOLD
  await finishSync(parts, deviceId, { records, capacity, clockDriftSeconds })
  // Before it counts as done: from then on nobody is given what was true before it.
  await parts.changes.tell({ of: 'punches', deviceId })
  progress({ phase: 'done', done: certificate.read, total: certificate.read })
  return certificate
}

/** What a sync needs with a terminal that is in hand already. */
export type HeldSyncParts = Pick<
  SyncAttendanceParts,
  'database' | 'changes' | 'punchNews' | 'transfers' | 'log'
>

/** One sync with a terminal that is in hand already, as its holder wants it. */
export interface HeldSync {
  readonly mode: SyncMode
  /** False: whoever waits for the terminal waits until the log is read. */
  readonly givesWay: boolean
  readonly progress: (progress: SyncProgress) => void
}

/** Undefined: it has given way to somebody who waits; then the hand is to be opened. Throws as `syncAttendance`. */
export function syncHeld(
  parts: HeldSyncParts,
  hand: TerminalAtHand,
  { mode, givesWay, progress }: HeldSync,
): Promise<SyncCertificate | undefined> {
  return new Sync(parts, hand, progress, givesWay).begin(mode)
}

/** The log names somebody whom the list of people does not: both are read anew, the log from there. */
interface PeopleLacking {
  readonly reason: 'people'
  readonly from: AttendanceBookmark | undefined
}

type Outcome =
  | { readonly certificate: SyncCertificate }
  | { readonly fault: ReadFault | PeopleLacking }
  | { readonly paused: Paused }

/** Where a read begins: at a bookmark or at the log's first record; or it goes on. */
interface Start {
  readonly from: AttendanceBookmark | undefined
  readonly paused?: Paused
  /** We have emptied the log before: all that it holds is new, as in a tail. */
  readonly cleared?: boolean
}

/** How often a sync gives way though it could not go on afterwards where it stopped. Then it reads to the end. */
const LOST_PAUSES = 3

const UNTOLD: Pick<FinishedSync, 'records' | 'capacity'> = { records: null, capacity: null }

/** One sync, under one lease after the other. */
export class Sync {
  readonly #parts: SyncParts
  #mode: SyncMode = 'auto'
  #hand: TerminalAtHand
  readonly #progress: (progress: SyncProgress) => void
  readonly #writer: AttendanceWriter
  /** How full the log was at the end of the last read. */
  fill = UNTOLD
  /** Why the people could not be read, where that was so: it matters only if they are needed. */
  #peopleFault: Error | undefined
  /** The uids of the list just read. */
  #listed: ReadonlySet<number> | undefined
  /** Whether the people were read again for a uid that the list did not have: done once, since people also leave. */
  #lookedAgain = false
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
    const { id, bookmark } = hand.device
    this.#writer = new AttendanceWriter({
      database: parts.database,
      deviceId: id,
      bookmark,
      lease: { fence: hand.lease.fence },
      punchNews: parts.punchNews,
    })
  }

  /** Undefined: it has given way to somebody who waits, and is to go on once the terminal can be had again. */
  async begin(mode: SyncMode): Promise<SyncCertificate | undefined> {
    this.#mode = mode
    const { bookmark } = this.#writer
    const ours = bookmark?.clearing === true || bookmark?.cleared === true
    if (ours && (await this.#isSameTerminal())) {
      if (bookmark.clearing === true) await settleClearing(this.#parts, this.#hand, this.#writer)
      if (this.#writer.logWasCleared) return this.#run({ from: undefined, cleared: true })
    }
    return this.#run({ from: mode === 'auto' ? await this.#provableBookmark() : undefined })
  }

  /** Where the next tail read begins; null where the whole log would be read. */
  get bookmark(): Bookmark | null {
    return this.#writer.bookmark
  }

  /**
   * Goes on with the terminal in hand again. Where somebody else has moved the bookmark meanwhile, a tail read begins anew at
   * theirs; a whole read goes on, since it numbers its punches by itself. Undefined as `begin`.
   */
  goOn(hand: TerminalAtHand): Promise<SyncCertificate | undefined> {
    this.#hand = hand
    const { bookmark } = hand.device
    const overtaken = !sameBookmark(bookmark, this.#writer.bookmark)
    this.#writer.continueUnder({ fence: hand.lease.fence }, bookmark)
    const paused = this.#paused
    if (overtaken && paused?.wholeLog !== true) return this.begin(this.#mode)
    return this.#run(paused === undefined ? { from: undefined } : { from: paused.at, paused })
  }

  async #run(start: Start): Promise<SyncCertificate | undefined> {
    for (let next = start; ;) {
      const outcome = await this.#readOrKeep(next)
      if ('certificate' in outcome) return outcome.certificate
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

  /**
   * The stored bookmark where a tail read can prove that it still holds. Not when the terminal is another one, holds fewer
   * records than lie before it, gives no usable count, or overwrites its oldest records because its log is full.
   */
  async #provableBookmark(): Promise<AttendanceBookmark | undefined> {
    const { terminal, signal } = this.#hand
    const bookmark = toAttendanceBookmark(this.#writer.bookmark)
    if (bookmark === undefined || !(await this.#isSameTerminal())) return undefined
    const { records, recordCapacity } = (await ifTold(terminal, terminal.readCapacity({ signal }))) ?? {}
    if (records === undefined || records === 0 || records < bookmark.index) return undefined
    return isFull(records, recordCapacity) ? undefined : bookmark
  }

  /** False where the terminal names another serial number than the device's. */
  async #isSameTerminal(): Promise<boolean> {
    const { device, terminal, signal } = this.#hand
    const serial = await ifTold(terminal, terminal.readOption('~SerialNumber', { signal }))
    const { id: deviceId, terminalSerialNumber: known } = device
    if (serial === undefined || known === null || serial === known) return true
    this.#parts.log.warn({ deviceId, serial, known }, 'another terminal stands at the address of this device')
    return false
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
    if (from === undefined || from.recordSize === UID_ONLY_BYTES) await this.#readPeople()

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
      if (this.#lacksPeople(batch)) {
        const untouched = stored === NOTHING_STORED && !batch.wholeLog
        return { fault: { reason: 'people', from: untouched ? from : undefined } }
      }
      if (batch.wholeLog && !begunWhole && !cleared) {
        await this.#writer.beginWhole()
        begunWhole = isWhole = true
        if (goesOn !== undefined) this.#lostPauses += 1
        goesOn = undefined
        stored = NOTHING_STORED
        firstIndex = 0
      }
      firstIndex ??= batch.firstIndex
      stored = sum(stored, await this.#store(batch, isWhole))
      const read = stored.new + stored.known
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
    if (summary.anchor !== 'matched' && !begunWhole && !cleared) await this.#writer.beginWhole()

    const fault = countFault(summary)
    if (fault !== undefined) return { fault }
    if (isWhole && summary.bookmark !== undefined) await this.#writer.endWhole(summary.bookmark)
    return this.#confirm(summary, stored)
  }

  /** Stores a batch while the lease certainly stands. */
  async #store(batch: AttendanceBatch, isWhole: boolean): Promise<Stored> {
    const { lease } = this.#hand
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
      return { certificate: certify(summary, this.#seenFromOutside(stored)) }

    const { terminal, signal } = this.#hand
    const reading = terminal.readAttendance({ signal, from: bookmark, denied: 'mark' })
    let since = NOTHING_STORED
    for await (const batch of reading) {
      if (batch.wholeLog) return { fault: { reason: 'changed' } }
      if (this.#lacksPeople(batch)) return { fault: { reason: 'people', from: undefined } }
      since = sum(since, await this.#store(batch, false))
    }
    const again = reading.summary()
    if (again.anchor !== 'matched') return { fault: { reason: 'changed' } }
    const joined = joinSummaries(summary, again)
    this.fill = { ...this.fill, records: joined.announcedAfter }
    const fault = countFault(joined)
    if (fault !== undefined) return { fault }
    return { certificate: certify(joined, this.#seenFromOutside(sum(stored, since))) }
  }

  /**
   * What a read stored, with the punches that an earlier read of this sync had put in counted as new: nobody knew them before.
   * A terminal drops its oldest records first, or all: while it still holds any that were known, it holds all of those.
   */
  #seenFromOutside({ new: inserted, known, invalidTime }: Stored): Stored {
    const earlier = Math.min(known, this.#inserted - inserted)
    return { new: inserted + earlier, known: known - earlier, invalidTime }
  }

  /** Names and PINs. Read before the log, because the terminal has one buffer for both. */
  async #readPeople(): Promise<void> {
    const { terminal, signal, device, lease } = this.#hand
    const { database, log } = this.#parts
    this.#progress({ phase: 'people', done: 0, total: null })
    try {
      const list = await terminal.readPeople({ signal })
      await storePeople(database, { deviceId: device.id, fence: lease.fence }, list)
      await this.#parts.changes.tell({ of: 'people', deviceId: device.id })
      const listed = list.people
        .filter(({ plausible }) => plausible)
        .map(({ uid, pin }) => [uid, pin] as const)
      // Who is on the terminal now has the uid; who was on it before is asked only where nobody has it.
      this.#writer.pinByUid = new Map([...(await database.people.pinByUid(device.id)), ...listed])
      this.#listed = new Set(listed.map(([uid]) => uid))
      this.#peopleFault = undefined
    } catch (error) {
      if (!(error instanceof ZkProtocolError || error instanceof ZkRefusedError)) throw error
      log.warn({ err: error, deviceId: device.id }, 'the people of a terminal could not be read')
      this.#peopleFault = error
    }
  }

  /**
   * Whether PINs are needed that were not looked for: the log has another form than the bookmark knew, or names a uid that
   * somebody got after the list was read. A PIN is stored once and kept, so it is not made up: throws why the people could not
   * be read where that was tried. A uid that the second list does not have either belongs to nobody any more.
   */
  #lacksPeople({ bookmark, punches }: AttendanceBatch): boolean {
    if (bookmark.recordSize !== UID_ONLY_BYTES) return false
    if (this.#peopleFault !== undefined) throw this.#peopleFault
    const listed = this.#listed
    if (listed === undefined) return true
    if (this.#lookedAgain) return false
    this.#lookedAgain = punches.some(({ uid }) => uid !== undefined && !listed.has(uid))
    return this.#lookedAgain
  }
}

const NOTHING_STORED: Stored = { new: 0, known: 0, invalidTime: 0 }

function sum(a: Stored, b: Stored): Stored {
  return { new: a.new + b.new, known: a.known + b.known, invalidTime: a.invalidTime + b.invalidTime }
}
