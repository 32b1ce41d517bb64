// What every database promises of people.
import { describe, expect, it } from 'vitest'
import { MissingReference } from '../../src/index.ts'
import { FIRST_100, later, newDevice, NOON, person } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function peopleContract({ database, another }: Given): void {
  describe('people', () => {
    it('are inserted, updated where something changed, and left alone otherwise', async () => {
      const { people } = database()
      const id = await newDevice(database())
      const first = [person('1'), person('2', { cardNumber: 4_294_967_295, fingers: [0, 9] }), person('3')]
      expect(await people.upsertMany(id, first, NOON)).toEqual({ inserted: 3, updated: 0, unchanged: 0 })
      const second = [
        person('1'),
        person('2', { name: 'Två', hasPassword: true }),
        person('4', { uid: null }),
      ]
      expect(await people.upsertMany(id, second, later(1))).toEqual({ inserted: 1, updated: 1, unchanged: 1 })
      expect(await people.findByPin(id, '1')).toMatchObject({ ...person('1'), deviceId: id, updatedAt: NOON })
      expect(await people.findByPin(id, '2')).toMatchObject({
        name: 'Två',
        hasPassword: true,
        cardNumber: null,
        updatedAt: later(1),
      })
      expect(await people.findByPin(id, '4')).toMatchObject({ uid: null, onDevice: true, fingers: [6] })
      expect(await people.upsertMany(id, [], NOON)).toEqual({ inserted: 0, updated: 0, unchanged: 0 })
    })

    it('are told apart byte by byte', async () => {
      const id = await newDevice(database())
      const pins = ['7', '07', '7 ', 'a', 'A', 'ä']
      const rows = pins.map((pin) => person(pin, { uid: null, name: `<${pin}>` }))
      expect(await database().people.upsertMany(id, rows, NOON)).toMatchObject({ inserted: 6 })
      for (const pin of pins)
        expect(await database().people.findByPin(id, pin)).toMatchObject({ pin, name: `<${pin}>` })
      expect(await database().people.findByPin(id, '007')).toBeUndefined()
    })

    it('count once when given twice: the last counts', async () => {
      const id = await newDevice(database())
      const twice = [person('5', { name: 'first' }), person('5', { name: 'last' })]
      const written = await database().people.upsertMany(id, twice, NOON)
      expect(written.inserted + written.updated + written.unchanged).toBe(2)
      expect(await database().people.findByPin(id, '5')).toMatchObject({ name: 'last' })
    })

    it('are marked when they are gone from the terminal, and unmarked when they are back', async () => {
      const { people } = database()
      const id = await newDevice(database())
      await people.upsertMany(id, [person('1'), person('2'), person('3')], NOON)
      expect(await people.markAbsent(id, ['2'], later(1))).toBe(2)
      expect(await people.markAbsent(id, new Set(['2']), later(2))).toBe(0)
      expect(await people.findByPin(id, '1')).toMatchObject({ onDevice: false, updatedAt: later(1) })
      expect(await people.list({ deviceIds: [id], onDevice: true }, FIRST_100)).toMatchObject({
        total: 1,
        rows: [{ pin: '2' }],
      })
      expect(await people.upsertMany(id, [person('1')], later(3))).toEqual({
        inserted: 0,
        updated: 1,
        unchanged: 0,
      })
      expect(await people.findByPin(id, '1')).toMatchObject({ onDevice: true, updatedAt: later(3) })
    })

    it('are listed by device and PIN', async () => {
      const { people } = database()
      const one = await newDevice(database())
      const two = await newDevice(database())
      await people.upsertMany(two, [person('20'), person('3')], NOON)
      await people.upsertMany(one, [person('20')], NOON)
      const places = async (filter: Parameters<typeof people.list>[0], page = FIRST_100) =>
        (await people.list(filter, page)).rows.map(({ deviceId, pin }) => [deviceId, pin])
      expect(await places({ deviceIds: [one, two] })).toEqual([
        [one, '20'],
        [two, '20'],
        [two, '3'],
      ])
      expect(await places({ deviceIds: [one, two], pins: ['20'] })).toEqual([
        [one, '20'],
        [two, '20'],
      ])
      expect(await places({ deviceIds: [one, two] }, { offset: 1, limit: 1 })).toEqual([[two, '20']])
      expect(await places({ deviceIds: [] })).toEqual([])
      expect(await places({ pins: [] })).toEqual([])
    })

    it('are found by a part of PIN or name, without case', async () => {
      const { people } = database()
      const id = await newDevice(database())
      const rows = [person('0042', { name: 'Siti RAHMA' }), person('7', { name: 'Ärger 100%_' })]
      await people.upsertMany(id, rows, NOON)
      const found = async (search: string) =>
        (await people.list({ deviceIds: [id], search }, FIRST_100)).rows.map(({ pin }) => pin)
      expect(await found('rahma')).toEqual(['0042'])
      expect(await found('004')).toEqual(['0042'])
      expect(await found('äRGER')).toEqual(['7'])
      expect(await found('%_')).toEqual(['7'])
      expect(await found('nobody')).toEqual([])
    })

    it('keep their fingers while these are not told, but not those of who had the PIN before', async () => {
      const { people } = database()
      const id = await newDevice(database())
      await people.upsertMany(id, [person('1', { fingers: [6, 7] })], NOON)
      const untold = person('1', { fingers: null })
      expect(await people.upsertMany(id, [untold], later(1))).toMatchObject({ unchanged: 1 })
      expect(await people.markGone(id, '1', later(2))).toBe(true)
      expect(await people.markGone(id, '1', later(3))).toBe(false)
      expect(await people.findByPin(id, '1')).toMatchObject({ onDevice: false, updatedAt: later(2) })
      expect(await people.upsertMany(id, [untold], later(4))).toMatchObject({ updated: 1 })
      expect(await people.findByPin(id, '1')).toMatchObject({ onDevice: true, fingers: [] })
    })

    it('give their PINs by uid; whoever is on the device has the uid', async () => {
      const { people } = database()
      const id = await newDevice(database())
      await people.upsertMany(
        id,
        [person('100', { uid: 1 }), person('200', { uid: 2 }), person('300', { uid: null })],
        NOON,
      )
      await people.markAbsent(id, ['200', '300'], later(1))
      await people.upsertMany(id, [person('101', { uid: 1 })], later(2))
      expect(await people.pinByUid(id)).toEqual(
        new Map([
          [1, '101'],
          [2, '200'],
        ]),
      )
      await people.upsertMany(id, [person('400', { uid: 2 })], later(3))
      await people.markAbsent(id, ['200', '101', '300'], later(4))
      expect((await people.pinByUid(id)).get(2)).toBe('200')
    })

    it('give a uid that changed hands to whoever changed last, while nobody is known to be gone', async () => {
      const { people } = database()
      const id = await newDevice(database())
      await people.upsertMany(id, [person('11', { uid: 3 }), person('12', { uid: 5 })], NOON)
      await people.upsertMany(id, [person('11', { uid: 5 })], later(1))
      expect((await people.pinByUid(id)).get(5)).toBe('11')
    })

    it('are thousands in few statements, written by two at once', async () => {
      const id = await newDevice(database())
      const many = Array.from({ length: 3_000 }, (_, index) => person(String(index)))
      const written = await Promise.all([
        database().people.upsertMany(id, many, NOON),
        another().people.upsertMany(id, many, NOON),
      ])
      expect(written.map(({ inserted }) => inserted).toSorted((a, b) => a - b)).toEqual([0, 3_000])
      expect(written.map(({ unchanged }) => unchanged).toSorted((a, b) => a - b)).toEqual([0, 3_000])
      expect(await database().people.markAbsent(id, ['7'], later(1))).toBe(2_999)
    })

    it('belong to a device that exists', async () => {
      await expect(database().people.upsertMany(999_999, [person('1')], NOON)).rejects.toThrow(
        MissingReference,
      )
      await expect(database().people.markAbsent(999_999, [], NOON)).rejects.toThrow(MissingReference)
    })
  })
}
