// Punches: every attendance record once, however often, in whatever order and by whomever it is read.
import type { Instant, WallTime } from './columns.ts'
import { lastArrival, listByIds, listIds, type Arrival, type IdRange } from './punch-arrivals.ts'
import { findPunch, findPunches, listPunches } from './punch-list.ts'
import {
  correctTimes,
  punchesBehind,
  type PunchPlace,
  type TimesCorrected,
  type TimesToCorrect,
} from './punch-times.ts'
import { removeOld, type PunchesRemoved, type PunchesToRemove } from './punch-removal.ts'
import { insertEarly, insertTail, insertWhole } from './punch-writes.ts'
import type { Punch } from './schema.ts'
import type { Scope } from './scope.ts'

/**
 * A punch as a log or a live event gives it. `at` is null exactly when `timeStatus` is 'invalid' (TypeError otherwise).
 * `logNumber` is the person's number as the log has it, `packedTime` the terminal's time as recorded: these two, with
 * the device, are its place.
 */
export type NewPunch = Omit<Punch, 'id' | 'deviceId' | 'occurrence' | 'source' | 'early'>

/** A punch of a whole read: which one of those with the same person and second it is, from 1 in the log's order. */
export type NumberedPunch = NewPunch & {
  readonly occurrence: number
  /** It was recorded lately, whatever time its terminal's clock gave it. */
  readonly isRecent?: boolean
}

/**
 * How many rows were stored, and how many were stored already (a live event's row taken over counts as known); `expired`: how many of a
 * whole read were neither, because they were recorded before the time from which the device's punches are kept.
 */
export interface PunchesWritten {
  readonly new: number
  readonly known: number
  readonly expired: number
  /** The ids of the new rows, ascending; only where they were asked for, because they have to be looked up. */
  readonly newIds?: readonly number[]
}

/** What else a write of punches is to tell. */
export interface PunchWriteOptions {
  readonly newIds?: boolean
}

/** Conditions that must all hold; what is left out is not asked. Bounds are inclusive. */
export interface PunchFilter {
  readonly deviceIds?: readonly number[]
  readonly pin?: string
  readonly atFrom?: Instant
  readonly atTo?: Instant
  readonly wallFrom?: WallTime
  readonly wallTo?: WallTime
  readonly state?: number
  readonly timeStatus?: Punch['timeStatus']
  /** Refused attempts of access panels: only them (true), none (false, the default), or both. */
  readonly denied?: boolean | 'all'
}

/** By instant; punches without one come last in both orders. */
export type PunchSort = '-timestamp' | 'timestamp'

/** A page by number, with the total; or what follows a cursor (null: from the start), without one. */
export type PunchPageRequest =
  | { readonly offset: number; readonly limit: number }
  | { readonly cursor: string | null; readonly limit: number }

/** A punch with the name that its person has now on its device. */
export type ListedPunch = Punch & { readonly userName: string | null }

export interface PunchPage {
  readonly rows: readonly ListedPunch[]
  /** Null when asked by cursor: counting millions is what a cursor avoids. */
  readonly total: number | null
  /** What follows the last row; null at the end. */
  readonly nextCursor: string | null
}

export interface Punches {
  /** Throws InvalidCursor. */
  list(filter: PunchFilter, sort: PunchSort, page: PunchPageRequest): Promise<PunchPage>
  findById(id: number): Promise<ListedPunch | undefined>
  /** Those of these ids that there are, by id. */
  findByIds(ids: readonly number[]): Promise<readonly ListedPunch[]>
  /** Those in any of these ranges, of these devices where any are named, refused ones too, by id; the first `limit` of them. */
  listByIds(
    ranges: readonly IdRange[],
    limit: number,
    deviceIds?: readonly number[],
  ): Promise<readonly ListedPunch[]>
  /** The first `limit` ids that there are in a range, in their order. */
  listIds(range: IdRange, limit: number): Promise<readonly number[]>
  /** The last row whose id is not above this one. */
  lastArrival(atMost: number): Promise<Arrival | undefined>
  /** All of a device, denied ones too. */
  count(deviceId: number): Promise<number>
  /** Whether the log's record of this person and second is stored; what a live event has told early does not count. */
  isStored(deviceId: number, place: Pick<PunchPlace, 'packedTime' | 'logNumber'>): Promise<boolean>
  /**
   * All punches of a device in the order of their places (recorded time, log number, occurrence), `batchSize` (1000)
   * at a time. Each batch is a query of its own: what is stored meanwhile may or may not be among them.
   */
  each(deviceId: number, batchSize?: number): AsyncIterable<readonly Punch[]>
}

