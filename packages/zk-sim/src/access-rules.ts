// Who may enter when: groups, time zones and combinations of groups, and what a person has of their own where the
// record of people has no room for it. Source: docs/protocol §12.7 and §19.
import { HIGHEST_TIME_ZONE, personVerifyMode, u8At } from '@org/zk-proto/wire'

/** Three numbers of time zones; 0: none. */
export type ThreeZones = readonly [number, number, number]

/** What a group may. */
export interface GroupRule {
  readonly zones: ThreeZones
  /** Bit 7: holidays count; the bits below: how members are verified. */
  readonly style: number
}

/** Time zones of a person. */
export interface PersonZones {
  /** Whether they apply; otherwise those of the group do. */
  readonly own: boolean
  readonly zones: ThreeZones
}

/** Everything that decides who may enter, as plain values. */
export interface AccessFacts {
  readonly groups: readonly (readonly [number, GroupRule])[]
  /** The 28 bytes of a week by the number of the zone. */
  readonly timeZones: readonly (readonly [number, Uint8Array])[]
  readonly combinations: readonly (readonly [number, readonly number[]])[]
  /** Records of 24 bytes. */
  readonly verifyModes: readonly Uint8Array[]
  readonly personZones: readonly (readonly [number, PersonZones])[]
}

/** Bytes of the week of a time zone: seven days of start and end in hours and minutes. */
export const WEEK_BYTES = 28
/** The highest number of a combination. */
export const HIGHEST_COMBINATION = 10
/** The most groups of one combination. */
export const MOST_GROUPS = 5

/** A style is a byte. */
const HIGHEST_STYLE = 0xff
const DAY_BYTES = 4
const MINUTES_PER_HOUR = 60
const ALWAYS = Uint8Array.from({ length: WEEK_BYTES }, (_, index) => [0, 0, 23, 59][index % DAY_BYTES] ?? 0)
const NO_ZONES: PersonZones = { own: false, zones: [0, 0, 0] }

/** The access rules of one terminal. New, group 1 may always enter. */
export class AccessRules {
  readonly highestGroup: number
  readonly #groups = new Map<number, GroupRule>()
  readonly #timeZones = new Map<number, Uint8Array>()
  readonly #combinations = new Map<number, readonly number[]>()
  readonly #verifyModes = new Map<number, Uint8Array>()
  readonly #personZones = new Map<number, PersonZones>()

  constructor(highestGroup: number) {
    this.highestGroup = highestGroup
    this.reset()
  }

  /** As when the terminal was new. */
  reset(): void {
    this.restore({
      groups: [[1, { zones: [1, 0, 0], style: 0 }]],
      timeZones: [[1, ALWAYS]],
      combinations: [[1, [1]]],
      verifyModes: [],
      personZones: [],
    })
  }

  group(group: number): GroupRule | undefined {
    return this.#groups.get(group)
  }

  /** Sets what a group may; with undefined it has no record any more. False for a group, a zone or a style that is none. */
  setGroup(group: number, rule: GroupRule | undefined): boolean {
    if (group < 1 || group > this.highestGroup) return false
    if (rule === undefined) return this.#groups.delete(group)
    if (!this.areZones(rule.zones) || rule.style > HIGHEST_STYLE) return false
    this.#groups.set(group, rule)
    return true
  }

  /** Whether these are numbers of time zones, or 0 for none. */
  areZones(zones: readonly number[]): boolean {
    return zones.every(isZoneOrNone)
  }

  /** The week of a time zone. */
  timeZone(zone: number): Uint8Array | undefined {
    return this.#timeZones.get(zone)
  }

  /** False for a zone that is none. */
  setTimeZone(zone: number, week: Uint8Array): boolean {
    if (zone === 0 || !isZoneOrNone(zone)) return false
    this.#timeZones.set(zone, week.slice())
    return true
  }

  /** The groups that open the door together. */
  combination(combination: number): readonly number[] | undefined {
    return this.#combinations.get(combination)
  }

  /** Without groups the combination is gone. False for a combination or a group that is none. */
  setCombination(combination: number, groups: readonly number[]): boolean {
    const fits = combination >= 1 && combination <= HIGHEST_COMBINATION && groups.length <= MOST_GROUPS
    if (!fits || groups.some((group) => group < 1 || group > this.highestGroup)) return false
    if (groups.length === 0) this.#combinations.delete(combination)
    else this.#combinations.set(combination, [...groups])
    return true
  }

  /** The record of how a person is to be recognised; as the group, where nothing was set. */
  verifyModeOf(uid: number): Uint8Array {
    return this.#verifyModes.get(uid) ?? personVerifyMode.encode({ uid, mode: 0 })
  }

  setVerifyMode(record: Uint8Array): void {
    this.#verifyModes.set(personVerifyMode.decode(record).uid, record.slice(0, personVerifyMode.sizeBytes))
  }

  /** Zones of a person whose record has no room for them. */
  zonesOf(uid: number): PersonZones {
    return this.#personZones.get(uid) ?? NO_ZONES
  }

  setZonesOf(uid: number, zones: PersonZones): void {
    this.#personZones.set(uid, zones)
  }

  /** Forgets what belongs to a person who is gone. */
  forget(uid: number): void {
    this.#verifyModes.delete(uid)
    this.#personZones.delete(uid)
  }

  /**
   * Whether somebody of a group may enter at a wall time, given in milliseconds as if it were UTC: one of the zones is
   * open, and the group opens the door alone.
   */
  admits({ group, zones }: { group: number; zones: PersonZones }, wallMs: number): boolean {
    const applying = zones.own ? zones.zones : (this.#groups.get(group)?.zones ?? [])
    const open = applying.some((zone) => zone !== 0 && this.#isOpen(zone, wallMs))
    return (
      open && [...this.#combinations.values()].some((groups) => groups.length === 1 && groups[0] === group)
    )
  }

  /** All of it, for keeping. */
  facts(): AccessFacts {
    return {
      groups: [...this.#groups],
      timeZones: [...this.#timeZones],
      combinations: [...this.#combinations],
      verifyModes: [...this.#verifyModes.values()],
      personZones: [...this.#personZones],
    }
  }

  /** Puts back what `facts` gave. */
  restore(facts: AccessFacts): void {
    replace(this.#groups, facts.groups)
    replace(this.#timeZones, facts.timeZones)
    replace(this.#combinations, facts.combinations)
    replace(this.#personZones, facts.personZones)
    this.#verifyModes.clear()
    for (const record of facts.verifyModes) this.setVerifyMode(record)
  }

  #isOpen(zone: number, wallMs: number): boolean {
    const week = this.#timeZones.get(zone)
    if (week === undefined) return false
    const now = new Date(wallMs)
    const day = now.getUTCDay() * DAY_BYTES
    const minute = now.getUTCHours() * MINUTES_PER_HOUR + now.getUTCMinutes()
    const at = (offset: number): number =>
      u8At(week, day + offset) * MINUTES_PER_HOUR + u8At(week, day + offset + 1)
    return at(0) <= minute && minute <= at(2)
  }
}

function isZoneOrNone(zone: number): boolean {
  return zone >= 0 && zone <= HIGHEST_TIME_ZONE
}

function replace<K, V>(map: Map<K, V>, entries: readonly (readonly [K, V])[]): void {
  map.clear()
  for (const [key, value] of entries) map.set(key, value)
}
