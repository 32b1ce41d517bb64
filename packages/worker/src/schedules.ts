// What runs by itself: the syncs of devices, by the service's schedule or by their own intervals.
import type { Services, SyncSchedule } from '@org/core'

/** Where nothing is scheduled it only looks: a device may get an interval at any time. */
export function startSchedules(services: Services): SyncSchedule {
  return services.scheduleSyncs()
}
