// Takes jobs from the queue and hands each to its handler, keeps live watches and the schedule; knows no queue technology and no
// operation's inside.
import type { Services } from '@org/core'
import { attendanceSyncHandler } from './handlers/attendance-sync.ts'
import { maintenanceHandlers } from './handlers/maintenance.ts'
import { notificationHandlers } from './handlers/notifications.ts'
import { peopleCopyHandler, peopleSyncHandler } from './handlers/user-sync.ts'
import { startLive } from './live.ts'
import { startSchedules } from './schedules.ts'

/**
 * A worker at work. `stop` takes no new job, lets running ones finish for a bounded time and puts the others back, and ends the
 * watches and the schedule.
 */
export interface RunningWorker {
  stop(): Promise<void>
}

/** Starts working on every job kind that this package has a handler for, `WORKER_CONCURRENCY` at a time, watching, and keeping the schedule. */
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
  const schedules = startSchedules(services)
  return {
    async stop() {
      await Promise.all([work.stop(), live?.stop(), schedules.stop()])
    },
  }
}
