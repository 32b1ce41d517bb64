// After a change of a device's zones: the stored punches' instants are computed anew, batch by batch, each under the device's lock
// and under the zones as they then are. What syncs store meanwhile is right already. Begun again it changes what is left to change.
import type { Database, Punch, PunchPlace, PunchTime } from '@org/data'
import type { Changes } from '../changes.ts'
import type { JobProgress } from '../jobs/define-job.ts'
import type { TimesCorrection } from '../jobs/catalogue.ts'
import { readZoneHistory, timeUnder, type ZoneHistory } from '../zone-history.ts'

/** What this operation needs. */
export interface CorrectTimesParts {
  readonly database: Database
  readonly changes: Changes
}

/** One run, as a job asks for it. */
export interface CorrectTimesInput {
  readonly deviceId: number
  readonly signal: AbortSignal
  readonly progress: (progress: JobProgress) => void
}

/** Punches of one transaction: short enough that a punch which comes in meanwhile waits unnoticed. */
const BATCH = 500

/** Every punch of the device agrees with its zones when this resolves, unless they were changed again: then another run follows. */
export async function correctTimes(
  { database, changes }: CorrectTimesParts,
  { deviceId, signal, progress }: CorrectTimesInput,
): Promise<TimesCorrection> {
  let after: PunchPlace | undefined
  let seen = 0
  let changed = 0
  do {
    signal.throwIfAborted()
    const from = after
    const batch = await database.transaction(async (tx) => {
      await tx.devices.lock(deviceId)
      const zones = await readZoneHistory(tx, deviceId)
      return tx.punches.correctTimes(deviceId, {
        after: from,
        limit: BATCH,
        timeOf: (punch) => rightTime(punch, zones),
      })
    })
    if (batch.changed > 0) await changes.tell({ of: 'punches', deviceId })
    seen += batch.seen
    changed += batch.changed
    after = batch.last
    progress({ phase: 'correcting', done: seen, total: null })
  } while (after !== undefined)
  return { seen, changed }
}

/** A time that is no real date stays one: no zone gives it an instant. */
function rightTime({ wallTime, timeStatus }: Punch, zones: ZoneHistory): PunchTime {
  const { timezone, at, status } = timeUnder(zones, wallTime)
  return timeStatus === 'invalid' ? { timezone, at: null, timeStatus } : { timezone, at, timeStatus: status }
}
