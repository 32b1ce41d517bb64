// Every table: its columns, what each means, and its unique keys. The one place where columns are named in code;
// the migrations, which make them, are frozen history. Byte bounds are those of the migrations.
import { bookmark } from './bookmark.ts'
import {
  anyJson,
  bool,
  generatedId,
  instant,
  int,
  jsonObject,
  note,
  nullable,
  numbers,
  oneOf,
  real,
  text,
  wallTime,
} from './columns.ts'
import type { Constraint } from './errors.ts'
import { table, type RowOf, type StoredTable } from './table.ts'

/** Who logs in to the service. */
export const accounts = table('accounts', {
  id: generatedId(),
  username: text(255), // unique, byte by byte
  email: text(320), // as given
  email_key: text(320), // unique: the address in lower case
  password_hash: text(255),
  role: oneOf('admin', 'operator', 'user'),
  disabled: bool(),
  created_at: instant(),
  updated_at: instant(),
})

/** Refresh tokens, by their hashes; tokens that replaced one another form a family. */
export const credentials = table('credentials', {
  id: generatedId(),
  family_id: text(64),
  account_id: int(),
  token_hash: text(64), // unique: SHA-256 in hex
  issued_at: instant(),
  expires_at: instant(),
  replaced_at: nullable(instant()), // when it was exchanged for the next of its family
  revoked_at: nullable(instant()), // when its family was ended
})

/** What machines show instead of a login, by hash. A revoked key keeps its row. */
export const apiKeys = table('api_keys', {
  id: generatedId(),
  name: text(255),
  live_name: nullable(text(255)), // unique: the name until the key is revoked, then null
  key_hash: text(64), // unique: SHA-256 in hex
  role: oneOf('admin', 'operator', 'user'),
  device_ids: nullable(numbers()), // null: all devices
  created_by: text(400),
  created_at: instant(),
  expires_at: nullable(instant()),
  revoked_at: nullable(instant()),
  last_used_at: nullable(instant()), // at most a minute behind
})

/** Registered terminals. A deleted one keeps its row, so that its punches stay readable and it can be brought back. */
export const devices = table('devices', {
  id: generatedId(),
  name: text(400),
  ip: text(255), // IPv4, IPv6 or host name, as given
  port: int(),
  address_key: nullable(text(300)), // unique: ip and port in lower case; null when deleted
  search_text: text(4000), // name, address, location and serial numbers in lower case
  comm_key_encrypted: nullable(text(1000)),
  location: nullable(text(1000)),
  serial_number: nullable(text(255)), // the label given by people
  terminal_serial_number: nullable(text(255)), // what the terminal itself says
  terminal_serial_key: nullable(text(255)), // unique; kept when deleted
  transport: oneOf('auto', 'tcp', 'udp'),
  timezone: text(64), // IANA name; the newest of device_zones where that has rows
  name_encoding: text(64), // 'auto' or a WHATWG label
  live: bool(),
  sync_interval_minutes: nullable(int()),
  unlock_unit: oneOf('tenths', 'seconds'),
  status: oneOf('active', 'inactive'),
  is_connected: bool(),
  last_seen_at: nullable(instant()),
  last_sync_at: nullable(instant()),
  last_error: nullable(note(2000)),
  clock_drift_seconds: nullable(real()),
  info: nullable(jsonObject()), // what the terminal last said about itself
  bookmark: nullable(bookmark()),
  bookmark_at: nullable(instant()),
  fence: int(), // the highest lease fence that was issued
  fence_seen: int(), // the highest that has written
  created_at: instant(),
  updated_at: instant(),
  deleted_at: nullable(instant()),
  unreachable_since: nullable(instant()), // the first of the contacts that have failed in a row; null when the last went well
  offline_told: bool(), // people were told that it is away, and not yet that it is back
  log_full_told: bool(), // people were told that its log is almost full, and it has not been emptied since
  disabled_at: nullable(instant()), // since when we keep people from punching; null: we do not
  next_sync_at: nullable(instant()), // when it syncs by itself next; null: not planned
  sync_schedule: nullable(text(400)), // the service's schedule that it was planned by; null: its own interval, or none
  punches_from: nullable(int()), // packed time: punches recorded before it are removed for good; null: none are
})

