// What every process of the service does by itself so that nothing is left half done and nothing is kept for ever.
import type { Accounts } from './accounts/accounts.ts'
import { startChores } from './chores.ts'
import type { TransferKeeper } from './kept-transfers.ts'
import { oldJobsChore, type OldJobsParts } from './old-jobs.ts'
import type { OldPunchRemoval } from './operations/remove-old-punches.ts'
import type { Doors } from './operations/unlock-door.ts'

/** Whose work it is. */
export interface HousekeepingParts extends OldJobsParts {
  readonly doors: Pick<Doors, 'settleAbandoned'>
  readonly accounts: Pick<Accounts, 'removeExpiredTokens'>
  readonly transfers: Pick<TransferKeeper, 'removeOverdue'>
  readonly oldPunches: Pick<OldPunchRemoval, 'run'>
}

const SETTLE_EVERY_MS = 30_000
const FORGET_EVERY_MS = 3_600_000
/** Looked at often, because one process in turn does it every hour. */
const LOOK_FOR_OLD_EVERY_MS = 60_000

/** Begins it; the function returned ends it. */
export function startHousekeeping(parts: HousekeepingParts): () => void {
  const { doors, accounts, transfers, oldPunches, log } = parts
  return startChores(
    [
      {
        everyMs: SETTLE_EVERY_MS,
        failure: 'unlocks that dead processes left could not be settled yet',
        work: () => doors.settleAbandoned(),
      },
      {
        everyMs: FORGET_EVERY_MS,
        failure: 'expired refresh tokens could not be removed yet',
        work: () => accounts.removeExpiredTokens(),
      },
      {
        everyMs: FORGET_EVERY_MS,
        failure: 'transfers whose time is over could not be removed yet',
        work: () => transfers.removeOverdue(),
      },
      oldJobsChore(parts),
      {
        everyMs: LOOK_FOR_OLD_EVERY_MS,
        failure: 'punches older than PUNCH_RETENTION could not be removed yet',
        work: () => oldPunches.run(),
      },
    ],
    log,
  )
}
