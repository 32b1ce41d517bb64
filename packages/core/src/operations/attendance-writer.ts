// Where a sync puts what it reads: punches become rows with a PIN and an instant, and go in with the bookmark in transactions
// that carry the lease's fence. Knows no terminal.
import type { Bookmark, Database, Device, NewPunch, PunchesWritten, Transaction } from '@org/data'
import type { Punch } from '@org/zk-proto'
import type { PunchNews } from '../notices/punch-news.ts'
import type { PunchRetention } from '../punch-retention.ts'
import { deviceZone } from '../device-zone.ts'
import { readZoneHistory, timeUnder, zoneAt, type ZoneHistory } from '../zone-history.ts'
import { FallenClock } from './fallen-clock.ts'
import { OccurrenceCounter } from './occurrence-counter.ts'

/** For whom, under which lease and from which bookmark on is written. */
export interface AttendanceWriterParts {
  readonly database: Database
  readonly deviceId: number
  /** The bookmark as it stands in the database. */
  readonly bookmark: Bookmark | null
  readonly lease: WriterLease
  /** Told of what is new, in the transaction that stores it. */
  readonly punchNews: PunchNews
  readonly retention: Pick<PunchRetention, 'raiseIn'>
}

/** What holds for as long as one lease does. */
export interface WriterLease {
  readonly fence: number
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

/** What was put in. `new`, `known` and `expired` add up to the punches given. */
export interface Stored {
  readonly new: number
  readonly known: number
  /** Left out, because it is older than punches are kept. */
  readonly expired: number
  readonly invalidTime: number
}

export const NOTHING_STORED: Stored = { new: 0, known: 0, expired: 0, invalidTime: 0 }

/** What was put in by both. */
export function sum(a: Stored, b: Stored): Stored {
  return {
    new: a.new + b.new,
    known: a.known + b.known,
    expired: a.expired + b.expired,
    invalidTime: a.invalidTime + b.invalidTime,
  }
}

/** How many punches were given. */
export function given({ new: fresh, known, expired }: Stored): number {
  return fresh + known + expired
}

/** Writes for one device, under one lease after the other. */
export class AttendanceWriter {
  readonly #parts: AttendanceWriterParts
  #fence: number
  /** PINs for records that name only a uid. */
  pinByUid: ReadonlyMap<number, string> = new Map()
  #bookmark: Bookmark | null
  #occurrences = new OccurrenceCounter()
  #clock: FallenClock | undefined

  constructor(parts: AttendanceWriterParts) {
    this.#parts = parts
    this.#fence = parts.lease.fence
    this.#bookmark = parts.bookmark
  }

  /** For the device in hand, from the bookmark that was found there. */
  static under(
    { device, lease }: { readonly device: Pick<Device, 'id' | 'bookmark'>; readonly lease: WriterLease },
    { database, punchNews, retention }: Pick<AttendanceWriterParts, 'database' | 'punchNews' | 'retention'>,
  ): AttendanceWriter {
    const { id: deviceId, bookmark } = device
    const { fence } = lease
    return new AttendanceWriter({ database, deviceId, bookmark, lease: { fence }, punchNews, retention })
  }

  /** The bookmark as it stands in the database, as far as this writer has moved it. */
  get bookmark(): Bookmark | null {
    return this.#bookmark
  }

  /** Whether we have emptied the log and read nothing of it since. */
  get logWasCleared(): boolean {
    return this.#bookmark?.cleared === true && this.#bookmark.index === 0
  }

  /** From now on another lease holds, and this is the bookmark that was found under it. */
  continueUnder({ fence }: WriterLease, bookmark: Bookmark | null): void {
    this.#fence = fence
    this.#bookmark = bookmark
  }

  /**
   * Before a read from the log's first record. The bookmark is taken away first: were the read broken off, a tail read from
   * the old place would take what is stored by then for new. What is too old by now to be kept is not stored by this read.
   * `clockDriftSeconds`: the terminal's clock minus ours, null where nobody knows.
   */
  async beginWhole(clockDriftSeconds: number | null): Promise<void> {
    this.#occurrences = new OccurrenceCounter()
    const { deviceId, retention } = this.#parts
    await this.#transact(async (tx) => {
      await retention.raiseIn(tx, deviceId)
      this.#clock = await this.#fallenClock(tx, clockDriftSeconds)
      if (this.#bookmark !== null) await this.#moveBookmark(tx, null)
    })
    this.#bookmark = null
  }

