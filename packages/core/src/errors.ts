// Every error of the service, once: its code, HTTP status, class name and sentence. Whoever finds out throws; the API turns
// the entry into a reply, a job keeps code and message. Status codes stand here and nowhere else.

import { DatabaseUnavailable } from '@org/data'

/** One row of the table. Where one code has two statuses or two sentences, two rows say so. */
export interface ErrorEntry {
  /** The code that clients see; the row's own name when left out. */
  readonly code?: string
  readonly status: number
  /** The error's class name, `error.type` in a reply. */
  readonly type: string
  readonly message: string
  /** `details` when the thrower gives none. */
  readonly details?: string
  /** True where a reply carries `retry-after`. */
  readonly retryAfter?: boolean
  /** True where the same request may succeed later without anybody changing anything: a job tries again. */
  readonly retryable?: boolean
}

const defineErrors = <const Table extends Readonly<Record<string, ErrorEntry>>>(
  table: Table,
): { readonly [Name in keyof Table]: ErrorEntry } => table

/** The table. `docs/errors.md` is generated from it. */
export const ERRORS = defineErrors({
  VALIDATION_ERROR: { status: 400, type: 'ValidationError', message: 'The request is not valid' },
  DUPLICATE_EMAIL: {
    status: 400,
    type: 'DuplicateEmailError',
    message: 'This e-mail address is already used',
  },
  DUPLICATE_USERNAME: {
    status: 400,
    type: 'DuplicateUsernameError',
    message: 'This username is already used',
  },
  DEVICE_UNREACHABLE_AT_REGISTRATION: {
    code: 'DEVICE_UNREACHABLE',
    status: 400,
    type: 'DeviceUnreachableError',
    message: 'Cannot reach device',
  },
  DEVICE_AUTH_FAILED_AT_REGISTRATION: {
    code: 'DEVICE_AUTH_FAILED',
    status: 400,
    type: 'DeviceAuthFailedError',
    message: 'The terminal refuses this comm key; enter the key set in its communication menu',
  },
  ENROLLMENT_FAILED: {
    status: 400,
    type: 'EnrollmentFailedError',
    message: 'The finger was not enrolled, and the person was taken off the terminal again',
  },

  INVALID_CREDENTIALS: {
    status: 401,
    type: 'InvalidCredentialsError',
    message: 'Invalid credentials',
    details: 'Email atau password salah',
  },
  UNAUTHORIZED: { status: 401, type: 'UnauthorizedError', message: 'Unauthorized - Not logged in' },
  TOKEN_EXPIRED: {
    status: 401,
    type: 'TokenExpiredError',
    message: 'Unauthorized - Not logged in',
    details: 'The access token has expired',
  },

  FORBIDDEN: { status: 403, type: 'ForbiddenError', message: 'Forbidden - Not an admin' },
  FORBIDDEN_ROLE: {
    code: 'FORBIDDEN',
    status: 403,
    type: 'ForbiddenError',
    message: 'Forbidden - Your role does not allow this',
  },

  FORBIDDEN_DEVICE: {
    code: 'FORBIDDEN',
    status: 403,
    type: 'ForbiddenError',
    message: 'Forbidden - This API key is for other devices',
  },
  FORBIDDEN_KEY: {
    code: 'FORBIDDEN',
    status: 403,
    type: 'ForbiddenError',
    message: 'Forbidden - Log in: this is not for API keys',
  },

  ACCOUNT_NOT_FOUND: {
    status: 404,
    type: 'AccountNotFoundError',
    message: 'There is no account with this id',
  },
  API_KEY_NOT_FOUND: {
    status: 404,
    type: 'ApiKeyNotFoundError',
    message: 'There is no API key with this id',
  },
  DEVICE_NOT_FOUND: { status: 404, type: 'DeviceNotFoundError', message: 'There is no device with this id' },
  USER_NOT_FOUND: {
    status: 404,
    type: 'UserNotFoundError',
    message: 'Nobody on this device has this user_id',
  },
  JOB_NOT_FOUND: { status: 404, type: 'JobNotFoundError', message: 'There is no job with this id' },
  ROUTE_NOT_FOUND: { status: 404, type: 'RouteNotFoundError', message: 'There is no such path' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    type: 'MethodNotAllowedError',
    message: 'This path does not know this method',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    type: 'RequestTimeoutError',
    message: 'The request did not arrive in time',
  },
  DEVICE_EXISTS: {
    status: 409,
    type: 'DeviceExistsError',
    message: 'A device with this address is already registered',
  },
  DEVICE_EXISTS_BY_SERIAL: {
    code: 'DEVICE_EXISTS',
    status: 409,
    type: 'DeviceExistsError',
    message: 'This terminal is already registered under another address',
  },
  DEVICE_INACTIVE: {
    status: 409,
    type: 'DeviceInactiveError',
    message: 'An admin has switched this device off',
  },
  USER_EXISTS: {
    status: 409,
    type: 'UserExistsError',
    message: 'Somebody on this device has this user_id already',
  },
  UNSYNCED_RECORDS: {
    status: 409,
    type: 'UnsyncedRecordsError',
    message: 'It could not be proven that every record of the terminal is stored, so nothing was cleared',
  },
  PAYLOAD_TOO_LARGE: { status: 413, type: 'PayloadTooLargeError', message: 'The request body is too large' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    type: 'UnsupportedMediaTypeError',
    message: 'Send the body as application/json',
  },
  ACCOUNT_LOCKED: {
    status: 423,
    type: 'AccountLockedError',
    message: 'Too many wrong passwords; wait and try again',
    retryAfter: true,
  },
  RATE_LIMIT_EXCEEDED: {
    status: 429,
    type: 'RateLimitExceededError',
    message: 'Too many requests; wait and try again',
    retryAfter: true,
    retryable: true,
  },

  HEADERS_TOO_LARGE: {
    status: 431,
    type: 'HeadersTooLargeError',
    message: 'The request headers are too large',
  },

  DEVICE_COMMAND_FAILED: {
    status: 500,
    type: 'DeviceCommandFailedError',
    message: 'The terminal answered and refused',
  },
  DEVICE_DATA_UNREADABLE: {
    status: 500,
    type: 'DeviceDataUnreadableError',
    message: 'The terminal sent records of a form that is not known; nothing was guessed and nothing stored',
  },
  DEVICE_UNREACHABLE_AT_RESTART: {
    code: 'DEVICE_UNREACHABLE',
    status: 500,
    type: 'DeviceUnreachableError',
    message: 'The terminal does not answer, so it was not restarted; check its power, address and port',
  },
  STORED_KEY_UNREADABLE: {
    status: 500,
    type: 'StoredKeyUnreadableError',
    message:
      'The stored comm key cannot be decrypted; ENCRYPTION_KEY is not the one it was stored with (set ENCRYPTION_KEY_PREVIOUS, or enter the key again)',
  },
  DATABASE_UNAVAILABLE_AT_REGISTRATION: {
    code: 'DATABASE_UNAVAILABLE',
    status: 500,
    type: 'DatabaseUnavailableError',
    message: 'The device could not be stored; nothing was registered',
    retryable: true,
  },
  INTERNAL_ERROR: {
    status: 500,
    type: 'InternalError',
    message: 'Something unforeseen happened; the request id finds it in the log',
    retryable: true,
  },

  DEVICE_UNREACHABLE: {
    status: 503,
    type: 'DeviceUnreachableError',
    message: 'The terminal does not answer; check its power, address and port',
    retryAfter: true,
    retryable: true,
  },
  DEVICE_TIMEOUT: {
    status: 503,
    type: 'DeviceTimeoutError',
    message: 'The terminal answers too late',
    retryAfter: true,
    retryable: true,
  },
  DEVICE_BUSY: {
    status: 503,
    type: 'DeviceBusyError',
    message: 'Another operation holds the terminal',
    retryAfter: true,
    retryable: true,
  },
  DEVICE_AUTH_FAILED: {
    status: 503,
    type: 'DeviceAuthFailedError',
    message: 'The terminal no longer accepts the stored comm key; change the device and enter the right one',
  },
  DEVICE_TRANSFER_INCOMPLETE: {
    status: 503,
    type: 'DeviceTransferIncompleteError',
    message: 'The transfer from the terminal does not add up; it is begun again',
    retryAfter: true,
    retryable: true,
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    type: 'DatabaseUnavailableError',
    message: 'The database does not answer',
    retryAfter: true,
    retryable: true,
  },
  QUEUE_UNAVAILABLE: {
    status: 503,
    type: 'QueueUnavailableError',
    message: 'The job queue does not answer',
    retryAfter: true,
    retryable: true,
  },
  /** The error of a delivering job, never an answer. */
  NOTICE_REFUSED: {
    status: 502,
    type: 'NoticeRefusedError',
    message: 'The receiver of notices will not take this one',
  },
  /** The error of a delivering job, never an answer. */
  NOTICE_UNDELIVERED: {
    status: 503,
    type: 'NoticeUndeliveredError',
    message: 'The receiver of notices did not take this one yet',
    retryable: true,
  },
  TOO_SLOW: {
    status: 503,
    type: 'TooSlowError',
    message: 'The answer took longer than a request may take and was given up',
    retryAfter: true,
    retryable: true,
  },
  SERVICE_OVERLOADED: {
    status: 503,
    type: 'ServiceOverloadedError',
    message: 'The service has more to do than it can; try again in a moment',
    retryAfter: true,
    retryable: true,
  },
  OUTCOME_UNKNOWN: {
    status: 504,
    type: 'OutcomeUnknownError',
    message: 'The command was sent and no answer came: the door may have opened. Look before asking again',
  },
  CLEARING_OUTCOME_UNKNOWN: {
    code: 'OUTCOME_UNKNOWN',
    status: 504,
    type: 'OutcomeUnknownError',
    message:
      'The command to clear was sent and no answer came; every record is stored, and the next sync finds out whether the log is empty',
  },
  SERVICE_STOPPING: {
    status: 503,
    type: 'ServiceStoppingError',
    message: 'The service is stopping; try again in a moment',
    retryAfter: true,
    retryable: true,
  },
})

