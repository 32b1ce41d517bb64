// Instants in JSON: ISO 8601 in UTC with Z, to the second. The service keeps milliseconds; they end here.

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
