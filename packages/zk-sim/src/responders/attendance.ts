// The attendance log by its own command: clearing. It is read through bulk.ts. Source: docs/protocol §13.8.
import { clearAttendance } from '@org/zk-proto/wire'
import { respond, type Responder } from './respond.ts'

export const attendanceResponders: readonly Responder[] = [
  respond(clearAttendance, (_, { memory }) => {
    memory.clearLog()
  }),
]