  /** The next punches of a whole read, in the log's order. */
  async storeWhole(punches: readonly Punch[]): Promise<Stored> {
    const places = punches.map(({ logNumber, packedTime }) => this.#occurrences.next(logNumber, packedTime))
    const recent = punches.map(({ packedTime }) => this.#clock?.hasRecently(packedTime) ?? false)
    const { deviceId, punchNews } = this.#parts
    return this.#transact(async (tx) => {
      const rows = (await this.#rowsOf(tx, punches)).map((row, at) => ({
        ...row,
        occurrence: places[at] ?? 1,
        isRecent: recent[at] ?? false,
      }))
      const written = await tx.punches.insertWhole(deviceId, rows, { newIds: punchNews.wanted })
      await punchNews.tellIn(tx, written.newIds ?? [])
      return storedOf(written, rows)
    })
  }

  /** After a whole read that was found right. */
  endWhole(bookmark: Bookmark): Promise<void> {
    return this.moveTo(bookmark)
  }

  /** Moves the bookmark and stores nothing. */
  async moveTo(bookmark: Bookmark): Promise<void> {
    await this.#transact((tx) => this.#moveBookmark(tx, bookmark))
    this.#bookmark = bookmark
  }

  /** The next punches from behind the bookmark, together with the bookmark behind them. */
  async storeTail(punches: readonly Punch[], bookmark: Bookmark): Promise<Stored> {
    const { deviceId, punchNews } = this.#parts
    const stored = await this.#transact(async (tx) => {
      const rows = await this.#rowsOf(tx, punches)
      const written = await tx.punches.insertTail(deviceId, rows, { newIds: punchNews.wanted })
      await punchNews.tellIn(tx, written.newIds ?? [])
      await this.#moveBookmark(tx, bookmark)
      return storedOf(written, rows)
    })
    this.#bookmark = bookmark
    return stored
  }

  /** Live events, in the log's words: each is stored only where its person and second have nothing yet. How many were. */
  storeEarly(punches: readonly LoggedPunch[]): Promise<number> {
    const { deviceId, punchNews } = this.#parts
    return this.#transact(async (tx) => {
      const newIds: number[] = []
      for (const row of await this.#rowsOf(tx, punches)) {
        const stored = await tx.punches.insertEarly(deviceId, row)
        if (stored !== undefined) newIds.push(stored.id)
      }
      await punchNews.tellIn(tx, newIds)
      return newIds.length
    })
  }

  /** The terminal's clock, where what it records now would be taken for too old to be kept. */
  async #fallenClock(tx: Transaction, driftSeconds: number | null): Promise<FallenClock | undefined> {
    const { deviceId } = this.#parts
    const { punchesFrom } = await tx.devices.lock(deviceId)
    if (punchesFrom === null || driftSeconds === null) return undefined
    const now = Date.now()
    const wallMs = deviceZone(zoneAt(await readZoneHistory(tx, deviceId), now)).wallClockAt(now)
    return FallenClock.of({ wallMs, driftMs: driftSeconds * 1_000, punchesFrom })
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

  /** Under the zones that hold as this transaction writes, whatever they were when the read began. */
  async #rowsOf(tx: Transaction, punches: readonly LoggedPunch[]): Promise<NewPunch[]> {
    const zones = await readZoneHistory(tx, this.#parts.deviceId)
    const receivedAt = new Date().toISOString()
    return punches.map((punch) => this.#rowOf(punch, zones, receivedAt))
  }

  /** The person is named by PIN; where the record has only a uid that nobody has any more, the number itself is the best name. */
  #rowOf(punch: LoggedPunch, zones: ZoneHistory, receivedAt: string): NewPunch {
    const { logNumber, uid, wallTime } = punch
    const joined = uid === undefined ? undefined : this.pinByUid.get(uid)
    const { timezone, at, status } = punch.validTime
      ? timeUnder(zones, wallTime)
      : { ...timeUnder(zones, wallTime), ...INVALID }
    return {
      logNumber,
      packedTime: punch.packedTime,
      pin: punch.pin ?? joined ?? logNumber,
      uid: uid ?? null,
      wallTime,
      timezone,
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

/** Also of a year that a calendar has and a terminal's has not. */
const INVALID = { at: null, status: 'invalid' } as const

function storedOf(written: PunchesWritten, rows: readonly NewPunch[]): Stored {
  return {
    new: written.new,
    known: written.known,
    expired: written.expired,
    invalidTime: rows.filter((row) => row.timeStatus === 'invalid').length,
  }
}
