// Instants in JSON: ISO 8601 in UTC with Z, to the second, as the seed document shows them. The service keeps milliseconds;
// they end here.
import { Type } from 'typebox'

const EXAMPLE = '2024-02-05T14:30:00Z'

/** An instant in UTC, to the second: `2024-02-05T14:30:00Z`. */
export const Instant = (description: string) =>
  Type.String({ format: 'date-time', description, examples: [EXAMPLE] })

/** An instant, or null where there has been none yet. */
export const InstantOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description, examples: [EXAMPLE] })

/**
 * Cuts an instant to the second.
 * @param instant ISO text in UTC as the service keeps it (`2024-02-05T14:30:00.123Z`)
 */
export function toInstant(instant: string): string {
  return `${instant.slice(0, 19)}Z`
}

/** The same for an instant that may be missing. */
export function toInstantOrNull(instant: string | null): string | null {
  return instant === null ? null : toInstant(instant)
}
