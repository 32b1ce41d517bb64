// Visits: in the order of time, before their end, and the same whenever the same days are asked for.
import { formatPackedTime } from '@org/zk-proto/wire'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { visits, type Visit } from '../src/working-days.ts'

const plan = { seed: 3, people: 20, count: 500, until: '2026-11-20T12:00:00' }

const wallTimeOf = ({ packedTime }: Visit): string => formatPackedTime(packedTime)

describe('visits', () => {
  it('are as many as were asked for, in order, all before the end', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(99),
          people: fc.integer({ min: 1, max: 60 }),
          count: fc.integer({ min: 0, max: 800 }),
        }),
        (wanted) => {
          const times = visits({ ...wanted, until: plan.until }).map(wallTimeOf)
          expect(times).toHaveLength(wanted.count)
          expect(times).toEqual(times.toSorted())
          expect(times.every((time) => time < plan.until)).toBe(true)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('of a later day are added at the end and change nothing before', () => {
    const since = '2026-09-01T00:00:00'
    const earlier = visits({ ...plan, since, until: '2026-11-02T17:10:00' })
    const later = visits({ ...plan, since, until: '2026-11-09T08:30:00' })
    expect(later.length).toBeGreaterThan(earlier.length)
    expect(later.slice(0, earlier.length)).toEqual(earlier)
  })

  it('leave Sundays out, and let two presses fall into one second now and then', () => {
    const many = visits({ ...plan, people: 50, count: 10_000 })
    expect(many.filter((visit) => new Date(`${wallTimeOf(visit)}Z`).getUTCDay() === 0)).toEqual([])
    const doubles = many.filter((visit, index) => {
      const before = many[index - 1]
      return before?.who === visit.who && before.packedTime === visit.packedTime
    })
    expect(doubles.length).toBeGreaterThan(3)
  })

  it('of few people and many punches fall on many hours of the days, not on many years', () => {
    const [first] = visits({ ...plan, people: 1, count: 20_000 })
    expect(formatPackedTime(first?.packedTime ?? 0)).toMatch(/^202[456]-/)
  })

  it('end when nobody takes part', () => {
    expect(visits({ ...plan, takesPart: () => false })).toEqual([])
  })

  it('cannot go back before 2000', () => {
    expect(() => visits({ ...plan, people: 3, count: 300, until: '2000-01-20T00:00:00' })).toThrow(
      'not enough',
    )
  })
})
