// Takes jobs from the queue and hands each to its handler, and keeps live watches; knows no queue technology and no operation's inside.
import type { Services } from '@org/core'
import { attendanceSyncHandler } from './handlers/attendance-sync.ts'
import { maintenanceHandlers } from './handlers/maintenance.ts'
import { notificationHandlers } from './handlers/notifications.ts'
import { peopleCopyHandler, peopleSyncHandler } from './handlers/user-sync.ts'
import { startLive } from './live.ts'

/**
 * A worker at work. `stop` takes no new job, lets running ones finish for a bounded time and puts the others back, and ends the
 * watches.
 */
export interface RunningWorker {
  stop(): Promise<void>
}

/** Starts working on every job kind that this package has a handler for, `WORKER_CONCURRENCY` at a time, and watching. */
export function startWorker(services: Services): RunningWorker {
  const work = services.jobs.work(
    [
      attendanceSyncHandler(services),
      ...maintenanceHandlers(services),
      peopleSyncHandler(services),
      peopleCopyHandler(services),
      ...notificationHandlers(services),
    ],
    { concurrency: services.config.WORKER_CONCURRENCY },
  )
  const live = startLive(services)
  return {
    async stop() {
      await Promise.all([work.stop(), live?.stop()])
    },
  }
}
