// How far a terminal's clock is off.
import { describe, expect, it } from 'vitest'
import { clockDriftSeconds } from '../../src/terminals/clock-drift.ts'

const at = (iso: string): number => Date.parse(iso)

describe('the drift of a clock', () => {
  it('is what it shows against what a clock of its zone shows', () => {
    const readAtMs = at('2026-07-01T10:00:00.500Z')
    expect(clockDriftSeconds({ wallTime: '2026-07-01T12:00:00', readAtMs }, 'Europe/Berlin')).toBe(0)
    expect(clockDriftSeconds({ wallTime: '2026-07-01T12:01:30', readAtMs }, 'Europe/Berlin')).toBe(90)
    expect(clockDriftSeconds({ wallTime: '2026-07-01T10:00:00', readAtMs }, 'Europe/Berlin')).toBe(-7_200)
  })

  it('does not jump in the hour that a zone has twice', () => {
    const reading = { wallTime: '2026-10-25T02:30:10', readAtMs: at('2026-10-25T01:30:00.500Z') }
    expect(clockDriftSeconds(reading, 'Europe/Berlin')).toBe(10)
  })

  it('is unknown where the terminal shows no real date', () => {
    expect(clockDriftSeconds({ wallTime: '2026-02-31T10:00:00', readAtMs: 0 }, 'UTC')).toBeNull()
  })
})
