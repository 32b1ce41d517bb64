// How punches come in. All three ways decide in memory, from the rows that stand in the same seconds, what is new and
// what is known: a look and few inserts for some hundred rows, exact counts on every engine. The device's row, locked
// first, keeps other writers of the device away in between.
import { insertMany, isAmong, punchesAlong, rowsPerStatement } from './dialect.ts'
import { lockDevice } from './devices.ts'
import { findPunch } from './punch-list.ts'
import type { ListedPunch, NewPunch, NumberedPunch, PunchWriteOptions, PunchesWritten } from './punches.ts'
import { punchPlaces, punches } from './schema.ts'
import type { Scope } from './scope.ts'
import type { NewRowOf } from './table.ts'

type NewPunchRow = NewRowOf<typeof punches>

/** See PunchesInTransaction. */
export async function insertTail(
  scope: Scope,
  deviceId: number,
  given: readonly NewPunch[],
  options?: PunchWriteOptions,
): Promise<PunchesWritten> {
  const occurrenceOf = (seconds: Seconds, punch: NewPunch): number => {
    const place = seconds.at(punch)
    return place.early ?? place.last + 1
  }
  return insert(scope, deviceId, given, { occurrenceOf, isRecent: () => true }, options)
}

/** See PunchesInTransaction. */
export async function insertWhole(
  scope: Scope,
  deviceId: number,
  given: readonly NumberedPunch[],
  options?: PunchWriteOptions,
): Promise<PunchesWritten> {
  const occurrenceOf = (_: Seconds, punch: NumberedPunch): number => punch.occurrence
  const isRecent = (punch: NumberedPunch): boolean => punch.isRecent === true
  return insert(scope, deviceId, given, { occurrenceOf, isRecent }, options)
}

/** See PunchesInTransaction. */
export async function insertEarly(
  scope: Scope,
  deviceId: number,
  given: NewPunch,
): Promise<ListedPunch | undefined> {
  await lockDevice(scope, deviceId)
  const { db } = scope
  const there = await db
    .selectFrom('punches')
    .select('id')
    .where('device_id', '=', deviceId)
    .where('packed_time', '=', given.packedTime)
    .where('log_number', '=', given.logNumber)
    .limit(1)
    .execute()
  if (there.length > 0) return undefined
  const row = { ...checked(given), deviceId, occurrence: 1, source: 'live' as const, early: true }
  const { insertId } = await db.insertInto('punches').values(punches.encode(row)).executeTakeFirstOrThrow()
  return findPunch(scope, Number(insertId))
}

/** How punches come. Those of a tail are recent by their place, however old the time that they were recorded with. */
interface Manner<P> {
  readonly occurrenceOf: (seconds: Seconds, punch: P) => number
  readonly isRecent: (punch: P) => boolean
}

async function insert<P extends NewPunch>(
  scope: Scope,
  deviceId: number,
  given: readonly P[],
  { occurrenceOf, isRecent }: Manner<P>,
  { newIds: wantsIds = false }: PunchWriteOptions = {},
): Promise<PunchesWritten> {
  const { punchesFrom } = await lockDevice(scope, deviceId)
  const keptFrom = punchesFrom ?? 0
  const written = { new: 0, known: 0, expired: 0 }
  const newIds: number[] = []
  const most = rowsPerStatement(punches.insertColumns.length)
  for (let from = 0; from < given.length; from += most) {
    const batch = given.slice(from, from + most)
    const seconds = await Seconds.read(scope, deviceId, batch)
    const fresh: NewPunchRow[] = []
    const takenOver: NewPunchRow[] = []
    const expiredBefore = written.expired
    for (const punch of batch) {
      const occurrence = occurrenceOf(seconds, punch)
      const found = seconds.take(punch, occurrence)
      if (found === 'known') continue
      if (found === 'free' && punch.packedTime < keptFrom && !isRecent(punch)) {
        written.expired += 1
        continue
      }
      const row = loggedRow(checked(punch), deviceId, occurrence)
      if (found === 'free') fresh.push(row)
      else takenOver.push(row)
    }
    await insertMany(scope, punches, fresh)
    await insertMany(scope, punches, takenOver, TAKE_OVER)
    if (wantsIds && fresh.length > 0) newIds.push(...(await idsAt(scope, deviceId, fresh)))
    written.new += fresh.length
    written.known += batch.length - fresh.length - (written.expired - expiredBefore)
  }
  return wantsIds ? { ...written, newIds: newIds.toSorted((one, other) => one - other) } : written
}

