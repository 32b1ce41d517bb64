// Histories of zones: what corrections and moves make of them, held against the plainest account of the same changes, second by second.
import { array, assert, constantFrom, integer, option, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceZone } from '../src/device-zone.ts'
import { correctedHistory, movedHistory, timeUnder, zoneAt, type ZoneHistory } from '../src/zone-history.ts'

const ZONES = [
  'UTC',
  'Asia/Jakarta',
  'Asia/Kathmandu',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Apia',
]
const FIRST_DAY = Date.UTC(2026, 2, 1)

const wallTime = integer({ min: 0, max: 60 * 24 }).map((hours) =>
  new Date(FIRST_DAY + hours * 3_600_000).toISOString().slice(0, 19),
)
const change = record({ timezone: constantFrom(...ZONES), since: option(wallTime, { nil: undefined }) })

interface Change {
  readonly timezone: string
  readonly since: string | undefined
}

const applied = (changes: readonly Change[]): ZoneHistory =>
  changes.reduce<ZoneHistory>(
    (history, { since, timezone }) =>
      since === undefined ? correctedHistory(timezone) : movedHistory(history, { since, timezone }),
    correctedHistory('UTC'),
  )

/** The last change that says anything of this wall time. */
const zoneByChanges = (changes: readonly Change[], wall: string): string =>
  changes.findLast(({ since }) => since === undefined || since <= wall)?.timezone ?? 'UTC'

describe('a history of zones', () => {
  it('says of every wall time what the last change says that reaches it', () => {
    assert(
      property(array(change, { maxLength: 8 }), wallTime, (changes, wall) => {
        const timezone = zoneByChanges(changes, wall)
        expect(timeUnder(applied(changes), wall)).toEqual({
          timezone,
          ...deviceZone(timezone).instantOf(wall),
        })
      }),
      { numRuns: 2_000 },
    )
  })

  it('begins with the beginning, goes forward and repeats no zone', () => {
    assert(
      property(array(change, { maxLength: 8 }), (changes) => {
        const history = applied(changes)
        expect(history[0].since).toBe('')
        history.slice(1).forEach(({ since, timezone }, at) => {
          expect(since > (history[at]?.since ?? '')).toBe(true)
          expect(timezone).not.toBe(history[at]?.timezone)
        })
      }),
      { numRuns: 1_000 },
    )
  })

  it('has the zone of a move in force once a clock of that zone shows its wall time', () => {
    const history = movedHistory(correctedHistory('Asia/Jakarta'), {
      since: '2026-03-10T08:00:00',
      timezone: 'Europe/Berlin',
    })
    expect(zoneAt(history, Date.parse('2026-03-10T06:59:59Z'))).toBe('Asia/Jakarta')
    expect(zoneAt(history, Date.parse('2026-03-10T07:00:00Z'))).toBe('Europe/Berlin')
  })

  it('gives a time that is no real date no instant, and the zone of its place', () => {
    const history = movedHistory(correctedHistory('UTC'), {
      since: '2026-02-15T00:00:00',
      timezone: 'Europe/Berlin',
    })
    expect(timeUnder(history, '2026-02-31T08:00:00')).toEqual({
      timezone: 'Europe/Berlin',
      at: null,
      status: 'invalid',
    })
  })
})
