// A cron expression in a zone: when its time comes. Daylight saving neither skips a run nor doubles it: what falls into the missing
// hour comes right after it, what falls into the doubled hour comes the first time; what comes every hour or oftener just goes on.
import { Cron } from 'croner'

/** The times of one expression. */
export interface CronTimes {
  /** The first time after an instant, both in milliseconds; undefined where none comes any more. */
  next(afterMs: number): number | undefined
  /** The last time at an instant or before it, not longer ago than `withinMs`; undefined where there is none. */
  last(atMs: number, withinMs: number): number | undefined
}

/** Between two instants there is no time but the second. */
interface Gap {
  readonly fromMs: number
  /** Infinity: none comes any more. */
  readonly toMs: number
}

/** Devices ask about few stretches of time, all of them again and again. */
const GAPS_KEPT = 64
/** Times are whole seconds. */
const SECOND_MS = 1_000

/** What is wrong with an expression, in words for whoever wrote it; undefined where nothing is. `zone` must be one. */
export function cronFault(expression: string, zone: string): string | undefined {
  const fields = fieldsOf(expression)
  if (fields.length < 5 || fields.length > 6)
    return 'must be a cron expression of 5 fields such as 0 3 * * *, or of 6 with seconds first'
  try {
    const comes = cronTimes(expression, zone).next(Date.now()) !== undefined
    return comes ? undefined : 'is a cron expression whose time never comes'
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return `is no cron expression (${error.message.replace(/^CronPattern: /, '')})`
  }
}

/** The times of an expression that is sound. Throws what the parser throws on another. */
export function cronTimes(expression: string, zone: string): CronTimes {
  const cron = new Cron(fieldsOf(expression).join(' '), {
    timezone: zone,
    paused: true,
    mode: '5-or-6-parts',
  })
  const gaps: Gap[] = []

  const next = (afterMs: number): number => {
    const known = gaps.find(({ fromMs, toMs }) => fromMs <= afterMs && afterMs < toMs)
    if (known !== undefined) return known.toMs
    const toMs = cron.nextRun(new Date(afterMs))?.getTime() ?? Infinity
    gaps.unshift({ fromMs: afterMs, toMs })
    gaps.length = Math.min(gaps.length, GAPS_KEPT)
    return toMs
  }

  return {
    next(afterMs) {
      const timeMs = next(afterMs)
      return timeMs === Infinity ? undefined : timeMs
    },

    last(atMs, withinMs) {
      let timeMs = next(atMs - withinMs - 1)
      if (timeMs > atMs) return undefined
      // Halves what may hold a later one, so that a time a second costs as little as one a day.
      for (let endMs = atMs; endMs - timeMs >= SECOND_MS;) {
        const middleMs = Math.floor((timeMs + endMs) / 2)
        const laterMs = next(middleMs)
        if (laterMs <= atMs) timeMs = laterMs
        else endMs = middleMs
      }
      return timeMs
    },
  }
}

function fieldsOf(expression: string): string[] {
  return expression.trim().split(/\s+/)
}
