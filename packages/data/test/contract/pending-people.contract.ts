// What every database promises of notes about people who are about to be put on a terminal, and of their templates.
import { describe, expect, it } from 'vitest'
import { MissingReference, type NewPendingPerson, type NewPersonTemplate } from '../../src/index.ts'
import { later, newDevice, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

const note = (deviceId: number, pin: string): NewPendingPerson => ({
  deviceId,
  pin,
  uid: 7,
  name: 'Siti Rahma',
  privilege: 0,
  cardNumber: 4_294_967_295,
  groupNumber: 1,
  hasPassword: true,
  madeAt: NOON,
})

export function pendingPeopleContract({ database }: Given): void {
  describe('notes of people about to be put on a terminal', () => {
    it('are kept by device, the oldest first, until they are removed', async () => {
      const { pendingPeople } = database()
      const id = await newDevice(database())
      const other = await newDevice(database())
      const first = await pendingPeople.insert(note(id, '007'))
      const second = await pendingPeople.insert(note(id, '8'))
      await pendingPeople.insert(note(other, '8'))
      expect(await pendingPeople.list(id)).toEqual([
        { id: first, ...note(id, '007') },
        { id: second, ...note(id, '8') },
      ])
      expect(await pendingPeople.remove(first)).toBe(true)
      expect(await pendingPeople.remove(first)).toBe(false)
      expect((await pendingPeople.list(id)).map(({ pin }) => pin)).toEqual(['8'])
    })
  })

  describe('templates of people', () => {
    const template = (pin: string, finger: number, sealed = 'v1.a.b.c'): NewPersonTemplate => ({
      pin,
      finger,
      flag: 1,
      version: 10,
      sealed,
    })

    it('are kept one a finger; the later replaces the earlier', async () => {
      const { personTemplates } = database()
      const id = await newDevice(database())
      await personTemplates.putMany(id, [template('1', 6), template('1', 0), template('2', 6)], NOON)
      await personTemplates.putMany(id, [{ ...template('1', 6, 'other'), version: null }], later(1))
      const kept = await personTemplates.list(id, ['1'])
      expect(kept.map(({ finger, sealed, version }) => [finger, sealed, version])).toEqual([
        [0, 'v1.a.b.c', 10],
        [6, 'other', null],
      ])
      expect(await personTemplates.list(id, [])).toEqual([])
      await personTemplates.removeRows(kept.map((row) => row.id))
      expect(await personTemplates.list(id, ['1', '2'])).toMatchObject([{ pin: '2', finger: 6 }])
    })

    it('are removed with a person, or all of a device', async () => {
      const { personTemplates } = database()
      const id = await newDevice(database())
      const other = await newDevice(database())
      await personTemplates.putMany(id, [template('1', 6), template('2', 6), template('3', 6)], NOON)
      await personTemplates.putMany(other, [template('1', 6)], NOON)
      expect(await personTemplates.removeAll(id, '1')).toBe(1)
      expect(await personTemplates.removeAll(id)).toBe(2)
      expect(await personTemplates.list(other, ['1'])).toHaveLength(1)
      await expect(personTemplates.putMany(999_999, [template('1', 6)], NOON)).rejects.toThrow(
        MissingReference,
      )
    })
  })
}
