// People as terminals keep them: records of 28 and 72 bytes, the Person that users handle, and how to tell which of the
// two a list has. Every byte that is not understood is kept. Source: docs/protocol §12.
import { hexHead, u16At } from '../bytes.ts'
import { ZkProtocolError, ZkUsageError } from '../errors.ts'
import { ascii, layout, text, u16, u32, u8 } from '../layout.ts'
import type { RecordOf } from '../layout.ts'
import type { NameDecoder } from '../name-encoding.ts'
import { isPrintablePin } from './punch.ts'

/** The 28-byte person of old terminals. Source: docs/protocol §12.1, capture users-28-udp-straddle. */
export const person28 = layout('person/28', 28, {
  uid: u16(0),
  privilege: u8(2),
  password: ascii(3, 5),
  name: text(8, 8),
  cardNumber: u32(16),
  unknown20: u8(20), // the fifth byte of the card field; 0
  group: u8(21),
  timeZones: u16(22), // bit-coded
  pinNumber: u32(24),
})
export type Person28 = RecordOf<typeof person28>

/** The 72-byte person of TFT terminals and later. Source: docs/protocol §12.2, capture user-entry-72-own-timezones. */
export const person72 = layout('person/72', 72, {
  uid: u16(0),
  privilege: u8(2),
  password: ascii(3, 8), // ends at the first NUL; what follows is leftovers
  name: text(11, 24),
  cardNumber: u32(35),
  group: u8(39),
  ownTimeZones: u16(40), // 1: the three zones below apply; 0: the group's do
  timeZone1: u16(42),
  timeZone2: u16(44),
  timeZone3: u16(46),
  pin: ascii(48, 24),
})
export type Person72 = RecordOf<typeof person72>

export type PersonLayoutName = 'person/28' | 'person/72'

/** What the privilege byte's level bits mean. `unknown` for combinations that no source names. */
export type PrivilegeLevel = 'user' | 'enroller' | 'manager' | 'administrator' | 'unknown'

const DISABLED_BIT = 0x01
const LEVEL_BITS = 0x0e
const LEVELS: ReadonlyMap<number, PrivilegeLevel> = new Map([
  [0, 'user'],
  [2, 'enroller'],
  [6, 'manager'],
  [12, 'manager'], // as the manual of 2006 has it
  [14, 'administrator'],
])

/** One person of a terminal, as read. */
export interface Person {
  /** The terminal's index of the person, 1 to 65535. */
  readonly uid: number
  /** The number that people type; text, so that leading zeros and letters stay. */
  readonly pin: string
  /** Decoded with the terminal's name encoding; `nameBytes` is what it was decoded from. */
  readonly name: string
  readonly nameBytes: Uint8Array
  /** The privilege byte as it stands, unknown bits included. */
  readonly privilege: number
  readonly level: PrivilegeLevel
  readonly enabled: boolean
  /** Digits, or '' for none. */
  readonly password: string
  /** 0: none. */
  readonly cardNumber: number
  readonly group: number
  /** The person's own time zones, or undefined when the group's apply. With 28 bytes they are bits, given in `timeZoneBits`. */
  readonly timeZones: readonly number[] | undefined
  readonly timeZoneBits: number | undefined
  readonly layout: PersonLayoutName
  /** All bytes of the record, as a copy. */
  readonly raw: Uint8Array
  /** False for a record without uid or with a pin that nobody could type: kept, but probably no person. */
  readonly plausible: boolean
}

/** The level of a privilege byte. Source: docs/protocol §12.4. */
export function privilegeLevel(privilege: number): PrivilegeLevel {
  return LEVELS.get(privilege & LEVEL_BITS) ?? 'unknown'
}

const LEVEL_BYTES: Readonly<Record<Exclude<PrivilegeLevel, 'unknown'>, number>> = {
  user: 0,
  enroller: 2,
  manager: 6,
  administrator: 14,
}

/** A privilege byte with another level, or enabled or disabled; bits that nobody understands stay as they are. */
export function privilegeByte(
  privilege: number,
  level: Exclude<PrivilegeLevel, 'unknown'> | undefined,
  enabled: boolean | undefined,
): number {
  if (level !== undefined && !Object.hasOwn(LEVEL_BYTES, level)) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `A level is one of ${Object.keys(LEVEL_BYTES).join(', ')}, got ${level}`,
    )
  }
  let changed = privilege
  if (level !== undefined) changed = (changed & ~LEVEL_BITS) | LEVEL_BYTES[level]
  if (enabled !== undefined) changed = (changed & ~DISABLED_BIT) | (enabled ? 0 : DISABLED_BIT)
  return changed & 0xff
}

function isKnownPrivilege(privilege: number): boolean {
  return privilege <= (LEVEL_BITS | DISABLED_BIT) && privilegeLevel(privilege) !== 'unknown'
}

/** How to read one form of person in place. `at` is where the record begins. */
export interface PersonForm {
  readonly name: PersonLayoutName
  readonly recordSize: number
  /** The most bytes that a name can have. */
  readonly nameFieldBytes: number
  plausible(bytes: Uint8Array, at: number): boolean
  decode(bytes: Uint8Array, at: number, names: NameDecoder): Person
  nameBytes(bytes: Uint8Array, at: number): Uint8Array
}

