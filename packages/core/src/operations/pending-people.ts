// People who are put on a terminal step by step: noted before anything is sent, so that nothing stays half-made. What fails is
// undone at once; what a process that died has left, at the next contact with that terminal. Nobody is taken off who was not
// put there by us: PIN and uid must be those of the note, and unless we know that we wrote them, all that was noted besides.
import type { Database, PendingPerson } from '@org/data'
import { ZkUsageError, type Person } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'

/** What undoing needs. */
export interface UndoParts {
  readonly database: Database
  readonly log: Logger
}

/** What taking somebody off a terminal may take. */
const UNDO_WITHIN_MS = 10_000
const ASCII = /^[\x20-\x7e]*$/

/** Undoes what processes that died have left. Never rejects: what cannot be undone now stays noted for the next contact. */
export async function undoLeftBehind(parts: UndoParts, hand: TerminalAtHand): Promise<void> {
  const { database, log } = parts
  const deviceId = hand.device.id
  try {
    for (const note of await database.pendingPeople.list(deviceId)) {
      const undone = await undo(parts, hand, note, false)
      log.warn({ deviceId, pin: note.pin, uid: note.uid, undone }, 'an addition was left half-made')
    }
  } catch (error) {
    log.warn({ err: error, deviceId }, 'what was left half-made on a terminal could not be undone yet')
  }
}

/**
 * Undoes an addition that failed, unless it was finished after all. `surelyOurs`: it is known that the person was written. Never
 * rejects: what cannot be undone now stays noted for the next contact.
 */
export async function undoFailed(
  parts: UndoParts,
  hand: TerminalAtHand,
  noteId: number,
  surelyOurs: boolean,
): Promise<void> {
  const { database, log } = parts
  try {
    const notes = await database.pendingPeople.list(hand.device.id)
    const note = notes.find(({ id }) => id === noteId)
    if (note !== undefined) await undo(parts, hand, note, surelyOurs)
  } catch (error) {
    log.warn(
      { err: error, deviceId: hand.device.id, noteId },
      'an addition that failed could not be undone yet',
    )
  }
}

/** Forgets a note without looking at the terminal: nothing was sent, or all is done. */
export async function forgetNote(
  { database }: UndoParts,
  hand: TerminalAtHand,
  noteId: number,
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.devices.checkFence(hand.device.id, hand.lease.fence)
    await tx.pendingPeople.remove(noteId)
  })
}

/** Whether there was anything to undo. Not ended by whoever gave up: it is because they did that this is to be done. */
async function undo(
  parts: UndoParts,
  hand: TerminalAtHand,
  note: PendingPerson,
  surelyOurs: boolean,
): Promise<boolean> {
  const { terminal, lease } = hand
  const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(UNDO_WITHIN_MS)])
  const { people } = await terminal.people.list({ signal })
  const there = people.find(({ pin, uid }) => pin === note.pin && uid === note.uid)
  const ours = there !== undefined && (surelyOurs || isAsNoted(there, note))
  if (ours) {
    lease.assertHeld()
    try {
      await terminal.people.remove(note.pin, { signal })
    } catch (error) {
      const isGone = error instanceof ZkUsageError && error.details['reason'] === 'no_such_pin'
      if (!isGone) throw error
    }
  }
  await forgetNote(parts, hand, note.id)
  return ours
}

/** Names are compared where they are ASCII alone: how others are spelled may be found to be something else meanwhile. */
function isAsNoted(person: Person, note: PendingPerson): boolean {
  return (
    person.privilege === note.privilege &&
    person.cardNumber === (note.cardNumber ?? 0) &&
    person.group === note.groupNumber &&
    (person.password !== '') === note.hasPassword &&
    (!ASCII.test(note.name) || person.name === note.name)
  )
}