/** Zones in which a device's clock has run. No row: always in the one that the device names. */
export const deviceZones = table('device_zones', {
  device_id: int(), // with since the key
  since: text(19), // wall time from which the zone holds; '' from the beginning
  timezone: text(64),
})

/** The part of a device that a session with its terminal, and what is made of its punches, hangs on. */
export const watchedDevices = table('devices', {
  id: int(),
  ip: text(255),
  port: int(),
  comm_key_encrypted: nullable(text(1000)),
  transport: oneOf('auto', 'tcp', 'udp'),
  timezone: text(64),
  name_encoding: text(64),
})

/** The part of a device that its syncing by itself hangs on. */
export const plannedDevices = table('devices', {
  id: int(),
  sync_interval_minutes: nullable(int()),
  next_sync_at: nullable(instant()),
  sync_schedule: nullable(text(400)),
})

/** Who is on a device, by PIN. */
export const people = table('people', {
  id: generatedId(),
  device_id: int(),
  pin: text(96), // up to 24 characters, byte by byte: leading zeros and trailing blanks count
  uid: nullable(int()),
  name: text(400),
  privilege: int(),
  card_number: nullable(int()), // null: none
  group_number: nullable(int()),
  has_password: bool(),
  fingers: numbers(), // numbers 0 to 9
  on_device: bool(), // false once the terminal no longer lists them
  updated_at: instant(),
  search_text: text(600), // PIN and name in lower case
})

/** People about to be put on a terminal; what stays here was left by a process that died. */
export const pendingPeople = table('pending_people', {
  id: generatedId(),
  device_id: int(),
  pin: text(96),
  uid: int(), // the one that they get there
  name: text(400),
  privilege: int(),
  card_number: nullable(int()), // null: none
  group_number: int(),
  has_password: bool(),
  made_at: instant(),
})

/** Fingerprint templates, kept only where STORE_TEMPLATES is set. */
export const personTemplates = table('person_templates', {
  id: generatedId(),
  device_id: int(),
  pin: text(96),
  finger: int(), // 0 to 9
  flag: int(), // as the terminal has it
  version: nullable(int()), // of the algorithm; null where neither template nor terminal tells
  sealed: text(200_000), // the template, encrypted
  updated_at: instant(),
})

/**
 * Attendance records. Unique by place: device, person's number as the log has it, packed wall time, and which one of
 * those that are equal in these (1 is the first).
 */
export const punches = table('punches', {
  id: generatedId(),
  device_id: int(),
  packed_time: int(), // the terminal's 32-bit time, as recorded
  log_number: text(96), // the person's number as the log has it: PIN, or uid in decimal
  occurrence: int(),
  pin: text(96), // the person's PIN when the punch was first stored
  uid: nullable(int()),
  wall_time: wallTime(),
  timezone: text(64), // the zone by which `at` was computed
  at: nullable(instant()), // null exactly when time_status is 'invalid'
  time_status: oneOf('ok', 'invalid', 'gap', 'overlap'),
  state: int(),
  verify_mode: int(),
  work_code: nullable(int()),
  denied: bool(), // an access panel's refused attempt
  source: oneOf('sync', 'live'), // who saw it first
  early: bool(), // written by a live event and not yet taken over by the log
  received_at: instant(),
})

/** The part of a punch that says where it stands; for looking up many. */
export const punchPlaces = table('punches', {
  packed_time: int(),
  log_number: text(96),
  occurrence: int(),
  early: bool(),
})

