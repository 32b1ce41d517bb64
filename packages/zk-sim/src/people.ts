// The people a terminal holds: raw records by uid, in the order in which they were stored. A record is kept byte
// for byte as it was written.
import { joinBytes, type PersonLayoutName } from '@org/zk-proto/wire'
import type { PersonZones } from './access-rules.ts'
import {
  personKey,
  personRecordBytes,
  personTruth,
  withGroup,
  withPrivilege,
  withZones,
  type PersonTruth,
} from './person-record.ts'

/** Why a person was not stored. */
export type Unstored = 'no-uid' | 'wrong-size' | 'pin-taken' | 'full'

const LOWEST_ADMINISTRATOR = 6
const DISABLED_BIT = 1

/** The table of people of one terminal. */
export class People {
  readonly layout: PersonLayoutName
  readonly capacity: number
  readonly #uniquePins: boolean
  readonly #records = new Map<number, Uint8Array>()
  readonly #uidsByPin = new Map<string, Set<number>>()

  constructor(layout: PersonLayoutName, capacity: number, uniquePins: boolean) {
    this.layout = layout
    this.capacity = capacity
    this.#uniquePins = uniquePins
  }

  get count(): number {
    return this.#records.size
  }

  /** Administrators, and people with a password, as the free sizes tell them. */
  get counts(): { administrators: number; passwords: number } {
    let administrators = 0
    let passwords = 0
    for (const { privilege, hasPassword } of this.list()) {
      if (privilege >= LOWEST_ADMINISTRATOR) administrators += 1
      if (hasPassword) passwords += 1
    }
    return { administrators, passwords }
  }

  /** Why a record would not be stored; undefined when it would. */
  refusalOf(raw: Uint8Array): Unstored | undefined {
    if (raw.length !== personRecordBytes(this.layout)) return 'wrong-size'
    const { uid, pin } = personKey(this.layout, raw)
    if (uid === 0) return 'no-uid'
    const holders = this.#uidsByPin.get(pin)
    if (this.#uniquePins && holders !== undefined && !holders.has(uid)) return 'pin-taken'
    return !this.#records.has(uid) && this.count >= this.capacity ? 'full' : undefined
  }

  /** Stores a record, or overwrites the one of its uid. Gives the reason when it does not. */
  store(raw: Uint8Array): Unstored | undefined {
    const refusal = this.refusalOf(raw)
    if (refusal !== undefined) return refusal
    const { uid, pin } = personKey(this.layout, raw)
    const replaced = this.#records.get(uid)
    if (replaced !== undefined) this.#forgetPin(uid, replaced)
    this.#records.set(uid, raw.slice())
    this.#uidsByPin.set(pin, (this.#uidsByPin.get(pin) ?? new Set()).add(uid))
    return undefined
  }

  /** Puts somebody into a group; false when there is nobody of that uid. */
  setGroup(uid: number, group: number): boolean {
    const raw = this.#records.get(uid)
    if (raw !== undefined) this.#records.set(uid, withGroup(this.layout, raw, group))
    return raw !== undefined
  }

  /** Writes time zones into somebody's record; false where there is nobody of that uid, or the form has no room. */
  setZones(uid: number, zones: PersonZones): boolean {
    const raw = this.#records.get(uid)
    const changed = raw && withZones(this.layout, raw, zones)
    if (changed !== undefined) this.#records.set(uid, changed)
    return changed !== undefined
  }

  /** Removes a person; false when there is none of that uid. */
  remove(uid: number): boolean {
    const raw = this.#records.get(uid)
    if (raw === undefined) return false
    this.#forgetPin(uid, raw)
    return this.#records.delete(uid)
  }

  clear(): void {
    this.#records.clear()
    this.#uidsByPin.clear()
  }

  /** Everybody becomes an ordinary user; who is disabled stays so. */
  clearAdministrators(): void {
    for (const [uid, raw] of this.#records) {
      const { privilege } = personTruth(this.layout, raw)
      this.#records.set(uid, withPrivilege(this.layout, raw, privilege & DISABLED_BIT))
    }
  }

  /** The person of a uid. */
  get(uid: number): PersonTruth | undefined {
    const raw = this.#records.get(uid)
    return raw === undefined ? undefined : personTruth(this.layout, raw)
  }

  /** The person of a pin; the first where several have it. */
  findByPin(pin: string): PersonTruth | undefined {
    for (const uid of this.#uidsByPin.get(pin) ?? []) return this.get(uid)
    return undefined
  }

  /** Everybody, in the terminal's order. */
  list(): PersonTruth[] {
    return [...this.#records.values()].map((raw) => personTruth(this.layout, raw))
  }

  /** Everybody's pin, without reading their records. */
  pins(): string[] {
    return [...this.#uidsByPin.keys()]
  }

  /** A copy of all records, as one array. */
  snapshot(): Uint8Array {
    return Uint8Array.from(joinBytes([...this.#records.values()]))
  }

  #forgetPin(uid: number, raw: Uint8Array): void {
    const { pin } = personKey(this.layout, raw)
    const holders = this.#uidsByPin.get(pin)
    holders?.delete(uid)
    if (holders?.size === 0) this.#uidsByPin.delete(pin)
  }
}
