// The door: pulses that queue up, kept for the truth, and no more of them than anybody reads.
import { describe, expect, it } from 'vitest'
import { Door } from '../src/door.ts'

describe('the door', () => {
  it('stands open for as long as all pulses together, and comes back from a file so', () => {
    let now = 1_000
    const door = new Door(() => now)
    door.openFor(5_000)
    door.openFor(5_000)
    const restored = new Door(() => now)
    restored.restore(door.unlocks)
    now = 10_999
    expect([door.isOpen, restored.isOpen]).toEqual([true, true])
    now = 11_000
    expect([door.isOpen, restored.isOpen]).toEqual([false, false])
  })

  it('counts every pulse and keeps the last ten thousand', () => {
    let now = 0
    const door = new Door(() => (now += 1))
    for (let pulse = 0; pulse < 10_005; pulse++) door.openFor(1)
    expect([door.openings, door.unlocks.length, door.unlocks[0]?.at]).toEqual([10_005, 10_000, 6])
  })
})
