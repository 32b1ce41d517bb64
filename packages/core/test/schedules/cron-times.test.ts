// When a cron expression's time comes, above all where clocks are changed.
import { describe, expect, it } from 'vitest'
import { cronFault, cronTimes } from '../../src/schedules/cron-times.ts'

/** The times after an instant, in minutes of UTC. */
function timesOf(expression: string, zone: string, after: string, count: number): string[] {
  const times = cronTimes(expression, zone)
  const found: string[] = []
  let afterMs = Date.parse(after)
  while (found.length < count) {
    afterMs = times.next(afterMs) ?? Number.NaN
    found.push(new Date(afterMs).toISOString().slice(0, 16))
  }
  return found
}

describe('the times of a cron expression', () => {
  it('come in the wall time of its zone', () => {
    expect(timesOf('0 3 * * *', 'Asia/Jakarta', '2026-02-01T00:00:00Z', 2)).toEqual([
      '2026-02-01T20:00',
      '2026-02-02T20:00',
    ])
    expect(timesOf('30 8 * * 1-5', 'UTC', '2026-02-06T09:00:00Z', 2)).toEqual([
      '2026-02-09T08:30',
      '2026-02-10T08:30',
    ])
  })

  it('come to the second where there are six fields', () => {
    expect(cronTimes('15 0 3 * * *', 'UTC').next(Date.parse('2026-02-01T00:00:00Z'))).toBe(
      Date.parse('2026-02-01T03:00:15Z'),
    )
  })

  it('are strictly after what they are asked after', () => {
    const times = cronTimes('0 3 * * *', 'UTC')
    const three = Date.parse('2026-02-01T03:00:00Z')
    expect(times.next(three - 1)).toBe(three)
    expect(times.next(three)).toBe(three + 86_400_000)
  })

  it.each([
    ['Europe/Berlin', '2026-03-28T12:00:00Z', '30 2 * * *', ['2026-03-29T01:00', '2026-03-30T00:30']],
    ['America/New_York', '2026-03-07T12:00:00Z', '0 2 * * *', ['2026-03-08T07:00', '2026-03-09T06:00']],
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', '0 0 * * *', ['2018-11-04T03:00', '2018-11-05T02:00']],
    ['Australia/Lord_Howe', '2026-10-03T12:00:00Z', '15 2 * * *', ['2026-10-03T15:30', '2026-10-04T15:15']],
  ])('in %s: what falls into a missing hour is not skipped', (zone, after, expression, expected) => {
    expect(timesOf(expression, zone, after, 2)).toEqual(expected)
  })

  it.each([
    ['Europe/Berlin', '2026-10-24T12:00:00Z', '30 2 * * *', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['America/New_York', '2026-10-31T12:00:00Z', '30 1 * * *', ['2026-11-01T05:30', '2026-11-02T06:30']],
  ])('in %s: what falls into a doubled hour comes once', (zone, after, expression, expected) => {
    expect(timesOf(expression, zone, after, 2)).toEqual(expected)
  })

  it.each(['2026-03-28T23:30:00Z', '2026-10-24T23:30:00Z'])(
    'of every hour go on through a change of clocks (%s)',
    (after) => {
      const hours = timesOf('0 * * * *', 'Europe/Berlin', after, 6).map((time) => Date.parse(`${time}Z`))
      hours.slice(1).forEach((hour, index) => expect(hour - (hours[index] ?? 0)).toBe(3_600_000))
    },
  )
})

describe('a cron expression', () => {
  it.each(['0 3 * * *', '*/15 6-20 * * 1-5', '0 0 3 * * *', ' 0  3 * * MON ', '0 0 29 2 *', '0 0 L * *'])(
    'may be %j',
    (expression) => expect(cronFault(expression, 'Europe/Berlin')).toBeUndefined(),
  )

  it.each(['*/7 * * * *', '0 3 * * *', '*/20 * * * * *', '30 1-3 * * *'])(
    'of %s before an instant are those that come after others, in any order of asking',
    (expression) => {
      const zone = 'Europe/Berlin'
      const beginMs = Date.parse('2026-10-24T22:00:00Z')
      const all = [beginMs]
      while ((all.at(-1) ?? Infinity) < beginMs + 6 * 3_600_000)
        all.push(cronTimes(expression, zone).next(all.at(-1) ?? 0) ?? Infinity)
      const times = cronTimes(expression, zone)
      for (let step = 0; step < 500; step += 1) {
        // A stride that shares no divisor comes by every minute, not in their order.
        const atMs = beginMs + 3_600_001 + ((step * 7_919_000) % (5 * 3_600_000 - 1))
        const expected = all.slice(1).findLast((timeMs) => timeMs <= atMs && timeMs >= atMs - 3_600_000)
        expect([atMs, times.last(atMs, 3_600_000)]).toEqual([atMs, expected])
        expect([atMs, times.next(atMs)]).toEqual([atMs, all.find((timeMs) => timeMs > atMs)])
      }
    },
  )

  it.each([
    '61 * * * *',
    '* * *',
    '* * * * * * *',
    '@daily',
    'nonsense',
    '0 0 31 2 *',
    '2026-01-01T00:00:00',
  ])('may not be %j', (expression) => expect(cronFault(expression, 'UTC')).toMatch(/cron expression/))
})
