// Records of people in both forms a terminal keeps: facts to raw bytes, and raw bytes to facts as the truth file
// tells them. The layouts are those of the wire.
import { fromHex, person28, person72, toHex, type PersonLayoutName } from '@org/zk-proto/wire'
import type { PersonZones } from './access-rules.ts'

/** What a person's record is made of. */
export interface PersonFacts {
  uid: number
  pin: string
  name: string
  /** The privilege byte: 0 user, 2 enroller, 6 manager, 14 administrator; plus 1 when disabled. */
  privilege?: number
  password?: string
  cardNumber?: number
  group?: number
}

/** A person as the terminal holds them, as plain JSON. */
export interface PersonTruth {
  uid: number
  pin: string
  /** Up to the first NUL, read as UTF-8. */
  name: string
  privilege: number
  cardNumber: number
  group: number
  hasPassword: boolean
  /** The record in hex, the password's bytes included: a simulated terminal has no secrets. */
  raw: string
}

/** Bytes of a record of a form. */
export function personRecordBytes(layout: PersonLayoutName): number {
  return layout === 'person/28' ? person28.sizeBytes : person72.sizeBytes
}

/**
 * A new record. The name is written in UTF-8 and cut at a character so that it fits.
 * @throws ZkUsageError when another fact has no room in the form.
 */
export function encodePerson(layout: PersonLayoutName, facts: PersonFacts): Uint8Array {
  const { uid, pin, privilege = 0, password = '', cardNumber = 0, group = 1 } = facts
  if (layout === 'person/28') {
    return person28.encode({
      uid,
      privilege,
      password,
      name: fittingName(facts.name, person28.fields.name.size),
      cardNumber,
      unknown20: 0,
      group,
      timeZones: 0,
      pinNumber: Number(pin),
    })
  }
  return person72.encode({
    uid,
    privilege,
    password,
    // One byte stays free, so that the name ends in a NUL as terminals write it.
    name: fittingName(facts.name, person72.fields.name.size - 1),
    cardNumber,
    group,
    ownTimeZones: 0,
    timeZone1: 0,
    timeZone2: 0,
    timeZone3: 0,
    pin,
  })
}

/** The uid and pin of a record. */
export function personKey(layout: PersonLayoutName, raw: Uint8Array): { uid: number; pin: string } {
  if (layout === 'person/28') {
    const { uid, pinNumber } = person28.decode(raw)
    return { uid, pin: String(pinNumber) }
  }
  const { uid, pin } = person72.decode(raw)
  return { uid, pin }
}

/** The same record under another uid; every other byte stays as it is. */
export function withUid(layout: PersonLayoutName, raw: Uint8Array, uid: number): Uint8Array {
  return layout === 'person/28' ? person28.patch(raw, { uid }) : person72.patch(raw, { uid })
}

/** The same record with another privilege byte. */
export function withPrivilege(layout: PersonLayoutName, raw: Uint8Array, privilege: number): Uint8Array {
  return layout === 'person/28' ? person28.patch(raw, { privilege }) : person72.patch(raw, { privilege })
}

/** The same record with another group. */
export function withGroup(layout: PersonLayoutName, raw: Uint8Array, group: number): Uint8Array {
  return layout === 'person/28' ? person28.patch(raw, { group }) : person72.patch(raw, { group })
}

/** The same record with other time zones; undefined where the form has no room for their numbers. */
export function withZones(
  layout: PersonLayoutName,
  raw: Uint8Array,
  { own, zones: [timeZone1, timeZone2, timeZone3] }: PersonZones,
): Uint8Array | undefined {
  if (layout === 'person/28') return undefined
  return person72.patch(raw, { ownTimeZones: own ? 1 : 0, timeZone1, timeZone2, timeZone3 })
}

/** The time zones in a record, given in hex; undefined where the form has no room for their numbers. */
export function ownZonesOf(layout: PersonLayoutName, raw: string): PersonZones | undefined {
  if (layout === 'person/28') return undefined
  const { ownTimeZones, timeZone1, timeZone2, timeZone3 } = person72.decode(fromHex(raw))
  return { own: ownTimeZones === 1, zones: [timeZone1, timeZone2, timeZone3] }
}

/** What a record says. */
export function personTruth(layout: PersonLayoutName, raw: Uint8Array): PersonTruth {
  const record = layout === 'person/28' ? person28.decode(raw) : person72.decode(raw)
  return {
    ...personKey(layout, raw),
    name: new TextDecoder().decode(record.name),
    privilege: record.privilege,
    cardNumber: record.cardNumber,
    group: record.group,
    hasPassword: record.password !== '',
    raw: toHex(raw),
  }
}

/** The longest beginning of a name that fits into so many bytes of UTF-8. */
function fittingName(name: string, mostBytes: number): Uint8Array {
  const encoder = new TextEncoder()
  let kept = ''
  for (const character of name) {
    if (encoder.encode(kept + character).length > mostBytes) break
    kept += character
  }
  return encoder.encode(kept)
}
