import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CODES } from '../../src/codes.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import { nextUid, removePerson, writePeople } from '../../src/procedures/write-people.ts'
import { encodeNewPerson } from '../../src/records/person-edit.ts'
import { person72 } from '../../src/records/person.ts'
import { people72 } from '../support/logs.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

const plan = { nameEncoding: 'auto', onProgress: undefined, sliceBytes: 65_472 }
const tft = { layout: 'person/72', nameEncoding: 'utf-8' } as const

function terminalWith(people: readonly Uint8Array[], script: Script = {}) {
  const furniture = new Furniture()
  furniture.people = [...people]
  const wire = new VirtualWire(furniture.script(script)).connected()
  return { furniture, wire }
}

const three = [0, 1, 2].map((i) => people72(3).slice(i * 72, (i + 1) * 72))
const [first = new Uint8Array(0)] = three

describe('adding a person', () => {
  it('takes the next uid, tells the terminal to make it count, and gives what was read back', () => {
    const { furniture, wire } = terminalWith(three)
    const [outcome] = wire.result(writePeople([{ pin: '007', name: 'Zoé', password: '12' }], 'new', plan))
    expect(outcome).toMatchObject({
      outcome: 'added',
      person: { uid: 4, pin: '007', name: 'Zoé', password: '12', group: 1 },
    })
    expect(furniture.people).toHaveLength(4)
    expect(wire.terminal.count(CODES.REFRESHDATA)).toBe(1)
  })

  it('finds the form of an empty list by what the terminal says of itself, before anything is written', () => {
    const modern = terminalWith([])
    modern.wire.result(writePeople([{ pin: '1' }], 'new', plan))
    expect(modern.furniture.people[0]).toHaveLength(72)
    const old = terminalWith([])
    old.furniture.options.set('~SSR', '0')
    const [outcome] = old.wire.result(writePeople([{ pin: '77' }], 'new', plan))
    // On these terminals uid and pin are equal as a rule.
    expect([old.furniture.people[0]?.length, outcome?.person?.uid]).toEqual([28, 77])
  })

  it('takes the uid that is asked for where nobody has it', () => {
    const { wire } = terminalWith(three)
    expect(nextUid(wire.result(readPeople(plan)), '5')).toBe(4)
    expect(wire.result(writePeople([{ pin: '5', uid: 9 }], 'new', plan))).toMatchObject([
      { outcome: 'added', person: { uid: 9, pin: '5' } },
    ])
    expect(wire.result(writePeople([{ pin: '6', uid: 9 }], 'new', plan))).toMatchObject([
      { outcome: 'refused', error: { details: { reason: 'uid_taken', uid: 9 } } },
    ])
  })

  it('only foresees what would be when it is tried out', () => {
    const { furniture, wire } = terminalWith(three)
    const wanted = [{ pin: '5', name: 'E' }, { pin: '1001', name: 'A' }, { pin: '1002' }]
    expect(wire.result(writePeople(wanted, 'either', { ...plan, dryRun: true }))).toMatchObject([
      { outcome: 'added', person: { uid: 4, name: 'E' } },
      { outcome: 'updated', person: { uid: 1, name: 'A' } },
      { outcome: 'unchanged' },
    ])
    expect(furniture.people).toEqual(three)
    expect(wire.terminal.count(CODES.USER_WRQ)).toBe(0)
  })

  it.each([
    ['name', { pin: '5', name: 'x'.repeat(25) }],
    ['password', { pin: '5', password: '123456789' }],
    ['cardNumber', { pin: '5', cardNumber: -1 }],
    ['group', { pin: '5', group: 256 }],
    ['pin', { pin: '' }],
  ])('names the field that cannot be held: %s', (field, person) => {
    const { wire } = terminalWith(three)
    expect(wire.result(writePeople([person], 'new', plan))).toMatchObject([
      { outcome: 'refused', error: { effect: 'none', details: { field } } },
    ])
  })

  it('goes back to the lowest free uid when the highest is taken', () => {
    const last = encodeNewPerson({ pin: '9' }, 65_535, tft)
    const { wire } = terminalWith([first, last])
    expect(wire.result(writePeople([{ pin: '10' }, { pin: '11' }], 'new', plan))).toMatchObject([
      { person: { uid: 2 } },
      { person: { uid: 3 } },
    ])
  })

  it('is refused, and nothing written, for a pin that is taken or too long for this terminal', () => {
    const { wire } = terminalWith(three)
    const people = [{ pin: '1001' }, { pin: '123456789012345' }, { pin: '' }]
    expect(wire.result(writePeople(people, 'new', plan))).toMatchObject([
      {
        outcome: 'refused',
        error: { code: 'ZK_VALUE_OUT_OF_RANGE', details: { reason: 'pin_taken', uid: 1 } },
      },
      { outcome: 'refused', error: { code: 'ZK_NOT_ENCODABLE', details: { limit: 14 } } },
      { outcome: 'refused', error: { code: 'ZK_NOT_ENCODABLE' } },
    ])
    expect(wire.terminal.count(CODES.USER_WRQ)).toBe(0)
    expect(wire.terminal.count(CODES.REFRESHDATA)).toBe(0)
  })

  it('does without the width of pins where the terminal does not tell it', () => {
    const { wire } = terminalWith(three, { refuse: { [CODES.GET_PINWIDTH]: 2001 } })
    const [outcome] = wire.result(writePeople([{ pin: '123456789012345' }], 'new', plan))
    expect(outcome?.outcome).toBe('added')
  })
})

