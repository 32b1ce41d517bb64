// Access control, read and written one record at a time. Where firmware families differ, each form is a command of its own
// with the same number. Writing a record twice does no harm. Source: docs/protocol §12.7 and §19.
import { CODES } from '../codes.ts'
import { anyBytes, empty, layout, opaque, u16, u32, u8 } from '../layout.ts'
import type { Codec } from '../layout.ts'
import {
  groupZones,
  groupZonesCompactRead,
  groupZonesCompactWrite,
  personVerifyMode,
  personZonesRead,
  personZonesWrite,
  timeZoneWrite,
  unlockCombination,
} from '../records/access.ts'
import { defineCommand } from './define-command.ts'

const numberInEight: Codec<{ readonly number: number }> = layout('numberInEight', 8, {
  number: u8(0),
  unknown1: opaque(1, 7),
})
const personNumber = layout('personNumber', 4, { uid: u32(0) })

/** How a person is to be recognised. */
export const readVerifyMode = defineCommand({
  name: 'readVerifyMode',
  code: CODES.VERIFY_RRQ,
  request: layout('readVerifyMode', 2, { uid: u16(0) }),
  reply: personVerifyMode,
  repeat: 'safe',
})

/** Sets how a person is to be recognised. */
export const writeVerifyMode = defineCommand({
  name: 'writeVerifyMode',
  code: CODES.VERIFY_WRQ,
  request: personVerifyMode,
  reply: empty,
  repeat: 'safe',
})

/** The group of a person. */
export const readPersonGroup = defineCommand({
  name: 'readPersonGroup',
  code: CODES.USERGRP_RRQ,
  request: personNumber,
  reply: layout('personGroup', 1, { group: u8(0) }),
  repeat: 'safe',
})

/** Puts a person into a group. Capture access-usergroup-write-compact. */
export const writePersonGroup = defineCommand({
  name: 'writePersonGroup',
  code: CODES.USERGRP_WRQ,
  request: layout('writePersonGroup', 5, { uid: u32(0), group: u8(4) }),
  reply: empty,
  repeat: 'safe',
})

/** The time zones of a person. */
export const readPersonZones = defineCommand({
  name: 'readPersonZones',
  code: CODES.USERTZ_RRQ,
  request: personNumber,
  reply: personZonesRead,
  repeat: 'safe',
})

/** Sets the time zones of a person. */
export const writePersonZones = defineCommand({
  name: 'writePersonZones',
  code: CODES.USERTZ_WRQ,
  request: personZonesWrite,
  reply: empty,
  repeat: 'safe',
})

/** The zones of a group; both families ask alike. */
export const readGroupZones = defineCommand({
  name: 'readGroupZones',
  code: CODES.GRPTZ_RRQ,
  request: numberInEight,
  reply: groupZones,
  repeat: 'safe',
})

/** The zones of a group as access panels answer. */
export const readGroupZonesCompact = defineCommand({
  name: 'readGroupZonesCompact',
  code: CODES.GRPTZ_RRQ,
  request: numberInEight,
  reply: groupZonesCompactRead,
  repeat: 'safe',
})

/** Sets the zones of a group on TFT firmware. */
export const writeGroupZones = defineCommand({
  name: 'writeGroupZones',
  code: CODES.GRPTZ_WRQ,
  request: groupZones,
  reply: empty,
  repeat: 'safe',
})

/** Sets the zones of a group on access panels. */
export const writeGroupZonesCompact = defineCommand({
  name: 'writeGroupZonesCompact',
  code: CODES.GRPTZ_WRQ,
  request: groupZonesCompactWrite,
  reply: empty,
  repeat: 'safe',
})

/** A time zone. The answer's length tells its family, so it is bytes; see `decodeTimeZoneAnswer`. */
export const readTimeZone = defineCommand({
  name: 'readTimeZone',
  code: CODES.TZ_RRQ,
  request: layout('readTimeZone', 4, { zone: u32(0) }),
  reply: anyBytes,
  repeat: 'safe',
})

/** Sets a time zone. */
export const writeTimeZone = defineCommand({
  name: 'writeTimeZone',
  code: CODES.TZ_WRQ,
  request: timeZoneWrite,
  reply: empty,
  repeat: 'safe',
})

/** A combination of groups. */
export const readUnlockCombination = defineCommand({
  name: 'readUnlockCombination',
  code: CODES.ULG_RRQ,
  request: numberInEight,
  reply: anyBytes, // text with colons on old firmware
  repeat: 'safe',
})

/** Sets a combination of groups. */
export const writeUnlockCombination = defineCommand({
  name: 'writeUnlockCombination',
  code: CODES.ULG_WRQ,
  request: unlockCombination,
  reply: empty,
  repeat: 'safe',
})
