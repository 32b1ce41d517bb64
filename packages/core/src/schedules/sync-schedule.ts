// Keeps the schedule for as long as a worker runs: looks every second whose time has come, and now and then whether the times are right.
// Any number of processes may; see due-syncs.ts.
import type { Logger } from 'pino'
import { jittered } from '../jobs/job-timings.ts'
import { Outage } from '../jobs/outage.ts'
import { pause } from '../pause.ts'
import type { DueSyncs } from './due-syncs.ts'

/** The keeping of the schedule in this process. */
export interface SyncSchedule {
  /** Resolves when nothing of it runs any more; never rejects. */
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 1_000
const CORRECT_EVERY_MS = 60_000

/** Begins to keep it. Faults of the database are logged and outlived. */
export function startSyncSchedule(due: DueSyncs, log: Logger): SyncSchedule {
  const stopping = new AbortController()
  const { signal } = stopping
  const outage = new Outage(log, 'looking for scheduled syncs')

  const run = async (): Promise<void> => {
    let correctAt = 0
    while (!signal.aborted) {
      try {
        // First, so that a time that has passed is told from one that a change of the schedule has moved.
        await due.queueDue(signal)
        if (performance.now() >= correctAt) {
          await due.correctPlans(signal)
          correctAt = performance.now() + jittered(CORRECT_EVERY_MS)
        }
        outage.over()
      } catch (error) {
        outage.failed(error)
      }
      await pause(jittered(LOOK_EVERY_MS), signal)
    }
  }
  const running = run()

  return {
    stop() {
      stopping.abort()
      return running
    },
  }
}
