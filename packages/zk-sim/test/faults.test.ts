// The script of faults: each strikes at its byte or slice, as often as it says, and then no more.
import { describe, expect, it } from 'vitest'
import { Faults } from '../src/faults.ts'

describe('faults of the stream', () => {
  it('cut at the byte, once', () => {
    const faults = new Faults({ cutAfterBytes: 100 })
    expect(faults.onSend(0, 99)).toEqual({ bytes: 99, next: 'go' })
    expect(faults.onSend(99, 50)).toEqual({ bytes: 1, next: 'cut' })
    expect(faults.onSend(99, 50)).toEqual({ bytes: 50, next: 'go' })
    expect(faults.struck).toEqual(['cut'])
  })

  it('stall at the byte, as often as they are told to', () => {
    const faults = new Faults({ stallAtByte: 10, times: 2 })
    expect([0, 0, 0].map((before) => faults.onSend(before, 16))).toEqual([
      { bytes: 10, next: 'stall' },
      { bytes: 10, next: 'stall' },
      { bytes: 16, next: 'go' },
    ])
  })

  it('cut a connection that is already past the byte at once', () => {
    expect(new Faults({ cutAfterBytes: 100 }).onSend(500, 16)).toEqual({ bytes: 0, next: 'cut' })
  })
})

describe('faults of a read', () => {
  it('strike at their slice, together where they share one', () => {
    const faults = new Faults({
      restartDuringRead: { atSlice: 3 },
      growDuringRead: { atSlice: 2, punches: 5 },
      clearDuringRead: { atSlice: 2, refill: 7 },
    })
    expect([0, 1, 2, 3, 2].map((slice) => faults.onSlice(slice))).toEqual([
      { clear: false, punches: 0, restart: false },
      { clear: false, punches: 0, restart: false },
      { clear: true, punches: 12, restart: false },
      { clear: false, punches: 0, restart: true },
      { clear: false, punches: 0, restart: false },
    ])
    expect(faults.struck).toEqual(['clear', 'grow', 'restart'])
  })

  it('strike anew when they are set again, and not at all when cleared', () => {
    const faults = new Faults()
    faults.set({ restartDuringRead: {} })
    expect(faults.onSlice(1).restart).toBe(true)
    faults.set({ restartDuringRead: {} })
    faults.clear()
    expect(faults.onSlice(1).restart).toBe(false)
  })
})
