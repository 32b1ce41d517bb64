// @org/zk-proto: reads ZKTeco standalone terminals over their own protocol. This is what users import; layouts, commands
// and sessions for simulators and analysers are under "/wire".
export { eventName, EVENTS, PUNCH_STATES, punchStateName, VERIFY_MODES, verifyModeName } from './codes.ts'
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
export { connect, DEFAULT_PORT } from './connect.ts'
export type { ConnectOptions, ConnectStep } from './connect.ts'
export { copyPeople, fieldsToCopy } from './copy-people.ts'
export type { CopiedFinger, CopiedPerson, CopyOptions } from './copy-people.ts'
export { probe } from './probe.ts'
export type { Probe, ProbedWay, ProbeFinding, ProbeOptions } from './probe.ts'
export { watch } from './watch.ts'
export type { WatchNotice, WatchOptions } from './watch.ts'
export type { RetryOptions } from './transport/back-off.ts'
export type { WireTap } from './transport/tapped.ts'
export { ALL_EVENTS } from './commands/live.ts'
export { checkNameEncoding } from './name-encoding.ts'
export type { AttendanceBookmark } from './procedures/attendance-bookmark.ts'
export type { AccessForm, GroupZones } from './procedures/access-rules.ts'
export type { DoorState } from './procedures/door-state.ts'
export type { EnrolledFinger, EnrolmentFailure, EnrolmentStep } from './procedures/enrol-finger.ts'
export type { LiveNotice } from './procedures/live-events.ts'
export type {
  AttendanceBatch,
  AttendanceColumnsBatch,
  AttendanceSummary,
} from './procedures/read-attendance.ts'
export type { CountOf } from './procedures/read-info.ts'
export type { PeopleRead, RawPeople } from './procedures/read-people.ts'
export type { ClockSet } from './procedures/set-clock.ts'
export { nextUid } from './procedures/write-people.ts'
export type { OnUnreadable, UnreadableLog } from './procedures/unreadable-log.ts'
export type { RawAnswer } from './procedures/send-raw.ts'
export type { PersonOutcome } from './procedures/write-people.ts'
export type { NewTemplate, Owner, PersonWithTemplates } from './procedures/write-templates.ts'
export type { DayHours, Week } from './records/access.ts'
export { AttendanceColumns } from './records/attendance-columns.ts'
export type { OnProgress, ReadProgress } from './procedures/read-progress.ts'
export type { Capacity } from './records/capacity.ts'
export { KNOWN_OPTIONS } from './records/known-option.ts'
export type { KnownOptionName, OptionKind, OptionValueOf } from './records/known-option.ts'
export type { AlarmName, EnrolmentResult, LiveEvent, LivePunch } from './records/live-event.ts'
export { operationName, OPERATIONS } from './records/operation.ts'
export type { Operation } from './records/operation.ts'
export type { NewPerson, PersonFields } from './records/person-edit.ts'
export { privilegeLevel } from './records/person.ts'
export type { Person, PersonLayoutName, PrivilegeLevel } from './records/person.ts'
export { NO_VERIFY_MODE, Punch } from './records/punch.ts'
export type { AttendanceLayoutName, PunchFacts } from './records/punch.ts'
export type { PunchChoice } from './records/punch-choice.ts'
export { joinPeople } from './records/punch-owner.ts'
export type { NamedRecord, OwnedRecord } from './records/punch-owner.ts'
export { sameTemplate, TEMPLATE_FLAGS, templateVersion } from './records/template.ts'
export type { Template } from './records/template.ts'
export type { SessionStats } from './session/client-session.ts'
export { DEFAULT_TIMEOUTS } from './session/session.ts'
export type { Timeouts } from './session/session.ts'
export type { ChosenBatch } from './attendance-choice.ts'
export type { AttendanceRead } from './attendance-read.ts'
export { Terminal } from './terminal.ts'
export type { ReadAttendanceOptions, ReadLogOptions, TerminalInfo } from './terminal.ts'
export type { AccessOptions, TerminalAccess } from './terminal-access.ts'
export type { TerminalDoor, UnlockOptions } from './terminal-door.ts'
export type { EnrolOptions, TerminalEnrolment } from './terminal-enrolment.ts'
export type { CallOptions } from './terminal-line.ts'
export type { LiveEventsOptions } from './terminal-live.ts'
export type { TerminalLogs } from './terminal-logs.ts'
export type { NewMessage, ShortMessage, TerminalMessages } from './terminal-messages.ts'
export type { PutPeopleOptions, ReadPeopleOptions, TerminalPeople } from './terminal-people.ts'
export type { TerminalPower, TerminalState } from './terminal-power.ts'
export { VOICES } from './terminal-screen.ts'
export type { TerminalScreen } from './terminal-screen.ts'
export type { TerminalClock, TerminalOptions } from './terminal-settings.ts'
export type { TerminalTemplates } from './terminal-templates.ts'
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
