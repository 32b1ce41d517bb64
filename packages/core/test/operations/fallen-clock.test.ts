// Which records of a log were made lately by a clock that fell back.
import { packTime, parseWallTime } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { FallenClock } from '../../src/operations/fallen-clock.ts'

const packed = (wallTime: string): number => packTime(parseWallTime(wallTime))
const DAY_MS = 86_400_000
const PUNCHES_FROM = packed('2026-10-01T00:00:00')

/** On the first of December it shows this; punches are kept for 61 days. */
const showing = (wallTime: string, punchesFrom = PUNCHES_FROM): FallenClock | undefined => {
  const wallMs = Date.UTC(2026, 11, 1)
  return FallenClock.of({ wallMs, driftMs: Date.parse(`${wallTime}Z`) - wallMs, punchesFrom })
}
const recent = (clock: FallenClock | undefined, ...wallTimes: string[]): string[] =>
  wallTimes.filter((wallTime) => clock?.hasRecently(packed(wallTime)))

describe('a clock that fell back', () => {
  it('has recorded what comes behind times that it has not reached yet', () => {
    const log = ['2000-01-02T00:00:00', '2026-11-20T08:00:00', '2000-01-01T00:00:05', '2000-01-03T09:00:00']
    expect(recent(showing('2000-01-03T10:00:00'), ...log)).toEqual(log.slice(2))
  })

  it('has not recorded lately what is as old by its own time as punches are kept', () => {
    const log = ['2026-01-01T00:00:00', '2000-01-05T00:00:00', '2000-03-20T00:00:00']
    expect(recent(showing('2000-04-01T00:00:00'), ...log)).toEqual(['2000-03-20T00:00:00'])
  })

  it('leaves what it recorded before it fell to its time', () => {
    const log = ['2025-12-01T08:00:00', '2026-05-01T08:00:00', '2026-11-20T08:00:00', '2025-11-29T08:00:00']
    expect(recent(showing('2025-12-01T10:00:00'), ...log)).toEqual(['2025-11-29T08:00:00'])
  })

  it('is none where what it records is kept anyway', () => {
    expect(showing('2026-12-01T00:00:00')).toBeUndefined()
    expect(showing('2026-10-02T00:00:00')).toBeUndefined()
    expect(showing('2099-01-01T00:00:00')).toBeUndefined()
    expect(
      showing(new Date(Date.UTC(2026, 11, 1) - 61 * DAY_MS - 1_000).toISOString().slice(0, 19)),
    ).toBeDefined()
  })
})
