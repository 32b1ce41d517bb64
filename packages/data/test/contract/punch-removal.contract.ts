// What every database promises of punches that are too old to be kept.
import { describe, expect, it } from 'vitest'
import { MissingReference, type PunchesToRemove } from '../../src/index.ts'
import { later, newDevice, NOON, punch } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function punchRemovalContract({ database }: Given): void {
  const raise = (id: number, packedTime: number) =>
    database().transaction((tx) => tx.devices.raisePunchesFrom(id, packedTime))
  const remove = (id: number, batch: Partial<PunchesToRemove>) =>
    database().transaction((tx) =>
      tx.punches.removeOld(id, { after: undefined, limit: 100, receivedBefore: later(1), ...batch }),
    )
  const seconds = async (id: number) => {
    const found: number[] = []
    for await (const batch of database().punches.each(id))
      found.push(...batch.map(({ packedTime }) => packedTime - punch('1', 0).packedTime))
    return found
  }

  describe('punches that are too old to be kept', () => {
    it('are removed in the order of their places, as many at a time as are asked for', async () => {
      const id = await newDevice(database())
      const rows = Array.from({ length: 10 }, (_, second) => punch('1', second))
      await database().transaction((tx) => tx.punches.insertTail(id, rows))
      expect(await remove(id, {})).toEqual({ removed: 0, last: undefined })
      await raise(id, punch('1', 7).packedTime)

      const first = await remove(id, { limit: 4 })
      expect(first).toMatchObject({ removed: 4, last: { packedTime: punch('1', 3).packedTime } })
      expect(await remove(id, { limit: 4, after: first.last })).toEqual({ removed: 3, last: undefined })
      expect(await seconds(id)).toEqual([7, 8, 9])
    })

    it('are not those that were stored a short while ago, whatever time they were recorded with', async () => {
      const id = await newDevice(database())
      const rows = [punch('1', 0), punch('2', 1, { receivedAt: later(1) }), punch('3', 2)]
      await database().transaction((tx) => tx.punches.insertTail(id, rows))
      await raise(id, punch('1', 100).packedTime)
      expect(await remove(id, {})).toEqual({ removed: 2, last: undefined })
      expect(await seconds(id)).toEqual([1])
      expect(await remove(id, { receivedBefore: later(2) })).toEqual({ removed: 1, last: undefined })
    })

    it('are left out of a whole read and not of a tail, and what is stored of them is known', async () => {
      const id = await newDevice(database())
      await database().transaction((tx) => tx.punches.insertTail(id, [punch('1', 0)]))
      await database().transaction((tx) => tx.punches.insertEarly(id, punch('2', 1)))
      await raise(id, punch('1', 5).packedTime)
      const log = [0, 1, 2, 5].map((second) => ({
        ...punch(second === 1 ? '2' : '1', second),
        occurrence: 1,
      }))
      expect(await database().transaction((tx) => tx.punches.insertWhole(id, log))).toEqual({
        new: 1,
        known: 2,
        expired: 1,
      })
      expect(await database().transaction((tx) => tx.punches.insertTail(id, [punch('1', 3)]))).toEqual({
        new: 1,
        known: 0,
        expired: 0,
      })
      expect(await seconds(id)).toEqual([0, 1, 3, 5])
    })

    it('are told by a time that only rises, on deleted devices too', async () => {
      const id = await newDevice(database())
      await raise(id, 500)
      await raise(id, 400)
      expect((await database().devices.findById(id))?.punchesFrom).toBe(500)
      expect(await database().devices.listAllIds()).toContain(id)
      await database().devices.remove(id, NOON)
      expect(await database().devices.listAllIds()).toContain(id)
      await raise(id, 600)
      const again = await database().transaction((tx) => tx.devices.lock(id))
      expect(again.punchesFrom).toBe(600)
      await expect(raise(9_999_999, 1)).rejects.toThrow(MissingReference)
    })
  })
}