/** The ids that rows just inserted were given: no database tells them all. */
async function idsAt(scope: Scope, deviceId: number, fresh: readonly NewPunchRow[]): Promise<number[]> {
  const places = new Set(fresh.map(placeName))
  const stored = await scope.db
    .selectFrom('punches')
    .select(['id', ...punchPlaces.columns])
    .where('device_id', '=', deviceId)
    .where('packed_time', 'in', [...new Set(fresh.map(({ packedTime }) => packedTime))])
    .execute()
  return stored.filter((row) => places.has(placeName(punchPlaces.decode(row)))).map(({ id }) => id)
}

function placeName({
  packedTime,
  logNumber,
  occurrence,
}: Pick<NewPunchRow, 'packedTime' | 'logNumber' | 'occurrence'>): string {
  return `${packedTime} ${occurrence} ${logNumber}`
}

/** What the log's record replaces in a live event's row: all but its place, who it was, and who saw it first. */
const TAKE_OVER = {
  key: ['device_id', 'packed_time', 'log_number', 'occurrence'],
  columns: [
    'uid',
    'wall_time',
    'timezone',
    'at',
    'time_status',
    'state',
    'verify_mode',
    'work_code',
    'denied',
    'early',
  ],
}

/** What stands at one person's second: the occurrences taken, the highest, and the one that a live event wrote. */
interface Place {
  readonly taken: Set<number>
  last: number
  early: number | undefined
}

/** The places of a batch, as the database has them and as the batch goes on to fill them. */
class Seconds {
  readonly #places = new Map<string, Place>()

  static async read(scope: Scope, deviceId: number, batch: readonly NewPunch[]): Promise<Seconds> {
    const seconds = new Seconds()
    for (const row of await storedPlaces(scope, deviceId, batch)) {
      const { packedTime, logNumber, occurrence, early } = punchPlaces.decode(row)
      const place = seconds.at({ packedTime, logNumber })
      place.taken.add(occurrence)
      place.last = Math.max(place.last, occurrence)
      if (early) place.early = occurrence
    }
    return seconds
  }

  at({ packedTime, logNumber }: Pick<NewPunch, 'packedTime' | 'logNumber'>): Place {
    const name = `${packedTime} ${logNumber}`
    let place = this.#places.get(name)
    if (place === undefined) {
      place = { taken: new Set(), last: 0, early: undefined }
      this.#places.set(name, place)
    }
    return place
  }

  /** Fills a place with the log's record, and tells what was there. */
  take(punch: NewPunch, occurrence: number): 'free' | 'early' | 'known' {
    const place = this.at(punch)
    if (place.early === occurrence) {
      place.early = undefined
      return 'early'
    }
    if (place.taken.has(occurrence)) return 'known'
    place.taken.add(occurrence)
    place.last = Math.max(place.last, occurrence)
    return 'free'
  }
}

/**
 * What stands in the seconds of a batch. A log is in the order of time, but for a clock that was set: nearly always the whole
 * stretch of time holds little more than the batch, and is read at once. Otherwise the seconds are looked up one by one.
 */
async function storedPlaces(scope: Scope, deviceId: number, batch: readonly NewPunch[]) {
  const [first] = batch
  if (first === undefined) return []
  let from = first.packedTime
  let to = from
  for (const { packedTime } of batch) {
    if (packedTime < from) from = packedTime
    if (packedTime > to) to = packedTime
  }
  const ofDevice = scope.db
    .selectFrom(punchesAlong(scope, 'punches_place'))
    .select(punchPlaces.columns)
    .where('device_id', '=', deviceId)
  const most = batch.length * 2
  const stretch = await ofDevice
    .where('packed_time', '>=', from)
    .where('packed_time', '<=', to)
    .limit(most + 1)
    .execute()
  if (stretch.length <= most) return stretch
  const seconds = [...new Set(batch.map(({ packedTime }) => packedTime))]
  return ofDevice.where(isAmong(scope, 'packed_time', seconds)).execute()
}

/** A log's record as a row, property by property: spread into a new object, a row costs four times the memory. */
function loggedRow(punch: NewPunch, deviceId: number, occurrence: number): NewPunchRow {
  return {
    deviceId,
    packedTime: punch.packedTime,
    logNumber: punch.logNumber,
    occurrence,
    pin: punch.pin,
    uid: punch.uid,
    wallTime: punch.wallTime,
    timezone: punch.timezone,
    at: punch.at,
    timeStatus: punch.timeStatus,
    state: punch.state,
    verifyMode: punch.verifyMode,
    workCode: punch.workCode,
    denied: punch.denied,
    source: 'sync',
    early: false,
    receivedAt: punch.receivedAt,
  }
}

function checked<P extends NewPunch>(punch: P): P {
  if ((punch.at === null) !== (punch.timeStatus === 'invalid')) {
    throw new TypeError(
      `a punch has no instant exactly when its time is invalid, but this one is ${punch.timeStatus}`,
    )
  }
  return punch
}
