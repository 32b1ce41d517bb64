// Reading a terminal's attendance log into the database: only what is new where a bookmark proves what is not, else everything;
// never a punch lost or doubled. What it returns is the certificate that nothing is missing.
import type { Bookmark, Database } from '@org/data'
import {
  ZkProtocolError,
  ZkRefusedError,
  type AttendanceBatch,
  type AttendanceBookmark,
  type AttendanceLayoutName,
  type AttendanceSummary,
} from '@org/zk-proto'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import type { SyncCertificate, SyncMode } from '../jobs/catalogue.ts'
import { measureClockDrift } from '../terminals/clock-drift.ts'
import { ifTold } from '../terminals/side-question.ts'
import type { TerminalAtHand, WithTerminal } from '../terminals/with-terminal.ts'
import { AttendanceWriter, type Stored } from './attendance-writer.ts'
import { storePeople } from './store-people.ts'

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

/** What a sync needs. */
export interface SyncAttendanceParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  /** How long to wait for the terminal: long enough that the lease of a process that died is over. */
  readonly waitMs: number
  readonly log: Logger
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
  const { certificate, clockDriftSeconds } = await parts.withTerminal(
    deviceId,
    { signal, waitMs: parts.waitMs },
    async (hand) => {
      const drift = await measureClockDrift(hand.terminal, hand.device.timezone, hand.signal)
      return { certificate: await new Sync(parts, hand, progress).run(mode), clockDriftSeconds: drift }
    },
  )
  const lastSyncAt = new Date().toISOString()
  await parts.database.devices.noteContact(deviceId, { lastSyncAt, clockDriftSeconds })
  progress({ phase: 'done', done: certificate.read, total: certificate.read })
  return certificate
}

/** Why a read proves nothing: the terminal's own count contradicts it, or the log is no longer the one that was read. */
type ReadFault =
  | { readonly reason: 'count'; readonly before: number; readonly after: number; readonly counted: number }
  | { readonly reason: 'changed' }

/** The log names somebody whom the list of people does not: both are read anew, the log from there. */
interface PeopleLacking {
  readonly reason: 'people'
  readonly from: AttendanceBookmark | undefined
}

type Outcome = { readonly certificate: SyncCertificate } | { readonly fault: ReadFault | PeopleLacking }

/** One sync under one lease. */
class Sync {
  readonly #parts: SyncAttendanceParts
  readonly #hand: TerminalAtHand
  readonly #progress: (progress: SyncProgress) => void
  readonly #writer: AttendanceWriter
  /** Why the people could not be read, where that was so: it matters only if they are needed. */
  #peopleFault: Error | undefined
  /** The uids of the list just read. */
  #listed: ReadonlySet<number> | undefined
  /** Whether the people were read again for a uid that the list did not have: done once, since people also leave. */
  #lookedAgain = false
  /** Punches that this sync has put in, over all of its reads. */
  #inserted = 0

