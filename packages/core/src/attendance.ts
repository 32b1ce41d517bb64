// Punches as the service lists them, how they are asked for, and the job that brings them.
import { InvalidCursor, type Database, type ListedPunch, type PunchPage as StoredPage } from '@org/data'
import type { Actor } from './accounts/account.ts'
import type { AuditTrail } from './audit-trail.ts'
import { ServiceError, validationError } from './errors.ts'
import { attendanceClearing, attendanceSync, type SyncMode } from './jobs/catalogue.ts'
import type { Enqueued, JobQueue } from './jobs/job-queue.ts'
import type { FollowOptions, PunchStream } from './punch-stream.ts'
import { findActiveDevice } from './terminals/with-terminal.ts'

/** `gap` and `overlap`: the wall time lies in a change of daylight saving; `invalid`: it is no real date, so `at` is null. */
export type TimeStatus = 'ok' | 'gap' | 'overlap' | 'invalid'

/** One punch. */
export interface Punch {
  readonly id: number
  readonly deviceId: number
  /** The person's PIN, byte for byte. */
  readonly pin: string
  readonly userName: string | null
  /** The instant, ISO 8601 in UTC; null when the recorded time is no real date. */
  readonly at: string | null
  /** As the terminal recorded it: YYYY-MM-DDTHH:MM:SS, without zone. */
  readonly wallTime: string
  /** IANA zone that `at` was computed with. */
  readonly timezone: string
  readonly timeStatus: TimeStatus
  readonly state: number
  readonly verifyMode: number
  readonly workCode: number | null
  /** Refused by an access panel. */
  readonly denied: boolean
  /** Who saw it first. */
  readonly source: 'sync' | 'live'
  readonly receivedAt: string
}

/** Which punches are listed; bounds are inclusive. */
export interface PunchFilter {
  readonly deviceIds?: readonly number[]
  readonly pin?: string
  /** Bounds on the instant, ISO 8601 in UTC. */
  readonly atFrom?: string
  readonly atTo?: string
  /** Bounds on the recorded time, YYYY-MM-DDTHH:MM:SS. */
  readonly wallFrom?: string
  readonly wallTo?: string
  readonly state?: number
  readonly timeStatus?: TimeStatus
  /** Default false: refused attempts are left out. */
  readonly denied?: boolean | 'all'
}

/** By page number, or from where an earlier page ended. */
export type PunchPaging = ({ readonly page: number } | { readonly cursor: string }) & {
  readonly limit: number
  /** Default newest first. */
  readonly sort?: PunchSort
}

/** In which order; punches without an instant come last either way. */
export type PunchSort = '-timestamp' | 'timestamp'

/** One page of punches. */
export interface PunchPage {
  readonly rows: readonly Punch[]
  /** Null for a page asked for by cursor: counting millions is what a cursor avoids. */
  readonly total: number | null
  /** Null at the end. */
  readonly nextCursor: string | null
}

/** Punches, and the job that brings them. */
export interface Attendance {
  /** Throws VALIDATION_ERROR for a cursor that is none of ours. */
  list(filter: PunchFilter, paging: PunchPaging): Promise<PunchPage>
  /**
   * The list of one device, also of one that was deleted: its punches stay readable. Throws DEVICE_NOT_FOUND for one that never was,
   * and as `list` does.
   */
  listOfDevice(deviceId: number, filter: PunchFilter, paging: PunchPaging): Promise<PunchPage>
  /**
   * Everything that fits, in batches and without end. Each batch is a query of its own behind the last one, so that any number costs the
   * memory of one; what is stored meanwhile may or may not be among them. Ends early, without an error, when the signal aborts.
   */
  each(filter: PunchFilter, sort: PunchSort, signal: AbortSignal): AsyncIterable<readonly Punch[]>
  /** New punches as they are recorded; ends when the signal aborts or whoever takes them is too slow. See PunchStream. */
  follow(options: FollowOptions): AsyncGenerator<Punch, void, undefined>
  /** Queues a sync (default `auto`), or gives the unfinished one of that device. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE. */
  requestSync(deviceId: number, input: { readonly mode?: SyncMode }, by: Actor): Promise<Enqueued>
  /**
   * Queues the clearing of the terminal's log, or gives the unfinished one. `confirm` is the device's serial number, so that nobody
   * clears another terminal than the one that they mean. Throws VALIDATION_ERROR, DEVICE_NOT_FOUND, DEVICE_INACTIVE.
   */
  requestClearing(deviceId: number, input: { readonly confirm: string }, by: Actor): Promise<Enqueued>
}

