// Where a sync puts what it reads: punches become rows with a PIN and an instant, and go in with the bookmark in transactions
// that carry the lease's fence. Knows no terminal.
import type { Bookmark, Database, NewPunch, PunchesWritten, Transaction } from '@org/data'
import type { Punch } from '@org/zk-proto'
import { deviceZone, type DeviceZone } from '../device-zone.ts'
import { OccurrenceCounter } from './occurrence-counter.ts'

/** For whom, under which lease and from which bookmark on is written. */
export interface AttendanceWriterParts {
  readonly database: Database
  readonly deviceId: number
  /** The bookmark as it stands in the database. */
  readonly bookmark: Bookmark | null
  readonly lease: WriterLease
}

/** What holds for as long as one lease does. */
export interface WriterLease {
  readonly fence: number
  /** IANA zone of the terminal's clock. */
  readonly zone: string
}

/** What is stored of a punch, as the log has it; `pin` is undefined where the record names only a uid. */
export type LoggedPunch = Pick<
  Punch,
  | 'logNumber'
  | 'uid'
  | 'pin'
  | 'packedTime'
  | 'wallTime'
  | 'validTime'
  | 'state'
  | 'verifyMode'
  | 'workCode'
  | 'denied'
>

/** What was put in. `new` and `known` add up to the punches given. */
export interface Stored {
  readonly new: number
  readonly known: number
  readonly invalidTime: number
}

/** Writes for one device, under one lease after the other. */
export class AttendanceWriter {
  readonly #parts: AttendanceWriterParts
  #zone: DeviceZone
  #fence: number
  /** PINs for records that name only a uid. */
  pinByUid: ReadonlyMap<number, string> = new Map()
  #bookmark: Bookmark | null
  #occurrences = new OccurrenceCounter()

  constructor(parts: AttendanceWriterParts) {
    this.#parts = parts
    this.#zone = deviceZone(parts.lease.zone)
    this.#fence = parts.lease.fence
    this.#bookmark = parts.bookmark
  }

  /** The bookmark as it stands in the database, as far as this writer knows. */
  get bookmark(): Bookmark | null {
    return this.#bookmark
  }

  /** From now on another lease holds, and this is the bookmark that was found under it. */
  continueUnder({ fence, zone }: WriterLease, bookmark: Bookmark | null): void {
    this.#fence = fence
    this.#zone = deviceZone(zone)
    this.#bookmark = bookmark
  }

  /**
   * Before a read from the log's first record. The bookmark is taken away first: were the read broken off, a tail read from
   * the old place would take what is stored by then for new.
   */
  async beginWhole(): Promise<void> {
    this.#occurrences = new OccurrenceCounter()
    if (this.#bookmark === null) return
    await this.#transact((tx) => this.#moveBookmark(tx, null))
    this.#bookmark = null
  }

  /** The next punches of a whole read, in the log's order. */
  async storeWhole(punches: readonly Punch[]): Promise<Stored> {
    const rows = this.#rowsOf(punches).map((row) => ({
      ...row,
      occurrence: this.#occurrences.next(row.logNumber, row.packedTime),
    }))
    const written = await this.#transact((tx) => tx.punches.insertWhole(this.#parts.deviceId, rows))
    return storedOf(written, rows)
  }

  /** After a whole read that was found right. */
  async endWhole(bookmark: Bookmark): Promise<void> {
    await this.#transact((tx) => this.#moveBookmark(tx, bookmark))
    this.#bookmark = bookmark
  }

  /** The next punches from behind the bookmark, together with the bookmark behind them. */
  async storeTail(punches: readonly Punch[], bookmark: Bookmark): Promise<Stored> {
    const rows = this.#rowsOf(punches)
    const written = await this.#transact(async (tx) => {
      const inserted = await tx.punches.insertTail(this.#parts.deviceId, rows)
      await this.#moveBookmark(tx, bookmark)
      return inserted
    })
    this.#bookmark = bookmark
    return storedOf(written, rows)
  }

  /** Live events, in the log's words: each is stored only where its person and second have nothing yet. How many were. */
  storeEarly(punches: readonly LoggedPunch[]): Promise<number> {
    const rows = this.#rowsOf(punches)
    return this.#transact(async (tx) => {
      let stored = 0
      for (const row of rows) {
        if ((await tx.punches.insertEarly(this.#parts.deviceId, row)) !== undefined) stored += 1
      }
      return stored
    })
  }

  #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { database, deviceId } = this.#parts
    return database.transaction(async (tx) => {
      await tx.devices.checkFence(deviceId, this.#fence)
      return work(tx)
    })
  }

  #moveBookmark(tx: Transaction, next: Bookmark | null): Promise<void> {
    const at = new Date().toISOString()
    const move = { expected: this.#bookmark, next, fence: this.#fence, at }
    return tx.devices.moveBookmark(this.#parts.deviceId, move)
  }

  #rowsOf(punches: readonly LoggedPunch[]): NewPunch[] {
    const receivedAt = new Date().toISOString()
    return punches.map((punch) => this.#rowOf(punch, receivedAt))
  }

  /** The person is named by PIN; where the record has only a uid that nobody has any more, the number itself is the best name. */
  #rowOf(punch: LoggedPunch, receivedAt: string): NewPunch {
    const { logNumber, uid, wallTime } = punch
    const joined = uid === undefined ? undefined : this.pinByUid.get(uid)
    const { at, status } = punch.validTime ? this.#zone.instantOf(wallTime) : INVALID
    return {
      logNumber,
      packedTime: punch.packedTime,
      pin: punch.pin ?? joined ?? logNumber,
      uid: uid ?? null,
      wallTime,
      timezone: this.#zone.name,
      at,
      timeStatus: status,
      state: punch.state,
      verifyMode: punch.verifyMode,
      workCode: punch.workCode ?? null,
      denied: punch.denied,
      receivedAt,
    }
  }
}

const INVALID = { at: null, status: 'invalid' } as const

function storedOf(written: PunchesWritten, rows: readonly NewPunch[]): Stored {
  return {
    new: written.new,
    known: written.known,
    invalidTime: rows.filter((row) => row.timeStatus === 'invalid').length,
  }
}
