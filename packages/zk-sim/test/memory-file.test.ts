// A memory kept as JSON: what comes back is what was there, on every model, and what is no such file is refused with
// the place and the reason.
import { describe, expect, it } from 'vitest'
import { encodeWeek, sms72 } from '@org/zk-proto/wire'
import { madeUpMemory } from '../src/made-up-data.ts'
import { MemoryFileError, type MemoryFile } from '../src/memory-file.ts'
import { TerminalMemory } from '../src/memory.ts'
import { profileNamed, profiles } from '../src/profile.ts'

const WORKDAYS = encodeWeek(Array.from({ length: 7 }, () => ({ from: '08:00', to: '17:30' })))

/** A memory with something in every part of it. */
function furnished(profile: string): TerminalMemory {
  const memory = madeUpMemory({
    profile,
    people: 12,
    punches: 300,
    seed: 5,
    zone: 'Asia/Jakarta',
    commKey: 77,
  })
  memory.templates.store(3, 6, Uint8Array.of(1, 2, 3), 3)
  memory.templates.store(1, 0, Uint8Array.of(4))
  memory.operations.write('deletePerson', { by: 1, on: 9 })
  memory.access.setGroup(2, { zones: [1, 5, 0], style: 0x81 })
  memory.access.setTimeZone(5, WORKDAYS)
  memory.access.setCombination(4, [1, 2])
  memory.access.setZonesOf(3, { own: true, zones: [5, 0, 0] })
  memory.messages.store(
    sms72.encode({ tag: 253, id: 7, validMinutes: 60, startTime: 5, text: new TextEncoder().encode('Hi') }),
  )
  memory.messages.link({ uid: 3, id: 7 })
  memory.workCodes = Uint8Array.of(1, 2, 3, 4)
  memory.options.set('VoiceOn', '0')
  memory.clock.set('2031-02-03T04:05:06')
  memory.door.hold(true)
  memory.door.openFor(5_000)
  return memory
}

/** What was kept, as a file would give it back. */
function kept(memory: TerminalMemory): MemoryFile {
  return JSON.parse(JSON.stringify(memory.save())) as MemoryFile
}

describe.each(profiles.map(({ name }) => name))('the memory of a %s terminal', (profile) => {
  it('comes back from a file as it was', () => {
    const memory = furnished(profile)
    const loaded = TerminalMemory.load(kept(memory))
    const { wallTime, ...truth } = memory.truth()
    const { wallTime: loadedTime, ...loadedTruth } = loaded.truth()
    expect(loadedTruth).toEqual(truth)
    expect([wallTime.slice(0, 16), loadedTime.slice(0, 16)]).toEqual(['2031-02-03T04:05', '2031-02-03T04:05'])
    expect(loaded.commKey).toBe(77)
    expect(loaded.door.isOpen).toBe(true)
    expect(kept(loaded)).toEqual(kept(memory))
  })
})

describe('a log that overwrites in place', () => {
  it('goes on where it was', () => {
    const typical = profileNamed('typical')
    const profile = {
      ...typical,
      capacity: { ...typical.capacity, records: 3 },
      fullLog: 'overwrite-oldest' as const,
    }
    const memory = new TerminalMemory({ profile })
    for (const pin of ['1', '2', '3', '4']) memory.punch({ pin })
    const loaded = TerminalMemory.load(kept(memory), profile)
    loaded.punch({ pin: '5' })
    expect(loaded.truth().punches.map(({ pin }) => pin)).toEqual(['4', '5', '3'])
  })
})

