// What rate-counter.ts promises, checked on every adapter.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RateCounter } from '../../src/rate-counter.ts'

export interface RateCounterRig {
  readonly counter: RateCounter
  close(): Promise<void>
}

export function rateCounterContract(name: string, makeRig: () => Promise<RateCounterRig>): void {
  describe(`a rate counter in ${name}`, () => {
    let rig: RateCounterRig
    beforeEach(async () => {
      rig = await makeRig()
    })
    afterEach(() => rig.close())

    it('counts each event once, also those of one moment', async () => {
      const counts = await Promise.all(Array.from({ length: 50 }, () => rig.counter.hit('a', 60_000)))
      expect(counts.map(({ count }) => count).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 50 }, (_, i) => i + 1),
      )
    })

    it('keeps keys apart', async () => {
      await rig.counter.hit('a', 60_000)
      expect(await rig.counter.hit('b', 60_000)).toMatchObject({ count: 1 })
    })

    it('tells what is left of a window, which its first event began', async () => {
      const first = await rig.counter.hit('a', 60_000)
      await sleep(20)
      const second = await rig.counter.hit('a', 60_000)
      expect(first.ttlMs).toBeLessThanOrEqual(60_000)
      expect(second.ttlMs).toBeLessThan(first.ttlMs)
    })

    it('begins a new window when the last one has ended', async () => {
      await rig.counter.hit('a', 30)
      await sleep(60)
      expect(await rig.counter.hit('a', 60_000)).toMatchObject({ count: 1 })
    })
  })
}
