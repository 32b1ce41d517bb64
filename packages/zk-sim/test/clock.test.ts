// The clock: wall time of a zone, wrong by a drift, set by hand.
import { describe, expect, it } from 'vitest'
import { TerminalClock, wallMs } from '../src/clock.ts'

const at = (instant: string) => () => Date.parse(instant)

describe('the clock of a terminal', () => {
  it('shows the wall time of its zone, in summer and in winter', () => {
    const shown = (now: string): string => new TerminalClock({ zone: 'Europe/Berlin', now: at(now) }).read()
    expect(shown('2026-01-15T12:00:00Z')).toBe('2026-01-15T13:00:00')
    expect(shown('2026-07-15T12:00:00Z')).toBe('2026-07-15T14:00:00')
    expect(shown('2026-12-31T23:30:00Z')).toBe('2027-01-01T00:30:00')
  })

  it('shows midnight as hour 0', () => {
    const clock = new TerminalClock({ zone: 'Asia/Kathmandu', now: at('2026-03-01T18:15:00Z') })
    expect(clock.read()).toBe('2026-03-02T00:00:00')
  })

  it('is wrong by its drift', () => {
    expect(new TerminalClock({ driftSeconds: -75, now: at('2026-03-01T00:00:00Z') }).read()).toBe(
      '2026-02-28T23:58:45',
    )
  })

  it('runs on from what it was set to', () => {
    let now = Date.parse('2026-03-01T10:00:00Z')
    const clock = new TerminalClock({ now: () => now })
    clock.set('2009-08-07T06:05:04')
    now += 61_000
    expect(clock.read()).toBe('2009-08-07T06:06:05')
  })

  it('begins its calendar anew after the last second of 2099', () => {
    let now = Date.parse('2026-03-01T10:00:00Z')
    const clock = new TerminalClock({ now: () => now })
    clock.set('2099-12-31T23:59:59')
    now += 1_000
    expect(clock.read()).toBe('2000-01-01T00:00:00')
    clock.set('2000-01-01T00:00:00')
    now -= 1
    expect(clock.read()).toBe('2099-12-31T23:59:59')
  })

  it('is never wrong by more than its calendar', () => {
    for (const driftSeconds of [4e9, -4e9, 1e300, Number.NaN])
      expect(() => new TerminalClock({ driftSeconds })).toThrow('expected a drift within 3155760000 seconds')
  })

  it('refuses a zone that does not exist and a day that does not exist', () => {
    expect(() => new TerminalClock({ zone: 'Mars/Olympus' })).toThrow(RangeError)
    expect(() => new TerminalClock().set('2026-02-30T00:00:00')).toThrow('there is no 2026-02-30')
    expect(() => wallMs('2026-02-03')).toThrow('YYYY-MM-DD')
  })
})
