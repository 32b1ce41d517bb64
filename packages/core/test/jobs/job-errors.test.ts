// What is kept of a thrown thing.
import { DatabaseUnavailable } from '@org/data'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { JOB_ERRORS, JobError, failureOf } from '../../src/jobs/job-errors.ts'

describe('a failure', () => {
  it('keeps code and sentence of the service’s own errors, and whether waiting cures them', () => {
    const busy = new ServiceError('DEVICE_BUSY', { details: { secret: 1 }, cause: new Error('secret') })
    expect(failureOf(busy)).toEqual({
      code: 'DEVICE_BUSY',
      message: 'Another operation holds the terminal',
      retryable: true,
    })
    expect(failureOf(new ServiceError('DEVICE_AUTH_FAILED')).retryable).toBe(false)
    expect(failureOf(new ServiceError('DEVICE_BUSY', { retryable: false })).retryable).toBe(false)
  })

  it('keeps the code of each fault of a job itself', () => {
    expect(failureOf(new JobError('JOB_DATA_INVALID'))).toMatchObject({
      code: 'JOB_DATA_INVALID',
      retryable: false,
    })
    expect(failureOf(new JobError('JOB_RESULT_INVALID'))).toMatchObject({ retryable: false })
    expect(failureOf(new JobError('JOB_TIME_LIMIT'))).toMatchObject({ retryable: true })
    expect(Object.values(JOB_ERRORS).every(({ message }) => message.length < 500)).toBe(true)
  })

  it('says that the database does not answer without saying more', () => {
    expect(failureOf(new DatabaseUnavailable('lost'))).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      retryable: true,
    })
  })

  it('keeps nothing of anything else', () => {
    const others = [undefined, null, 7, 'secret', new Error('secret'), { code: 'SECRET', message: 'secret' }]
    for (const thrown of others) {
      const failure = failureOf(thrown)
      expect(failure).toMatchObject({ code: 'INTERNAL_ERROR', retryable: true })
      expect(JSON.stringify(failure)).not.toMatch(/secret/i)
    }
  })
})
