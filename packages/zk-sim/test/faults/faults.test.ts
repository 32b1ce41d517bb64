// A plan at work: each fault strikes when it is due, as often as it says, by lot where it has a share, and then no more.
import { describe, expect, it } from 'vitest'
import { Faults } from '../../src/faults/faults.ts'
import { strikeRead } from '../../src/faults/terminal-faults.ts'
import { byteFault, flipped } from '../../src/faults/wire-faults.ts'
import { madeUpMemory } from '../../src/made-up-data.ts'

describe('faults of the stream', () => {
  it('cut at the byte, once', () => {
    const faults = new Faults({ cut: 100 })
    expect(byteFault(faults, 0, 99)).toEqual({ bytes: 99, next: 'go' })
    expect(byteFault(faults, 99, 50)).toEqual({ bytes: 1, next: 'cut' })
    expect(byteFault(faults, 99, 50)).toEqual({ bytes: 50, next: 'go' })
    expect(faults.struck).toEqual(['cut'])
  })

  it('stall at the byte, as often as they are told to', () => {
    const faults = new Faults({ stall: { atByte: 10, times: 2 } })
    expect([0, 0, 0].map((before) => byteFault(faults, before, 16))).toEqual([
      { bytes: 10, next: 'stall' },
      { bytes: 10, next: 'stall' },
      { bytes: 16, next: 'go' },
    ])
  })

  it('cut a connection that is already past the byte at once', () => {
    expect(byteFault(new Faults({ cut: 100 }), 500, 16)).toEqual({ bytes: 0, next: 'cut' })
  })

  it('flip exactly one bit, and leave the packet that was given as it is', () => {
    const faults = new Faults({ flip: 1 })
    const packet = Uint8Array.from({ length: 24 }, (_, index) => index * 7)
    const before = packet.slice()
    for (let round = 0; round < 200; round += 1) {
      const damaged = flipped(faults, packet)
      const bits = packet.reduce(
        (sum, byte, at) => sum + (byte ^ (damaged[at] ?? 0)).toString(2).replaceAll('0', '').length,
        0,
      )
      expect([damaged.length, bits]).toEqual([24, 1])
    }
    expect(packet).toEqual(before)
  })
})

describe('faults of a read', () => {
  const memory = () => madeUpMemory({ people: 3, punches: 10 })

  it('strike at their slice, together where they share one', () => {
    const faults = new Faults({
      restart: 3,
      grow: { atSlice: 2, punches: 5 },
      clear: { atSlice: 2, refill: 7 },
    })
    const held = memory()
    const seen = [0, 1, 2, 3, 2].map((slice) => [strikeRead(faults, slice, held), held.log.count])
    expect(seen).toEqual([
      [false, 10],
      [false, 10],
      [false, 12],
      [true, 12],
      [false, 12],
    ])
    expect(faults.struck).toEqual(['clear', 'grow', 'restart'])
  })

  it('replace a log by as many other punches', () => {
    const held = memory()
    const before = held.truth().punches
    strikeRead(new Faults({ replace: 0 }), 0, held)
    expect(held.log.count).toBe(before.length)
    expect(held.truth().punches).not.toEqual(before)
  })

  it('add one person twice in one second', () => {
    const held = memory()
    strikeRead(new Faults('sameSecond'), 0, held)
    const [one, other] = held.truth().punches.slice(-2)
    expect(held.log.count).toBe(12)
    expect({ ...one, index: 0 }).toEqual({ ...other, index: 0 })
  })

  it('add a punch of a 31 February', () => {
    const held = memory()
    strikeRead(new Faults('impossibleDate'), 0, held)
    expect(held.truth().punches.at(-1)).toMatchObject({ wallTime: '2026-02-31T08:15:30', validTime: false })
  })
})

describe('a plan', () => {
  it('strikes anew when it is set again, and not at all when cleared', () => {
    const faults = new Faults()
    faults.set('restart')
    expect(faults.strike('restart')).toBeDefined()
    expect(faults.strike('restart')).toBeUndefined()
    faults.set('restart')
    expect(faults.strike('restart')).toBeDefined()
    faults.set('restart')
    faults.clear()
    expect(faults.strike('restart')).toBeUndefined()
  })

  it('lets so many chances pass as it is told to skip', () => {
    const faults = new Faults('unanswered=any(skip=2, times=2)')
    const chances = [1, 2, 3, 4, 5].map(() => faults.strike('unanswered') !== undefined)
    expect(chances).toEqual([false, false, true, true, false])
  })

  it('draws the same lots for the same seed, and others for another', () => {
    const lots = (seed: number): boolean[] => {
      const faults = new Faults({ lose: 0.3, double: 0.3, seed })
      return Array.from({ length: 200 }, (_, n) => faults.strike(n % 2 ? 'lose' : 'double') !== undefined)
    }
    expect(lots(7)).toEqual(lots(7))
    expect(lots(7)).not.toEqual(lots(8))
    const struck = lots(7).filter(Boolean).length
    expect(struck).toBeGreaterThan(30)
    expect(struck).toBeLessThan(90)
  })

  it('tells what struck in order, the last thousand of it, and how often in all', () => {
    const faults = new Faults('lose=1, double=1')
    for (let n = 0; n < 1_500; n += 1) faults.strike(n < 400 ? 'lose' : 'double')
    expect(faults.struck).toHaveLength(1_000)
    expect(new Set(faults.struck)).toEqual(new Set(['double']))
    expect([...faults.totals]).toEqual([
      ['lose', 400],
      ['double', 1_100],
    ])
    faults.forget()
    expect([faults.struck.length, faults.totals.size]).toEqual([0, 0])
  })
})
