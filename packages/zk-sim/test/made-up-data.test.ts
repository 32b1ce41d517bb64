// Made-up data: in every record form, plausible to a reader who does not know where it comes from, and repeatable.
import { attendanceForm, findPersonForm } from '@org/zk-proto/wire'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { madeUpMemory } from '../src/made-up-data.ts'
import { profileNamed, profiles } from '../src/profile.ts'

const UNTIL = '2026-11-20T12:00:00'

describe.each(profiles)('made-up data of a $name terminal', (profile) => {
  const memory = madeUpMemory({ profile, people: 80, punches: 500, until: UNTIL })

  it('has as many people and punches as were asked for', () => {
    expect([memory.people.count, memory.log.count]).toEqual([80, 500])
  })

  it('reads as people and punches', () => {
    expect(findPersonForm(memory.people.snapshot(), 80).name).toBe(profile.personLayout)
    const form = attendanceForm(profile.attendanceLayout, memory.log.recordBytes)
    const records = memory.log.snapshot()
    const plausible = Array.from({ length: 500 }, (_, index) =>
      form?.plausible(records, index * memory.log.recordBytes),
    )
    expect(plausible.every(Boolean)).toBe(true)
  })

  it('has punches of people who were deleted since', () => {
    const pins = new Set(memory.truth().people.flatMap(({ pin, uid }) => [pin, String(uid)]))
    expect(memory.truth().punches.some(({ logNumber }) => !pins.has(logNumber))).toBe(true)
  })
})

describe('made-up data', () => {
  it('is the same, byte for byte, for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.constantFrom(...profiles), (seed, profile) => {
        const [one, two] = [0, 1].map(() =>
          madeUpMemory({ seed, profile, people: 10, punches: 60, until: UNTIL }),
        )
        expect(one?.truth().people).toEqual(two?.truth().people)
        expect(one?.truth().punches).toEqual(two?.truth().punches)
      }),
      { numRuns: 30 },
    )
  })

  it('has refused attempts on an access panel, and nowhere else', () => {
    const denied = (profile: string): number =>
      madeUpMemory({ profile, punches: 2_000, until: UNTIL })
        .truth()
        .punches.filter(({ denied }) => denied).length
    expect(denied('access-panel')).toBeGreaterThan(20)
    expect(denied('typical')).toBe(0)
  })

  it('stops where the log is full', () => {
    const typical = profileNamed('typical')
    const profile = { ...typical, capacity: { ...typical.capacity, records: 40 } }
    expect(madeUpMemory({ profile, punches: 60, until: UNTIL }).log.count).toBe(40)
  })

  it('is counted by whole numbers from 0 on', () => {
    expect(() => madeUpMemory({ people: -1 })).toThrow(RangeError)
    expect(() => madeUpMemory({ punches: Number.NaN })).toThrow('expected punches of 0 or more, got NaN')
    expect(() => madeUpMemory({ fingers: 1.5 })).toThrow('expected fingers of 0 or more, got 1.5')
  })

  it('may be nothing at all', () => {
    const memory = madeUpMemory({ people: 0, punches: 0 })
    expect([memory.people.count, memory.log.count]).toEqual([0, 0])
  })
})
