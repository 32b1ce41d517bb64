// A punch in JSON, as lists, streams and the webhook show it: one form, declared here. The API's schema describes it and does not
// compile when it differs.
import { punchStateName, verifyModeName } from '@org/zk-proto'
import type { Punch, TimeStatus } from './attendance.ts'
import { toInstant, toInstantOrNull } from './instant-json.ts'

/** See the schema `Punch` of the API for what each field means. */
export interface PunchJson {
  id: number
  device_id: number
  user_id: string
  user_name: string | null
  timestamp: string | null
  local_time: string
  timezone: string
  time_status: TimeStatus
  state: number
  state_name: string
  verify_mode: number
  verify_name: string
  work_code: number | null
  denied: boolean
  source: 'sync' | 'live'
  received_at: string
}

export function toPunchJson(punch: Punch): PunchJson {
  return {
    id: punch.id,
    device_id: punch.deviceId,
    user_id: punch.pin,
    user_name: punch.userName,
    timestamp: toInstantOrNull(punch.at),
    local_time: punch.wallTime,
    timezone: punch.timezone,
    time_status: punch.timeStatus,
    state: punch.state,
    state_name: punchStateName(punch.state),
    verify_mode: punch.verifyMode,
    verify_name: verifyModeName(punch.verifyMode),
    work_code: punch.workCode,
    denied: punch.denied,
    source: punch.source,
    received_at: toInstant(punch.receivedAt),
  }
}
