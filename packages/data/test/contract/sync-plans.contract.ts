// What every database promises of the times at which devices sync by themselves.
import { beforeEach, describe, expect, it } from 'vitest'
import { device, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

let nextPort = 60_000

export function syncPlansContract({ database, another }: Given): void {
  describe('plans of syncs', () => {
    let ids: number[] = []

    const made = async (syncIntervalMinutes: number | null = null): Promise<number> => {
      const { id } = await database().devices.insert(device(nextPort++, { syncIntervalMinutes }))
      ids.push(id)
      return id
    }
    /** The device as a schedule sees it. */
    const seen = async (id: number) => {
      const [found] = await database().syncPlans.list({ afterId: id - 1, limit: 1, all: true })
      if (found?.id !== id) throw new Error(`device ${id} is not there`)
      return found
    }
    const due = async (now: string) =>
      (await database().syncPlans.listDue(now, 1_000)).filter(({ id }) => ids.includes(id))

    beforeEach(() => {
      ids = []
    })

    it('begin with none, and are kept with what they were computed by', async () => {
      const id = await made(30)
      expect(await seen(id)).toEqual({ id, syncIntervalMinutes: 30, nextSyncAt: null, syncSchedule: null })
      expect(
        await database().syncPlans.move(await seen(id), { nextSyncAt: later(1), syncSchedule: '0 3 * * *' }),
      ).toBe(true)
      expect(await seen(id)).toMatchObject({ nextSyncAt: later(1), syncSchedule: '0 3 * * *' })
      expect(await database().devices.findById(id)).toMatchObject({ nextSyncAt: later(1) })
    })

    it('are due when their time has come, the longest overdue first', async () => {
      const [first, second, third] = [await made(), await made(), await made()]
      for (const [id, ms] of [
        [first, 200],
        [second, 100],
        [third, 300],
      ] as const)
        await database().syncPlans.move(await seen(id), { nextSyncAt: later(ms), syncSchedule: null })
      expect((await due(later(200))).map(({ id }) => id)).toEqual([second, first])
      expect(await due(later(99))).toEqual([])
    })

    it('are moved on by one of many who saw the same time', async () => {
      const id = await made(5)
      await database().syncPlans.move(await seen(id), { nextSyncAt: NOON, syncSchedule: null })
      const before = await seen(id)
      const moved = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).transaction((tx) =>
            tx.syncPlans.move(before, { nextSyncAt: later(300_000), syncSchedule: null }),
          ),
        ),
      )
      expect(moved.filter((one) => one)).toHaveLength(1)
      expect(await seen(id)).toMatchObject({ nextSyncAt: later(300_000) })
    })

    it('are not moved on by whoever saw another interval', async () => {
      const id = await made(5)
      const before = await seen(id)
      await database().devices.update(id, { syncIntervalMinutes: 7 }, NOON)
      expect(await database().syncPlans.move(before, { nextSyncAt: NOON, syncSchedule: null })).toBe(false)
      await database().devices.update(id, { syncIntervalMinutes: null }, NOON)
      expect(
        await database().syncPlans.move(
          { ...before, syncIntervalMinutes: 7 },
          { nextSyncAt: NOON, syncSchedule: null },
        ),
      ).toBe(false)
      expect(await seen(id)).toMatchObject({ nextSyncAt: null })
    })

    it('count for active devices alone', async () => {
      const [off, gone] = [await made(5), await made(5)]
      const before = [await seen(off), await seen(gone)]
      for (const one of before) await database().syncPlans.move(one, { nextSyncAt: NOON, syncSchedule: null })
      await database().devices.update(off, { status: 'inactive' }, NOON)
      await database().devices.remove(gone, NOON)
      expect(await due(later(1))).toEqual([])
      for (const one of before)
        expect(
          await database().syncPlans.move(
            { ...one, nextSyncAt: NOON },
            { nextSyncAt: later(1), syncSchedule: null },
          ),
        ).toBe(false)
    })

    it('are listed by id, where asked only of devices that have an interval or a time', async () => {
      const [none, interval, timed] = [await made(), await made(60), await made()]
      await database().syncPlans.move(await seen(timed), { nextSyncAt: NOON, syncSchedule: 'x' })
      const listed = async (all: boolean) =>
        (await database().syncPlans.list({ afterId: none - 1, limit: 10, all })).map(({ id }) => id)
      expect(await listed(true)).toEqual([none, interval, timed])
      expect(await listed(false)).toEqual([interval, timed])
      expect(await database().syncPlans.list({ afterId: timed, limit: 10, all: true })).toEqual([])
    })
  })
}
