// What the hand does at the terminal: what is heard of it where it was asked for, what is written, and what the door does.
import { decodeLiveEvents, encodeWeek, type LiveEvent } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import type { Happening } from '../src/live-happening.ts'
import { madeUpMemory } from '../src/made-up-data.ts'
import type { TerminalMemory } from '../src/memory.ts'
import { profileNamed, type Profile } from '../src/profile.ts'
import { Hand } from '../src/remote-hand.ts'
import { startTerminal } from '../src/simulated-terminal.ts'

const NOW = Date.parse('2026-05-04T08:00:00Z')

interface Stood {
  readonly memory: TerminalMemory
  readonly hand: Hand
  /** What clients that asked for everything would hear. */
  readonly heard: () => LiveEvent[]
  isOn: boolean
}

function standAt(profile: Profile | string = 'typical'): Stood {
  const memory = madeUpMemory({
    profile,
    people: 4,
    punches: 10,
    until: '2026-05-04T07:00:00',
    now: () => NOW,
  })
  const happenings: Happening[] = []
  memory.audience = (more) => happenings.push(...more)
  const stood: Stood = {
    memory,
    hand: new Hand(memory, {
      isOn: () => stood.isOn,
      pullPlug: () => Promise.resolve(),
      plugIn: () => Promise.resolve(),
    }),
    heard: () => happenings.flatMap(({ event, payload }) => decodeLiveEvents(event, payload)),
    isOn: true,
  }
  return stood
}

function operationsOf(memory: TerminalMemory): string[] {
  return memory.truth().operations.map(({ name }) => name)
}

describe('somebody who shows who they are', () => {
  it.each([
    ['finger', 1, ['touch', 'verification', 'punch']],
    ['card', 4, ['verification', 'punch']],
    ['code', 3, ['verification', 'punch']],
    ['face', 15, ['verification', 'punch']],
  ] as const)('by %s is recorded so', (by, verifyMode, types) => {
    const { hand, heard } = standAt()
    expect(hand.present('1002', by, 1)).toMatchObject({
      pin: '1002',
      verifyMode,
      state: 1,
      wallTime: '2026-05-04T08:00:00',
    })
    expect(heard().map(({ type }) => type)).toEqual(types)
  })

  it('and is a stranger leaves no record, and is heard of', () => {
    const { hand, heard, memory } = standAt()
    hand.presentStranger()
    hand.presentStranger('card')
    expect(heard()).toMatchObject([{ type: 'touch' }, { type: 'verification' }, { type: 'verification' }])
    expect(memory.log.count).toBe(10)
  })

  it('and was disabled is taken for a stranger', () => {
    const { hand, heard, memory } = standAt()
    expect(hand.addPerson({ uid: 9, pin: '9', name: 'Off', privilege: 1 })).toBeUndefined()
    expect(hand.present('9')).toBeUndefined()
    expect(heard().at(-1)).toMatchObject({ type: 'verification', uid: undefined })
    expect(memory.log.count).toBe(10)
  })

  it('under duress raises that alarm, in either order of its numbers', () => {
    for (const alarmOrder of ['alarm-first', 'finger-first'] as const) {
      const { hand, heard, memory } = standAt({ ...profileNamed('typical'), alarmOrder })
      memory.templates.store(2, 7, Uint8Array.of(1), 3)
      hand.present('1002', 'finger', 0, 6)
      expect(heard().map(({ type }) => type)).not.toContain('alarm')
      hand.present('1002', 'finger', 0, 7)
      const uid = alarmOrder === 'alarm-first' ? 2 : undefined
      expect(heard().at(-1)).toMatchObject({ type: 'alarm', alarm: 'duress', uid, matchingWay: 1 })
    }
  })

  it('wakes a terminal that sleeps, and is not met by one that is off or disabled', () => {
    const stood = standAt()
    const { hand, memory } = stood
    memory.asleep = true
    memory.disable()
    expect(hand.present('1001')).toBeUndefined()
    expect(memory.asleep).toBe(true)
    memory.enable()
    expect(hand.present('1001')).toBeDefined()
    expect(memory.asleep).toBe(false)
    stood.isOn = false
    expect(hand.present('1001')).toBeUndefined()
  })
})

describe('an access panel', () => {
  const closed = encodeWeek(Array.from({ length: 7 }, () => ({ from: '23:59', to: '00:00' })))

  it('refuses who may not enter now: by zone, by group, by combination; and logs that', () => {
    const { hand, heard, memory } = standAt('access-panel')
    expect(hand.present('2')).toMatchObject({ state: 0, denied: false })
    expect(memory.door.unlocks).toHaveLength(1)
    memory.access.setTimeZone(1, closed)
    expect(hand.present('2')).toMatchObject({ state: 7, denied: true })
    memory.access.setZonesOf(2, { own: true, zones: [3, 0, 0] })
    expect(hand.present('2')).toMatchObject({ denied: true })
    memory.access.setTimeZone(
      3,
      encodeWeek(Array.from({ length: 7 }, () => ({ from: '08:00', to: '08:00' }))),
    )
    expect(hand.present('2')).toMatchObject({ denied: false })
    memory.access.setCombination(1, [1, 2])
    expect(hand.present('2')).toMatchObject({ denied: true })
    expect(memory.door.unlocks).toHaveLength(2)
    const punches = heard().filter(({ type }) => type === 'punch')
    expect(punches.map((event) => event.type === 'punch' && event.state)).toEqual([0, 0x87, 0x87, 0, 0x87])
  })

  it('that keeps no refusals lets nobody in and writes nothing', () => {
    const { hand, memory } = standAt({ ...profileNamed('access-panel'), logsDenials: false })
    memory.people.setGroup(2, 3)
    expect(hand.present('2')).toBeUndefined()
    expect([memory.log.count, memory.door.unlocks.length]).toEqual([10, 0])
  })
})