/** Durable jobs: the truth about them, whatever carries them. */
export const jobs = table('jobs', {
  seq: generatedId(), // the order in which they were enqueued
  id: text(191), // unique
  queue: text(64),
  name: text(64),
  device_id: nullable(int()),
  dedupe_key: nullable(text(191)), // unique; null when finished
  lane: nullable(text(191)), // of one lane, one job is active at a time
  active_lane: nullable(text(191)), // unique: the lane while active, else null
  data: anyJson(),
  state: oneOf('waiting', 'active', 'completed', 'failed', 'cancelled'),
  run_at: instant(),
  attempts: int(),
  max_attempts: int(),
  claim_token: nullable(text(64)),
  claimed_until: nullable(instant()),
  progress: nullable(anyJson()),
  result: nullable(anyJson()),
  error_code: nullable(text(64)),
  error_message: nullable(note(2000)),
  cancel_requested: bool(),
  carrier: int(), // number of the current publication to a carrier such as BullMQ
  queued_at: instant(),
  started_at: nullable(instant()), // of the last attempt
  finished_at: nullable(instant()),
  source: oneOf('request', 'schedule'), // what asked for it
})

/** What finished jobs that were cleaned up count for, a row for each queue. */
export const jobTotals = table('job_totals', {
  queue: text(64),
  completed: int(),
  failed: int(), // cancelled ones too
})

/** Security-relevant acts, append-only, each sealed together with the seal before it. */
export const audit = table('audit', {
  id: int(), // 1, 2, 3 … without gaps: the position in the chain
  audit_id: nullable(text(64)), // shared by an attempt and its outcome
  at: instant(),
  actor: text(400),
  action: text(64),
  target_type: nullable(text(64)),
  target_id: nullable(text(191)),
  address: nullable(text(64)),
  outcome: text(32),
  error_code: nullable(text(64)),
  details: nullable(jsonObject()),
  previous_hash: text(128),
  hash: text(128),
})

/** The chain's end, one row, locked by whoever appends. */
export const auditHead = table('audit_head', {
  id: int(),
  count: int(),
  hash: text(128),
})

/** Attempts to open doors, each with what became of it. */
export const unlockAttempts = table('unlock_attempts', {
  id: generatedId(),
  audit_id: text(64), // unique: AUD-YYYYMMDD-NNN
  device_id: int(),
  actor: text(400),
  address: nullable(text(64)),
  request_key: nullable(text(64)), // unique; null when nothing was given, or after a day
  request_digest: text(64),
  state: oneOf('attempted', 'success', 'refused', 'unreachable', 'unknown'),
  answer: nullable(jsonObject()), // what the caller was told
  at: instant(),
  over_at: instant(), // when its process will have settled it, if alive
  settled_at: nullable(instant()),
})

/** How many attempts to open doors a UTC day has seen. */
export const unlockDays = table('unlock_days', {
  day: text(8), // YYYYMMDD, the key
  attempts: int(),
})

/** Small named values that are made once. */
export const settings = table('settings', {
  name: text(64),
  value: text(4000),
})

/** Who did work last that one process at a time does: until when nobody else begins it. */
export const turns = table('turns', {
  name: text(64), // the key
  taken_at: instant(),
  free_at: instant(),
})

/** Attendance logs that could not be read, as their terminals sent them: for whoever finds out what the bytes mean. */
export const keptTransfers = table('kept_transfers', {
  id: generatedId(),
  device_id: int(),
  kept_at: instant(),
  kept_until: instant(), // then it is removed
  kept_bytes: int(), // of the table's beginning, before they were sealed
  table_bytes: int(), // of the whole table
  announced_records: nullable(int()),
  sealed: text(2_000_000), // encrypted by whoever stores it
})

/** Which migration steps have run; written by the migrations alone. */
export const schemaMigrations = table('schema_migrations', {
  name: text(100),
  steps: int(), // how many of its steps are done
  applied_at: nullable(instant()), // null while some are missing
})

