// The zones in which a device's clock has run. What has no rows has always run in the one that the device names.
import type { WallTime } from './columns.ts'
import { MissingReference } from './errors.ts'
import { deviceZones } from './schema.ts'
import type { Scope } from './scope.ts'

/** A zone of a terminal's clock, and the wall time from which it holds; '': from the beginning. */
export interface ZonePeriod {
  readonly since: WallTime
  /** IANA name. */
  readonly timezone: string
}

/** By `since`. Throws MissingReference. */
export async function listZones({ db }: Scope, deviceId: number): Promise<readonly ZonePeriod[]> {
  const device = await db
    .selectFrom('devices')
    .select('timezone')
    .where('id', '=', deviceId)
    .executeTakeFirst()
  if (device === undefined) throw new MissingReference()
  const stored = await db
    .selectFrom('device_zones')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('since')
    .execute()
  if (stored.length === 0) return [{ since: '', timezone: device.timezone }]
  return stored.map((row) => {
    const { since, timezone } = deviceZones.decode(row)
    return { since, timezone }
  })
}

/** The last of a history that is one. Throws TypeError for one that is none. */
export function checkedZones(zones: readonly ZonePeriod[]): ZonePeriod {
  const newest = zones.at(-1)
  const ordered = zones.every(({ since }, at) =>
    at === 0 ? since === '' : since > (zones[at - 1]?.since ?? ''),
  )
  if (newest === undefined || !ordered)
    throw new TypeError('zones begin with one that holds from the beginning, each later than the one before')
  return newest
}

/** Puts them in the place of those that are stored. */
export async function writeZones(
  { db }: Scope,
  deviceId: number,
  zones: readonly ZonePeriod[],
): Promise<void> {
  await db.deleteFrom('device_zones').where('device_id', '=', deviceId).execute()
  await db
    .insertInto('device_zones')
    .values(zones.map((period) => deviceZones.encode({ deviceId, ...period })))
    .execute()
}
