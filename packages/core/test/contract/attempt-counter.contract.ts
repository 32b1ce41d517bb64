// What attempt-counter.ts promises, checked on every adapter.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AttemptCounter } from '../../src/accounts/attempt-counter.ts'

export interface AttemptCounterRig {
  readonly counter: AttemptCounter
  close(): Promise<void>
}

const RULE = { most: 3, windowMs: 60_000 }

export function attemptCounterContract(name: string, makeRig: () => Promise<AttemptCounterRig>): void {
  describe(`an attempt counter in ${name}`, () => {
    let rig: AttemptCounterRig
    beforeEach(async () => {
      rig = await makeRig()
    })
    afterEach(() => rig.close())

    const begin = (key = 'a', rule = RULE) => rig.counter.begin(key, rule)

    it('allows as many as there are, names the last, and then none', async () => {
      expect(await begin()).toEqual({ allowed: true, last: false })
      expect(await begin()).toEqual({ allowed: true, last: false })
      expect(await begin()).toEqual({ allowed: true, last: true })
      expect(await begin()).toEqual({
        allowed: false,
        retryAfterMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= RULE.windowMs),
      })
    })

    it('counts attempts of one moment', async () => {
      const turns = await Promise.all(Array.from({ length: 20 }, () => begin()))
      expect(turns.filter(({ allowed }) => allowed)).toHaveLength(RULE.most)
      expect(turns.filter((turn) => turn.allowed && turn.last)).toHaveLength(1)
    })

    it('keeps keys apart', async () => {
      for (let i = 0; i < 3; i += 1) await begin('a')
      expect(await begin('b')).toEqual({ allowed: true, last: false })
    })

    it('gives back an attempt that did not fail, and everything when it is told to forget', async () => {
      for (let i = 0; i < 3; i += 1) await begin()
      await rig.counter.takeBack('a')
      expect(await begin()).toEqual({ allowed: true, last: true })
      expect(await begin()).toMatchObject({ allowed: false })
      await rig.counter.clear('a')
      expect(await begin()).toEqual({ allowed: true, last: false })
    })

    it('has nothing to give back where nothing was tried', async () => {
      await rig.counter.takeBack('never')
      await rig.counter.clear('never')
      expect(await begin('never', { ...RULE, most: 1 })).toEqual({ allowed: true, last: true })
      expect(await begin('never', { ...RULE, most: 1 })).toMatchObject({ allowed: false })
    })

    it('keeps out for a whole window from the last attempt on, and then begins anew', async () => {
      const short = { most: 2, windowMs: 1_000 }
      await begin('c', short)
      await sleep(600)
      await begin('c', short)
      await sleep(600)
      // The first attempt is more than a window ago, the last one is not.
      const refused = await begin('c', short)
      expect(refused).toMatchObject({ allowed: false })
      await sleep(refused.allowed ? 0 : refused.retryAfterMs + 50)
      expect(await begin('c', short)).toEqual({ allowed: true, last: false })
    })
  })
}
