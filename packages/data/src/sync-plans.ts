// When devices sync by themselves: the one place that says which time is the next, so that of several processes one acts on it.
// Only active devices have a plan that counts.
import { storedInstant, type Instant } from './columns.ts'
import { plannedDevices, type PlannedDevice } from './schema.ts'
import type { Scope } from './scope.ts'

/** The next time, and what it was computed by. */
export interface SyncPlan {
  /** Null: not by itself. */
  readonly nextSyncAt: Instant | null
  /** The service's schedule; null where the device's own interval counts, or none. */
  readonly syncSchedule: string | null
}

export interface SyncPlans {
  /** Active devices whose time has come at `now`, the longest overdue first. */
  listDue(now: Instant, limit: number): Promise<readonly PlannedDevice[]>
  /**
   * Active devices in the order of their ids, after `afterId`; without `all` only those with an interval of their own or a plan.
   */
  list(options: { afterId: number; limit: number; all: boolean }): Promise<readonly PlannedDevice[]>
  /**
   * Replaces the plan if the device is active and still has the interval and the time that `seen` says. Of several who try with the
   * same `seen` and another time, one gets true.
   */
  move(seen: PlannedDevice, plan: SyncPlan): Promise<boolean>
}

export function syncPlansIn({ db }: Scope): SyncPlans {
  const active = () =>
    db
      .selectFrom('devices')
      .select(plannedDevices.columns)
      .where('status', '=', 'active')
      .where('deleted_at', 'is', null)

  return {
    async listDue(now, limit) {
      const stored = await active()
        .where('next_sync_at', '<=', storedInstant(now))
        .orderBy('next_sync_at')
        .limit(limit)
        .execute()
      return stored.map((row) => plannedDevices.decode(row))
    },

    async list({ afterId, limit, all }) {
      let wanted = active().where('id', '>', afterId)
      if (!all)
        wanted = wanted.where((of) =>
          of.or([of('sync_interval_minutes', 'is not', null), of('next_sync_at', 'is not', null)]),
        )
      const stored = await wanted.orderBy('id').limit(limit).execute()
      return stored.map((row) => plannedDevices.decode(row))
    },

    async move({ id, nextSyncAt, syncIntervalMinutes }, plan) {
      let found = db
        .updateTable('devices')
        .set(plannedDevices.encodeChanges(plan))
        .where('id', '=', id)
        .where('status', '=', 'active')
        .where('deleted_at', 'is', null)
      found =
        nextSyncAt === null
          ? found.where('next_sync_at', 'is', null)
          : found.where('next_sync_at', '=', storedInstant(nextSyncAt))
      found =
        syncIntervalMinutes === null
          ? found.where('sync_interval_minutes', 'is', null)
          : found.where('sync_interval_minutes', '=', syncIntervalMinutes)
      return (await found.executeTakeFirstOrThrow()).numUpdatedRows > 0n
    },
  }
}
