// Changing and removing a person on a terminal: read, change what is named, write, read again; then the row. Templates and all
// other fields stay as they are. What was begun is brought to its end even if whoever asked has gone: the row and the audit trail must
// tell what the terminal holds.
import type { Person as PersonRow, Transaction } from '@org/data'
import { ZkUsageError, type Person, type PersonFields } from '@org/zk-proto'
import type { Actor } from '../accounts/account.ts'
import { ServiceError } from '../errors.ts'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'
import { PRIVILEGES, type PeopleActParts } from './add-person.ts'
import { attemptAudited } from './audited-attempt.ts'
import { grantsRights, inPersonWords, toRow } from './person-rows.ts'
import { readFingers } from './read-people.ts'

/** What is to be changed; what is left out stays. */
export interface PersonChanges {
  readonly name?: string
  /** A key of PRIVILEGES; above 0 for admins only. */
  readonly privilege?: number
  /** '' for none. */
  readonly password?: string
  /** Null or 0 for none. */
  readonly cardNumber?: number | null
  readonly group?: number
}

/** Whose record, what of it, and who asks. */
export interface EditPersonInput {
  readonly deviceId: number
  readonly pin: string
  readonly changes: PersonChanges
  readonly by: Actor
  /** Whether whoever asks may give rights at the terminal. */
  readonly mayGrant: boolean
  readonly signal: AbortSignal
}

/**
 * Throws USER_NOT_FOUND, VALIDATION_ERROR for what this terminal cannot hold, and FORBIDDEN where rights at the terminal would be
 * given by one who may not: a new password or card of somebody who has them gives them, too.
 */
export async function editPerson(parts: PeopleActParts, input: EditPersonInput): Promise<PersonRow> {
  const { deviceId, signal } = input
  if ((input.changes.privilege ?? 0) !== 0 && !input.mayGrant) throw new ServiceError('FORBIDDEN')
  const row = await parts.withTerminal(deviceId, { signal, manner: 'hosting' }, (hand) =>
    edit(parts, hand, input),
  )
  await parts.changes.tell({ of: 'people', deviceId })
  return row
}

async function edit(
  parts: PeopleActParts,
  hand: TerminalAtHand,
  { pin, changes, by, mayGrant }: EditPersonInput,
): Promise<PersonRow> {
  const { terminal, lease, signal, device } = hand
  const present = await terminal.people.find(pin, { signal })
  if (present === undefined) throw new ServiceError('USER_NOT_FOUND')
  const givesKeys = changes.password !== undefined || changes.cardNumber !== undefined
  if (givesKeys && grantsRights(present.privilege) && !mayGrant) throw new ServiceError('FORBIDDEN')

  const target = { type: 'device', id: device.id } as const
  const details = {
    user_id: pin,
    fields: Object.keys(changes).join(', '),
    privilege_before: present.privilege,
  }
  signal.throwIfAborted()
  return attemptAudited(parts, { action: 'person.edit', by, target, details }, async (succeed) => {
    lease.assertHeld()
    const person = await writeChanges(hand, pin, changes)
    return storeChanged(parts, hand, person, (tx) => succeed(tx, { privilege: person.privilege }))
  })
}

async function writeChanges(
  { terminal, lease }: TerminalAtHand,
  pin: string,
  changes: PersonChanges,
): Promise<Person> {
  try {
    return await terminal.people.edit(pin, fieldsOf(changes), { signal: lease.signal })
  } catch (error) {
    throw inPersonWords(error)
  }
}

async function storeChanged(
  { database }: PeopleActParts,
  { terminal, lease, device }: TerminalAtHand,
  person: Person,
  succeed: (tx: Transaction) => Promise<void>,
): Promise<PersonRow> {
  const { pin } = person
  const known = await database.people.findByPin(device.id, pin)
  const isKnown = known?.onDevice === true && known.uid === person.uid
  const fingers = isKnown ? null : await readFingers(terminal, person.uid, lease.signal)
  return database.transaction(async (tx) => {
    await tx.devices.checkFence(device.id, lease.fence)
    await tx.people.upsertMany(device.id, [toRow(person, fingers)], new Date().toISOString())
    const row = await tx.people.findByPin(device.id, pin)
    if (row === undefined) throw new Error(`the row of ${pin} is not there after it was written`)
    await succeed(tx)
    return row
  })
}

function fieldsOf({ name, privilege, password, cardNumber, group }: PersonChanges): PersonFields {
  const level = privilege === undefined ? undefined : PRIVILEGES.get(privilege)
  return {
    ...(name === undefined ? {} : { name }),
    ...(level === undefined ? {} : { level }),
    ...(password === undefined ? {} : { password }),
    ...(cardNumber === undefined ? {} : { cardNumber: cardNumber ?? 0 }),
    ...(group === undefined ? {} : { group }),
  }
}

/** Whom, and who asks. */
export type RemovePersonInput = Pick<EditPersonInput, 'deviceId' | 'pin' | 'by' | 'signal'>

/**
 * Takes a person and their templates off the terminal and marks the row as gone; punches stay. Throws USER_NOT_FOUND when they
 * are neither on the terminal nor said to be by the row.
 */
export async function removePerson(parts: PeopleActParts, input: RemovePersonInput): Promise<void> {
  const { database, withTerminal, changes } = parts
  const { deviceId, pin, by, signal } = input
  const target = { type: 'device', id: deviceId } as const
  const details = { user_id: pin }
  await withTerminal(deviceId, { signal, manner: 'hosting' }, async (hand) => {
    hand.signal.throwIfAborted()
    await attemptAudited(parts, { action: 'person.remove', by, target, details }, async (succeed) => {
      hand.lease.assertHeld()
      const removed = await removeIfThere(hand, pin)
      await database.transaction(async (tx) => {
        await tx.devices.checkFence(deviceId, hand.lease.fence)
        const marked = await tx.people.markGone(deviceId, pin, new Date().toISOString())
        if (removed === undefined && !marked) throw new ServiceError('USER_NOT_FOUND')
        await tx.personTemplates.removeAll(deviceId, pin)
        await succeed(tx, { privilege: removed?.privilege ?? null })
      })
    })
  })
  await changes.tell({ of: 'people', deviceId })
}

async function removeIfThere({ terminal, lease }: TerminalAtHand, pin: string): Promise<Person | undefined> {
  try {
    return await terminal.people.remove(pin, { signal: lease.signal })
  } catch (error) {
    if (error instanceof ZkUsageError && error.details['reason'] === 'no_such_pin') return undefined
    throw error
  }
}