/** Name of a row. The code in a reply is the row's `code`, or this name. */
export type ErrorName = keyof typeof ERRORS

/** Whether this names a row. */
export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(ERRORS, name)
}

/** One fault of a request; `field` is a path in dots, `body` for the whole. */
export interface FieldFault {
  readonly field: string
  readonly message: string
}

/** Why a DEVICE_UNREACHABLE is one: `details.reason`. */
export type UnreachableReason =
  | 'silent'
  | 'refused_connection'
  | 'not_this_protocol'
  | 'pull_panel'
  | 'not_a_terminal'
  | 'unknown_host'
  | 'address_not_allowed'

/** What a thrower knows beyond the row. */
export interface ServiceErrorOptions {
  /** Shown to the client: never SQL, paths, secrets or bytes of people. */
  readonly details?: unknown
  /** Instead of the row's sentence. */
  readonly message?: string
  readonly retryAfterSeconds?: number
  /** Instead of the row's own word: an unreachable access panel stays one, however long one waits. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** `retry-after` where the thrower knows no better. */
const DEFAULT_RETRY_AFTER_SECONDS = 10

/** A row of the table, thrown. `name` is the class name that replies show. */
export class ServiceError extends Error {
  readonly entry: ErrorName
  readonly code: string
  readonly status: number
  readonly type: string
  readonly details: unknown
  /** Seconds for `retry-after`; undefined where the reply has none. */
  readonly retryAfterSeconds: number | undefined
  readonly retryable: boolean

  constructor(entry: ErrorName, options: ServiceErrorOptions = {}) {
    const row = ERRORS[entry]
    super(options.message ?? row.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.entry = entry
    this.code = row.code ?? entry
    this.status = row.status
    this.type = row.type
    this.name = row.type
    this.details = options.details ?? row.details ?? null
    this.retryAfterSeconds =
      options.retryAfterSeconds ?? (row.retryAfter === true ? DEFAULT_RETRY_AFTER_SECONDS : undefined)
    this.retryable = options.retryable ?? row.retryable ?? false
  }
}

/** A VALIDATION_ERROR that names every fault at once. */
export function validationError(faults: readonly FieldFault[]): ServiceError {
  return new ServiceError('VALIDATION_ERROR', { details: faults })
}

/**
 * Whatever a method of Services rejects with, as a row of the table: ServiceErrors as they are, a database that is away as
 * DATABASE_UNAVAILABLE, anything else as INTERNAL_ERROR. The thrown thing is the cause: for the log, never for the client.
 */
export function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown
  if (thrown instanceof DatabaseUnavailable)
    return new ServiceError('DATABASE_UNAVAILABLE', { cause: thrown })
  return new ServiceError('INTERNAL_ERROR', { cause: thrown })
}
