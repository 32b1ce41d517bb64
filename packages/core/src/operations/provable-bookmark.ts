// Whether a stored bookmark can still be proven by the log, before anything of it is read.
import type { Bookmark } from '@org/data'
import type { AttendanceBookmark } from '@org/zk-proto'
import type { Logger } from 'pino'
import { ifTold } from '../terminals/side-question.ts'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'
import { isFull } from './attendance-proof.ts'
import { toAttendanceBookmark } from './stored-bookmark.ts'

/**
 * The stored bookmark where a tail read can prove that it still holds. Not when the terminal is another one, holds fewer
 * records than lie before it, gives no usable count, or overwrites its oldest records because its log is full.
 */
export async function provableBookmark(
  hand: TerminalAtHand,
  stored: Bookmark | null,
  log: Logger,
): Promise<AttendanceBookmark | undefined> {
  const { terminal, signal } = hand
  const bookmark = toAttendanceBookmark(stored)
  if (bookmark === undefined || !(await isSameTerminal(hand, log))) return undefined
  const { records, recordCapacity } = (await ifTold(terminal, terminal.readCapacity({ signal }))) ?? {}
  if (records === undefined || records === 0 || records < bookmark.index) return undefined
  return isFull(records, recordCapacity) ? undefined : bookmark
}

/** False where the terminal names another serial number than the device's. */
export async function isSameTerminal(
  { device, terminal, signal }: TerminalAtHand,
  log: Logger,
): Promise<boolean> {
  const serial = await ifTold(terminal, terminal.readOption('~SerialNumber', { signal }))
  const { id: deviceId, terminalSerialNumber: known } = device
  if (serial === undefined || known === null || serial === known) return true
  log.warn({ deviceId, serial, known }, 'another terminal stands at the address of this device')
  return false
}
