// What every database promises of transfers that nobody could read.
import { describe, expect, it } from 'vitest'
import { later, newDevice, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function keptTransfersContract({ database, another }: Given): void {
  const transfer = (deviceId: number, sealed: string, keptUntil = later(1_000)) => ({
    deviceId,
    keptAt: NOON,
    keptUntil,
    keptBytes: 4_004,
    tableBytes: 4_000_004,
    announcedRecords: 100,
    sealed,
  })

  describe('transfers that nobody could read', () => {
    it('are kept whole, and listed without their bytes', async () => {
      const deviceId = await newDevice(database())
      const sealed = 'x'.repeat(1_000_000)
      const id = await database().keptTransfers.insert(transfer(deviceId, sealed), 2)
      expect(await another().keptTransfers.find(id, NOON)).toEqual({ id, ...transfer(deviceId, sealed) })
      const { sealed: _, ...facts } = transfer(deviceId, sealed)
      expect(await database().keptTransfers.list(NOON)).toContainEqual({ id, ...facts })
    })

    it('are the newest few of each device', async () => {
      const [one, two] = [await newDevice(database()), await newDevice(database())]
      const { keptTransfers } = database()
      const other = await keptTransfers.insert(transfer(two, 'other'), 2)
      const ids: number[] = []
      for (const sealed of ['a', 'b', 'c']) ids.push(await keptTransfers.insert(transfer(one, sealed), 2))
      const kept = (await keptTransfers.list(NOON)).filter(({ deviceId }) => [one, two].includes(deviceId))
      expect(kept.map(({ id }) => id)).toEqual([...ids.slice(1).toReversed(), other])
    })

    it('are gone for every reader when their time is over, and then removed', async () => {
      const deviceId = await newDevice(database())
      const { keptTransfers } = database()
      const id = await keptTransfers.insert(transfer(deviceId, 'old', later(-2_000)), 2)
      expect(await keptTransfers.find(id, NOON)).toBeUndefined()
      expect((await keptTransfers.list(NOON)).filter((row) => row.deviceId === deviceId)).toEqual([])
      expect(await keptTransfers.removeOverdue(later(-2_000))).toBe(1)
      expect(await keptTransfers.find(id, later(-3_000))).toBeUndefined()
    })
  })
}
