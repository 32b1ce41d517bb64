// Old punches removed, batch by batch, each short enough that writers of the device wait unnoticed. From which recorded time on punches
// are kept stands on the device's row, so that whoever stores punches under its lock knows what may have been removed.
import type { Instant } from './columns.ts'
import { lockDevice } from './devices.ts'
import { punchesBehind, type PunchPlace } from './punch-times.ts'
import type { Scope } from './scope.ts'

/** A batch to go over. */
export interface PunchesToRemove {
  /** Behind this one; undefined: from the first. */
  readonly after: PunchPlace | undefined
  readonly limit: number
  readonly receivedBefore: Instant
}

/** What was gone over. */
export interface PunchesRemoved {
  readonly removed: number
  /** Where the next batch begins; undefined at the end. */
  readonly last: PunchPlace | undefined
}

/** See PunchesInTransaction. */
export async function removeOld(
  scope: Scope,
  deviceId: number,
  { after, limit, receivedBefore }: PunchesToRemove,
): Promise<PunchesRemoved> {
  const { punchesFrom } = await lockDevice(scope, deviceId)
  if (punchesFrom === null) return { removed: 0, last: undefined }
  const batch = await punchesBehind(scope, deviceId, after, limit, punchesFrom)
  const old = batch.filter(({ receivedAt }) => receivedAt < receivedBefore).map(({ id }) => id)
  if (old.length > 0) await scope.db.deleteFrom('punches').where('id', 'in', old).execute()
  return { removed: old.length, last: batch.length < limit ? undefined : batch.at(-1) }
}
