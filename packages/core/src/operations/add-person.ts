// Adding a person to a terminal, with a finger enrolled there by three presses. Either all of it stands at the end, on the
// terminal and as a row, or nothing: what goes wrong takes the person off again. While the terminal waits for the finger, doors
// and short questions of this process join; another process waits until it is over, because an enrolment cannot be parted.
import type { Database, Person as PersonRow } from '@org/data'
import {
  nextUid,
  ZkError,
  ZkRefusedError,
  ZkUsageError,
  type EnrolmentStep,
  type NewPerson,
  type Person,
  type PrivilegeLevel,
} from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import type { Changes } from '../changes.ts'
import { ServiceError } from '../errors.ts'
import { findActiveDevice, type TerminalAtHand, type WithTerminal } from '../terminals/with-terminal.ts'
import { templatesByUid, type KeptTemplates, type VersionedTemplate } from './kept-templates.ts'
import { forgetNote, undoFailed } from './pending-people.ts'
import { inPersonWords, toRow } from './person-rows.ts'
import { fingerprintVersion } from './read-people.ts'

/** What rights at the terminal are called in requests. */
export const PRIVILEGES: ReadonlyMap<number, Exclude<PrivilegeLevel, 'unknown'>> = new Map([
  [0, 'user'],
  [2, 'enroller'],
  [6, 'manager'],
  [14, 'administrator'],
])

/** Why a finger was not enrolled: `details.reason` of ENROLLMENT_FAILED. */
export type EnrollmentFailure = 'quality' | 'timeout' | 'duplicate' | 'cancelled' | 'unsupported' | 'not_kept'

const FAILURES: Readonly<Record<EnrollmentFailure, string>> = {
  quality: 'The presses were not good enough; clean sensor and finger and try again',
  timeout: 'No finger came in time, or this firmware does not tell of presses',
  duplicate: 'This finger belongs to somebody on the terminal already',
  cancelled: 'It was cancelled',
  unsupported: 'This firmware does not enrol over the network; add the person with enroll: false',
  not_kept: 'The terminal told of success, but has no template of this finger',
}

/** Who is to be added. Left out means none, or the terminal's default. */
export interface AddPersonInput {
  readonly deviceId: number
  readonly pin: string
  readonly name: string
  /** A key of PRIVILEGES; above 0 for admins only. */
  readonly privilege?: number
  readonly password?: string
  readonly cardNumber?: number | null
  readonly group?: number
  /** Null: none is enrolled. */
  readonly enrol: { readonly finger: number; readonly timeoutSeconds: number } | null
  readonly by: Actor
  /** Whether whoever asks may give rights at the terminal. */
  readonly mayGrant: boolean
  /** Aborts when nobody waits any more: then the enrolment is given up. */
  readonly signal: AbortSignal
}

/** What acts on people need. */
export interface PeopleActParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly audit: AuditTrail
  readonly changes: Changes
  readonly templates: KeptTemplates
  readonly log: Logger
}

const DEFAULT_GROUP = 1
/** How often somebody else may get the uid that was chosen, before that is no coincidence. */
const LOST_UIDS = 3

/**
 * Throws FORBIDDEN, USER_EXISTS, VALIDATION_ERROR for what this terminal cannot hold, ENROLLMENT_FAILED with
 * `details.reason`, and whatever keeps the terminal from answering. Whatever is thrown, the person is not there afterwards; where
 * the terminal could not be reached for that, it is made up for at the next contact.
 */
export async function addPerson(parts: PeopleActParts, input: AddPersonInput): Promise<PersonRow> {
  const { database, withTerminal, changes } = parts
  const { deviceId, pin, signal } = input
  if ((input.privilege ?? 0) !== 0 && !input.mayGrant) throw new ServiceError('FORBIDDEN')
  await findActiveDevice(database, deviceId)
  const known = await database.people.findByPin(deviceId, pin)
  if (known?.onDevice === true) throw new ServiceError('USER_EXISTS')
  const row = await withTerminal(deviceId, { signal, manner: 'hosting' }, (hand) =>
    new Addition(parts, hand, input).carryOut(),
  )
  await changes.tell({ of: 'people', deviceId })
  return row
}

/** One addition, under one lease. */
class Addition {
  readonly #parts: PeopleActParts
  readonly #hand: TerminalAtHand
  readonly #input: AddPersonInput

  constructor(parts: PeopleActParts, hand: TerminalAtHand, input: AddPersonInput) {
    this.#parts = parts
    this.#hand = hand
    this.#input = input
  }

  async carryOut(): Promise<PersonRow> {
    for (let lost = 0; ; lost += 1) {
      const outcome = await this.#tryOnce(lost < LOST_UIDS)
      if (outcome !== 'uid taken') return outcome
    }
  }

