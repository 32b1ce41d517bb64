// What a finished sync leaves on the device's row, and the word to people when the terminal's log is almost full: once, until it
// holds less again.
import type { Database, Device } from '@org/data'
import type { Notice, Notices } from '../notices/notice.ts'

/** What the terminal said of its log, null where it gives no usable figure; and of its clock. */
export interface FinishedSync {
  readonly records: number | null
  readonly capacity: number | null
  /** Left out where the clock was not asked. */
  readonly clockDriftSeconds?: number | null
}

/** The share of its capacity from which on a log is almost full. */
const ALMOST_FULL = 0.9

/** Rejects with what the database throws. */
export async function finishSync(
  { database, notices }: { readonly database: Database; readonly notices: Notices },
  deviceId: number,
  { records, capacity, clockDriftSeconds }: FinishedSync,
): Promise<void> {
  const lastSyncAt = new Date().toISOString()
  await database.transaction(async (tx) => {
    const device = await tx.devices.lock(deviceId)
    if (device.deletedAt !== null) return
    const known = records !== null && capacity !== null && capacity > 0
    const logFullTold = known ? records >= capacity * ALMOST_FULL : device.logFullTold
    await tx.devices.noteContact(deviceId, {
      lastSyncAt,
      logFullTold,
      ...(clockDriftSeconds === undefined ? {} : { clockDriftSeconds }),
    })
    if (known && logFullTold && !device.logFullTold)
      await notices.tellIn(tx, almostFull(device, records, capacity))
  })
}

function almostFull({ id, name }: Device, records: number, capacity: number): Notice {
  return { kind: 'device.log-almost-full', deviceId: id, deviceName: name, records, capacity }
}