export type Account = RowOf<typeof accounts>
export type Role = Account['role']
export type RefreshToken = RowOf<typeof credentials>
export type ApiKey = RowOf<typeof apiKeys>
export type Device = RowOf<typeof devices>
export type WatchedDevice = RowOf<typeof watchedDevices>
export type PlannedDevice = RowOf<typeof plannedDevices>
export type Person = RowOf<typeof people>
export type PendingPerson = RowOf<typeof pendingPeople>
export type PersonTemplate = RowOf<typeof personTemplates>
export type Punch = RowOf<typeof punches>
export type Job = RowOf<typeof jobs>
export type JobState = Job['state']
export type AuditEntry = RowOf<typeof audit>
export type UnlockAttempt = RowOf<typeof unlockAttempts>
export type KeptTransfer = RowOf<typeof keptTransfers>

/** The database as Kysely sees it. */
export interface Schema {
  accounts: StoredTable<typeof accounts>
  credentials: StoredTable<typeof credentials>
  api_keys: StoredTable<typeof apiKeys>
  devices: StoredTable<typeof devices>
  device_zones: StoredTable<typeof deviceZones>
  people: StoredTable<typeof people>
  pending_people: StoredTable<typeof pendingPeople>
  person_templates: StoredTable<typeof personTemplates>
  punches: StoredTable<typeof punches>
  jobs: StoredTable<typeof jobs>
  job_totals: StoredTable<typeof jobTotals>
  audit: StoredTable<typeof audit>
  audit_head: StoredTable<typeof auditHead>
  unlock_attempts: StoredTable<typeof unlockAttempts>
  unlock_days: StoredTable<typeof unlockDays>
  settings: StoredTable<typeof settings>
  kept_transfers: StoredTable<typeof keptTransfers>
  turns: StoredTable<typeof turns>
  schema_migrations: StoredTable<typeof schemaMigrations>
}

/**
 * Every unique key: what it is called to callers, its index on the servers, and its columns, by which SQLite names it.
 * A test compares this list with the migrated database.
 */
export const UNIQUE_KEYS: readonly { constraint: Constraint; index: string; columns: readonly string[] }[] = [
  { constraint: 'accounts.username', index: 'accounts_username', columns: ['accounts.username'] },
  { constraint: 'accounts.email', index: 'accounts_email', columns: ['accounts.email_key'] },
  {
    constraint: 'credentials.token_hash',
    index: 'credentials_token_hash',
    columns: ['credentials.token_hash'],
  },
  { constraint: 'api_keys.live_name', index: 'api_keys_live_name', columns: ['api_keys.live_name'] },
  { constraint: 'api_keys.key_hash', index: 'api_keys_key_hash', columns: ['api_keys.key_hash'] },
  { constraint: 'devices.address', index: 'devices_address', columns: ['devices.address_key'] },
  {
    constraint: 'devices.terminal_serial',
    index: 'devices_terminal_serial',
    columns: ['devices.terminal_serial_key'],
  },
  { constraint: 'people.pin', index: 'people_pin', columns: ['people.device_id', 'people.pin'] },
  {
    constraint: 'punches.place',
    index: 'punches_place',
    columns: ['punches.device_id', 'punches.packed_time', 'punches.log_number', 'punches.occurrence'],
  },
  { constraint: 'jobs.id', index: 'jobs_id', columns: ['jobs.id'] },
  { constraint: 'jobs.dedupe_key', index: 'jobs_dedupe_key', columns: ['jobs.dedupe_key'] },
  { constraint: 'jobs.active_lane', index: 'jobs_active_lane', columns: ['jobs.active_lane'] },
  {
    constraint: 'unlock_attempts.audit_id',
    index: 'unlock_attempts_audit_id',
    columns: ['unlock_attempts.audit_id'],
  },
  {
    constraint: 'unlock_attempts.request_key',
    index: 'unlock_attempts_request_key',
    columns: ['unlock_attempts.request_key'],
  },
  {
    constraint: 'person_templates.finger',
    index: 'person_templates_finger',
    columns: ['person_templates.device_id', 'person_templates.pin', 'person_templates.finger'],
  },
]
