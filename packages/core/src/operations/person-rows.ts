// People between terminal and table: how one that was read becomes a row, and how what a terminal cannot hold is told.
import type { NewPerson as NewRow } from '@org/data'
import { ZkUsageError, type Person } from '@org/zk-proto'
import { ServiceError, validationError } from '../errors.ts'

/** Bits of the privilege byte that grant rights at the terminal. Source: docs/protocol §12.4. */
const RIGHTS_BITS = 0x0e

/** Whether a privilege byte grants rights at the terminal: its menu, its people, its log. */
export function grantsRights(privilege: number): boolean {
  return (privilege & RIGHTS_BITS) !== 0
}

/** A person of a terminal as a row. `fingers`: null where they were not told. */
export function toRow(person: Person, fingers: readonly number[] | null): NewRow {
  return {
    pin: person.pin,
    uid: person.uid,
    name: person.name,
    privilege: person.privilege,
    cardNumber: person.cardNumber === 0 ? null : person.cardNumber,
    groupNumber: person.group,
    hasPassword: person.password !== '',
    fingers,
  }
}

/** The library's names of fields, as requests have them. */
const FIELDS: Readonly<Record<string, string>> = {
  pin: 'user_id',
  name: 'name',
  password: 'password',
  cardNumber: 'card_number',
  group: 'group',
}

/**
 * What keeps a person from being written, in the service's words: USER_EXISTS, USER_NOT_FOUND, or VALIDATION_ERROR on the field
 * that this terminal cannot hold. Anything else is given back as it is.
 */
export function inPersonWords(thrown: unknown): unknown {
  if (!(thrown instanceof ZkUsageError)) return thrown
  const { reason, field } = thrown.details
  if (reason === 'pin_taken') return new ServiceError('USER_EXISTS', { cause: thrown })
  if (reason === 'no_such_pin') return new ServiceError('USER_NOT_FOUND', { cause: thrown })
  const name = typeof field === 'string' ? FIELDS[field] : undefined
  if (name === undefined) return thrown
  return validationError([{ field: name, message: `does not fit this terminal: ${thrown.message}` }])
}
