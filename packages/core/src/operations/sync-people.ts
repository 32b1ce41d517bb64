// Reading who is on a terminal into the table of people.
import type { Database } from '@org/data'
import type { OnProgress } from '@org/zk-proto'
import type { Changes } from '../changes.ts'
import type { PeopleSyncReport } from '../jobs/catalogue.ts'
import type { JobProgress } from '../jobs/define-job.ts'
import type { TerminalAtHand, WithTerminal } from '../terminals/with-terminal.ts'
import type { KeptTemplates } from './kept-templates.ts'
import { fingersByUid, withPeopleOf, type PeopleOfTerminal } from './read-people.ts'
import { storePeople } from './store-people.ts'

/**
 * One sync of people, as a job asks for it. `progress` must not throw; while it reads it is told bytes, first those of the people,
 * then those of their templates, and while it stores, people.
 */
export interface SyncPeopleInput {
  readonly deviceId: number
  readonly signal: AbortSignal
  readonly progress: (progress: JobProgress) => void
}

/** What it needs. */
export interface SyncPeopleParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly changes: Changes
  readonly templates: KeptTemplates
  /** How long to wait for the terminal: long enough that the lease of a process that died is over. */
  readonly waitMs: number
}

/** Throws ServiceError; `retryable` says whether waiting may cure it. What was stored by then stays. */
export async function syncPeople(
  parts: SyncPeopleParts,
  { deviceId, signal, progress }: SyncPeopleInput,
): Promise<PeopleSyncReport> {
  const { withTerminal, waitMs, changes } = parts
  progress({ phase: 'connecting', done: 0, total: null })
  const onProgress: OnProgress = ({ bytesDone, bytesTotal }) =>
    progress({ phase: 'reading', done: bytesDone, total: bytesTotal ?? null })
  try {
    const report = await withPeopleOf(withTerminal, { deviceId, signal, waitMs, onProgress }, (hand, read) =>
      store(parts, hand, read, progress),
    )
    progress({ phase: 'done', done: report.read, total: report.read })
    return report
  } finally {
    // Also what was stored before it failed.
    await changes.tell({ of: 'people', deviceId })
  }
}

async function store(
  { database, templates: kept }: SyncPeopleParts,
  { device, lease }: TerminalAtHand,
  { list, templates }: PeopleOfTerminal,
  progress: (progress: JobProgress) => void,
): Promise<PeopleSyncReport> {
  const owner = { deviceId: device.id, fence: lease.fence }
  const stored = await storePeople(database, owner, list, {
    ...(templates === undefined ? {} : { fingersByUid: fingersByUid(templates) }),
    onStored: (done, total) => progress({ phase: 'storing', done, total }),
  })
  const people = list.people.filter(({ plausible }) => plausible)
  // Templates that the terminal does not let be read stay as they were kept.
  const mayKeep = templates !== undefined || !kept.kept
  const templatesKept = mayKeep ? await kept.keepAll(owner, people, templates ?? new Map()) : null
  return {
    announced: list.announced,
    read: list.people.length,
    inserted: stored.inserted,
    updated: stored.updated,
    unchanged: stored.unchanged,
    gone: stored.gone,
    suspicious: list.suspicious,
    doubled: stored.doubled,
    fingers_read: templates !== undefined,
    templates_kept: templatesKept,
  }
}
