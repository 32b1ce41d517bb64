// Emptying a terminal's attendance log. First the log is read whole; then, with the terminal alone and disabled, what came since, and
// only where the terminal's own counts prove that every record is stored is the command sent, once. That it is about to be sent
// is written down before, so that whoever reads next finds out what became of it if this process cannot tell.
import type { Bookmark, Database } from '@org/data'
import { ZkError } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail, AuditedAct } from '../audit-trail.ts'
import type { Changes } from '../changes.ts'
import type { TransferKeeper } from '../kept-transfers.ts'
import type { PunchNews } from '../notices/punch-news.ts'
import { ServiceError, toServiceError } from '../errors.ts'
import type { ClearingReceipt, SyncCertificate } from '../jobs/catalogue.ts'
import type { JobProgress } from '../jobs/define-job.ts'
import type { PunchRetention } from '../punch-retention.ts'
import type { TerminalAtHand, WithTerminal } from '../terminals/with-terminal.ts'
import { syncHeld } from './sync-attendance.ts'

/** One clearing, as a job asks for it. `progress` must not throw. */
export interface ClearAttendanceInput {
  readonly deviceId: number
  readonly by: Actor
  /** Joins the audit trail's rows of request and outcome. */
  readonly jobId: string
  readonly signal: AbortSignal
  readonly progress: (progress: JobProgress) => void
}

/** What clearing needs. */
export interface ClearAttendanceParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly changes: Changes
  readonly punchNews: PunchNews
  readonly retention: Pick<PunchRetention, 'raiseIn'>
  readonly transfers: Pick<TransferKeeper, 'keep'>
  readonly audit: AuditTrail
  /** See SyncAttendanceParts. */
  readonly waitMs: number
  readonly log: Logger
}

/** How often the read before the proof gives way to whoever waits, and begins anew: it and the proof are of one lease. */
const GIVES_WAY = 3
/** How long letting people in again may take. */
const ENABLE_WITHIN_MS = 5_000

/**
 * Throws UNSYNCED_RECORDS where nothing proves that all is stored; DEVICE_COMMAND_FAILED where the terminal refuses; OUTCOME_UNKNOWN
 * where it does not say whether it has cleared; and what keeps a terminal from answering. Whatever happens, it is recorded.
 */
export async function clearAttendance(
  parts: ClearAttendanceParts,
  input: ClearAttendanceInput,
): Promise<ClearingReceipt> {
  const { deviceId } = input
  const command = { sent: false }
  let receipt: ClearingReceipt
  try {
    receipt = await clearOnceProven(parts, input, command)
  } catch (error) {
    const known = inWordsOfClearing(error)
    const { code } = toServiceError(known)
    const refused = code === 'UNSYNCED_RECORDS' || code === 'DEVICE_COMMAND_FAILED'
    const outcome = refused ? 'refused' : command.sent ? 'unknown' : 'unreachable'
    await recordOutcome(parts, input, { outcome, errorCode: code })
    throw known
  }
  await recordOutcome(parts, input, { outcome: 'success', details: { cleared: receipt.cleared } })
  await parts.changes.tell({ of: 'punches', deviceId })
  await parts.database.devices.noteContact(deviceId, { lastSyncAt: new Date().toISOString() })
  return receipt
}

/** A log that does not add up proves nothing. */
function inWordsOfClearing(error: unknown): unknown {
  const unproven =
    error instanceof ServiceError &&
    (error.code === 'DEVICE_TRANSFER_INCOMPLETE' || error.code === 'DEVICE_DATA_UNREADABLE')
  return unproven ? new ServiceError('UNSYNCED_RECORDS', { cause: error }) : error
}

async function recordOutcome(
  { database, audit, log }: ClearAttendanceParts,
  { deviceId, by, jobId }: ClearAttendanceInput,
  row: Pick<AuditedAct, 'outcome' | 'errorCode' | 'details'>,
): Promise<void> {
  const target = { type: 'device', id: deviceId } as const
  try {
    await database.transaction((tx) =>
      audit.record(tx, { action: 'attendance.clear', by, target, auditId: jobId, ...row }),
    )
  } catch (error) {
    // The job tells it too, and the request stands in the trail.
    log.error({ err: error, jobId }, 'the outcome of a clearing could not be recorded')
  }
}

interface Command {
  sent: boolean
}

async function clearOnceProven(
  parts: ClearAttendanceParts,
  { deviceId, signal, progress }: ClearAttendanceInput,
  command: Command,
): Promise<ClearingReceipt> {
  progress({ phase: 'connecting', done: 0, total: null })
  for (let begun = 0; ; begun += 1) {
    const patience = { signal, waitMs: parts.waitMs, hasYielded: begun > 0 }
    const receipt = await parts.withTerminal(deviceId, { ...patience, manner: 'hosting' }, async (hand) => {
      const givesWay = begun < GIVES_WAY
      const whole = await syncHeld(parts, hand, { mode: 'full', givesWay, progress })
      if (whole === undefined) return undefined
      await hand.beAlone()
      progress({ phase: 'proving', done: whole.read, total: whole.read })
      const cleared = await withPeopleKeptOut(parts, hand, () => proveAndClear(parts, hand, command))
      progress({ phase: 'done', done: cleared, total: cleared })
      return { cleared, read: whole.read, new: whole.new }
    })
    if (receipt !== undefined) return receipt
  }
}

