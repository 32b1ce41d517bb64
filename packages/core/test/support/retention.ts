// Old punches removed at a chosen time, past the service's own chore, and punches whose age is chosen.
import type { Database } from '@org/data'
import { createAuditTrail } from '../../src/audit-trail.ts'
import { createChanges } from '../../src/changes.ts'
import {
  REMOVAL_DUE,
  removeOldPunches,
  type RemoveOldPunchesParts,
} from '../../src/operations/remove-old-punches.ts'
import { createPunchRetention } from '../../src/punch-retention.ts'
import { openSecrets } from '../../src/secrets.ts'
import { quiet, type ScratchService } from './scratch-service.ts'

export const DAY_MS = 86_400_000

/** The wall time, in UTC, of so many days ago. */
export function daysAgo(days: number, secondsLater = 0): string {
  return new Date(Date.now() - days * DAY_MS + secondsLater * 1_000).toISOString().slice(0, 19)
}

/** Removes what is older than `keptDays` when so many days have passed; see removeOldPunches. */
export async function removeOld(
  service: Pick<ScratchService, 'services' | 'database'>,
  { keptDays, inDays = 0, signal }: { keptDays: number; inDays?: number; signal?: AbortSignal },
): Promise<number | undefined> {
  const parts = await removalParts(service, { keptDays, inDays })
  return removeOldPunches(parts, signal ?? new AbortController().signal)
}

/** What a removal needs when so many days have passed. */
export async function removalParts(
  { services, database }: Pick<ScratchService, 'services' | 'database'>,
  { keptDays, inDays }: { keptDays: number; inDays: number },
): Promise<RemoveOldPunchesParts> {
  const now = (): number => Date.now() + inDays * DAY_MS
  return {
    database,
    changes: createChanges(quiet),
    audit: createAuditTrail(await openSecrets(services.config)),
    retention: createPunchRetention(keptDays * DAY_MS, now),
    log: quiet,
    breathMs: 0,
    now,
  }
}

/** Has the next removal find that it is time. */
export async function makeRemovalDue({ settings }: Database): Promise<void> {
  const value = await settings.find(REMOVAL_DUE)
  if (value !== undefined)
    await settings.replace(REMOVAL_DUE, { expected: value, value: new Date(0).toISOString() })
}
