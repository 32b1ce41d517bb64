// What can go wrong with rows. The drivers translate their own errors into these, once, at the border of this package.
// Messages and causes carry no SQL and no values, so that they may be logged.

/** The unique keys whose violation a caller may want to tell apart. */
export type Constraint =
  | 'accounts.username'
  | 'accounts.email'
  | 'credentials.token_hash'
  | 'api_keys.live_name'
  | 'api_keys.key_hash'
  | 'devices.address'
  | 'devices.terminal_serial'
  | 'people.pin'
  | 'punches.place'
  | 'jobs.id'
  | 'jobs.dedupe_key'
  | 'jobs.active_lane'
  | 'unlock_attempts.audit_id'
  | 'unlock_attempts.request_key'
  | 'person_templates.finger'

/** Why a database could not be used. */
export type UnavailableReason = 'refused' | 'lost' | 'busy' | 'timeout' | 'full' | 'closed'

/**
 * The database cannot be used now: refused, connection lost, busy for too long, no answer in time, disk full or closed.
 * All but `closed` may pass: the caller may try again. After a lost connection it is unknown whether a commit that
 * was under way took place; whatever is repeated must bear repetition.
 */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
  readonly reason: UnavailableReason
  readonly retryable: boolean
  constructor(reason: UnavailableReason, options?: ErrorOptions) {
    super(UNAVAILABLE[reason], options)
    this.reason = reason
    this.retryable = reason !== 'closed'
  }
}

const UNAVAILABLE: Record<UnavailableReason, string> = {
  refused: 'The database cannot be reached or does not accept the login',
  lost: 'The connection to the database was lost',
  busy: 'The database is held by other work for too long',
  timeout: 'The database did not answer in time',
  full: 'The database cannot write: its disk is full or read-only',
  closed: 'The database is closed',
}

/** Transactions stood in each other's way; repeated whole, this one may pass. Callers see it as DatabaseUnavailable. */
export class LockConflict extends DatabaseUnavailable {
  constructor(options?: ErrorOptions) {
    super('busy', options)
  }
}

/** A statement was refused for a reason that no caller can cure: a defect of ours, or a damaged database. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault'
  readonly code: string
  constructor(code: string, detail: string, options?: ErrorOptions) {
    super(`The database refused a statement (${code})${detail === '' ? '' : `: ${detail}`}`, options)
    this.code = code
  }
}

/** A row with this unique key exists already. */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation'
  readonly constraint: Constraint
  constructor(constraint: Constraint, options?: ErrorOptions) {
    super(`A row with this key exists already (${constraint})`, options)
    this.constraint = constraint
  }
}

/** A row that another one points to does not exist, such as the device of a punch. */
export class MissingReference extends Error {
  override readonly name = 'MissingReference'
  constructor(options?: ErrorOptions) {
    super('A row that this one refers to does not exist', options)
  }
}

/** The lease under which this was written is over: a newer holder of the device has written already. */
export class StaleFence extends Error {
  override readonly name = 'StaleFence'
  readonly deviceId: number
  readonly fence: number
  readonly seen: number
  constructor(deviceId: number, fence: number, seen: number) {
    super(`Device ${deviceId}: fence ${fence} is older than ${seen}, which has written already`)
    this.deviceId = deviceId
    this.fence = fence
    this.seen = seen
  }
}

/** The device's bookmark is not the one that was expected: another sync has moved it. */
export class StaleBookmark extends Error {
  override readonly name = 'StaleBookmark'
  readonly deviceId: number
  constructor(deviceId: number) {
    super(`Device ${deviceId}: its bookmark was moved by another sync`)
    this.deviceId = deviceId
  }
}

/** The database was migrated by a newer version of this software. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew'
  readonly unknownMigrations: readonly string[]
  constructor(unknownMigrations: readonly string[]) {
    super(
      `The database was migrated by a newer version of this software (${unknownMigrations.join(', ')}); ` +
        'start that version, or restore a backup made before the upgrade',
    )
    this.unknownMigrations = unknownMigrations
  }
}

/** The database lacks migrations, and openDatabase was told not to migrate. */
export class SchemaTooOld extends Error {
  override readonly name = 'SchemaTooOld'
  readonly pendingMigrations: readonly string[]
  constructor(pendingMigrations: readonly string[]) {
    super(`The database lacks migrations (${pendingMigrations.join(', ')}); migrate it first`)
    this.pendingMigrations = pendingMigrations
  }
}

/** A cursor that no list of this kind has given out. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor'
  constructor(options?: ErrorOptions) {
    super('The cursor does not belong to this list', options)
  }
}

/** A stored value that does not fit its column: somebody else has written to the database. */
export class CorruptRow extends Error {
  override readonly name = 'CorruptRow'
}

/** A call that can never work as it stands: the database's URL, or a transaction inside a transaction. */
export class DatabaseUsage extends Error {
  override readonly name = 'DatabaseUsage'
}