  /** 'uid taken': somebody was added at the terminal's menu meanwhile, and got the uid that was to be this one's. */
  async #tryOnce(mayLose: boolean): Promise<PersonRow | 'uid taken'> {
    const { terminal, signal } = this.#hand
    const { pin } = this.#input
    const list = await terminal.people.list({ signal })
    if (list.people.some((person) => person.pin === pin)) throw new ServiceError('USER_EXISTS')
    const uid = nextUid(list, pin)
    const noteId = await this.#note(uid)
    let surelyOurs = false
    try {
      const person = await this.#write(uid)
      surelyOurs = true
      const template = await this.#enrol(person)
      return await this.#store(person, template, noteId)
    } catch (error) {
      const unsent = !surelyOurs && error instanceof ZkUsageError
      if (unsent) await forgetNote(this.#parts, this.#hand, noteId)
      else await undoFailed(this.#parts, this.#hand, noteId, surelyOurs || error instanceof ZkRefusedError)
      if (unsent && mayLose && error.details['reason'] === 'uid_taken') return 'uid taken'
      throw inPersonWords(error)
    }
  }

  #note(uid: number): Promise<number> {
    const { pin, name, privilege = 0, cardNumber = null, group = DEFAULT_GROUP, password = '' } = this.#input
    const { device, lease } = this.#hand
    return this.#parts.database.transaction(async (tx) => {
      await tx.devices.checkFence(device.id, lease.fence)
      return tx.pendingPeople.insert({
        deviceId: device.id,
        pin,
        uid,
        name,
        privilege,
        cardNumber: cardNumber === 0 ? null : cardNumber,
        groupNumber: group,
        hasPassword: password !== '',
        madeAt: new Date().toISOString(),
      })
    })
  }

  #write(uid: number): Promise<Person> {
    const { terminal, lease, signal } = this.#hand
    const { pin, name, privilege = 0, cardNumber, group, password } = this.#input
    const level = PRIVILEGES.get(privilege)
    const person: NewPerson = {
      pin,
      uid,
      name,
      ...(level === undefined ? {} : { level }),
      ...(cardNumber === undefined ? {} : { cardNumber: cardNumber ?? 0 }),
      ...(group === undefined ? {} : { group }),
      ...(password === undefined ? {} : { password }),
    }
    lease.assertHeld()
    return terminal.people.add(person, { signal })
  }

  /** The template where it is to be kept; nothing where none is, or no finger is enrolled. */
  async #enrol(person: Person): Promise<readonly VersionedTemplate[]> {
    const { terminal, lease, signal } = this.#hand
    const { enrol } = this.#input
    if (enrol === null) return []
    const deadlineMs = enrol.timeoutSeconds * 1_000
    let presses = 0
    const onStep = ({ type }: EnrolmentStep): void => {
      if (type === 'press') presses += 1
    }
    lease.assertHeld()
    try {
      // A template that somebody who is gone has left under this uid would open for the wrong finger.
      const options = { signal, deadlineMs, stepMs: deadlineMs, replace: true, onStep }
      await terminal.enrolment.enrol(person, enrol.finger, options)
    } catch (error) {
      throw this.#enrolmentFailure(error, presses)
    }
    if (!this.#parts.templates.kept) return []
    const template = await terminal.templates.read(person.uid, enrol.finger, { signal })
    if (template === undefined) return []
    const version = await fingerprintVersion(terminal, signal)
    return templatesByUid([template], version).get(person.uid) ?? []
  }

  #enrolmentFailure(error: unknown, presses: number): unknown {
    if (error instanceof ZkRefusedError) {
      const { reason } = error.details
      // Much firmware has one word for both: where no finger came at all, it is that nobody came in time.
      if (reason === 'cancelled' && presses === 0) return enrollmentFailed('timeout', error)
      return enrollmentFailed(isFailure(reason) ? reason : 'unsupported', error)
    }
    const givenUp = error instanceof ZkError && error.code === 'ZK_ABORTED' && this.#input.signal.aborted
    return givenUp ? enrollmentFailed('cancelled', error) : error
  }

  /** The row, its audit and the end of the note, all or none. */
  async #store(person: Person, templates: readonly VersionedTemplate[], noteId: number): Promise<PersonRow> {
    const { database, audit, templates: kept } = this.#parts
    const { pin, enrol, by } = this.#input
    const { device, lease } = this.#hand
    const fingers = enrol === null ? [] : [enrol.finger]
    return database.transaction(async (tx) => {
      await tx.devices.checkFence(device.id, lease.fence)
      await tx.people.upsertMany(device.id, [toRow(person, fingers)], new Date().toISOString())
      await kept.keepOf(tx, device.id, pin, templates)
      await tx.pendingPeople.remove(noteId)
      const row = await tx.people.findByPin(device.id, pin)
      if (row === undefined) throw new Error(`the row of ${pin} is not there after it was written`)
      await audit.record(tx, {
        action: 'person.add',
        by,
        target: { type: 'device', id: device.id },
        outcome: 'success',
        details: { user_id: pin, privilege: person.privilege, finger: enrol?.finger ?? null },
      })
      return row
    })
  }
}

function isFailure(reason: unknown): reason is EnrollmentFailure {
  return typeof reason === 'string' && Object.hasOwn(FAILURES, reason)
}

function enrollmentFailed(reason: EnrollmentFailure, cause: unknown): ServiceError {
  const message = `${FAILURES[reason]}. The person was taken off the terminal again`
  return new ServiceError('ENROLLMENT_FAILED', { message, details: { reason }, cause })
}
