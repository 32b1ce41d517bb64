// A cron expression in a zone: when its time comes. Daylight saving neither skips a run nor doubles it: what falls into the missing
// hour comes right after it, what falls into the doubled hour comes the first time; what comes every hour or oftener just goes on.
import { Cron } from 'croner'

/** The times of one expression. */
export interface CronTimes {
  /** The first time after an instant, both in milliseconds; undefined where none comes any more. */
  next(afterMs: number): number | undefined
}

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
  return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() }
}

function fieldsOf(expression: string): string[] {
  return expression.trim().split(/\s+/)
}
