// Deleting a device: its row is kept as deleted, so that its punches stay readable and its terminal is known again; whatever was
// queued for it is cancelled.
import type { Database } from '@org/data'
import type { Logger } from 'pino'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import type { Changes } from '../changes.ts'
import { ServiceError } from '../errors.ts'
import { timesCorrection } from '../jobs/catalogue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Breakers } from '../terminals/breaker.ts'
import type { LeaseKeeper } from '../terminals/lease.ts'

/** What deleting needs. */
export interface RemoveDeviceParts {
  readonly database: Database
  readonly audit: AuditTrail
  readonly jobs: JobQueue
  readonly breakers: Breakers
  readonly changes: Changes
  readonly leases: LeaseKeeper
  readonly log: Logger
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal
}

/** See Devices.remove. */
export async function removeDevice(parts: RemoveDeviceParts, deviceId: number, by: Actor): Promise<void> {
  const { database, audit, breakers, changes } = parts
  await database.transaction(async (tx) => {
    if (!(await tx.devices.remove(deviceId, new Date().toISOString())))
      throw new ServiceError('DEVICE_NOT_FOUND')
    await audit.record(tx, {
      action: 'device.delete',
      by,
      target: { type: 'device', id: deviceId },
      outcome: 'success',
    })
  })
  await cancelJobsOf(parts, deviceId)
  breakers.forget(deviceId)
  await changes.tell({ of: 'device', deviceId })
  await letGo(parts, deviceId)
}

/** What was cancelled ends within this. */
const LET_GO_WITHIN_MS = 5_000

/**
 * Asks for the terminal, so that whoever keeps a session to it open gives it up: nothing of ours stays connected to a terminal that may
 * not be touched. Whoever does not give it up in time meets the device's row at the latest.
 */
export async function letGo(
  { leases, log, stopping }: Pick<RemoveDeviceParts, 'leases' | 'log' | 'stopping'>,
  deviceId: number,
): Promise<void> {
  try {
    const lease = await leases.acquire({ deviceId }, { waitMs: LET_GO_WITHIN_MS, signal: stopping })
    await lease.release()
  } catch (error) {
    log.info({ err: error, deviceId }, 'a terminal that is not to be touched any more is still held')
  }
}

const PAGE = 100

/**
 * Cancels what waits or runs for a device that may not be touched any more: once its row says so, nothing new begins, and what slips
 * in between fails by that row. The correction of stored times goes on: it touches rows alone.
 */
export async function cancelJobsOf(
  { database, jobs }: Pick<RemoveDeviceParts, 'database' | 'jobs'>,
  deviceId: number,
): Promise<void> {
  const unfinished: string[] = []
  for (const state of ['waiting', 'active'] as const) {
    for (let offset = 0; ; offset += PAGE) {
      const { rows } = await database.jobs.list({ deviceId, state }, { offset, limit: PAGE })
      for (const { id, name } of rows) if (name !== timesCorrection.name) unfinished.push(id)
      if (rows.length < PAGE) break
    }
  }
  for (const id of unfinished) await jobs.cancel(id)
}