  constructor(parts: SyncAttendanceParts, hand: TerminalAtHand, progress: (progress: SyncProgress) => void) {
    this.#parts = parts
    this.#hand = hand
    this.#progress = progress
    const { id, timezone, bookmark } = hand.device
    this.#writer = new AttendanceWriter({
      database: parts.database,
      deviceId: id,
      fence: hand.lease.fence,
      zone: timezone,
      bookmark,
    })
  }

  async run(mode: SyncMode): Promise<SyncCertificate> {
    let from = mode === 'auto' ? await this.#provableBookmark() : undefined
    let faults = 0
    for (;;) {
      const outcome = await this.#read(from)
      if ('certificate' in outcome) return outcome.certificate
      const { fault } = outcome
      this.#parts.log.info({ deviceId: this.#hand.device.id, fault }, 'the log is read anew')
      if (fault.reason === 'people') {
        from = fault.from
        continue
      }
      faults += 1
      if (faults >= READS) throw new ServiceError('DEVICE_TRANSFER_INCOMPLETE', { details: fault })
      from = undefined
    }
  }

  /**
   * The stored bookmark where a tail read can prove that it still holds. Not when the terminal is another one, holds fewer
   * records than lie before it, gives no usable count, or overwrites its oldest records because its log is full.
   */
  async #provableBookmark(): Promise<AttendanceBookmark | undefined> {
    const { device, terminal, signal } = this.#hand
    const bookmark = toAttendanceBookmark(device.bookmark)
    if (bookmark === undefined) return undefined
    const serial = await ifTold(terminal, terminal.readOption('~SerialNumber', { signal }))
    const { id: deviceId, terminalSerialNumber: known } = device
    if (serial !== undefined && known !== null && serial !== known) {
      this.#parts.log.warn(
        { deviceId, serial, known },
        'another terminal stands at the address of this device',
      )
      return undefined
    }
    const { records, recordCapacity } = (await ifTold(terminal, terminal.readCapacity({ signal }))) ?? {}
    if (records === undefined || records === 0 || records < bookmark.index) return undefined
    return isFull(records, recordCapacity) ? undefined : bookmark
  }

  /** One read: whole, or from the bookmark as long as its anchor matches. */
  async #read(from: AttendanceBookmark | undefined): Promise<Outcome> {
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
    })
    let stored = NOTHING_STORED
    let begunWhole = false
    for await (const batch of reading) {
      if (this.#lacksPeople(batch)) {
        const untouched = stored === NOTHING_STORED && !batch.wholeLog
        return { fault: { reason: 'people', from: untouched ? from : undefined } }
      }
      if (batch.wholeLog && !begunWhole) {
        await this.#writer.beginWhole()
        begunWhole = true
      }
      stored = sum(stored, await this.#store(batch))
      this.#progress({ phase: 'reading', done: stored.new + stored.known, total })
    }
    const summary = reading.summary()
    this.#progress({ phase: 'checking', done: summary.read, total: summary.read })
    if (summary.anchor !== 'matched' && !begunWhole) await this.#writer.beginWhole()

    const fault = countFault(summary)
    if (fault !== undefined) return { fault }
    if (begunWhole && summary.bookmark !== undefined) await this.#writer.endWhole(summary.bookmark)
    return this.#confirm(summary, stored)
  }

  /** Stores a batch while the lease certainly stands. */
  async #store(batch: AttendanceBatch): Promise<Stored> {
    const { lease } = this.#hand
    lease.assertHeld()
    const { punches, bookmark, wholeLog } = batch
    const stored = await (wholeLog
      ? this.#writer.storeWhole(punches)
      : this.#writer.storeTail(punches, bookmark))
    this.#inserted += stored.new
    lease.assertHeld()
    return stored
  }

  /**
   * Looks at count and anchor once more: what was read must still be what the log begins with. Punches that came meanwhile are
   * taken along. A full log moves with every punch, so there is nothing to hold it against.
   */
  async #confirm(summary: AttendanceSummary, stored: Stored): Promise<Outcome> {
    const { bookmark, announcedAfter, capacity } = summary
    if (bookmark === undefined || summary.read === 0 || isFull(announcedAfter, capacity))
      return { certificate: certify(summary, this.#seenFromOutside(stored)) }

    const { terminal, signal } = this.#hand
    const reading = terminal.readAttendance({ signal, from: bookmark, denied: 'mark' })
    let since = NOTHING_STORED
    for await (const batch of reading) {
      if (batch.wholeLog) return { fault: { reason: 'changed' } }
      if (this.#lacksPeople(batch)) return { fault: { reason: 'people', from: undefined } }
      since = sum(since, await this.#store(batch))
    }
    const again = reading.summary()
    if (again.anchor !== 'matched') return { fault: { reason: 'changed' } }
    const joined = joinSummaries(summary, again)
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

function isFull(records: number | null, capacity: number | null | undefined): boolean {
  return records !== null && typeof capacity === 'number' && capacity > 0 && records >= capacity
}

/** A log that grew is no fault; one that shrank, or a transfer shorter than announced, is. */
function countFault({
  announcedBefore,
  announcedAfter,
  from,
  read,
}: AttendanceSummary): ReadFault | undefined {
  if (announcedBefore === null || announcedAfter === null) return undefined
  const counted = from + read
  if (announcedBefore <= counted && counted <= announcedAfter) return undefined
  return { reason: 'count', before: announcedBefore, after: announcedAfter, counted }
}

/** A read and the look that followed it, as one. */
function joinSummaries(first: AttendanceSummary, then: AttendanceSummary): AttendanceSummary {
  const grown = then.read > 0
  return {
    ...first,
    announcedAfter: then.announcedAfter,
    read: first.read + then.read,
    bytesAnnounced: first.bytesAnnounced + (grown ? then.bytesAnnounced : 0),
    bytesReceived: first.bytesReceived + (grown ? then.bytesReceived : 0),
    bookmark: then.bookmark,
  }
}

function certify(summary: AttendanceSummary, stored: Stored): SyncCertificate {
  const { read, from } = summary
  if (read !== stored.new + stored.known)
    throw new Error(`read ${read} punches, but ${stored.new} new and ${stored.known} known ones were stored`)
  const counted = summary.announcedBefore !== null && summary.announcedAfter !== null
  return {
    announced_before: counted ? summary.announcedBefore : null,
    announced_after: counted ? summary.announcedAfter : null,
    bytes_announced: summary.bytesAnnounced,
    bytes_received: summary.bytesReceived,
    from,
    read,
    new: stored.new,
    known: stored.known,
    invalid_time: stored.invalidTime,
  }
}

const LAYOUTS: Readonly<Record<AttendanceLayoutName, true>> = {
  'attendance/8a': true,
  'attendance/8b': true,
  'attendance/16': true,
  'attendance/22': true,
  'attendance/40': true,
  'attendance/49': true,
  'attendance/40+': true,
}

function isLayout(name: string): name is AttendanceLayoutName {
  return Object.hasOwn(LAYOUTS, name)
}

/** A stored bookmark for the reader; undefined where there is none, or one of a form that this version does not know. */
function toAttendanceBookmark(stored: Bookmark | null): AttendanceBookmark | undefined {
  if (stored === null || stored.index === 0) return undefined
  const { index, recordSize, layout, anchor } = stored
  return isLayout(layout) ? { index, recordSize, layout, anchor } : undefined
}
