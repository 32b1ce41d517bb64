// Instants in JSON: ISO 8601 in UTC with Z, to the second, as the seed document shows them. The service keeps milliseconds;
// they end here.
import { Type } from 'typebox'

export { toInstant, toInstantOrNull } from '@org/core'

const EXAMPLE = '2024-02-05T14:30:00Z'

/** An instant in UTC, to the second: `2024-02-05T14:30:00Z`. */
export const Instant = (description: string) =>
  Type.String({ format: 'date-time', description, examples: [EXAMPLE] })

/** An instant, or null where there has been none yet. */
export const InstantOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description, examples: [EXAMPLE] })
