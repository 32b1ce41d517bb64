// Who a log's records belong to, while it is read: the list of people is read before it, because the terminal has one buffer for
// both, and matters where the records name nobody by PIN.
import type { Database } from '@org/data'
import { ZkProtocolError, ZkRefusedError, type AttendanceBatch, type AttendanceBookmark } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Changes } from '../changes.ts'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'
import { storePeople } from './store-people.ts'

/** What reading the people needs. */
export interface LogPeopleParts {
  readonly database: Database
  readonly changes: Changes
  readonly log: Logger
}

/** Records of this size name only a uid, so the PINs must be known before they are stored. */
const UID_ONLY_BYTES = 8

/** The people of one terminal, for one sync of its log. */
export class LogPeople {
  readonly #parts: LogPeopleParts
  /** Why the people could not be read, where that was so: it matters only if they are needed. */
  #fault: Error | undefined
  /** The uids of the list just read. */
  #listed: ReadonlySet<number> | undefined
  /** Whether the people were read again for a uid that the list did not have: done once, since people also leave. */
  #lookedAgain = false

  constructor(parts: LogPeopleParts) {
    this.#parts = parts
  }

  /** Whether a read that begins there needs them first. */
  areNeededFor(from: AttendanceBookmark | undefined): boolean {
    return from === undefined || from.recordSize === UID_ONLY_BYTES
  }

  /** Names and PINs, stored; the PINs by uid, or undefined where the terminal does not let them be read. */
  async read({
    terminal,
    signal,
    device,
    lease,
  }: TerminalAtHand): Promise<ReadonlyMap<number, string> | undefined> {
    const { database, changes, log } = this.#parts
    try {
      const list = await terminal.readPeople({ signal })
      await storePeople(database, { deviceId: device.id, fence: lease.fence }, list)
      await changes.tell({ of: 'people', deviceId: device.id })
      const listed = list.people
        .filter(({ plausible }) => plausible)
        .map(({ uid, pin }) => [uid, pin] as const)
      this.#listed = new Set(listed.map(([uid]) => uid))
      this.#fault = undefined
      // Who is on the terminal now has the uid; who was on it before is asked only where nobody has it.
      return new Map([...(await database.people.pinByUid(device.id)), ...listed])
    } catch (error) {
      if (!(error instanceof ZkProtocolError || error instanceof ZkRefusedError)) throw error
      log.warn({ err: error, deviceId: device.id }, 'the people of a terminal could not be read')
      this.#fault = error
      return undefined
    }
  }

  /**
   * Whether PINs are needed that were not looked for: the log has another form than the bookmark knew, or names a uid that
   * somebody got after the list was read. A PIN is stored once and kept, so it is not made up: throws why the people could not
   * be read where that was tried. A uid that the second list does not have either belongs to nobody any more.
   */
  areLackingFor({ bookmark, punches }: AttendanceBatch): boolean {
    if (bookmark.recordSize !== UID_ONLY_BYTES) return false
    if (this.#fault !== undefined) throw this.#fault
    const listed = this.#listed
    if (listed === undefined) return true
    if (this.#lookedAgain) return false
    this.#lookedAgain = punches.some(({ uid }) => uid !== undefined && !listed.has(uid))
    return this.#lookedAgain
  }
}
