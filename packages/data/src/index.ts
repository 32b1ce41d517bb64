// Rows: schema, migrations and repositories on MySQL, MariaDB and SQLite. Everything that other packages may use.
export { openDatabase, type OpenOptions } from './open-database.ts'
export { migrateDatabase, readMigrationStatus, type MigrationStatus } from './migrate-database.ts'
export type { MigrationState } from './migrations/migrate.ts'
export type { AloneHold, Database, Engine, Page, PageRequest, Transaction } from './database.ts'
export type { Instant, JsonObject, JsonValue, WallTime } from './columns.ts'
export type {
  Account,
  ApiKey,
  AuditEntry,
  Device,
  Job,
  JobState,
  PendingPerson,
  KeptTransfer,
  PlannedDevice,
  Person,
  PersonTemplate,
  Punch,
  RefreshToken,
  Role,
  UnlockAttempt,
  WatchedDevice,
} from './schema.ts'
export type { AccountChanges, Accounts, AccountsInTransaction, NewAccount } from './accounts.ts'
export type { ApiKeys, NewApiKey } from './api-keys.ts'
export type { Credentials, CredentialsInTransaction, NewRefreshToken } from './credentials.ts'
export type {
  BookmarkMove,
  DeviceChanges,
  DeviceContact,
  DeviceFilter,
  Devices,
  DevicesInTransaction,
  NewDevice,
} from './devices.ts'
export type { ZonePeriod } from './device-zones.ts'
export type { NewPendingPerson, PendingPeople } from './pending-people.ts'
export { sameBookmark, type Bookmark } from './bookmark.ts'
export type { NewPerson, People, PeopleFilter, PeopleWritten } from './people.ts'
export type { NewPersonTemplate, PersonTemplates } from './person-templates.ts'
export type {
  ListedPunch,
  NewPunch,
  NumberedPunch,
  PunchFilter,
  PunchPage,
  PunchPageRequest,
  PunchSort,
  PunchWriteOptions,
  Punches,
  PunchesInTransaction,
  PunchesWritten,
} from './punches.ts'
export type { PunchesRemoved, PunchesToRemove } from './punch-removal.ts'
export type { PunchPlace, PunchTime, TimesCorrected, TimesToCorrect } from './punch-times.ts'
export type { Arrival, IdRange } from './punch-arrivals.ts'
export type { Claim, JobCounts, JobFailure, JobFilter, Jobs, NewJob } from './jobs.ts'
export type {
  Audit,
  AuditFilter,
  AuditHead,
  AuditInTransaction,
  AuditRecord,
  AuditVerdict,
  NewAuditEntry,
  Seal,
  SealCheck,
} from './audit.ts'
export type { Doors, DoorsInTransaction, NewUnlockAttempt, UnlockSettlement } from './doors.ts'
export type { Settings } from './settings.ts'
export type { SyncPlan, SyncPlans } from './sync-plans.ts'
export type { Turns } from './turns.ts'
export type { KeptTransferFacts, KeptTransfers } from './kept-transfers.ts'
export {
  CorruptRow,
  DatabaseFault,
  DatabaseUnavailable,
  DatabaseUsage,
  InvalidCursor,
  MissingReference,
  SchemaTooNew,
  SchemaTooOld,
  StaleBookmark,
  StaleFence,
  UniqueViolation,
  type Constraint,
  type UnavailableReason,
} from './errors.ts'
