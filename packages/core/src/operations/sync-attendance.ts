// The attendance sync: reading a terminal's log into the database, only what is new where a bookmark proves what is not, else everything;
// never a punch lost or doubled. What it returns is the certificate that nothing is missing. How a log is read is in
// attendance-read.ts; here it gets the terminal, gives way to other processes that wait for it, and gets it again.
import type { SyncCertificate, SyncMode } from '../jobs/catalogue.ts'
import type { Notices } from '../notices/notice.ts'
import { measureClockDrift } from '../terminals/clock-drift.ts'
import type { TerminalAtHand, WithTerminal } from '../terminals/with-terminal.ts'
import { clockZone } from '../zone-history.ts'
import { Sync, UNTOLD, type SyncParts, type SyncProgress } from './attendance-read.ts'
import { finishSync } from './finish-sync.ts'

/** One sync, as a job asks for it. `signal` ends it soon; `progress` must not throw. */
export interface SyncAttendanceInput {
  readonly deviceId: number
  readonly mode: SyncMode
  readonly signal: AbortSignal
  readonly progress: (progress: SyncProgress) => void
}

/** What a sync needs. */
export interface SyncAttendanceParts extends SyncParts {
  readonly withTerminal: WithTerminal
  readonly notices: Notices
  /** How long to wait for the terminal: long enough that the lease of a process that died is over. */
  readonly waitMs: number
}

/**
 * Throws ServiceError; `retryable` says whether waiting may cure it. What was stored by then stays, and the next attempt finds
 * it again.
 */
export async function syncAttendance(
  parts: SyncAttendanceParts,
  { deviceId, mode, signal, progress }: SyncAttendanceInput,
): Promise<SyncCertificate> {
  progress({ phase: 'connecting', done: 0, total: null })
  let begun: { readonly sync: Sync; readonly clockDriftSeconds: number | null } | undefined
  let certificate: SyncCertificate | undefined
  while (certificate === undefined) {
    const patience = { signal, waitMs: parts.waitMs, hasYielded: begun !== undefined, measuresClock: true }
    certificate = await parts.withTerminal(deviceId, { ...patience, manner: 'hosting' }, async (hand) => {
      if (begun !== undefined) return begun.sync.goOn(hand)
      const drift = await measureClockDrift(
        hand.terminal,
        await clockZone(parts.database, deviceId),
        hand.signal,
      )
      const device = { ...hand.device, clockDriftSeconds: drift ?? hand.device.clockDriftSeconds }
      begun = { sync: new Sync(parts, { ...hand, device }, progress), clockDriftSeconds: drift }
      return begun.sync.begin(mode)
    })
  }
  const clockDriftSeconds = begun?.clockDriftSeconds ?? null
  const { records, capacity } = begun?.sync.fill ?? UNTOLD
  await finishSync(parts, deviceId, { records, capacity, clockDriftSeconds })
  // Before it counts as done: from then on nobody is given what was true before it.
  await parts.changes.tell({ of: 'punches', deviceId })
  progress({ phase: 'done', done: certificate.read, total: certificate.read })
  return certificate
}

/** One sync with a terminal that is in hand already, as its holder wants it. */
export interface HeldSync {
  readonly mode: SyncMode
  /** False: whoever waits for the terminal waits until the log is read. */
  readonly givesWay: boolean
  readonly progress: (progress: SyncProgress) => void
}

/** Undefined: it has given way to somebody who waits; then the hand is to be opened. Throws as `syncAttendance`. */
export function syncHeld(
  parts: SyncParts,
  hand: TerminalAtHand,
  { mode, givesWay, progress }: HeldSync,
): Promise<SyncCertificate | undefined> {
  return new Sync(parts, hand, progress, givesWay).begin(mode)
}
