// What every database promises of turns.
import { describe, expect, it } from 'vitest'
import { later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function turnsContract({ database, another }: Given): void {
  describe('turns', () => {
    const take = (name: string, now: string) => database().turns.take(name, { now, forMs: 1_000 })

    it('are taken by one of many who ask at the same time', async () => {
      const taken = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).turns.take('crowd', { now: NOON, forMs: 1_000 }),
        ),
      )
      expect(taken.filter((one) => one)).toHaveLength(1)
    })

    it('are free again when their time is over, and apart by name', async () => {
      expect(await take('one', NOON)).toBe(true)
      expect(await take('two', NOON)).toBe(true)
      expect(await take('one', later(999))).toBe(false)
      expect(await take('one', later(1_000))).toBe(true)
      expect(await take('one', later(1_001))).toBe(false)
    })

    it('are not kept for ever by a clock that was ahead, nor given twice for one that is a little behind', async () => {
      expect(await take('ahead', later(86_400_000))).toBe(true)
      expect(await take('ahead', later(86_400_000 - 500))).toBe(false)
      expect(await take('ahead', NOON)).toBe(true)
    })
  })
}
