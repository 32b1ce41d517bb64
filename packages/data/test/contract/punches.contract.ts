// What every database promises of punches as they come in.
import { describe, expect, it } from 'vitest'
import {
  MissingReference,
  type Database,
  type NewPunch,
  type NumberedPunch,
  type Punch,
  type PunchPlace,
} from '../../src/index.ts'
import { later, newDevice, NOON, person, punch } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function punchesContract({ database, another }: Given): void {
  const tail = (id: number, rows: NewPunch[]) =>
    database().transaction((tx) => tx.punches.insertTail(id, rows))
  const whole = (id: number, rows: NumberedPunch[]) =>
    database().transaction((tx) => tx.punches.insertWhole(id, rows))
  const early = (id: number, row: NewPunch) => database().transaction((tx) => tx.punches.insertEarly(id, row))

  describe('punches behind the bookmark', () => {
    it('are stored as given', async () => {
      const id = await newDevice(database())
      const given = punch('00042', 7, {
        logNumber: '17',
        uid: 17,
        packedTime: 4_294_967_295,
        timezone: 'Asia/Jakarta',
        timeStatus: 'overlap',
        state: 5,
        verifyMode: 15,
        workCode: 4_294_967_295,
        denied: true,
        receivedAt: later(1),
      })
      expect(await tail(id, [given])).toEqual({ new: 1, known: 0, expired: 0 })
      expect(await stored(database(), id)).toMatchObject([
        { ...given, deviceId: id, occurrence: 1, source: 'sync', early: false },
      ])
    })

    it('are all new: those alike take the next occurrence of their person and second', async () => {
      const id = await newDevice(database())
      expect(await tail(id, [punch('1', 0), punch('2', 0), punch('1', 0)])).toEqual({
        new: 3,
        known: 0,
        expired: 0,
      })
      expect(await tail(id, [punch('1', 0), punch('1', 1)])).toEqual({ new: 2, known: 0, expired: 0 })
      expect(await places(database(), id)).toEqual(['0 1 1', '0 1 2', '0 1 3', '0 2 1', '1 1 1'])
    })

    it('tell people apart byte by byte', async () => {
      const id = await newDevice(database())
      expect(
        await tail(
          id,
          ['7', '07', '7 ', 'a', 'A'].map((pin) => punch(pin, 0)),
        ),
      ).toEqual({ new: 5, known: 0, expired: 0 })
      expect((await stored(database(), id)).every(({ occurrence }) => occurrence === 1)).toBe(true)
    })

    it('keep a time that does not exist, without an instant', async () => {
      const id = await newDevice(database())
      const impossible = punch('1', 0, { wallTime: '2026-02-31T08:00:00', at: null, timeStatus: 'invalid' })
      await tail(id, [impossible])
      expect(await stored(database(), id)).toMatchObject([{ wallTime: '2026-02-31T08:00:00', at: null }])
      await expect(tail(id, [punch('1', 0, { at: null })])).rejects.toThrow(TypeError)
      await expect(tail(id, [punch('1', 0, { timeStatus: 'invalid' })])).rejects.toThrow(TypeError)
    })
  })

  describe('the ids of new punches', () => {
    const withIds = { newIds: true }

    it('are told where they are asked for: of new rows only, in both ways in', async () => {
      const id = await newDevice(database())
      const live = await early(id, punch('1', 0))
      const first = await database().transaction((tx) =>
        tx.punches.insertTail(id, [punch('1', 0), punch('1', 0), punch('2', 1)], withIds),
      )
      expect(first).toMatchObject({ new: 2, known: 1 })
      expect(first.newIds).not.toContain(live?.id)
      const second = await database().transaction((tx) =>
        tx.punches.insertWhole(id, [numbered(punch('2', 1), 1), numbered(punch('2', 1), 2)], withIds),
      )
      expect(second).toMatchObject({ new: 1, known: 1 })
      const told = [...(first.newIds ?? []), ...(second.newIds ?? [])]
      const ids = (await stored(database(), id)).map((row) => row.id).filter((each) => each !== live?.id)
      expect(told.toSorted((a, b) => a - b)).toEqual(ids.toSorted((a, b) => a - b))
    })

    it('are all of a large batch, and lead to the rows with their names', async () => {
      const id = await newDevice(database())
      await database().people.upsertMany(id, [person('7')], NOON)
      const rows = Array.from({ length: 2_500 }, (_, second) => punch(String(second % 9), second))
      const { newIds = [] } = await database().transaction((tx) => tx.punches.insertTail(id, rows, withIds))
      expect(new Set(newIds).size).toBe(2_500)
      const found = await database().punches.findByIds([...newIds, 987_654_321])
      expect(found.map((row) => row.id)).toEqual(newIds)
      expect(found.filter(({ pin }) => pin === '7').every(({ userName }) => userName === 'Person 7')).toBe(
        true,
      )
      expect(await database().punches.findByIds([])).toEqual([])
    })
  })

  describe('the times of stored punches', () => {
    it('are made right batch by batch, and nothing else of them changes', async () => {
      const id = await newDevice(database())
      const other = await newDevice(database())
      const impossible = { wallTime: '2026-02-31T08:00:00', at: null, timeStatus: 'invalid' as const }
      const given = [0, 1, 2, 2, 3, 4].map((second) => punch(String(second % 2), second))
      await tail(id, [...given, punch('9', 9, impossible)])
      await tail(other, [punch('1', 0)])
      const before = await stored(database(), id)
      const right = { timezone: 'Asia/Jakarta', at: later(-7 * 3_600_000), timeStatus: 'ok' as const }
      const seen: number[] = []
      const correct = async (): Promise<number> => {
        let changed = 0
        for (let after: PunchPlace | undefined, first = true; first || after !== undefined; first = false) {
          const from = after
          const batch = await database().transaction((tx) =>
            tx.punches.correctTimes(id, {
              after: from,
              limit: 3,
              timeOf: ({ at }) => (at === null ? { ...impossible, timezone: 'UTC' } : right),
            }),
          )
          seen.push(batch.seen)
          changed += batch.changed
          after = batch.last
        }
        return changed
      }
      expect(await correct()).toBe(6)
      expect(seen).toEqual([3, 3, 1])
      expect(await stored(database(), id)).toEqual(
        before.map((row) => (row.at === null ? row : { ...row, ...right })),
      )
      expect(await correct()).toBe(0)
      expect(await stored(database(), other)).toMatchObject([{ timezone: 'UTC' }])
    })

    it('belong to records that are stored, or told early alone', async () => {
      const id = await newDevice(database())
      await early(id, punch('1', 0))
      await tail(id, [punch('1', 1)])
      const isStored = (logNumber: string, second: number) =>
        database().punches.isStored(id, { logNumber, packedTime: punch(logNumber, second).packedTime })
      expect([await isStored('1', 0), await isStored('1', 1), await isStored('2', 1)]).toEqual([
        false,
        true,
        false,
      ])
    })
  })

  describe('punches of a whole read', () => {
    it('are known when their place is taken, and leave what is stored as it is', async () => {
      const id = await newDevice(database())
      const rows = [numbered(punch('1', 0), 1), numbered(punch('1', 0), 2), numbered(punch('2', 5), 1)]
      expect(await whole(id, rows)).toEqual({ new: 3, known: 0, expired: 0 })
      const before = await stored(database(), id)
      const again = rows.map((row) => ({ ...row, pin: 'other', state: 9, receivedAt: later(1) }))
      expect(await whole(id, [...again, numbered(punch('3', 6), 1)])).toEqual({
        new: 1,
        known: 3,
        expired: 0,
      })
      expect((await stored(database(), id)).slice(0, 3)).toEqual(before)
    })

    it('count a place once that is given twice', async () => {
      const id = await newDevice(database())
      expect(await whole(id, [numbered(punch('1', 0), 1), numbered(punch('1', 0), 1)])).toEqual({
        new: 1,
        known: 1,
        expired: 0,
      })
    })

    it('find what tail reads have stored', async () => {
      const id = await newDevice(database())
      await tail(id, [punch('1', 0)])
      await tail(id, [punch('1', 0), punch('2', 0)])
      const log = [numbered(punch('1', 0), 1), numbered(punch('1', 0), 2), numbered(punch('2', 0), 1)]
      expect(await whole(id, log)).toEqual({ new: 0, known: 3, expired: 0 })
    })
  })

  describe('live events', () => {
    it('are stored only where that person and second have nothing', async () => {
      const id = await newDevice(database())
      await database().people.upsertMany(id, [person('1', { name: 'Ann' })], NOON)
      const first = await early(id, punch('1', 0, { verifyMode: 200 }))
      expect(first).toMatchObject({
        pin: '1',
        occurrence: 1,
        source: 'live',
        early: true,
        userName: 'Ann',
        deviceId: id,
      })
      expect(await early(id, punch('1', 0))).toBeUndefined()
      expect(await early(id, punch('2', 0))).toMatchObject({ userName: null })
      await tail(id, [punch('3', 0)])
      expect(await early(id, punch('3', 0))).toBeUndefined()
      expect(await places(database(), id)).toEqual(['0 1 1', '0 2 1', '0 3 1'])
    })

    it('are taken over once by the log, whose fields count', async () => {
      const id = await newDevice(database())
      const live = await early(id, punch('77', 0, { logNumber: '5', uid: 5, verifyMode: 200, state: 255 }))
      const record = punch('5', 0, { uid: 5, verifyMode: 1, state: 1, workCode: 3, receivedAt: later(9) })
      expect(await tail(id, [record, record])).toEqual({ new: 1, known: 1, expired: 0 })
      const [taken, second] = await stored(database(), id)
      expect(taken).toMatchObject({ id: live?.id, verifyMode: 1, state: 1, workCode: 3, early: false })
      // Who it was and who saw it first stay.
      expect(taken).toMatchObject({ pin: '77', source: 'live', receivedAt: NOON })
      expect(second).toMatchObject({ occurrence: 2, pin: '5', source: 'sync', receivedAt: later(9) })
      expect(await tail(id, [record])).toEqual({ new: 1, known: 0, expired: 0 })
    })

    it('are taken over by a whole read too, and once', async () => {
      const id = await newDevice(database())
      await early(id, punch('1', 0, { verifyMode: 200 }))
      const log = [numbered(punch('1', 0), 1), numbered(punch('1', 0), 2)]
      expect(await whole(id, log)).toEqual({ new: 1, known: 1, expired: 0 })
      expect(await whole(id, log)).toEqual({ new: 0, known: 2, expired: 0 })
      expect(await stored(database(), id)).toMatchObject([
        { verifyMode: 1, source: 'live', early: false },
        { verifyMode: 1, source: 'sync', early: false },
      ])
    })
  })

  describe('punches of many at once', () => {
    it('are never doubled by whole reads, live events and each other', async () => {
      const id = await newDevice(database())
      const log = Array.from({ length: 1_500 }, (_, index) =>
        numbered(punch(String(index % 40), Math.floor(index / 3)), 1),
      )
      const writers = await Promise.all([
        ...[database(), another(), database()].map((one) =>
          one.transaction((tx) => tx.punches.insertWhole(id, log)),
        ),
        ...Array.from({ length: 10 }, (_, index) =>
          another().transaction(async (tx) => {
            const { occurrence: _, ...event } = numbered(punch(String(index), Math.floor(index / 3)), 1)
            return { new: (await tx.punches.insertEarly(id, event)) === undefined ? 0 : 1 }
          }),
        ),
      ])
      expect(writers.reduce((sum, written) => sum + written.new, 0)).toBe(1_500)
      expect(await database().punches.count(id)).toBe(1_500)
    })

    it('are found among many others where the clock went far back and forth', async () => {
      const id = await newDevice(database())
      const minute = Array.from({ length: 60 }, (_, second) => ({ ...punch('1', second), occurrence: 1 }))
      await whole(id, minute)
      const jumping = [
        { ...punch('1', 59), occurrence: 1 },
        { ...punch('2', 30), occurrence: 1 },
        { ...punch('1', 0), occurrence: 1 },
      ]
      expect(await whole(id, jumping)).toEqual({ new: 1, known: 2, expired: 0 })
      expect(await whole(id, jumping)).toEqual({ new: 0, known: 3, expired: 0 })
    })

    it('are tens of thousands, in batches, each counted right', async () => {
      const id = await newDevice(database())
      const log = Array.from({ length: 30_000 }, (_, index) => numbered(punch(String(index % 500), index), 1))
      expect(await whole(id, log.slice(0, 20_000))).toEqual({ new: 20_000, known: 0, expired: 0 })
      expect(await whole(id, log)).toEqual({ new: 10_000, known: 20_000, expired: 0 })
      expect(await database().punches.count(id)).toBe(30_000)
      let seen = 0
      let last = ''
      for await (const batch of database().punches.each(id, 7_000)) {
        for (const one of batch) {
          const place = `${one.packedTime} ${one.logNumber}`
          if (place <= last) throw new Error(`${place} comes after ${last}`)
          last = place
        }
        seen += batch.length
      }
      expect(seen).toBe(30_000)
    })

    it('stay with their device', async () => {
      const one = await newDevice(database())
      const two = await newDevice(database())
      await tail(one, [punch('1', 0)])
      expect(await whole(two, [numbered(punch('1', 0), 1)])).toEqual({ new: 1, known: 0, expired: 0 })
      expect(await database().punches.count(one)).toBe(1)
      await expect(tail(999_999, [punch('1', 0)])).rejects.toThrow(MissingReference)
      await expect(whole(999_999, [numbered(punch('1', 0), 1)])).rejects.toThrow(MissingReference)
      await expect(early(999_999, punch('1', 0))).rejects.toThrow(MissingReference)
    })

    it('stand or fall with their transaction', async () => {
      const id = await newDevice(database())
      const cut = database().transaction(async (tx) => {
        await tx.punches.insertTail(id, [punch('1', 0)])
        throw new Error('cut off')
      })
      await expect(cut).rejects.toThrow('cut off')
      expect(await database().punches.count(id)).toBe(0)
    })

    it('are handed out in the order of their places, those alike by occurrence', async () => {
      const id = await newDevice(database())
      await tail(id, [punch('2', 9), punch('10', 9), punch('1', 3), punch('2', 9), punch('2', 9)])
      const seen: string[] = []
      for await (const batch of database().punches.each(id, 1)) seen.push(...batch.map(placeOf))
      expect(seen).toEqual(['3 1 1', '9 10 1', '9 2 1', '9 2 2', '9 2 3'])
      for await (const _ of database().punches.each(await newDevice(database())))
        throw new Error('there is none')
    })
  })
}

export function numbered(row: NewPunch, occurrence: number): NumberedPunch {
  return { ...row, occurrence }
}

/** Everything stored of a device, in the order of places. */
export async function stored(database: Database, deviceId: number): Promise<Punch[]> {
  const rows: Punch[] = []
  for await (const batch of database.punches.each(deviceId)) rows.push(...batch)
  return rows
}

async function places(database: Database, deviceId: number): Promise<string[]> {
  return (await stored(database, deviceId)).map(placeOf)
}

function placeOf({ packedTime, logNumber, occurrence }: Punch): string {
  return `${packedTime - 800_000_000} ${logNumber} ${occurrence}`
}