/**
 * The three ways in. Each locks the device's row first, so that writers of one device wait for one another and counts
 * are exact. All throw MissingReference for an unknown device.
 */
export interface PunchesInTransaction extends Punches {
  /**
   * Punches read from behind the bookmark: every one is new by its place and takes the next free occurrence of its
   * person and second, except that a row written early by a live event is taken over, once: the log's fields count, PIN,
   * `source` and `receivedAt` stay.
   */
  insertTail(
    deviceId: number,
    punches: readonly NewPunch[],
    options?: PunchWriteOptions,
  ): Promise<PunchesWritten>
  /**
   * Punches of a whole read, numbered by the caller. What is stored stays as it is; an early row is taken over; what is not and was
   * recorded before the device's `punchesFrom` is left out, unless it is recent: it may have been removed before.
   */
  insertWhole(
    deviceId: number,
    punches: readonly NumberedPunch[],
    options?: PunchWriteOptions,
  ): Promise<PunchesWritten>
  /** A live event: stored only where that person and second have no row. Whether it was. */
  insertEarly(deviceId: number, punch: NewPunch): Promise<ListedPunch | undefined>
  /**
   * Goes over the next stored punches of a device in the order of their places, and gives those whose zone, instant or status is
   * not what `timeOf` says the right ones. Nothing else of them changes.
   */
  correctTimes(deviceId: number, batch: TimesToCorrect): Promise<TimesCorrected>
  /**
   * Goes over the next stored punches that were recorded before the device's `punchesFrom`, in the order of their places, and removes
   * those that have been stored since before `receivedBefore` too: a clock that went wrong makes no new punch an old one.
   */
  removeOld(deviceId: number, batch: PunchesToRemove): Promise<PunchesRemoved>
}

export function punchesIn(scope: Scope): PunchesInTransaction {
  const { db } = scope
  return {
    list: (filter, sort, page) => listPunches(scope, filter, sort, page),
    findById: (id) => findPunch(scope, id),
    findByIds: (ids) => findPunches(scope, ids),
    listByIds: (ranges, limit, deviceIds) => listByIds(scope, ranges, limit, deviceIds),
    listIds: (range, limit) => listIds(scope, range, limit),
    lastArrival: (atMost) => lastArrival(scope, atMost),

    async count(deviceId) {
      const { total } = await db
        .selectFrom('punches')
        .select((of) => of.fn.countAll<number>().as('total'))
        .where('device_id', '=', deviceId)
        .executeTakeFirstOrThrow()
      return total
    },

    async isStored(deviceId, { packedTime, logNumber }) {
      const found = await db
        .selectFrom('punches')
        .select('id')
        .where('device_id', '=', deviceId)
        .where('packed_time', '=', packedTime)
        .where('log_number', '=', logNumber)
        .where('early', '=', 0)
        .limit(1)
        .execute()
      return found.length > 0
    },

    async *each(deviceId, batchSize = 1_000) {
      let after: PunchPlace | undefined
      for (;;) {
        const batch = await punchesBehind(scope, deviceId, after, batchSize)
        after = batch.at(-1)
        if (after === undefined) return
        yield batch
      }
    },

    insertTail: (deviceId, given, options) => insertTail(scope, deviceId, given, options),
    insertWhole: (deviceId, given, options) => insertWhole(scope, deviceId, given, options),
    insertEarly: (deviceId, given) => insertEarly(scope, deviceId, given),
    correctTimes: (deviceId, batch) => correctTimes(scope, deviceId, batch),
    removeOld: (deviceId, batch) => removeOld(scope, deviceId, batch),
  }
}
