// When a device syncs by itself: by its own interval, else by the service's schedule, and each device at its own place within it, so
// that a thousand do not begin in one second. Computed from the device's id and the time alone: every process comes to the same.
import type { PlannedDevice, SyncPlan } from '@org/data'
import type { Config } from '../config.ts'
import { cronTimes, type CronTimes } from './cron-times.ts'

/** A device as far as its times go. */
export type TimedDevice = Pick<PlannedDevice, 'id' | 'syncIntervalMinutes'>

/** The times at which devices sync by themselves. */
export interface SyncTimes {
  /** What devices without an interval of their own go by, in words that change whenever their times do; null: by nothing. */
  readonly schedule: string | null
  /** The device's first time after `after`. */
  planAfter(device: TimedDevice, after: Date): SyncPlan
  /** When to make good a time that was missed: soon, but not all at once, and not later than the next one. */
  planCatchUp(device: TimedDevice, now: Date): SyncPlan
}

const MINUTE_MS = 60_000

/** The times that a configuration declares. */
export function createSyncTimes({
  SYNC_SCHEDULE,
  SYNC_SPREAD_SECONDS,
  syncScheduleZone,
}: Pick<Config, 'SYNC_SCHEDULE' | 'SYNC_SPREAD_SECONDS' | 'syncScheduleZone'>): SyncTimes {
  const spreadMs = SYNC_SPREAD_SECONDS * 1_000
  const cron = SYNC_SCHEDULE === undefined ? undefined : cronTimes(SYNC_SCHEDULE, syncScheduleZone)
  const schedule =
    SYNC_SCHEDULE === undefined
      ? null
      : `${SYNC_SCHEDULE} (${syncScheduleZone}, within ${SYNC_SPREAD_SECONDS} s)`

  const planAfter = ({ id, syncIntervalMinutes }: TimedDevice, after: Date): SyncPlan => {
    if (syncIntervalMinutes !== null) {
      const nextMs = nextOfInterval(syncIntervalMinutes * MINUTE_MS, placeOf(id), after.getTime())
      return { nextSyncAt: instantOf(nextMs), syncSchedule: null }
    }
    const nextMs = cron && nextSpread(cron, spreadMs, placeOf(id), after.getTime())
    return nextMs === undefined
      ? { nextSyncAt: null, syncSchedule: null }
      : { nextSyncAt: instantOf(nextMs), syncSchedule: schedule }
  }

  return {
    schedule,
    planAfter,
    planCatchUp(device, now) {
      const regular = planAfter(device, now)
      const soon = instantOf(now.getTime() + Math.floor(placeOf(device.id) * spreadMs))
      return regular.nextSyncAt === null || regular.nextSyncAt < soon
        ? regular
        : { ...regular, nextSyncAt: soon }
    },
  }
}

/** 2³² by the golden ratio: multiples of it lie apart as evenly as can be, for ids in a row too. */
const GOLDEN = 0x9e3779b1

/** A device's place among all, at least 0 and less than 1: always the same. */
function placeOf(deviceId: number): number {
  return (Math.imul(deviceId, GOLDEN) >>> 0) / 2 ** 32
}

/** Each interval counts from its device's own beginning, so the clock's zone does not matter. */
function nextOfInterval(intervalMs: number, place: number, afterMs: number): number {
  const beginMs = Math.floor(place * intervalMs)
  return beginMs + (Math.floor((afterMs - beginMs) / intervalMs) + 1) * intervalMs
}

/**
 * The device's time is that of the schedule and its place within the spread, which ends where the schedule's next time comes: so no
 * time of a device is ever overtaken by the next.
 */
function nextSpread(cron: CronTimes, spreadMs: number, place: number, afterMs: number): number | undefined {
  const nextMs = cron.next(afterMs)
  const lastMs = cron.last(afterMs, spreadMs)
  const placed = (timeMs: number, followingMs: number | undefined): number =>
    timeMs + Math.floor(place * Math.min(spreadMs, (followingMs ?? Infinity) - timeMs))
  const ofLastMs = lastMs === undefined ? -Infinity : placed(lastMs, nextMs)
  if (ofLastMs > afterMs) return ofLastMs
  return nextMs === undefined ? undefined : placed(nextMs, cron.next(nextMs))
}

function instantOf(ms: number): string {
  return new Date(ms).toISOString()
}