/** Nobody can punch during `act`. A note on the device's row has the next contact let people in, should this process die. */
async function withPeopleKeptOut<T>(
  { database, log }: ClearAttendanceParts,
  { terminal, lease, signal, device: { id } }: TerminalAtHand,
  act: () => Promise<T>,
): Promise<T> {
  await database.devices.noteDisabled(id, new Date().toISOString())
  try {
    lease.assertHeld()
    await terminal.power.disable(0, { signal })
    return await act()
  } finally {
    try {
      await terminal.power.enable({ deadlineMs: ENABLE_WITHIN_MS })
      await database.devices.noteDisabled(id, null)
    } catch (error) {
      log.warn(
        { err: error, deviceId: id },
        'a terminal could not be enabled after a clearing; its session is ended',
      )
      await terminal.close()
    }
  }
}

/** Gives how many records were cleared. */
async function proveAndClear(
  parts: ClearAttendanceParts,
  hand: TerminalAtHand,
  command: Command,
): Promise<number> {
  const { terminal, signal, lease } = hand
  const stored = await proveStored(parts, hand)
  if (stored === undefined) return 0

  const clearing = { ...stored, clearing: true }
  await moveBookmark(parts, hand, stored, clearing)
  if ((await terminal.readCapacity({ signal })).records !== stored.index) {
    await moveBookmark(parts, hand, clearing, stored)
    throw new ServiceError('UNSYNCED_RECORDS')
  }
  lease.assertHeld()
  signal.throwIfAborted()
  command.sent = true
  await sendClearing(hand)
  await moveBookmark(parts, hand, clearing, { ...stored, index: 0, cleared: true })
  return stored.index
}

/**
 * Reads what came since the last read, or everything where only that proves anything, and gives the bookmark behind the last
 * record, all of which are stored; undefined for an empty log.
 */
async function proveStored(parts: ClearAttendanceParts, hand: TerminalAtHand): Promise<Bookmark | undefined> {
  const { terminal, signal } = hand
  // A full log may write over any of its records; a terminal that does not say how much it holds may be full.
  const { recordCapacity = 0 } = await terminal.readCapacity({ signal })
  const mode = recordCapacity > 0 ? 'auto' : 'full'
  const device = await rowOf(parts, hand)
  const proof = await syncHeld(
    parts,
    { ...hand, device },
    { mode, givesWay: false, progress: () => undefined },
  )
  const { bookmark } = await rowOf(parts, hand)
  const counted = proof === undefined ? undefined : countedBy(proof)
  if (counted === 0) return undefined
  if (counted === undefined || bookmark?.index !== counted) throw new ServiceError('UNSYNCED_RECORDS')
  return bookmark
}

/** The records that the terminal counts, where that is as many as were read and does not change. */
function countedBy({
  announced_before: before,
  announced_after: after,
  from,
  read,
}: SyncCertificate): number | undefined {
  return before !== null && before === after && after === from + read ? after : undefined
}

async function rowOf(
  { database }: ClearAttendanceParts,
  { device: { id } }: TerminalAtHand,
): Promise<TerminalAtHand['device']> {
  const row = await database.devices.findById(id)
  if (row === undefined) throw new ServiceError('DEVICE_NOT_FOUND')
  return row
}

/**
 * Sent once, and its answer waited for even where the job is to end. An error leaves the bookmark as it is, `clearing`: the next read
 * finds out by the log itself. An acknowledgement alone is not believed.
 */
async function sendClearing({ terminal, lease }: TerminalAtHand): Promise<void> {
  let records: number | undefined
  try {
    await terminal.logs.clearAttendance({ signal: lease.signal })
    records = (await terminal.readCapacity({ signal: lease.signal })).records
  } catch (error) {
    if (error instanceof ZkError && error.effect === 'refused') throw error
    throw new ServiceError('CLEARING_OUTCOME_UNKNOWN', { cause: error })
  }
  if (records === 0) return
  throw new ServiceError('DEVICE_COMMAND_FAILED', {
    message: 'The terminal acknowledged that it cleared its log, but still counts records',
  })
}

function moveBookmark(
  { database }: ClearAttendanceParts,
  { device: { id }, lease: { fence } }: TerminalAtHand,
  expected: Bookmark,
  next: Bookmark,
): Promise<void> {
  const at = new Date().toISOString()
  return database.transaction((tx) => tx.devices.moveBookmark(id, { expected, next, fence, at }))
}
