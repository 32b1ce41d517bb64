// The jobs `user-sync` and `user-copy`: unpack, call the one operation, report progress. What matters is in the operations.
import { handle, peopleCopy, peopleSync, type JobHandler, type Services } from '@org/core'

export function peopleSyncHandler(services: Services): JobHandler {
  return handle(peopleSync, ({ data, progress, signal }) =>
    services.syncPeople({ deviceId: data.deviceId, progress, signal }),
  )
}

export function peopleCopyHandler(services: Services): JobHandler {
  return handle(peopleCopy, ({ data, progress, signal }) =>
    services.copyPeople({ order: data, progress, signal }),
  )
}
