// What lease.ts promises, checked on every adapter. A rig stands for one installation; each keeper of it for one process.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease, LeaseKeeper, LeaseTarget } from '../../src/terminals/lease.ts'

export interface LeaseRig {
  /** One more process; where processes share nothing, the same keeper again. */
  keeper(): LeaseKeeper
  close(): Promise<void>
}

const GATE: LeaseTarget = { deviceId: 1 }
const never = new AbortController().signal

/** `leaseMs` of every keeper is what the rig was made with. */
export function leaseContract(name: string, makeRig: () => Promise<LeaseRig>): void {
  describe(`a lease in ${name}`, () => {
    let rig: LeaseRig
    beforeEach(async () => {
      rig = await makeRig()
    })
    afterEach(() => rig.close())

    const acquire = (keeper: LeaseKeeper, waitMs = 10_000, target = GATE): Promise<Lease> =>
      keeper.acquire(target, { waitMs, signal: never })

    it('is held by one at a time', async () => {
      const keepers = [rig.keeper(), rig.keeper(), rig.keeper()]
      let holders = 0
      let most = 0
      const work = async (keeper: LeaseKeeper): Promise<void> => {
        const lease = await acquire(keeper, 60_000)
        holders += 1
        most = Math.max(most, holders)
        await sleep(5)
        holders -= 1
        await lease.release()
      }
      await Promise.all(Array.from({ length: 15 }, (_, i) => work(keepers[i % 3] ?? rig.keeper())))
      expect(most).toBe(1)
    })

    it('does not keep one device waiting for another', async () => {
      const keeper = rig.keeper()
      const first = await acquire(keeper)
      const second = await acquire(rig.keeper(), 0, { deviceId: 2 })
      const third = await acquire(keeper, 0, { address: '10.0.0.1:4370' })
      for (const lease of [first, second, third]) expect(lease.remainingMs()).toBeGreaterThan(0)
      await Promise.all([first.release(), second.release(), third.release()])
    })

    it('gives up with DEVICE_BUSY when nobody gives it back in time', async () => {
      const lease = await acquire(rig.keeper())
      await expect(acquire(rig.keeper(), 50)).rejects.toMatchObject({ code: 'DEVICE_BUSY', retryable: true })
      await lease.release()
      await (await acquire(rig.keeper(), 0)).release()
    })

    it('goes to whoever waits before it comes back to a holder that gave it up for them', async () => {
      const keeper = rig.keeper()
      for (let round = 0; round < 5; round += 1) {
        const first = await acquire(keeper)
        const order: string[] = []
        const waitAndGo = async (): Promise<void> => {
          const lease = await acquire(rig.keeper())
          order.push('who waited')
          await lease.release()
        }
        const waiting = waitAndGo()
        await new Promise<void>((resolve) => first.whenWanted(resolve))
        await first.release()
        const again = await keeper.acquire(GATE, { waitMs: 10_000, signal: never, hasYielded: true })
        order.push('who gave way')
        await waiting
        await again.release()
        expect(order).toEqual(['who waited', 'who gave way'])
      }
    })

    it('goes to the humble last, and asks nobody who needs it to give way to them', async () => {
      const lease = await acquire(rig.keeper())
      const wished = Promise.withResolvers<void>()
      lease.whenWished(() => wished.resolve())
      const order: string[] = []
      const humble = rig.keeper().acquire(GATE, { waitMs: 60_000, signal: never, isHumble: true })
      const humbled = humble.then((it) => {
        order.push('humble')
        return it.release()
      })
      await wished.promise
      expect(lease.wanted).toBe(false)
      const other = acquire(rig.keeper(), 60_000)
      const waited = other.then((it) => {
        order.push('who waited')
        return it.release()
      })
      await new Promise<void>((resolve) => lease.whenWanted(resolve))
      await lease.release()
      await Promise.all([humbled, waited])
      expect(order).toEqual(['who waited', 'humble'])
    })

    it('is handed on soon after its release', async () => {
      const lease = await acquire(rig.keeper())
      const waiting = acquire(rig.keeper(), 30_000)
      await sleep(20)
      await lease.release()
      const next = await waiting
      expect(next.remainingMs()).toBeGreaterThan(0)
      await next.release()
    })

    it('ends a wait with the reason of its signal', async () => {
      const lease = await acquire(rig.keeper())
      const stop = new AbortController()
      const waiting = rig.keeper().acquire(GATE, { waitMs: 30_000, signal: stop.signal })
      const reason = new Error('the caller went away')
      setTimeout(() => stop.abort(reason), 20)
      await expect(waiting).rejects.toBe(reason)
      await lease.release()
      await expect(rig.keeper().acquire(GATE, { waitMs: 0, signal: stop.signal })).rejects.toBe(reason)
    })

    it('carries a fence that grows with every grant of a device', async () => {
      const fences: number[] = []
      for (let i = 0; i < 4; i += 1) {
        const lease = await acquire(i % 2 === 0 ? rig.keeper() : rig.keeper())
        fences.push(lease.fence)
        await lease.release()
      }
      expect(fences).toEqual(fences.toSorted((a, b) => a - b))
      expect(new Set(fences).size).toBe(4)
    })

    it('tells its holder that somebody waits, and not before', async () => {
      const lease = await acquire(rig.keeper())
      const told = Promise.withResolvers<void>()
      lease.whenWanted(() => told.resolve())
      expect(lease.wanted).toBe(false)
      const waiting = acquire(rig.keeper(), 30_000)
      await told.promise
      expect(lease.wanted).toBe(true)
      await lease.release()
      expect(lease.wanted).toBe(false)
      await (await waiting).release()
    })

    it('takes a call back that was not made yet', async () => {
      const lease = await acquire(rig.keeper())
      let calls = 0
      const takeBack = lease.whenWanted(() => {
        calls += 1
      })
      takeBack()
      await expect(acquire(rig.keeper(), 60)).rejects.toMatchObject({ code: 'DEVICE_BUSY' })
      expect(calls).toBe(0)
      await lease.release()
    })

    it('certainly stands while it is held, and no longer after its release', async () => {
      const lease = await acquire(rig.keeper())
      lease.assertHeld()
      expect(lease.remainingMs()).toBeGreaterThan(0)
      await lease.release()
      expect(lease.remainingMs()).toBe(0)
      expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'DEVICE_BUSY' }))
      expect(lease.signal.aborted).toBe(false)
    })

    it('can be released twice without freeing the next holder’s', async () => {
      const lease = await acquire(rig.keeper())
      await Promise.all([lease.release(), lease.release()])
      const next = await acquire(rig.keeper(), 0)
      await lease.release()
      await expect(acquire(rig.keeper(), 30)).rejects.toMatchObject({ code: 'DEVICE_BUSY' })
      await next.release()
    })

    it('is taken from its holder, and refused to others, when its keeper closes', async () => {
      const keeper = rig.keeper()
      const lease = await acquire(keeper)
      await keeper.close()
      expect(lease.signal.aborted).toBe(true)
      expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'SERVICE_STOPPING' }))
      await expect(acquire(keeper)).rejects.toMatchObject({ code: 'SERVICE_STOPPING' })
    })
  })
}
