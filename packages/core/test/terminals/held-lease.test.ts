// A lease in its holder's hands, with renewals by script.
import { describe, expect, it, vi } from 'vitest'
import { HeldLease, leaseClock, leaseMarginMs } from '../../src/terminals/held-lease.ts'
import { quiet } from '../support/scratch-service.ts'

const LEASE_MS = 8_000

function held(renew: () => Promise<{ stands: boolean; wanted: boolean }>) {
  const release = vi.fn<() => Promise<void>>(() => Promise.resolve())
  const lease = new HeldLease({
    fence: 3,
    leaseMs: LEASE_MS,
    askedAt: leaseClock(),
    renew,
    release,
    log: quiet,
  })
  return { lease, release }
}

describe('a held lease', () => {
  it('renews itself as long as it is held', async () => {
    using clock = virtualTime()
    const { lease } = held(() => Promise.resolve({ stands: true, wanted: false }))
    await clock.pass(60_000)
    lease.assertHeld()
    expect(lease.remainingMs()).toBeGreaterThan(leaseMarginMs(LEASE_MS))
    await lease.release()
  })

  it('is given up by its holder while enough of it is left for a command that was sent before', async () => {
    using clock = virtualTime()
    const { lease } = held(() => Promise.reject(new Error('Redis is away')))
    await clock.pass(leaseMarginMs(LEASE_MS) - 100)
    expect(lease.signal.aborted).toBe(false)
    await clock.pass(200)
    expect(lease.signal.reason).toMatchObject({ code: 'DEVICE_BUSY', retryable: true })
    expect(lease.remainingMs()).toBe(0)
  })

  it('is given up just as early when a renewal is never answered', async () => {
    using clock = virtualTime()
    let asked = 0
    const { lease } = held(() =>
      (asked += 1) > 2 ? new Promise(() => undefined) : Promise.resolve({ stands: true, wanted: false }),
    )
    const lastRenewalMs = LEASE_MS / 2
    await clock.pass(lastRenewalMs + leaseMarginMs(LEASE_MS) - 100)
    lease.assertHeld()
    expect(lease.signal.aborted).toBe(false)
    await clock.pass(200)
    expect(lease.signal.reason).toMatchObject({ code: 'DEVICE_BUSY', retryable: true })
  })

  it('stays lost when a renewal is answered too late', async () => {
    using clock = virtualTime()
    const answer = Promise.withResolvers<{ stands: boolean; wanted: boolean }>()
    const { lease } = held(() => answer.promise)
    await clock.pass(leaseMarginMs(LEASE_MS) + 100)
    answer.resolve({ stands: true, wanted: false })
    await clock.pass(LEASE_MS)
    expect(lease.remainingMs()).toBe(0)
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'DEVICE_BUSY' }))
  })

  it('is not called lost after its release, whatever a renewal under way says', async () => {
    using clock = virtualTime()
    const answer = Promise.withResolvers<{ stands: boolean; wanted: boolean }>()
    const { lease } = held(() => answer.promise)
    await clock.pass(LEASE_MS / 4)
    await lease.release()
    answer.resolve({ stands: false, wanted: false })
    await clock.pass(LEASE_MS)
    expect(lease.signal.aborted).toBe(false)
  })

  it('survives a renewal that fails once', async () => {
    using clock = virtualTime()
    let failures = 1
    const { lease } = held(() =>
      failures-- > 0 ? Promise.reject(new Error('lost')) : Promise.resolve({ stands: true, wanted: false }),
    )
    await clock.pass(30_000)
    lease.assertHeld()
    expect(lease.signal.aborted).toBe(false)
    await lease.release()
  })

  it('is lost at once when a renewal says that it no longer stands', async () => {
    using clock = virtualTime()
    const { lease } = held(() => Promise.resolve({ stands: false, wanted: false }))
    await clock.pass(LEASE_MS / 4)
    expect(lease.signal.aborted).toBe(true)
  })

  it('hears from a renewal that somebody waits', async () => {
    using clock = virtualTime()
    const { lease } = held(() => Promise.resolve({ stands: true, wanted: true }))
    const told = vi.fn<() => void>()
    lease.whenWanted(told)
    await clock.pass(LEASE_MS / 4)
    expect(told).toHaveBeenCalledOnce()
    expect(lease.wanted).toBe(true)
    await lease.release()
  })

  it('ends when the wall clock says so, as after a machine has slept', async () => {
    using clock = virtualTime()
    const { lease } = held(() => new Promise(() => undefined))
    clock.sleepMachine(LEASE_MS)
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'DEVICE_BUSY' }))
    expect(lease.signal.aborted).toBe(true)
    await lease.release()
  })

  it('is released once, however often it is asked', async () => {
    const { lease, release } = held(() => Promise.resolve({ stands: true, wanted: false }))
    await Promise.all([lease.release(), lease.release()])
    expect(release).toHaveBeenCalledOnce()
  })
})

/** Timers and both clocks in the test's hands. */
function virtualTime() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  return {
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    /** The wall clock goes on, timers and the monotonic clock do not. */
    sleepMachine: (ms: number) => vi.setSystemTime(Date.now() + ms),
    [Symbol.dispose]: () => vi.useRealTimers(),
  }
}
