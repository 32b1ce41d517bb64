// What api, worker and scripts take from core. Names one by one.
export type { Account, Actor, Login, NewAccount, Role, TokenSecrets } from './accounts/account.ts'
export { ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS, SYSTEM } from './accounts/account.ts'
export type { Accounts, FirstAdmin } from './accounts/accounts.ts'
export type { LoginInput } from './accounts/log-in.ts'
export type { Attendance, Punch, PunchFilter, PunchPage, PunchPaging, TimeStatus } from './attendance.ts'
export type { Config, ConfigFault, RunMode } from './config.ts'
export { CONFIG, ConfigError, readConfig } from './config.ts'
export type {
  Device,
  DeviceFilter,
  DeviceInput,
  DeviceStatus,
  DeviceTransport,
  Page,
  PageRequest,
  UnlockUnit,
} from './device.ts'
export { isZone } from './device-zone.ts'
export type { Devices } from './devices.ts'
export type { ErrorEntry, ErrorName, FieldFault, ServiceErrorOptions, UnreachableReason } from './errors.ts'
export { ERRORS, ServiceError, toServiceError, validationError } from './errors.ts'
export { NoticeReceipt, SyncCertificate, SyncMode, attendanceSync, noticeDelivery } from './jobs/catalogue.ts'
export type { JobDefinition, JobHandler, JobProgress, JobRun, QueueName } from './jobs/define-job.ts'
export { QUEUES, handle } from './jobs/define-job.ts'
export type {
  Enqueued,
  JobCounts,
  JobQueue,
  JobState,
  JobView,
  JobWorker,
  QueueHealth,
  QueueStats,
  WorkOptions,
} from './jobs/job-queue.ts'
export type { Health } from './health.ts'
export { createLog } from './log.ts'
export { Notice, NoticeChannel, type Notices } from './notices/notice.ts'
export type { Doors, Unlock, UnlockInput, UnlockOutcome } from './operations/unlock-door.ts'
export type { DeviceInfo } from './operations/read-info.ts'
export type { ClockSetting } from './operations/set-clock.ts'
export type { RegisteredDevice } from './operations/register-device.ts'
export type { SyncAttendanceInput, SyncProgress } from './operations/sync-attendance.ts'
export type { LiveWatch } from './terminals/live-watch.ts'
export type { WatchTimings } from './operations/watch-session.ts'
export type { FollowOptions } from './punch-stream.ts'
export type { RateCount, RateCounter } from './rate-counter.ts'
export type { ServiceOptions, ServiceRole, Services } from './services.ts'
export { createServices } from './services.ts'
export { runProcess, startFailure } from './run-process.ts'
export { STOP_SIGNALS, onStopSignal } from './stop-signals.ts'
