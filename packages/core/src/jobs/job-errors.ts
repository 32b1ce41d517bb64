// What can be wrong with a job itself, apart from what its operation throws: the codes that `error.code` of a stored job may
// have besides those of core/errors.ts, and how any thrown thing becomes the code and message that are kept.
import { DatabaseUnavailable } from '@org/data'
import { ServiceError } from '../errors.ts'

/** One row a code: the sentence that is stored, and whether a later attempt may end otherwise. */
export const JOB_ERRORS = {
  JOB_DATA_INVALID: {
    message:
      'The stored data of this job do not fit its declaration; it was queued by another version of the service',
    retryable: false,
  },
  JOB_RESULT_INVALID: {
    message: 'The job ended, but its result does not fit its declaration; its effects stand',
    retryable: false,
  },
  JOB_HANDLER_MISSING: {
    message: 'This worker does not know this kind of job; a newer version of the service queued it',
    retryable: true,
  },
  /** Written by the table itself when it takes a job back; the sentence is the one that stands there. */
  JOB_STALLED: {
    message: 'The worker that ran this job stopped without a word',
    retryable: true,
  },
  JOB_TIME_LIMIT: {
    message: 'The attempt took longer than this kind of job may take and was broken off',
    retryable: true,
  },
} as const satisfies Readonly<Record<string, { readonly message: string; readonly retryable: boolean }>>

export type JobErrorCode = keyof typeof JOB_ERRORS

/** A row of the table, thrown. */
export class JobError extends Error {
  readonly code: JobErrorCode
  readonly retryable: boolean

  constructor(code: JobErrorCode, options?: ErrorOptions) {
    super(JOB_ERRORS[code].message, options)
    this.name = 'JobError'
    this.code = code
    this.retryable = JOB_ERRORS[code].retryable
  }
}

/** What is kept of a failure: no stack, no details, no cause. */
export interface JobFailure {
  readonly code: string
  readonly message: string
  /** False where waiting cures nothing: the job fails for good. */
  readonly retryable: boolean
}

/**
 * Any thrown thing as a failure. Only sentences written for readers are kept: a message that we did not write may hold SQL,
 * a path or an address, so whatever is not ours becomes INTERNAL_ERROR, and the log has the rest.
 */
export function failureOf(thrown: unknown): JobFailure {
  if (thrown instanceof ServiceError || thrown instanceof JobError) {
    return { code: thrown.code, message: thrown.message, retryable: thrown.retryable }
  }
  if (thrown instanceof DatabaseUnavailable) return failureOf(new ServiceError('DATABASE_UNAVAILABLE'))
  return {
    code: 'INTERNAL_ERROR',
    message: 'Something unforeseen happened; the log has more under the id of this job',
    retryable: true,
  }
}
