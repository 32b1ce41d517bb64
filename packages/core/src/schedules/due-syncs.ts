// Queues the syncs whose time has come, and keeps the times right. The time in the device's row decides: whoever moves it on queues the
// sync in the same transaction, so that any number of processes queue it once, and what was missed meanwhile once too.
import { DatabaseUnavailable, type Database, type PlannedDevice } from '@org/data'
import type { Logger } from 'pino'
import { attendanceSync } from '../jobs/catalogue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Metrics } from '../metrics.ts'
import type { SyncTimes } from './sync-times.ts'

/** What became of a device's time: a sync was queued, one was unfinished already, or it was missed and is made good soon. */
export type ScheduledOutcome = 'queued' | 'unfinished' | 'late'

/** What keeping the schedule needs. */
export interface DueSyncsParts {
  readonly database: Database
  readonly jobs: JobQueue
  readonly times: SyncTimes
  readonly metrics: Pick<Metrics, 'noteScheduledSync'>
  readonly log: Logger
  /** For tests. */
  readonly now?: () => Date
}

/** The schedule's two duties. Both reject with what the database throws and end soon when the signal aborts. */
export interface DueSyncs {
  /** Queues syncs for all devices whose time has come, and gives each its next time. */
  queueDue(signal: AbortSignal): Promise<void>
  /**
   * Gives a time to every device that should have one and has none, one by another schedule, or one so far away that only a clock which
   * was set back since can have meant it.
   */
  correctPlans(signal: AbortSignal): Promise<void>
}

/** Rows looked at with one query. */
const PAGE = 200
/** A time that has passed so long ago was missed: nobody was there. Such syncs begin spread, since they may be all there are. */
const LATE_MS = 10_000
/** Clocks of different machines may differ by this. */
const CLOCKS_DIFFER_MS = 60_000

/** The schedule on the devices' rows. */
export function createDueSyncs({
  database,
  jobs,
  times,
  metrics,
  log,
  now = () => new Date(),
}: DueSyncsParts): DueSyncs {
  /** The times that late devices were given here. They are not put off again, or many of them would wait for each other for ever. */
  const putOffTo = new Map<number, string | null>()

  const handle = async (device: PlannedDevice): Promise<ScheduledOutcome | undefined> => {
    const at = now()
    const plan = times.planAfter(device, at)
    if (plan.nextSyncAt === null || device.nextSyncAt === null) {
      await database.syncPlans.move(device, plan)
      return undefined
    }
    const wasPutOff = putOffTo.get(device.id) === device.nextSyncAt
    putOffTo.delete(device.id)
    if (at.getTime() - Date.parse(device.nextSyncAt) > LATE_MS && !wasPutOff) {
      const catchUp = times.planCatchUp(device, at)
      if (!(await database.syncPlans.move(device, catchUp))) return undefined
      putOffTo.set(device.id, catchUp.nextSyncAt)
      return 'late'
    }
    return database.transaction(async (tx) => {
      if (!(await tx.syncPlans.move(device, plan))) return undefined
      const order = { deviceId: device.id, mode: 'auto' as const }
      const { deduplicated } = await jobs.enqueue(attendanceSync, order, { tx, source: 'schedule' })
      return deduplicated ? 'unfinished' : 'queued'
    })
  }

  return {
    async queueDue(signal) {
      for (;;) {
        const due = await database.syncPlans.listDue(now().toISOString(), PAGE)
        const told: Record<ScheduledOutcome, number[]> = { queued: [], unfinished: [], late: [] }
        let failures = 0
        for (const device of due) {
          if (signal.aborted) break
          try {
            const outcome = await handle(device)
            if (outcome === undefined) continue
            told[outcome].push(device.id)
            metrics.noteScheduledSync(outcome)
          } catch (error) {
            if (error instanceof DatabaseUnavailable) throw error
            // It keeps its time and is looked at again; the others must not wait for it.
            failures += 1
            log.error({ err: error, deviceId: device.id }, 'a scheduled sync could not be queued')
          }
        }
        if (Object.values(told).some((ids) => ids.length > 0)) log.info(told, 'scheduled syncs')
        if (signal.aborted || failures > 0 || due.length < PAGE) return
      }
    },

    async correctPlans(signal) {
      let afterId = 0
      while (!signal.aborted) {
        const page = await database.syncPlans.list({ afterId, limit: PAGE, all: times.schedule !== null })
        for (const device of page) {
          const plan = times.planAfter(device, now())
          if (fits(device, plan.syncSchedule) || signal.aborted) continue
          await database.syncPlans.move(device, plan)
        }
        if (page.length < PAGE) return
        afterId = page.at(-1)?.id ?? afterId
      }
    },
  }

  /** Whether a device's time may stand. What is due already is queued and not put off, whatever it was planned by. */
  function fits(device: PlannedDevice, schedule: string | null): boolean {
    const { nextSyncAt } = device
    const scheduled = device.syncIntervalMinutes !== null || schedule !== null
    if (nextSyncAt === null || !scheduled) return (nextSyncAt === null) === !scheduled
    if (Date.parse(nextSyncAt) <= now().getTime()) return true
    return device.syncSchedule === schedule && nextSyncAt <= farthest(device)
  }

  /** The time after the next one, by the latest clock. */
  function farthest(device: PlannedDevice): string {
    const next = times.planAfter(device, new Date(now().getTime() + CLOCKS_DIFFER_MS)).nextSyncAt
    const afterNext = next === null ? null : times.planAfter(device, new Date(next)).nextSyncAt
    return afterNext ?? next ?? ''
  }
}