describe('the door', () => {
  it('opens by the button inside, which is heard twice', () => {
    const { hand, heard, memory } = standAt()
    expect(hand.pressExitButton()).toBe(true)
    expect(heard()).toMatchObject([{ type: 'alarm', alarm: 'exit button' }, { type: 'unlock' }])
    expect(memory.door.unlocks).toEqual([{ at: NOW, milliseconds: 5_000 }])
    hand.setOption('LockOn', '0')
    expect(hand.pressExitButton()).toBe(false)
  })

  it('that was forced stands open in silence, and is heard when it shuts', () => {
    const { hand, heard, memory } = standAt()
    hand.holdDoor(true)
    expect([memory.door.isOpen, heard()]).toEqual([true, []])
    hand.holdDoor(false)
    hand.holdDoor(false)
    expect(heard()).toMatchObject([{ type: 'alarm', alarm: 'door closed' }])
  })
})

describe('keys and alarms', () => {
  it('are heard, and those of the case and of wrong fingers are written down', () => {
    const { hand, heard, memory } = standAt()
    hand.pressKey(4)
    hand.ringDoorbell()
    hand.tamper()
    hand.raiseAlarm('misoperation')
    expect(hand.raiseAlarmOf('1003', 'antiPassback')).toBe(true)
    expect(hand.raiseAlarmOf('nobody', 'duress')).toBe(false)
    expect(heard()).toMatchObject([
      { type: 'button', key: 4 },
      { type: 'button', key: memory.profile.doorbellKey },
      { type: 'alarm', alarm: 'tamper' },
      { type: 'alarm', alarm: 'misoperation' },
      { type: 'alarm', alarm: 'anti-passback', uid: 3 },
    ])
    expect(operationsOf(memory)).toEqual(['tamper alarm', 'authentication failure alarm'])
  })

  it('of a terminal that is off reach nobody', () => {
    const stood = standAt()
    stood.isOn = false
    const { hand, heard, memory } = stood
    hand.pressKey(1)
    hand.tamper()
    expect([hand.pressExitButton(), hand.raiseAlarmOf('1001', 'duress'), hand.press()]).toEqual([
      false,
      false,
      false,
    ])
    expect(hand.addPerson({ uid: 9, pin: '9', name: '' })).toBe('off')
    expect([heard(), memory.operations.count]).toEqual([[], 0])
  })
})

describe('the menu', () => {
  it('adds and removes people, sets options and the clock, and writes all of it down', () => {
    const { hand, heard, memory } = standAt()
    expect(hand.addPerson({ uid: 9, pin: '9', name: 'Nine' })).toBeUndefined()
    expect(hand.addPerson({ uid: 10, pin: '9', name: 'Again' })).toBe('pin-taken')
    expect(heard()).toMatchObject([{ type: 'person', uid: 9 }])
    expect([hand.removePerson('9'), hand.removePerson('9')]).toEqual([true, false])
    hand.setOption('VoiceOn', '0')
    hand.setClock('2030-01-02T03:04:05')
    expect(operationsOf(memory)).toEqual([
      'enrol user',
      'enrol user',
      'delete user',
      'change option',
      'set time',
    ])
    expect(memory.truth().operations.map(({ parameters }) => parameters[1])).toEqual([1, 0, 1, 1, 1])
    expect([memory.options.get('VoiceOn'), memory.clock.read()]).toEqual(['0', '2030-01-02T03:04:05'])
  })

  it('does not take a person of no time', () => {
    const { hand } = standAt()
    expect(() => hand.answerEnrolments('good', -1)).toThrow('pressMs')
  })
})

describe('the plug', () => {
  it('pulled leaves no time to write that it was; put in again, the terminal writes that it is on', async () => {
    await using terminal = await startTerminal({ people: 1, punches: 0 })
    await terminal.hand.pullPlug()
    await terminal.hand.plugIn()
    await terminal.restart()
    expect(operationsOf(terminal.memory)).toEqual(['power on', 'power on', 'power off', 'power on'])
  })
})

describe('a log that people fill', () => {
  const small = (fullLog: Profile['fullLog']): Profile => {
    const typical = profileNamed('typical')
    return { ...typical, fullLog, capacity: { ...typical.capacity, records: 20 } }
  }

  it.each([
    ['refuse', 20, undefined, [0, 19]],
    ['overwrite-oldest', 20, 0, ['new', 19]],
    ['shift', 20, 19, [1, 'new']],
    ['drop-block', 19, 18, [2, 'new']],
  ] as const)('does with the next punch what its habit is: %s', (fullLog, count, index, [first, last]) => {
    const { hand, memory } = standAt(small(fullLog))
    expect(hand.fillLog()).toBe(10)
    expect(memory.log.isFull).toBe(true)
    const before = memory.truth().punches.map(({ raw }) => raw)
    const punch = hand.present('1001', 'card', 4)
    expect(punch?.index).toBe(index)
    const after = memory.truth().punches.map(({ raw }) => raw)
    const expected = (place: number | 'new'): string | undefined =>
      place === 'new' ? punch?.raw : before[place]
    expect([after.length, after[0], after.at(-1)]).toEqual([count, expected(first), expected(last)])
  })
})