describe('a file that is no memory', () => {
  const whole = kept(furnished('typical'))
  const person = whole.people[0] ?? ''
  const wrong: [string, unknown, string][] = [
    ['nothing', undefined, 'the memory file: expected an object, got nothing'],
    ['a list', [], 'the memory file: expected an object, got a list'],
    ['something else', { format: 'a letter' }, 'format: expected "zk-sim memory"'],
    ['another version', { ...whole, version: 2 }, 'version: expected 1, got 2'],
    ['a key that is a text', { ...whole, commKey: '77' }, 'commKey: expected a number, got "77"'],
    ['half a key', { ...whole, commKey: 1.5 }, 'commKey: expected a whole number of 0 or more, got 1.5'],
    [
      'a drift that is none',
      { ...whole, driftSeconds: null },
      'driftSeconds: expected a number, got an object',
    ],
    ['options of numbers', { ...whole, options: { LockOn: 5 } }, 'options.LockOn: expected a text, got 5'],
    ['people that are no list', { ...whole, people: {} }, 'people: expected a list, got an object'],
    ['a person that is no hex', { ...whole, people: ['xyz'] }, 'people[0]: expected bytes in hex'],
    [
      'a person too short',
      { ...whole, people: ['00'] },
      'people[0]: the model typical does not take this person',
    ],
    [
      'a person twice',
      { ...whole, people: [person, `0900${person.slice(4)}`] },
      'people[1]: the model typical',
    ],
    ['finger 11', { ...whole, templates: [{ uid: 1, finger: 11, flag: 1, bytes: '' }] }, 'templates[0]: '],
    [
      'records of another size',
      { ...whole, attendance: { ...whole.attendance, recordBytes: 8 } },
      'attendance',
    ],
    ['a record too few', { ...whole, attendance: { ...whole.attendance, count: 299 } }, 'attendance.records'],
    ['no base64', { ...whole, operations: { ...whole.operations, records: '-' } }, 'operations.records'],
    [
      'a cursor beyond the log',
      { ...whole, attendance: { ...whole.attendance, cursor: 301 } },
      'attendance: ',
    ],
    [
      'a short week',
      { ...whole, access: { ...whole.access, timeZones: [{ number: 1, week: '00' }] } },
      'access.',
    ],
    [
      'a group with two zones',
      { ...whole, access: { ...whole.access, groups: [{ number: 1, zones: [1, 2], style: 0 }] } },
      'access.groups[0].zones: expected three, got 2',
    ],
    [
      'a uid beyond',
      { ...whole, templates: [{ uid: 70_000, finger: 1, flag: 1, bytes: '' }] },
      'templates[0].uid',
    ],
    [
      'a flag beyond',
      { ...whole, templates: [{ uid: 1, finger: 1, flag: 256, bytes: '' }] },
      'templates[0].flag',
    ],
    [
      'a template too long to be read',
      { ...whole, templates: [{ uid: 1, finger: 1, flag: 1, bytes: '00'.repeat(65_530) }] },
      'templates[0]: it is too long',
    ],
    [
      'a group beyond',
      { ...whole, access: { ...whole.access, groups: [{ number: 101, zones: [1, 0, 0], style: 0 }] } },
      'access.groups[0]: the model typical does not take this',
    ],
    [
      'a group with a style that is no byte',
      { ...whole, access: { ...whole.access, groups: [{ number: 1, zones: [1, 0, 0], style: 256 }] } },
      'access.groups[0]: ',
    ],
    [
      'a zone beyond',
      { ...whole, access: { ...whole.access, timeZones: [{ number: 51, week: '00'.repeat(28) }] } },
      'access.timeZones[0]: ',
    ],
    [
      'a combination of six',
      { ...whole, access: { ...whole.access, combinations: [{ number: 1, groups: [1, 2, 3, 4, 5, 6] }] } },
      'access.combinations[0]: ',
    ],
    [
      'zones of nobody',
      {
        ...whole,
        access: { ...whole.access, personZones: [{ number: 70_000, zones: [1, 0, 0], own: true }] },
      },
      'access.personZones[0]: ',
    ],
    ['a link beyond', { ...whole, messageLinks: [{ uid: 70_000, id: 7 }] }, 'messageLinks[0].uid'],
    [
      'a link to no message',
      { ...whole, messageLinks: [{ uid: 1, id: 9 }] },
      'messageLinks[0]: there is no message 9',
    ],
    ['a message without number', { ...whole, messages: ['00'.repeat(72)] }, 'messages[0]: it has no number'],
    [
      'a door that is a number',
      { ...whole, door: { heldOpen: 0, unlocks: [] } },
      'door.heldOpen: expected true or false',
    ],
  ]
  it.each(wrong)('(%s) is refused with its place', (_, file, message) => {
    expect(() => TerminalMemory.load(file)).toThrow(MemoryFileError)
    expect(() => TerminalMemory.load(file)).toThrow(message)
  })

  it('does not fit another model', () => {
    expect(() => TerminalMemory.load(whole, 'old')).toThrow('people[0]: the model old')
    expect(() => TerminalMemory.load({ ...whole, people: [] }, 'visible-light')).toThrow(
      'attendance: its records have 40 bytes, those of this model 49',
    )
    expect(() => TerminalMemory.load({ ...whole, profile: 'abacus' })).toThrow('no profile "abacus"')
  })
})
