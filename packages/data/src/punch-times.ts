// Stored punches in the order of their places, batch by batch, and their times made right when the zone of a terminal's clock turns
// out to be another: wall times stay as they were recorded, what was computed from them follows.
import { insertMany, punchesAlong } from './dialect.ts'
import { lockDevice } from './devices.ts'
import { punches, type Punch } from './schema.ts'
import type { Scope } from './scope.ts'

/** Where a punch stands among those of its device. */
export type PunchPlace = Pick<Punch, 'packedTime' | 'logNumber' | 'occurrence'>

/** What is computed from a wall time. */
export type PunchTime = Pick<Punch, 'timezone' | 'at' | 'timeStatus'>

/** A batch to go over. */
export interface TimesToCorrect {
  /** Behind this one; undefined: from the first. */
  readonly after: PunchPlace | undefined
  readonly limit: number
  /** The right time of a punch. One that has none keeps none: `at` null exactly when `timeStatus` is 'invalid'. */
  readonly timeOf: (punch: Punch) => PunchTime
}

/** What was gone over. */
export interface TimesCorrected {
  readonly seen: number
  readonly changed: number
  /** Where the next batch begins; undefined at the end. */
  readonly last: PunchPlace | undefined
}

/** See PunchesInTransaction. */
export async function correctTimes(
  scope: Scope,
  deviceId: number,
  { after, limit, timeOf }: TimesToCorrect,
): Promise<TimesCorrected> {
  await lockDevice(scope, deviceId)
  const batch = await punchesBehind(scope, deviceId, after, limit)
  const changed = batch.flatMap((punch) => {
    const time = timeOf(punch)
    return sameTime(punch, time) ? [] : [{ ...punch, ...time }]
  })
  await insertMany(scope, punches, changed, CORRECTION)
  return {
    seen: batch.length,
    changed: changed.length,
    last: batch.length < limit ? undefined : batch.at(-1),
  }
}

const CORRECTION = {
  key: ['device_id', 'packed_time', 'log_number', 'occurrence'],
  columns: ['timezone', 'at', 'time_status'],
}

function sameTime(one: PunchTime, other: PunchTime): boolean {
  return one.timezone === other.timezone && one.at === other.at && one.timeStatus === other.timeStatus
}

/** The next punches of a device behind a place, at most so many; all recorded before `until` where that is given. */
export async function punchesBehind(
  scope: Scope,
  deviceId: number,
  after: PunchPlace | undefined,
  limit: number,
  until?: number,
): Promise<readonly Punch[]> {
  let query = scope.db
    .selectFrom(punchesAlong(scope, 'punches_place'))
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('packed_time')
    .orderBy('log_number')
    .orderBy('occurrence')
    .limit(limit)
  if (until !== undefined) query = query.where('packed_time', '<', until)
  if (after !== undefined) {
    const { packedTime, logNumber, occurrence } = after
    query = query
      .where('packed_time', '>=', packedTime)
      .where((of) =>
        of.or([
          of.eb('packed_time', '>', packedTime),
          of.eb('log_number', '>', logNumber),
          of.and([of.eb('log_number', '=', logNumber), of.eb('occurrence', '>', occurrence)]),
        ]),
      )
  }
  return (await query.execute()).map((stored) => punches.decode(stored))
}
