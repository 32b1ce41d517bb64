// Access control: which group and time zones a person has, when a zone is open, which groups together open a door. Two
// families of firmware write three of these differently; both forms are here. Source: docs/protocol §12.7 and §19.
import { u8At } from '../bytes.ts'
import { ZkProtocolError, ZkUsageError } from '../errors.ts'
import { bytes, layout, opaque, u16, u32, u8 } from '../layout.ts'

/** How one person is to be recognised. Source: docs/protocol §12.7, capture user-verify-mode-write. */
export const personVerifyMode = layout('personVerifyMode', 24, {
  uid: u16(0),
  mode: u8(2), // 0: as the group; else 128 and a verify mode
  unknown3: opaque(3, 21),
})

/** A person's time zones as they are read. Source: docs/protocol §19. */
export const personZonesRead = layout('personZonesRead', 8, {
  own: u16(0), // 1: the three zones apply; 0: the group's do
  zone1: u16(2),
  zone2: u16(4),
  zone3: u16(6),
})

/** A person's time zones as they are written. Source: docs/protocol §19. */
export const personZonesWrite = layout('personZonesWrite', 20, {
  uid: u32(0),
  own: u32(4),
  zone1: u32(8),
  zone2: u32(12),
  zone3: u32(16),
})

/** A group's zones and style on TFT firmware, read and written. Source: docs/protocol §19. */
export const groupZones = layout('groupZones', 8, {
  group: u8(0),
  zone1: u16(1),
  zone2: u16(3),
  zone3: u16(5),
  style: u8(7), // bit 7: holidays count; bits 0 to 6: how members are verified
})

/** A group's zones as access panels read them. Source: docs/protocol §19, capture access-group-compact. */
export const groupZonesCompactRead = layout('groupZonesCompactRead', 8, { found: u32(0), zone: u32(4) })

/** A group's zones as access panels take them. Source: docs/protocol §19, capture access-group-write-compact20. */
export const groupZonesCompactWrite = layout('groupZonesCompactWrite', 20, {
  group: u32(0),
  valid: u32(4), // 0 deletes the group's record
  zone1: u32(8),
  zone2: u32(12),
  zone3: u32(16),
})

const DAY_BYTES = 4
const DAYS = 7
const WEEK_BYTES = DAY_BYTES * DAYS

/** A time zone as TFT firmware reads it. Source: docs/protocol §19, capture access-timezone-48. */
export const timeZoneRead = layout('timeZoneRead', 32, {
  zone: u16(0),
  week: bytes(2, WEEK_BYTES),
  unknown30: opaque(30, 2), // a7 1c in the capture
})

/** A time zone as it is written. Source: docs/protocol §19. */
export const timeZoneWrite = layout('timeZoneWrite', 32, { zone: u32(0), week: bytes(4, WEEK_BYTES) })

/** A combination of groups that opens the door together. Source: docs/protocol §19, capture access-unlock-comb-7. */
export const unlockCombination = layout('unlockCombination', 8, {
  combination: u8(0),
  group1: u8(1),
  group2: u8(2),
  group3: u8(3),
  group4: u8(4),
  group5: u8(5),
  groupCount: u16(6),
})

/** When a zone lets in on one day. An end before the start means no access. */
export interface DayHours {
  /** `HH:MM`. */
  readonly from: string
  readonly to: string
}

/** A week of a time zone, Sunday first: seven days. */
export type Week = readonly DayHours[]

/** The highest number of a time zone; a greater one in a record means that the record is damaged. */
export const HIGHEST_TIME_ZONE = 50

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** Reads the week of a time zone: start and end of each day, in hours and minutes. */
export function decodeWeek(week: Uint8Array): Week {
  const at = (offset: number): string => `${two(u8At(week, offset))}:${two(u8At(week, offset + 1))}`
  return Array.from({ length: DAYS }, (_, day) => ({
    from: at(day * DAY_BYTES),
    to: at(day * DAY_BYTES + 2),
  }))
}

const HOURS_AND_MINUTES = /^([01]\d|2[0-3]):([0-5]\d)$/

function clockBytes(spelled: string): [number, number] {
  const match = HOURS_AND_MINUTES.exec(spelled)
  if (match === null) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `Expected a time as HH:MM, got ${spelled.slice(0, 20)}`)
  }
  return [Number(match[1]), Number(match[2])]
}

/** The bytes of a week. Throws ZK_VALUE_OUT_OF_RANGE unless it has seven days of `HH:MM` times. */
export function encodeWeek(week: Week): Uint8Array {
  if (week.length !== DAYS) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `A time zone has seven days, Sunday first; got ${week.length}`,
    )
  }
  return Uint8Array.from(week.flatMap(({ from, to }) => [...clockBytes(from), ...clockBytes(to)]))
}

/** The week in an answer of either family: behind a number and before two bytes, or alone. Throws ZK_BAD_RECORD. */
export function decodeTimeZoneAnswer(answer: Uint8Array, asked: number): Week {
  if (answer.length === WEEK_BYTES) return decodeWeek(answer)
  const record = timeZoneRead.decode(answer)
  if (record.zone !== asked) {
    throw new ZkProtocolError('ZK_BAD_RECORD', `Time zone ${asked} was asked for, ${record.zone} came`, {
      effect: 'none',
      details: { asked, came: record.zone },
    })
  }
  return decodeWeek(record.week)
}

/** Throws ZK_BAD_RECORD when a zone is none: the record was written in the wrong form. Source: docs/protocol §19. */
export function checkZonesRead(zones: readonly number[], what: string): void {
  const wrong = zones.find((zone) => zone > HIGHEST_TIME_ZONE)
  if (wrong === undefined) return
  throw new ZkProtocolError(
    'ZK_BAD_RECORD',
    `${what} names time zone ${wrong}, and there are ${HIGHEST_TIME_ZONE}: its record is damaged, write it anew`,
    { effect: 'none', details: { zone: wrong, highest: HIGHEST_TIME_ZONE } },
  )
}

/** Three zones, 0 for none. Throws ZK_VALUE_OUT_OF_RANGE for more, or for a zone that is none. */
export function threeZones(zones: readonly number[]): [number, number, number] {
  const [zone1 = 0, zone2 = 0, zone3 = 0] = zones
  const fit = [zone1, zone2, zone3].every(
    (zone) => Number.isInteger(zone) && zone >= 0 && zone <= HIGHEST_TIME_ZONE,
  )
  if (!fit || zones.length > 3) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `Expected at most three time zones from 1 to ${HIGHEST_TIME_ZONE}, got ${zones.join(', ')}`,
    )
  }
  return [zone1, zone2, zone3]
}
