// The table of errors, and errors made from it.
import { DatabaseUnavailable } from '@org/data'
import { describe, expect, it } from 'vitest'
import { ERRORS, ServiceError, toServiceError, validationError, type ErrorName } from '../src/index.ts'

const names = Object.keys(ERRORS) as ErrorName[]

describe('the table of errors', () => {
  it.each(names)('%s has a code, an error class and a sentence', (name) => {
    const { code = name, status, type, message } = ERRORS[name]
    expect(code).toMatch(/^[A-Z][A-Z_]+$/)
    expect(type).toMatch(/^[A-Z][A-Za-z]+Error$/)
    expect(message).toMatch(/^\S.*[^.\s]$/)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(600)
  })

  it('has one class name for each code', () => {
    const types = new Map<string, Set<string>>()
    for (const name of names) {
      const { code = name, type } = ERRORS[name]
      types.set(code, (types.get(code) ?? new Set()).add(type))
    }
    for (const [code, found] of types) expect([code, found.size]).toEqual([code, 1])
  })

  it('has the seed’s own sentences', () => {
    expect(new ServiceError('INVALID_CREDENTIALS')).toMatchObject({
      status: 401,
      message: 'Invalid credentials',
      details: 'Email atau password salah',
    })
    expect(ERRORS.UNAUTHORIZED.message).toBe('Unauthorized - Not logged in')
    expect(ERRORS.FORBIDDEN.message).toBe('Forbidden - Not an admin')
    expect(new ServiceError('DEVICE_UNREACHABLE_AT_REGISTRATION')).toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      status: 400,
      message: 'Cannot reach device',
    })
  })
})

describe('a service error', () => {
  it('says when to come again where its row says so', () => {
    expect(new ServiceError('DEVICE_BUSY').retryAfterSeconds).toBeGreaterThan(0)
    expect(new ServiceError('DEVICE_BUSY', { retryAfterSeconds: 3 }).retryAfterSeconds).toBe(3)
    expect(new ServiceError('DEVICE_NOT_FOUND').retryAfterSeconds).toBeUndefined()
  })

  it('names every fault of a request', () => {
    const faults = [{ field: 'ip', message: 'is missing' }]
    expect(validationError(faults)).toMatchObject({ code: 'VALIDATION_ERROR', status: 400, details: faults })
  })

  it('is made of whatever was thrown, and keeps it as cause only', () => {
    const known = new ServiceError('JOB_NOT_FOUND')
    const away = new DatabaseUnavailable('lost')
    const strange = new TypeError('select * from accounts')
    expect(toServiceError(known)).toBe(known)
    expect(toServiceError(away)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503, cause: away })
    expect(toServiceError(strange)).toMatchObject({ code: 'INTERNAL_ERROR', details: null, cause: strange })
    expect(toServiceError(strange).message).not.toContain('select')
  })
})