function shared(record: Person28 | Person72, raw: Uint8Array, names: NameDecoder) {
  return {
    uid: record.uid,
    name: names.decode(record.name),
    nameBytes: record.name,
    privilege: record.privilege,
    level: privilegeLevel(record.privilege),
    enabled: (record.privilege & DISABLED_BIT) === 0,
    password: record.password,
    cardNumber: record.cardNumber,
    group: record.group,
    raw,
  }
}

const form28: PersonForm = {
  name: 'person/28',
  recordSize: person28.sizeBytes,
  nameFieldBytes: person28.fields.name.size,
  plausible(bytes, at) {
    const fields = person28.fields
    return (
      u16At(bytes, at) !== 0 &&
      isKnownPrivilege(fields.privilege.read(bytes, at)) &&
      fields.unknown20.read(bytes, at) === 0 &&
      fields.pinNumber.read(bytes, at) !== 0
    )
  },
  nameBytes: (bytes, at) => person28.fields.name.read(bytes, at),
  decode(bytes, at, names) {
    const record = person28.decode(bytes, at)
    return {
      ...shared(record, bytes.slice(at, at + person28.sizeBytes), names),
      pin: String(record.pinNumber),
      timeZones: undefined,
      timeZoneBits: record.timeZones,
      layout: 'person/28',
      plausible: form28.plausible(bytes, at),
    }
  },
}

const form72: PersonForm = {
  name: 'person/72',
  recordSize: person72.sizeBytes,
  nameFieldBytes: person72.fields.name.size,
  plausible(bytes, at) {
    const fields = person72.fields
    return (
      u16At(bytes, at) !== 0 &&
      isKnownPrivilege(fields.privilege.read(bytes, at)) &&
      isPrintablePin(bytes, at + fields.pin.offset, fields.pin.size)
    )
  },
  nameBytes: (bytes, at) => person72.fields.name.read(bytes, at),
  decode(bytes, at, names) {
    const record = person72.decode(bytes, at)
    const own = record.ownTimeZones === 1
    return {
      ...shared(record, bytes.slice(at, at + person72.sizeBytes), names),
      pin: record.pin,
      timeZones: own ? [record.timeZone1, record.timeZone2, record.timeZone3] : undefined,
      timeZoneBits: undefined,
      layout: 'person/72',
      plausible: form72.plausible(bytes, at),
    }
  },
}

/** Every form that is known: another one is read when it is added here, and written when `person-edit.ts` knows it. */
const FORMS: readonly PersonForm[] = [form72, form28]
const SAMPLE_RECORDS = 300
const LEAST_SHARE = 0.6
const CLEAR_LEAD = 0.1

/**
 * Which form a list of people has: the one that fits clearly, whatever the terminal counts; `announced` is only for the
 * error. Throws ZK_BAD_RECORD when none fits, or both do. Source: docs/protocol §12.3.
 */
export function findPersonForm(records: Uint8Array, announced: number | undefined): PersonForm {
  const scores = FORMS.filter((form) => records.length % form.recordSize === 0).map((form) => {
    const tried = Math.min(records.length / form.recordSize, SAMPLE_RECORDS)
    let plausible = 0
    for (let i = 0; i < tried; i += 1) if (form.plausible(records, i * form.recordSize)) plausible += 1
    return { form, share: tried === 0 ? 0 : plausible / tried }
  })
  const best = Math.max(0, ...scores.map(({ share }) => share))
  const close = scores.filter(({ share }) => share >= LEAST_SHARE && share >= best - CLEAR_LEAD)
  const [winner] = close
  if (winner !== undefined && close.length === 1) return winner.form
  throw new ZkProtocolError(
    'ZK_BAD_RECORD',
    `No known form of person record clearly fits the list of ${records.length} bytes; people.readRaw gives it as it is`,
    {
      effect: 'none',
      details: {
        totalBytes: records.length,
        announcedPeople: announced ?? null,
        recordBytes: announced !== undefined && announced > 0 ? records.length / announced : null,
        scores: scores.map(({ form, share }) => `${form.name} ${share.toFixed(2)}`).join(', '),
        // The password stands in bytes 3 to 10 of both forms; only what is before it may leave this file.
        head: hexHead(records.subarray(0, 3)),
      },
    },
  )
}

/** The form of a name. */
export function personForm(name: PersonLayoutName): PersonForm {
  return name === 'person/72' ? form72 : form28
}

/** All people of a list, in the terminal's order. `records` must hold whole records of the form. */
export function decodePeople(form: PersonForm, records: Uint8Array, names: NameDecoder): Person[] {
  const people: Person[] = []
  for (let at = 0; at + form.recordSize <= records.length; at += form.recordSize) {
    people.push(form.decode(records, at, names))
  }
  return people
}

/** The names of a list as bytes, to find their encoding by. */
export function* personNames(form: PersonForm, records: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + form.recordSize <= records.length; at += form.recordSize) {
    yield form.nameBytes(records, at)
  }
}
