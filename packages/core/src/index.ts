// What api, worker and scripts take from core. Names one by one.
export type { Account, Actor, Login, NewAccount, Role, TokenSecrets } from './accounts/account.ts'
export { ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS, SYSTEM } from './accounts/account.ts'
export type { Accounts, FirstAdmin } from './accounts/accounts.ts'
export { openRegistration } from './accounts/accounts.ts'
export type { ApiKey, ApiKeys, NewApiKey } from './accounts/api-keys.ts'
export type { Caller, DeviceScope } from './accounts/caller.ts'
export { actorOf, mayTouch, narrowDevices, narrowFilter } from './accounts/caller.ts'
export type { AccountEdit, PasswordChange } from './accounts/edit-account.ts'
export type { LoginInput } from './accounts/log-in.ts'
export type { RefreshInput } from './accounts/refresh-tokens.ts'
export type { AuditReading } from './audit-trail.ts'
export type { AuditFilter, AuditRecord, AuditVerdict } from '@org/data'
export type {
  Attendance,
  Punch,
  PunchFilter,
  PunchPage,
  PunchPaging,
  PunchSort,
  TimeStatus,
} from './attendance.ts'
export { eachPunch } from './attendance.ts'
export type { CacheSubject } from './cache/cache-store.ts'
export type { CachedAnswer, CachedAnswers, CacheQuestion } from './cache/cached-answers.ts'
export type { Config, ConfigFault, RunMode } from './config.ts'
export { CONFIG, ConfigError } from './config.ts'
export { readConfig } from './read-config.ts'
export type {
  Device,
  DeviceChange,
  DeviceFilter,
  DeviceInput,
  DeviceState,
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
export {
  ClearingReceipt,
  NoticeReceipt,
  PeopleCopyReport,
  PeopleSyncReport,
  PunchReceipt,
  SyncCertificate,
  SyncMode,
  TimesCorrection,
  attendanceClearing,
  attendanceSync,
  noticeDelivery,
  peopleCopy,
  peopleSync,
  punchDelivery,
  timesCorrection,
  type PeopleCopyOrder,
} from './jobs/catalogue.ts'
export { JOB_ERRORS } from './jobs/job-errors.ts'
export type { JobDefinition, JobHandler, JobProgress, JobRun, QueueName } from './jobs/define-job.ts'
export { QUEUES, handle } from './jobs/define-job.ts'
export type {
  Enqueued,
  JobCounts,
  JobListFilter,
  JobPage,
  JobQueue,
  JobSource,
  JobState,
  JobView,
  JobWorker,
  QueueHealth,
  QueueStats,
  WorkOptions,
} from './jobs/job-queue.ts'
export type { Health } from './health.ts'
export { createLog, logOf } from './log.ts'
export { openKeptTransfers, type KeptTransfers, type OpenedTransfer } from './kept-transfers.ts'
export { METRICS } from './metrics.ts'
export type { AnsweredRequest, MetricDeclaration, Metrics } from './metrics.ts'
export { toInstant, toInstantOrNull } from './instant-json.ts'
export type { Deliveries } from './notices/deliveries.ts'
export { Notice, NoticeChannel, type Notices, type QueuedNotice } from './notices/notice.ts'
export { toPunchJson, type PunchJson } from './punch-json.ts'
export type { Doors, Unlock, UnlockInput, UnlockOutcome } from './operations/unlock-door.ts'
export type { ClearAttendanceInput } from './operations/clear-attendance.ts'
export type { CorrectTimesInput } from './operations/correct-times.ts'
export type { DeviceInfo } from './operations/read-info.ts'
export type { Restart } from './operations/restart-device.ts'
export type { ClockSetting } from './operations/set-clock.ts'
export { PRIVILEGES } from './operations/add-person.ts'
export type { AddPersonInput, EnrollmentFailure } from './operations/add-person.ts'
export type { CopyPeopleInput } from './operations/copy-people.ts'
export type { EditPersonInput, PersonChanges, RemovePersonInput } from './operations/edit-person.ts'
export type { SyncPeopleInput } from './operations/sync-people.ts'
export type { RegisteredDevice } from './operations/register-device.ts'
export type { SyncProgress } from './operations/attendance-read.ts'
export type { SyncAttendanceInput } from './operations/sync-attendance.ts'
export type { CopyPeopleRequest, People, Person, PersonFilter } from './people.ts'
export type { SyncSchedule } from './schedules/sync-schedule.ts'
export type { LiveWatch } from './terminals/live-watch.ts'
export type { WatchTimings } from './operations/watch-session.ts'
export { pause } from './pause.ts'
export type { FollowOptions } from './punch-stream.ts'
export type { RateCount, RateCounter } from './rate-counter.ts'
export type { ServiceOptions, ServiceRole, Services } from './services.ts'
export { createServices } from './services.ts'
export { openSyncRequests, type SyncRequests } from './sync-requests.ts'
export { runProcess, startFailure } from './run-process.ts'
export { STOP_SIGNALS, onStopSignal } from './stop-signals.ts'
export { onBehalfOf, originOf, type WorkOrigin } from './work-origin.ts'
export { keepAliveFile, type AliveParts } from './alive-file.ts'
