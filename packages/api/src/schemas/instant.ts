// Instants in JSON: ISO 8601 in UTC with Z, to the second, as the seed document shows them. The service keeps milliseconds;
// they end here.
import { Type } from 'typebox'

export { toInstant, toInstantOrNull } from '@org/core'

/** An instant as requests spell it: a date and a time to the second or finer, with its zone. */
const SPELLED = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/
/** What every database can hold. */
const FIRST_YEAR = 1_000
const LAST_YEAR = 9_999

const EXAMPLE = '2024-02-05T14:30:00Z'

/** An instant in UTC, to the second: `2024-02-05T14:30:00Z`. */
export const Instant = (description: string) =>
  Type.String({ format: 'date-time', description, examples: [EXAMPLE] })

/** An instant, or null where there has been none yet. */
export const InstantOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description, examples: [EXAMPLE] })

/** Whether a text is an instant that requests may name: of the right form, and a real date and time. */
export function isInstant(text: string): boolean {
  const [, wall = ''] = SPELLED.exec(text) ?? []
  const asUtc = Date.parse(`${wall}Z`)
  if (Number.isNaN(asUtc) || !new Date(asUtc).toISOString().startsWith(wall)) return false
  const year = new Date(text).getUTCFullYear()
  return year >= FIRST_YEAR && year <= LAST_YEAR
}
