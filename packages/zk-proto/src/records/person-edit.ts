// Making and changing the record of a person, in the form the terminal has. A change touches the named fields and nothing
// else: bytes that nobody understands go back as they came. Source: docs/protocol §12.
import { sameBytes } from '../bytes.ts'
import { ZkUsageError } from '../errors.ts'
import type { ZkErrorDetails } from '../errors.ts'
import { encodeName } from '../name-encoding.ts'
import { threeZones } from './access.ts'
import { person28, person72, privilegeByte } from './person.ts'
import type { Person, PersonLayoutName, PrivilegeLevel } from './person.ts'

/** What can be said of a person. */
export interface PersonFields {
  readonly name?: string
  /** The level of rights; the other bits of the privilege byte stay. */
  readonly level?: Exclude<PrivilegeLevel, 'unknown'>
  readonly enabled?: boolean
  /** ASCII, at most 8 characters (5 in the 28-byte form); '' for none. */
  readonly password?: string
  /** 0 for none. */
  readonly cardNumber?: number
  readonly group?: number
  /** At most three zones of the person's own; null: the group's apply. Only in the 72-byte form. */
  readonly timeZones?: readonly number[] | null
  /** The zone bits of the 28-byte form, as they stand. */
  readonly timeZoneBits?: number
}

/** A person to be added. */
export interface NewPerson extends PersonFields {
  /** What people type: 1 to 24 printable ASCII characters; only digits, and no leading zero, in the 28-byte form. */
  readonly pin: string
  /** The uid of a person who is added; the next free one unless said. Of no meaning for one who is there. */
  readonly uid?: number
}

/** Where a name goes and how it is written there. */
export interface PersonTarget {
  readonly layout: PersonLayoutName
  /** A WHATWG label, or `latin1` where none was found to fit. */
  readonly nameEncoding: string
}

const DEFAULT_GROUP = 1

/** The record of a new person. Throws ZK_NOT_ENCODABLE and ZK_VALUE_OUT_OF_RANGE for what its form cannot hold. */
export function encodeNewPerson(person: NewPerson, uid: number, target: PersonTarget): Uint8Array {
  const blank =
    target.layout === 'person/72'
      ? person72.encode({
          uid,
          privilege: 0,
          password: '',
          name: new Uint8Array(0),
          cardNumber: 0,
          group: DEFAULT_GROUP,
          ownTimeZones: 0,
          timeZone1: 0,
          timeZone2: 0,
          timeZone3: 0,
          pin: checkPin(person.pin),
        })
      : person28.encode({
          uid,
          privilege: 0,
          password: '',
          name: new Uint8Array(0),
          cardNumber: 0,
          unknown20: 0,
          group: DEFAULT_GROUP,
          timeZones: 0,
          pinNumber: pinNumber(person.pin),
        })
  return editPersonRecord(blank, person, target)
}

/**
 * The record with the named fields changed and every other byte as it was. `details.field` of an error names the field that the
 * form cannot hold.
 */
export function editPersonRecord(
  record: Uint8Array,
  changes: PersonFields,
  target: PersonTarget,
): Uint8Array {
  const form = target.layout === 'person/72' ? person72 : person28
  const { name, level, enabled, password, cardNumber, group } = changes
  const { fields } = form
  const edited = record.slice()
  fields.privilege.write(edited, 0, privilegeByte(fields.privilege.read(record, 0), level, enabled))
  if (name !== undefined) {
    naming('name', () =>
      fields.name.write(edited, 0, encodeName(name, target.nameEncoding, fields.name.size)),
    )
  }
  if (password !== undefined) {
    naming('password', () => {
      checkAscii(password)
      fields.password.write(edited, 0, password)
    })
  }
  if (cardNumber !== undefined) naming('cardNumber', () => fields.cardNumber.write(edited, 0, cardNumber))
  if (group !== undefined) naming('group', () => fields.group.write(edited, 0, group))
  return target.layout === 'person/72'
    ? person72.patch(edited, ownZones(changes))
    : person28.patch(edited, zoneBits(changes))
}

/** Runs the writing of a field; an error of it names the field. */
function naming(field: keyof NewPerson, write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof ZkUsageError)) throw error
    const { code, message, details } = error
    throw new ZkUsageError(code, message, { details: { ...details, field }, cause: error })
  }
}

function ownZones({ timeZones, timeZoneBits }: PersonFields) {
  if (timeZoneBits !== undefined) {
    throw outOfRange('This terminal keeps a person’s time zones as numbers; give timeZones')
  }
  if (timeZones === undefined) return {}
  if (timeZones === null) return { ownTimeZones: 0 }
  const [timeZone1, timeZone2, timeZone3] = threeZones(timeZones)
  return { ownTimeZones: 1, timeZone1, timeZone2, timeZone3 }
}

function zoneBits({ timeZones, timeZoneBits }: PersonFields) {
  if (timeZones !== undefined) {
    throw outOfRange('This terminal keeps a person’s time zones as bits; give timeZoneBits')
  }
  return timeZoneBits === undefined ? {} : { timeZones: timeZoneBits }
}

/** Throws ZK_NOT_ENCODABLE unless the text is 1 to 24 printable ASCII characters. */
export function checkPin(pin: string): string {
  if (typeof pin === 'string' && /^[\x20-\x7e]{1,24}$/.test(pin)) return pin
  throw notEncodable('A pin is a text of 1 to 24 printable ASCII characters', { field: 'pin' })
}

/** The pin of a form that holds a number. Throws ZK_NOT_ENCODABLE for one that would come back changed. */
function pinNumber(pin: string): number {
  const number = Number(pin)
  if (/^[1-9]\d{0,9}$/.test(pin) && number <= 0xffffffff) return number
  throw notEncodable(
    'This terminal keeps pins as numbers: only digits, without a leading zero, up to 4294967295',
    { field: 'pin' },
  )
}

function checkAscii(password: string): void {
  if (!/^[\x20-\x7e]*$/.test(password)) throw notEncodable('A password is made of printable ASCII characters')
}

/** Whether a person that was read back is what was written; bytes behind the end of a text do not count. */
export function samePerson(written: Person, found: Person): boolean {
  const facts = ({ uid, pin, privilege, password, cardNumber, group, timeZones, timeZoneBits }: Person) =>
    JSON.stringify([
      uid,
      pin,
      privilege,
      password,
      cardNumber,
      group,
      timeZones ?? null,
      timeZoneBits ?? null,
    ])
  return facts(written) === facts(found) && sameBytes(written.nameBytes, found.nameBytes)
}

function outOfRange(message: string): ZkUsageError {
  return new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', message)
}

function notEncodable(message: string, details: ZkErrorDetails = {}): ZkUsageError {
  return new ZkUsageError('ZK_NOT_ENCODABLE', message, { details })
}