/** What attendance is put together from. */
export interface AttendanceParts {
  readonly database: Database
  readonly jobs: JobQueue
  readonly audit: AuditTrail
  readonly stream: PunchStream
}

/** Punches of one batch of `each`. */
const BATCH_SIZE = 1_000

/** The service on punches. */
export function createAttendance({ database, jobs, audit, stream }: AttendanceParts): Attendance {
  return {
    list,
    async listOfDevice(deviceId, filter, paging) {
      if (!(await database.devices.exists(deviceId))) throw new ServiceError('DEVICE_NOT_FOUND')
      return list({ ...filter, deviceIds: [deviceId] }, paging)
    },
    each: (filter, sort, signal) => eachPunch(database, filter, sort, signal),
    follow: (options) => stream.follow(options),
    requestSync: (deviceId, { mode = 'auto' }) => requestSync({ database, jobs }, deviceId, mode),
    async requestClearing(deviceId, { confirm }, by) {
      const { serialNumber, terminalSerialNumber } = await findActiveDevice(database, deviceId)
      if (confirm !== (serialNumber ?? terminalSerialNumber)) {
        throw validationError([{ field: 'confirm', message: 'must be the serial number of the device' }])
      }
      const { name, accountId, address } = by
      return database.transaction(async (tx) => {
        const enqueued = await jobs.enqueue(
          attendanceClearing,
          { deviceId, by: { name, accountId, address } },
          { tx },
        )
        if (enqueued.deduplicated) return enqueued
        await audit.record(tx, {
          action: 'attendance.clear',
          by,
          target: { type: 'device', id: deviceId },
          outcome: 'attempted',
          auditId: enqueued.job.id,
        })
        return enqueued
      })
    },
  }

  async function list(filter: PunchFilter, paging: PunchPaging): Promise<PunchPage> {
    const { limit, sort = '-timestamp' } = paging
    const place = 'cursor' in paging ? { cursor: paging.cursor } : { offset: (paging.page - 1) * limit }
    try {
      const { rows, total, nextCursor } = await database.punches.list(filter, sort, { ...place, limit })
      return { rows: rows.map(toPunch), total, nextCursor }
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error
      throw validationError([{ field: 'cursor', message: 'is no cursor of this list' }])
    }
  }
}

/** See `Attendance.each`. */
export async function* eachPunch(
  { punches }: Database,
  filter: PunchFilter,
  sort: PunchSort,
  signal: AbortSignal,
): AsyncGenerator<readonly Punch[], void, undefined> {
  let cursor: string | null = null
  do {
    if (signal.aborted) return
    const page: StoredPage = await punches.list(filter, sort, { cursor, limit: BATCH_SIZE })
    if (page.rows.length > 0) yield page.rows.map(toPunch)
    cursor = page.nextCursor
  } while (cursor !== null)
}

/** See `Attendance.requestSync`. */
export async function requestSync(
  { database, jobs }: Pick<AttendanceParts, 'database' | 'jobs'>,
  deviceId: number,
  mode: SyncMode,
): Promise<Enqueued> {
  await findActiveDevice(database, deviceId)
  return jobs.enqueue(attendanceSync, { deviceId, mode })
}

/** A row as the service shows it. */
export function toPunch(row: ListedPunch): Punch {
  return {
    id: row.id,
    deviceId: row.deviceId,
    pin: row.pin,
    userName: row.userName,
    at: row.at,
    wallTime: row.wallTime,
    timezone: row.timezone,
    timeStatus: row.timeStatus,
    state: row.state,
    verifyMode: row.verifyMode,
    workCode: row.workCode,
    denied: row.denied,
    source: row.source,
    receivedAt: row.receivedAt,
  }
}
