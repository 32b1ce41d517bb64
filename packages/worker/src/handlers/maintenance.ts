// The jobs of the queue `maintenance`: unpack, call the one operation, report progress.
import { attendanceClearing, handle, timesCorrection, type JobHandler, type Services } from '@org/core'

export function maintenanceHandlers(services: Services): readonly JobHandler[] {
  return [
    handle(attendanceClearing, ({ data, jobId, progress, signal }) =>
      services.clearAttendance({ ...data, jobId, progress, signal }),
    ),
    handle(timesCorrection, ({ data, progress, signal }) =>
      services.correctTimes({ deviceId: data.deviceId, progress, signal }),
    ),
  ]
}
