// Asking for a sync from a process beside the service, such as the command line: the job is made durable and followed here, and run by
// whoever runs jobs on this database.
import type { Database } from '@org/data'
import type { Logger } from 'pino'
import { keyPrefix, openJobsBeside } from './adapters.ts'
import { requestSync } from './attendance.ts'
import type { Config } from './config.ts'
import type { SyncMode } from './jobs/catalogue.ts'
import type { Enqueued, JobView } from './jobs/job-queue.ts'

/** Jobs that are asked for and watched, not run. */
export interface SyncRequests extends AsyncDisposable {
  /** Queues a sync, or gives the unfinished one of that device. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE, and what the database throws. */
  request(deviceId: number, mode: SyncMode): Promise<Enqueued>
  find(jobId: string): Promise<JobView | undefined>
}

/** Those of a database. Rejects with what the database throws; Redis need not answer. */
export async function openSyncRequests(
  config: Config,
  database: Database,
  log: Logger,
): Promise<SyncRequests> {
  const prefix = await keyPrefix(database)
  const jobs = await openJobsBeside({ config, database, redis: undefined, prefix, log })
  return {
    request: (deviceId, mode) => requestSync({ database, jobs }, deviceId, mode),
    find: (jobId) => jobs.find(jobId),
    [Symbol.asyncDispose]: () => jobs.close(),
  }
}
