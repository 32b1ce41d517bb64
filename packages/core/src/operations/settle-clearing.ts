// After a clearing of which nobody knows how it ended: its process died, or no answer came. Every record before the bookmark was stored
// by then, so only one thing is open: whether the log is still the old one, or was emptied and holds what came since.
import type { Database } from '@org/data'
import type { Punch } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'
import { ifTold } from '../terminals/side-question.ts'
import type { AttendanceWriter } from './attendance-writer.ts'
import { toAttendanceBookmark } from './stored-bookmark.ts'

/** Looks at the log and moves the bookmark to what it shows: not cleared (as it was), or cleared (to 0). */
export async function settleClearing(
  { database, log }: { readonly database: Database; readonly log: Logger },
  hand: TerminalAtHand,
  writer: AttendanceWriter,
): Promise<void> {
  const { bookmark } = writer
  if (bookmark === null) return
  const { clearing: _, ...place } = bookmark
  const emptied = await wasEmptied(database, hand, writer)
  log.info({ deviceId: hand.device.id, emptied }, 'a clearing whose end nobody knew was settled')
  await writer.moveTo(emptied ? { ...place, index: 0, cleared: true } : place)
}

/**
 * A log whose anchor matches was not emptied. One that does not match was, unless it is full and has dropped its first records since:
 * a full log never holds less than half of what it can, and what is left of the old one begins with a record that is stored, or was
 * until it was too old to be kept.
 */
async function wasEmptied(
  database: Database,
  hand: TerminalAtHand,
  writer: AttendanceWriter,
): Promise<boolean> {
  const { terminal, signal, device } = hand
  const from = toAttendanceBookmark(writer.bookmark)
  if (from === undefined) return false
  const { records, recordCapacity = 0 } = (await ifTold(terminal, terminal.readCapacity({ signal }))) ?? {}
  const seen = await lookBehind(hand, from)
  if (seen.anchorMatches) return false
  if (seen.first === undefined) return true
  if (records !== undefined && records > 0 && records < from.index && records < recordCapacity / 2)
    return true
  const { punchesFrom } = (await database.devices.findById(device.id)) ?? device
  if (punchesFrom !== null && seen.first.packedTime < punchesFrom) return false
  return !(await database.punches.isStored(device.id, seen.first))
}

/** Whether the log before the bookmark is the one that was read; where it is not, its first record. */
async function lookBehind(
  { terminal, signal }: TerminalAtHand,
  from: NonNullable<ReturnType<typeof toAttendanceBookmark>>,
): Promise<{ readonly anchorMatches: boolean; readonly first: Punch | undefined }> {
  const reading = terminal.readAttendance({ signal, from, denied: 'mark' })
  for await (const { wholeLog, punches } of reading)
    return wholeLog ? { anchorMatches: false, first: punches[0] } : { anchorMatches: true, first: undefined }
  return { anchorMatches: reading.summary().anchor === 'matched', first: undefined }
}
