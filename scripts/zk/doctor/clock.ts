// Whether a terminal's clock is right, and where it is not, whether it looks like another time zone instead.
import type { TerminalInfo } from '@org/zk-proto'
import type { Finding } from './check.ts'

const MINUTE_MS = 60_000
/** Zones differ by whole quarters of an hour. */
const QUARTER_MS = 15 * MINUTE_MS
/** A clock that shows whole seconds is half a second ahead of what it shows, on average. */
const HALF_A_SECOND_MS = 500

/** What is wrong with the clock. `zone`: the one that the terminal should show the time of. */
export function judgeClock(info: TerminalInfo, zone: string, toleratedMinutes: number): Finding {
  if (info.wallTime === null)
    return {
      verdict: 'warning',
      said: 'The terminal does not tell what its clock shows',
      advice: 'Compare it with a clock at the terminal.',
      ...(info.clockFault !== undefined && { code: info.clockFault.code }),
    }
  const shownMs = Date.parse(`${info.wallTime}Z`)
  if (Number.isNaN(shownMs))
    return {
      verdict: 'warning',
      said: 'The clock shows a date that does not exist',
      advice: 'Set it: in Menu → System → Date/Time, or with POST /devices/{id}/sync-time.',
    }
  const driftMs = shownMs + HALF_A_SECOND_MS - wallClockMs(info.wallTimeReadAtMs, zone)
  const details = { driftSeconds: Math.round(driftMs / 1000) + 0, zone }
  const off = Math.abs(driftMs)
  const toleratedMs = toleratedMinutes * MINUTE_MS
  if (off <= toleratedMs)
    return { verdict: 'ok', said: `The clock is right to ${spoken(off)}, by the time of ${zone}`, details }
  const said = `The clock is ${spoken(off)} ${driftMs > 0 ? 'fast' : 'slow'}, by the time of ${zone}`
  const besideQuarter = Math.abs(off - Math.round(off / QUARTER_MS) * QUARTER_MS)
  return {
    verdict: 'warning',
    said,
    details,
    advice:
      off >= QUARTER_MS - toleratedMs && besideQuarter <= toleratedMs
        ? 'That looks like another time zone: give the terminal’s own with --timezone, and register the device with it. Otherwise set the clock.'
        : 'Punches bear the time of this clock. Set it: in Menu → System → Date/Time, or with POST /devices/{id}/sync-time.',
  }
}

/** What a clock of that zone shows at this instant, in milliseconds as if it were UTC. */
function wallClockMs(atMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs)
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((it) => it.type === type)?.value)
  const seconds = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return seconds + (((atMs % 1000) + 1000) % 1000)
}

/** `3 s`, `12 min`, `7 h`, `40 days`: two figures are enough. */
function spoken(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 360) / 10} h`
  return `${Math.round(seconds / 86_400)} days`
}
