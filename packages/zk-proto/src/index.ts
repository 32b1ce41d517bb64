// @org/zk-proto: reads ZKTeco standalone terminals over their own protocol. This is what users import; layouts, commands
// and sessions for simulators and analysers are under "/wire".
export { PUNCH_STATES, punchStateName, VERIFY_MODES, verifyModeName } from './codes.ts'
export {
  ZK_ERRORS,
  ZkError,
  ZkProtocolError,
  ZkRefusedError,
  ZkTransportError,
  ZkUsageError,
} from './errors.ts'
export type {
  ZkEffect,
  ZkErrorCode,
  ZkErrorCodeOf,
  ZkErrorDetails,
  ZkErrorEntry,
  ZkErrorFamily,
  ZkErrorOptions,
} from './errors.ts'
export { checkNameEncoding } from './name-encoding.ts'
export type { AttendanceBookmark } from './procedures/attendance-bookmark.ts'
export type { AttendanceBatch, AttendanceSummary } from './procedures/read-attendance.ts'
export type { CountOf } from './procedures/read-info.ts'
export type { PeopleRead } from './procedures/read-people.ts'
export type { OnProgress, ReadProgress } from './procedures/read-progress.ts'
export type { Capacity } from './records/capacity.ts'
export { privilegeLevel } from './records/person.ts'
export type { Person, PersonLayoutName, PrivilegeLevel } from './records/person.ts'
export { NO_VERIFY_MODE, Punch } from './records/punch.ts'
export type { AttendanceLayoutName } from './records/punch.ts'
export type { SessionStats } from './session/client-session.ts'
export { DEFAULT_TIMEOUTS } from './session/session.ts'
export type { Timeouts } from './session/session.ts'
export { connect, DEFAULT_PORT, Terminal } from './terminal.ts'
export type {
  AttendanceRead,
  CallOptions,
  ConnectOptions,
  ReadAttendanceOptions,
  ReadPeopleOptions,
  TerminalInfo,
} from './terminal.ts'
export {
  formatPackedTime,
  formatWallTime,
  isRealPackedTime,
  isRealWallTime,
  packTime,
  parseWallTime,
  unpackTime,
} from './wall-time.ts'
export type { WallTime } from './wall-time.ts'
