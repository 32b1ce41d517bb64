// The breaker of a device: repeated failures to connect make the next calls fail at once.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { createBreakers } from '../../src/terminals/breaker.ts'

const silent = () => Promise.reject(new ServiceError('DEVICE_UNREACHABLE', { details: { reason: 'silent' } }))
const answers = () => Promise.resolve('session')

async function fail(breakers: ReturnType<typeof createBreakers>, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1)
    await expect(breakers.guard(1, silent)).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE' })
}

describe('a breaker', () => {
  it('lets calls through until three in a row have failed', async () => {
    const breakers = createBreakers()
    await fail(breakers, 2)
    expect(await breakers.guard(1, answers)).toBe('session')
    await fail(breakers, 2)
    breakers.assertClosed(1)
  })

  it('fails at once then, with the reason of the last failure and when to come again', async () => {
    const breakers = createBreakers()
    await fail(breakers, 3)
    const connect = vi.fn<() => Promise<string>>(answers)
    await expect(breakers.guard(1, connect)).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      details: { reason: 'silent' },
      retryAfterSeconds: expect.any(Number),
    })
    expect(connect).not.toHaveBeenCalled()
    expect(() => breakers.assertClosed(1)).toThrow(expect.objectContaining({ code: 'DEVICE_UNREACHABLE' }))
  })

  it('keeps devices apart', async () => {
    const breakers = createBreakers()
    await fail(breakers, 3)
    expect(await breakers.guard(2, answers)).toBe('session')
  })

  it('lets one try after a pause, and closes when that succeeds', async () => {
    const breakers = createBreakers({ pauseMs: 30 })
    await fail(breakers, 3)
    await sleep(40)
    expect(await breakers.guard(1, answers)).toBe('session')
    await fail(breakers, 2)
    breakers.assertClosed(1)
  })

  it('opens again at once when that try fails', async () => {
    const breakers = createBreakers({ pauseMs: 100 })
    await fail(breakers, 3)
    await sleep(120)
    await fail(breakers, 1)
    expect(() => breakers.assertClosed(1)).toThrow(ServiceError)
  })

  it('does not count a terminal that answers and refuses', async () => {
    const breakers = createBreakers()
    const refuses = () => Promise.reject(new ServiceError('DEVICE_AUTH_FAILED'))
    for (let i = 0; i < 5; i += 1)
      await expect(breakers.guard(1, refuses)).rejects.toMatchObject({ code: 'DEVICE_AUTH_FAILED' })
    expect(await breakers.guard(1, answers)).toBe('session')
  })

  it('forgets the failures of a device that is dialled in a new way', async () => {
    const breakers = createBreakers()
    await fail(breakers, 3)
    breakers.forget(1)
    expect(await breakers.guard(1, answers)).toBe('session')
  })
})
