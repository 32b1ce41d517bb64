// Counting equal punches of a whole log.
import { array, assert, nat, property, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OccurrenceCounter } from '../../src/operations/occurrence-counter.ts'

describe('an occurrence counter', () => {
  it('counts each pair of person and second from 1, at any distance', () => {
    const counter = new OccurrenceCounter()
    expect(counter.next('7', 100)).toBe(1)
    expect(counter.next('07', 100)).toBe(1)
    expect(counter.next('7', 101)).toBe(1)
    for (let second = 0; second < 20_000; second += 1) counter.next('8', second)
    expect(counter.next('7', 100)).toBe(2)
    expect(counter.next('7', 100)).toBe(3)
  })

  it('agrees with a plain count, for any log', () => {
    const log = array(tuple(string({ maxLength: 3 }), nat(5)), { maxLength: 400 })
    assert(
      property(log, (punches) => {
        const counter = new OccurrenceCounter()
        const counts = new Map<string, number>()
        for (const [logNumber, packedTime] of punches) {
          const key = `${packedTime} ${logNumber}`
          counts.set(key, (counts.get(key) ?? 0) + 1)
          expect(counter.next(logNumber, packedTime)).toBe(counts.get(key))
        }
      }),
    )
  })

  it('takes the whole range of packed times and 200,000 pairs', () => {
    const counter = new OccurrenceCounter()
    for (const packedTime of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff])
      expect(counter.next('1', packedTime)).toBe(1)
    for (const packedTime of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff])
      expect(counter.next('1', packedTime)).toBe(2)
    for (let i = 0; i < 200_000; i += 1)
      expect(counter.next(String(i % 500), 1_000_000 + Math.floor(i / 500))).toBe(1)
  })
})