describe('changing a person', () => {
  it('sends the record with only the named bytes changed', () => {
    const littered = first.slice()
    littered.set([0xaa, 0xbb], 33)
    const { furniture, wire } = terminalWith([littered])
    const [outcome] = wire.result(writePeople([{ pin: '1001', cardNumber: 99 }], 'there', plan))
    expect(outcome).toMatchObject({ outcome: 'updated', person: { cardNumber: 99, level: 'administrator' } })
    const expected = person72.patch(littered, { cardNumber: 99 })
    expect(furniture.people.map(toHex)).toEqual([toHex(expected)])
  })

  it('writes nothing when nothing changes', () => {
    const { wire } = terminalWith(three)
    expect(wire.result(writePeople([{ pin: '1002', name: 'Person 2' }], 'either', plan))).toMatchObject([
      { outcome: 'unchanged', person: { uid: 2 } },
    ])
    expect(wire.terminal.count(CODES.USER_WRQ)).toBe(0)
  })

  it('needs the person to be there', () => {
    const { wire } = terminalWith(three)
    expect(wire.result(writePeople([{ pin: '5' }], 'there', plan))).toMatchObject([
      { error: { details: { reason: 'no_such_pin' } } },
    ])
  })

  it('does not guess which of two people with one pin is meant', () => {
    const twin = person72.patch(first, { uid: 9 })
    const { wire } = terminalWith([first, twin])
    expect(() => wire.result(writePeople([{ pin: '1001', group: 2 }], 'there', plan))).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD', details: { pin: '1001', uids: '1, 9' } }),
    )
  })
})

describe('writing many people', () => {
  it('reads the list twice in all, and one that is refused does not keep the others out', () => {
    const { furniture, wire } = terminalWith(three, {
      first: (request, terminal) => {
        if (request.code !== CODES.USER_WRQ || request.payload[0] !== 5) return false
        terminal.session.reply(request, { code: 2001 })
        return true
      },
    })
    const outcomes = wire.result(
      writePeople([{ pin: '1001', group: 7 }, { pin: 'a' }, { pin: 'b' }, { pin: 'c' }], 'either', plan),
    )
    expect(outcomes.map(({ pin, outcome }) => [pin, outcome])).toEqual([
      ['1001', 'updated'],
      ['a', 'added'],
      ['b', 'refused'],
      ['c', 'refused'],
    ])
    expect(outcomes[2]?.error).toMatchObject({ code: 'ZK_REFUSED', effect: 'refused' })
    expect(furniture.people).toHaveLength(4)
    expect(wire.terminal.count(CODES.DATA_WRRQ)).toBe(2)
  })

  it('takes the first of a pin that is given twice, and makes no two people of it', () => {
    const { furniture, wire } = terminalWith(three)
    const people = [
      { pin: '77', name: 'A' },
      { pin: '77', name: 'B' },
      { pin: '1001', name: 'C' },
      { pin: '1001' },
    ]
    const twice = { code: 'ZK_VALUE_OUT_OF_RANGE', details: { reason: 'pin_given_twice' } }
    expect(wire.result(writePeople(people, 'either', plan))).toMatchObject([
      { outcome: 'added', person: { name: 'A' } },
      { outcome: 'refused', error: twice },
      { outcome: 'updated', person: { name: 'C' } },
      { outcome: 'refused', error: twice },
    ])
    expect(furniture.people).toHaveLength(4)
  })

  it('tells of a terminal that acknowledges and does not keep', () => {
    const { furniture, wire } = terminalWith(three)
    furniture.forgets.add(CODES.USER_WRQ)
    expect(wire.result(writePeople([{ pin: '5' }], 'new', plan))).toMatchObject([
      {
        outcome: 'refused',
        error: { code: 'ZK_REFUSED', effect: 'unknown', details: { reason: 'not_kept' } },
      },
    ])
  })

  it('ends with the connection, not person by person', () => {
    const { wire } = terminalWith(three, { silentOn: [CODES.USER_WRQ] })
    expect(() => wire.result(writePeople([{ pin: '5' }, { pin: '6' }], 'new', plan))).toThrow(
      expect.objectContaining({ code: 'ZK_TIMEOUT', effect: 'unknown' }),
    )
  })
})

describe('deleting a person', () => {
  it('deletes by uid and looks whether the person is gone', () => {
    const { furniture, wire } = terminalWith(three)
    expect(wire.result(removePerson('1002', plan))).toMatchObject({ uid: 2, pin: '1002' })
    expect(wire.result(readPeople(plan)).people.map(({ pin }) => pin)).toEqual(['1001', '1003'])
    furniture.forgets.add(CODES.DELETE_USER)
    expect(() => wire.result(removePerson('1001', plan))).toThrow(
      expect.objectContaining({ code: 'ZK_REFUSED', details: { uid: 1, reason: 'not_kept' } }),
    )
    expect(() => wire.result(removePerson('1002', plan))).toThrow(
      expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
    )
  })
})
