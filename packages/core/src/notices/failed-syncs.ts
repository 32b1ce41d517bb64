// Syncs that failed for good, told in the transaction that ends their job.
import type { FailedJob } from '../jobs/failed-jobs.ts'
import type { QueueName } from '../jobs/define-job.ts'
import type { Notices } from './notice.ts'

/** The queues of syncs. Jobs of other queues have nobody but whoever asked for them. */
const SYNC_QUEUES: readonly string[] = ['attendance-sync', 'user-sync'] satisfies readonly QueueName[]

/**
 * Rejects with what the database throws. The syncs of a deleted device concern nobody any more, and of scheduled ones that fail one
 * after the other only the first is told: nobody reads one a minute.
 */
export async function tellOfFailedSync(notices: Notices, { tx, job }: FailedJob): Promise<void> {
  if (job.deviceId === null || !SYNC_QUEUES.includes(job.queue)) return
  if (job.source === 'schedule') {
    const before = await tx.jobs.findEndedBefore(job.id)
    if (before?.source === 'schedule' && before.state === 'failed') return
  }
  const device = await tx.devices.findById(job.deviceId)
  if (device === undefined) return
  await notices.tellIn(tx, {
    kind: 'sync.failed',
    deviceId: device.id,
    deviceName: device.name,
    jobId: job.id,
    job: job.name,
    code: job.error?.code ?? 'INTERNAL_ERROR',
    message: job.error?.message ?? '',
  })
}
