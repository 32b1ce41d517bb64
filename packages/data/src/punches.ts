// Punches: every attendance record once, however often, in whatever order and by whomever it is read.
import type { Instant, WallTime } from './columns.ts'
import { punchesAlong } from './dialect.ts'
import { lastArrival, listByIds, type Arrival, type IdRange } from './punch-arrivals.ts'
import { findPunch, listPunches } from './punch-list.ts'
import { insertEarly, insertTail, insertWhole } from './punch-writes.ts'
import { punches, type Punch } from './schema.ts'
import type { Scope } from './scope.ts'

/**
 * A punch as a log or a live event gives it. `at` is null exactly when `timeStatus` is 'invalid' (TypeError otherwise).
 * `logNumber` is the person's number as the log has it, `packedTime` the terminal's time as recorded: these two, with
 * the device, are its place.
 */
export type NewPunch = Omit<Punch, 'id' | 'deviceId' | 'occurrence' | 'source' | 'early'>

/** A punch of a whole read: which one of those with the same person and second it is, from 1 in the log's order. */
export type NumberedPunch = NewPunch & { readonly occurrence: number }

/** How many rows were stored, and how many were stored already (a live event's row taken over counts as known). */
export interface PunchesWritten {
  readonly new: number
  readonly known: number
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
  /** Those in any of these ranges, refused ones too, by id; the first `limit` of them. */
  listByIds(ranges: readonly IdRange[], limit: number): Promise<readonly ListedPunch[]>
  /** The last row whose id is not above this one. */
  lastArrival(atMost: number): Promise<Arrival | undefined>
  /** All of a device, denied ones too. */
  count(deviceId: number): Promise<number>
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
  insertTail(deviceId: number, punches: readonly NewPunch[]): Promise<PunchesWritten>
  /** Punches of a whole read, numbered by the caller. What is stored stays as it is; an early row is taken over. */
  insertWhole(deviceId: number, punches: readonly NumberedPunch[]): Promise<PunchesWritten>
  /** A live event: stored only where that person and second have no row. Whether it was. */
  insertEarly(deviceId: number, punch: NewPunch): Promise<ListedPunch | undefined>
}

export function punchesIn(scope: Scope): PunchesInTransaction {
  const { db } = scope
  return {
    list: (filter, sort, page) => listPunches(scope, filter, sort, page),
    findById: (id) => findPunch(scope, id),
    listByIds: (ranges, limit) => listByIds(scope, ranges, limit),
    lastArrival: (atMost) => lastArrival(scope, atMost),

    async count(deviceId) {
      const { total } = await db
        .selectFrom('punches')
        .select((of) => of.fn.countAll<number>().as('total'))
        .where('device_id', '=', deviceId)
        .executeTakeFirstOrThrow()
      return total
    },

    async *each(deviceId, batchSize = 1_000) {
      const next = db
        .selectFrom(punchesAlong(scope, 'punches_place'))
        .selectAll()
        .where('device_id', '=', deviceId)
        .orderBy('packed_time')
        .orderBy('log_number')
        .orderBy('occurrence')
        .limit(batchSize)
      let batch = (await next.execute()).map((stored) => punches.decode(stored))
      for (let last = batch.at(-1); last !== undefined; last = batch.at(-1)) {
        yield batch
        const { packedTime, logNumber, occurrence } = last
        const following = next
          .where('packed_time', '>=', packedTime)
          .where((of) =>
            of.or([
              of.eb('packed_time', '>', packedTime),
              of.eb('log_number', '>', logNumber),
              of.and([of.eb('log_number', '=', logNumber), of.eb('occurrence', '>', occurrence)]),
            ]),
          )
        batch = (await following.execute()).map((stored) => punches.decode(stored))
      }
    },

    insertTail: (deviceId, given) => insertTail(scope, deviceId, given),
    insertWhole: (deviceId, given) => insertWhole(scope, deviceId, given),
    insertEarly: (deviceId, given) => insertEarly(scope, deviceId, given),
  }
}
