// The job `attendance-sync`: unpack, call the one operation, report progress. Everything that matters is in the operation.
import { attendanceSync, handle, type JobHandler, type Services } from '@org/core'

export function attendanceSyncHandler(services: Services): JobHandler {
  return handle(attendanceSync, ({ data, progress, signal }) =>
    services.syncAttendance({ deviceId: data.deviceId, mode: data.mode, progress, signal }),
  )
}
