// The memory: punches in the model's own form, a truth that says what the bytes say, and what outlives a restart.
import { attendance40, packTime } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { TerminalMemory } from '../src/memory.ts'
import { encodePerson } from '../src/person-record.ts'
import { profileNamed, profiles } from '../src/profile.ts'

function memoryWith(profile: string): TerminalMemory {
  const memory = new TerminalMemory({ profile, now: () => Date.parse('2026-05-04T08:00:00Z') })
  memory.people.store(encodePerson(memory.profile.personLayout, { uid: 12, pin: '12', name: 'Ana' }))
  return memory
}

describe('a punch', () => {
  it.each(profiles.map(({ name }) => name))('of a %s terminal says who, when and how', (profile) => {
    const memory = memoryWith(profile)
    const punch = memory.punch({ pin: '12', state: 1, verifyMode: 4 })
    expect(punch).toMatchObject({ logNumber: '12', wallTime: '2026-05-04T08:00:00', state: 1, verifyMode: 4 })
    expect(memory.truth().punches).toEqual([punch])
  })

  it('keeps a day that no calendar has', () => {
    const memory = memoryWith('typical')
    const packedTime = packTime({ year: 2026, month: 2, day: 31, hour: 7, minute: 8, second: 9 })
    expect(memory.punch({ pin: '12', packedTime })).toMatchObject({
      packedTime,
      wallTime: '2026-02-31T07:08:09',
      validTime: false,
    })
  })

  it('of somebody who is not in the list keeps the number', () => {
    expect(memoryWith('typical').punch({ pin: 'AB12' })).toMatchObject({ pin: 'AB12', uid: 0 })
    expect(memoryWith('old').punch({ pin: '77' })).toMatchObject({ pin: null, uid: 77, logNumber: '77' })
  })

  it('is not recorded while the terminal is disabled, and is again once the time is over', () => {
    let now = Date.parse('2026-05-04T08:00:00Z')
    const memory = new TerminalMemory({ now: () => now })
    memory.disable(30)
    expect(memory.punch({ pin: '1' })).toBeUndefined()
    now += 30_000
    expect(memory.punch({ pin: '1' })).toMatchObject({ pin: '1' })
    memory.disable()
    now += 86_400_000
    expect(memory.punch({ pin: '1' })).toBeUndefined()
    memory.restart()
    expect(memory.punch({ pin: '1' })).toBeDefined()
  })

  it('is not recorded when a full log refuses it', () => {
    const typical = profileNamed('typical')
    const memory = new TerminalMemory({
      profile: { ...typical, capacity: { ...typical.capacity, records: 2 } },
    })
    expect([1, 2, 3].map((n) => memory.punch({ pin: String(n) })?.pin)).toEqual(['1', '2', undefined])
  })

  it('is somebody’s', () => {
    expect(() => memoryWith('typical').punch({})).toThrow('expected a pin or a uid')
  })
})

describe('the truth', () => {
  it('tells a record that was put in raw, unknown bytes included', () => {
    const memory = memoryWith('typical')
    const raw = attendance40.encode({
      uid: 9,
      pin: '0042',
      verifyMode: 15,
      time: 5,
      punchState: 255,
      unknown32: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    })
    memory.log.append(raw)
    expect(memory.truth().punches).toEqual([
      {
        index: 0,
        uid: 9,
        pin: '0042',
        logNumber: '0042',
        packedTime: 5,
        wallTime: '2000-01-01T00:00:05',
        validTime: true,
        verifyMode: 15,
        state: 255,
        workCode: null,
        denied: false,
        raw: Buffer.from(raw).toString('hex'),
      },
    ])
  })

  it('marks what an access panel refused, by state 7 or by the high bit', () => {
    const memory = memoryWith('access-panel')
    expect(memory.punch({ pin: '12', state: 7 })?.denied).toBe(true)
    expect(memory.punch({ pin: '12', state: 0x87 })?.denied).toBe(true)
    expect(memory.punch({ pin: '12', state: 255 })?.denied).toBe(false)
    expect(memoryWith('typical').punch({ pin: '12', state: 7 })?.denied).toBe(false)
  })

  it('is plain JSON', () => {
    const truth = memoryWith('visible-light').truth()
    expect(JSON.parse(JSON.stringify(truth))).toEqual(truth)
  })
})

describe('identity', () => {
  it('differs between seeds and is the same for one', () => {
    const [first, again, second] = [1, 1, 2].map((seed) => new TerminalMemory({ seed }))
    expect(first?.serialNumber).toBe(again?.serialNumber)
    expect(first?.serialNumber).not.toBe(second?.serialNumber)
    expect(first?.options.get('MAC')).toMatch(/^00:17:61:([0-9a-f]{2}:){2}[0-9a-f]{2}$/)
    expect(first?.options.get('MAC')).not.toBe(second?.options.get('MAC'))
  })

  it('refuses a comm key that no terminal has', () => {
    expect(() => new TerminalMemory({ commKey: 2 ** 32 })).toThrow('comm key')
    expect(() => new TerminalMemory({ profile: 'abacus' })).toThrow('there are old, compact')
  })
})
