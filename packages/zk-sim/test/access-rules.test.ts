// The rules of access: who may enter at a moment, what is no rule, and back to what they were when new.
import { encodeWeek } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { AccessRules } from '../src/access-rules.ts'
import { wallMs } from '../src/clock.ts'

const NO_OWN = { own: false, zones: [0, 0, 0] } as const
const MONDAY_NOON = wallMs('2026-05-04T12:00:00')
const SUNDAY_NOON = wallMs('2026-05-03T12:00:00')
const WORKDAYS = encodeWeek(
  Array.from({ length: 7 }, (_, day) =>
    day === 0 ? { from: '23:59', to: '00:00' } : { from: '08:00', to: '12:00' },
  ),
)

describe('access rules', () => {
  it('of a new terminal let group 1 in at any time, and nobody else', () => {
    const rules = new AccessRules(100)
    for (const moment of [MONDAY_NOON, SUNDAY_NOON, wallMs('2026-05-04T00:00:00')]) {
      expect(rules.admits({ group: 1, zones: NO_OWN }, moment)).toBe(true)
      expect(rules.admits({ group: 2, zones: NO_OWN }, moment)).toBe(false)
    }
  })

  it('open a zone from its first minute to its last, day by day', () => {
    const rules = new AccessRules(100)
    rules.setTimeZone(4, WORKDAYS)
    rules.setGroup(1, { zones: [0, 4, 0], style: 0 })
    const times = ['07:59:59', '08:00:00', '12:00:59', '12:01:00']
    const admitted = times.map((time) =>
      rules.admits({ group: 1, zones: NO_OWN }, wallMs(`2026-05-04T${time}`)),
    )
    expect(admitted).toEqual([false, true, true, false])
    expect(rules.admits({ group: 1, zones: NO_OWN }, SUNDAY_NOON)).toBe(false)
  })

  it('let own zones go before those of the group, and a zone that is not there never open', () => {
    const rules = new AccessRules(100)
    rules.setTimeZone(4, WORKDAYS)
    expect(rules.admits({ group: 1, zones: { own: true, zones: [4, 0, 0] } }, SUNDAY_NOON)).toBe(false)
    expect(rules.admits({ group: 1, zones: { own: true, zones: [9, 0, 0] } }, MONDAY_NOON)).toBe(false)
    expect(rules.admits({ group: 1, zones: { own: true, zones: [9, 1, 0] } }, SUNDAY_NOON)).toBe(true)
  })

  it('want a combination in which the group stands alone', () => {
    const rules = new AccessRules(100)
    rules.setGroup(2, { zones: [1, 0, 0], style: 0 })
    rules.setCombination(2, [1, 2])
    expect(rules.admits({ group: 2, zones: NO_OWN }, MONDAY_NOON)).toBe(false)
    rules.setCombination(3, [2])
    expect(rules.admits({ group: 2, zones: NO_OWN }, MONDAY_NOON)).toBe(true)
    rules.setCombination(3, [])
    expect(rules.combination(3)).toBeUndefined()
  })

  it('have bounds', () => {
    const rules = new AccessRules(5)
    const rule = { zones: [1, 0, 0], style: 0 } as const
    expect([0, 5, 6].map((group) => rules.setGroup(group, rule))).toEqual([false, true, false])
    expect(rules.setGroup(1, { ...rule, zones: [51, 0, 0] })).toBe(false)
    expect(rules.setGroup(4, undefined)).toBe(false)
    expect([0, 50, 51].map((zone) => rules.setTimeZone(zone, WORKDAYS))).toEqual([false, true, false])
    expect([0, 10, 11].map((number) => rules.setCombination(number, [1]))).toEqual([false, true, false])
    expect(rules.setCombination(1, [1, 2, 3, 4, 5, 1])).toBe(false)
    expect(rules.setCombination(1, [6])).toBe(false)
    rules.reset()
    expect(rules.facts()).toEqual(new AccessRules(5).facts())
  })

  it('come back from what was kept', () => {
    const rules = new AccessRules(100)
    rules.setTimeZone(4, WORKDAYS)
    rules.setZonesOf(7, { own: true, zones: [4, 0, 0] })
    const again = new AccessRules(100)
    again.restore(rules.facts())
    expect(again.facts()).toEqual(rules.facts())
    again.forget(7)
    expect(again.zonesOf(7)).toEqual(NO_OWN)
  })
})
