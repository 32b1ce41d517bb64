// The people of a terminal: stored byte for byte, found by uid and pin, bounded by the model.
import { describe, expect, it } from 'vitest'
import { encodePerson } from '../src/person-record.ts'
import { People } from '../src/people.ts'

const ana = { uid: 1, pin: '007', name: 'Ana', privilege: 14, password: '1234' }

function people(capacity = 3, uniquePins = true): People {
  return new People('person/72', capacity, uniquePins)
}

describe('the people of a terminal', () => {
  it('keeps leading zeros of a pin', () => {
    const table = people()
    table.store(encodePerson('person/72', ana))
    expect(table.findByPin('007')).toMatchObject({ uid: 1, pin: '007', name: 'Ana', hasPassword: true })
    expect(table.findByPin('7')).toBeUndefined()
  })

  it('overwrites by uid, and forgets the pin that was replaced', () => {
    const table = people()
    table.store(encodePerson('person/72', ana))
    table.store(encodePerson('person/72', { ...ana, pin: '8', name: 'Anna' }))
    expect(table.count).toBe(1)
    expect(table.findByPin('007')).toBeUndefined()
    expect(table.get(1)).toMatchObject({ pin: '8', name: 'Anna' })
  })

  it('says why it does not store a record', () => {
    const table = people(1)
    expect(table.store(encodePerson('person/72', ana))).toBeUndefined()
    expect(table.store(encodePerson('person/72', { ...ana, uid: 2 }))).toBe('pin-taken')
    expect(table.store(encodePerson('person/72', { ...ana, uid: 2, pin: '9' }))).toBe('full')
    expect(table.store(encodePerson('person/72', { ...ana, uid: 0, pin: '9' }))).toBe('no-uid')
    expect(table.store(encodePerson('person/28', { ...ana, pin: '9' }))).toBe('wrong-size')
    expect(table.store(encodePerson('person/72', { ...ana, name: 'still has room' }))).toBeUndefined()
  })

  it('lets several people have one pin where the model does', () => {
    const table = people(3, false)
    table.store(encodePerson('person/72', ana))
    expect(table.store(encodePerson('person/72', { ...ana, uid: 2 }))).toBeUndefined()
    expect(table.count).toBe(2)
  })

  it('makes everybody an ordinary user and leaves who is disabled disabled', () => {
    const table = people()
    table.store(encodePerson('person/72', ana))
    table.store(encodePerson('person/72', { uid: 2, pin: '2', name: 'B', privilege: 15 }))
    table.clearAdministrators()
    expect(table.list().map(({ privilege }) => privilege)).toEqual([0, 1])
    expect(table.counts).toEqual({ administrators: 0, passwords: 1 })
  })

  it('removes a person once', () => {
    const table = people()
    table.store(encodePerson('person/72', ana))
    expect([table.remove(1), table.remove(1)]).toEqual([true, false])
    expect(table.findByPin('007')).toBeUndefined()
  })

  it.each(['person/28', 'person/72'] as const)('cuts a long name of %s at a character', (layout) => {
    const table = new People(layout, 1, true)
    table.store(encodePerson(layout, { uid: 1, pin: '1', name: 'žžžžžžžžžžžžžžžžžž' }))
    expect(table.get(1)?.name).toMatch(/^ž{4,11}$/)
  })
})
