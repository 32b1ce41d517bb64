// Access rules: groups, time zones and unlock combinations, in the form of the terminal's family; each write is read back.
// Source: docs/protocol §12.7 and §19.
import {
  readGroupZones,
  readGroupZonesCompact,
  readPersonZones,
  readTimeZone,
  readUnlockCombination,
  readVerifyMode,
  writeGroupZones,
  writeGroupZonesCompact,
  writePersonZones,
  writeTimeZone,
  writeUnlockCombination,
  writeVerifyMode,
} from '../commands/access.ts'
import type { Command } from '../commands/define-command.ts'
import { hexHead } from '../bytes.ts'
import { ZkProtocolError, ZkRefusedError, ZkUsageError } from '../errors.ts'
import {
  checkZonesRead,
  decodeTimeZoneAnswer,
  encodeWeek,
  threeZones,
  unlockCombination,
} from '../records/access.ts'
import type { Week } from '../records/access.ts'
import { ask } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { makeItCount, notKept } from './after-writing.ts'
import { optionIfKnown } from './read-info.ts'

/** How a family of firmware writes groups: `tft`, or `compact` as access panels do. */
export type AccessForm = 'tft' | 'compact'

/** The zones of a group. */
export interface GroupZones {
  /** Numbers of time zones, at most three. */
  readonly zones: readonly number[]
  /** Whether holidays count; undefined in the compact form, which does not say. */
  readonly holidays: boolean | undefined
  /** How members are verified, 0 to 127, see `verifyModeName`; undefined in the compact form. */
  readonly verifyMode: number | undefined
}

const HOLIDAYS_BIT = 0x80
const MODE_BITS = 0x7f

/** Tells the family by the platform's name. Throws ZK_VALUE_OUT_OF_RANGE when the terminal does not say. */
export function* findAccessForm(): Procedure<AccessForm> {
  const platform = yield* optionIfKnown('~Platform')
  if (platform === undefined || platform === '') {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      'This terminal does not tell its platform, and a record in the wrong form is damaged: say which form it has',
    )
  }
  return platform.includes('_TFT') ? 'tft' : 'compact'
}

/** Asks, and gives undefined where the terminal says that there is no such thing. */
export function* askIfThere<Req, Res>(command: Command<Req, Res>, value: Req): Procedure<Res | undefined> {
  try {
    return yield* ask(command, value)
  } catch (error) {
    if (error instanceof ZkRefusedError && error.code === 'ZK_REFUSED') return undefined
    throw error
  }
}

/** The number of how a person is to be recognised: 0 as the group, else 128 and a verify mode. */
export function* verifyModeOf(uid: number): Procedure<number> {
  return (yield* ask(readVerifyMode, { uid })).mode
}

/** Sets it; bytes of the record that nobody understands stay. */
export function* setVerifyMode(uid: number, mode: number): Procedure<void> {
  const before = yield* ask(readVerifyMode, { uid })
  yield* ask(writeVerifyMode, { ...before, uid, mode })
  yield* makeItCount()
  const kept = yield* verifyModeOf(uid)
  if (kept !== mode) throw notKept('the verify mode', { uid, asked: mode, shows: kept })
}

/** A person's own zones; undefined when the group's apply. */
export function* personZonesOf(uid: number): Procedure<number[] | undefined> {
  const { own, zone1, zone2, zone3 } = yield* ask(readPersonZones, { uid })
  if (own !== 1) return undefined
  checkZonesRead([zone1, zone2, zone3], `Person ${uid}`)
  return [zone1, zone2, zone3].filter((zone) => zone !== 0)
}

/** Gives a person zones of its own, or, with undefined, those of the group. */
export function* setPersonZones(uid: number, zones: readonly number[] | undefined): Procedure<void> {
  const [zone1, zone2, zone3] = threeZones(zones ?? [])
  yield* ask(writePersonZones, { uid, own: zones === undefined ? 0 : 1, zone1, zone2, zone3 })
  yield* makeItCount()
  const kept = yield* personZonesOf(uid)
  if (
    !sameNumbers(
      kept,
      zones?.filter((zone) => zone !== 0),
    )
  )
    throw notKept('the time zones', { uid })
}

/** The zones of a group; undefined where the group has no record. */
export function* groupZonesOf(group: number, form: AccessForm): Procedure<GroupZones | undefined> {
  if (form === 'compact') return yield* compactZonesOf(group)
  const record = yield* askIfThere(readGroupZones, { number: group })
  if (record === undefined) return undefined
  const { zone1, zone2, zone3, style } = record
  if (record.group !== group) throw otherNumber('group', group, record.group)
  checkZonesRead([zone1, zone2, zone3], `Group ${group}`)
  return {
    zones: [zone1, zone2, zone3].filter((zone) => zone !== 0),
    holidays: (style & HOLIDAYS_BIT) !== 0,
    verifyMode: style & MODE_BITS,
  }
}

function* compactZonesOf(group: number): Procedure<GroupZones | undefined> {
  const answer = yield* askIfThere(readGroupZonesCompactly, { number: group })
  if (answer === undefined || answer.every((value) => value === 0)) return undefined
  const { found, zone } = readGroupZonesCompact.reply.decode(answer)
  if (found === 0) return undefined
  checkZonesRead([zone], `Group ${group}`)
  return { zones: zone === 0 ? [] : [zone], holidays: undefined, verifyMode: undefined }
}

/** Four zero bytes say that there is no such group, so the answer is looked at before it is decoded. */
const readGroupZonesCompactly: Command<{ readonly number: number }, Uint8Array> = {
  ...readGroupZonesCompact,
  reply: { name: 'bytes', decode: (bytes) => bytes, encode: (bytes) => bytes },
}

/** Sets the zones of a group. The compact form has no place for holidays and verify mode. */
export function* setGroupZones(
  group: number,
  rules: {
    readonly zones: readonly number[]
    readonly holidays?: boolean | undefined
    readonly verifyMode?: number | undefined
  },
  form: AccessForm,
): Procedure<void> {
  const [zone1, zone2, zone3] = threeZones(rules.zones)
  const { holidays, verifyMode } = rules
  if (form === 'compact') {
    if (holidays !== undefined || verifyMode !== undefined) {
      throw new ZkUsageError(
        'ZK_VALUE_OUT_OF_RANGE',
        'A group of this terminal holds time zones and nothing else',
      )
    }
    yield* ask(writeGroupZonesCompact, { group, valid: 1, zone1, zone2, zone3 })
  } else {
    const before = yield* groupZonesOf(group, form)
    const mode = verifyMode ?? before?.verifyMode ?? 0
    if (!Number.isInteger(mode) || mode < 0 || mode > MODE_BITS) {
      throw new ZkUsageError(
        'ZK_VALUE_OUT_OF_RANGE',
        `A verify mode is a number from 0 to ${MODE_BITS}, got ${mode}`,
      )
    }
    const style = mode | ((holidays ?? before?.holidays ?? false) ? HOLIDAYS_BIT : 0)
    yield* ask(writeGroupZones, { group, zone1, zone2, zone3, style })
  }
  yield* makeItCount()
  const kept = yield* groupZonesOf(group, form)
  // The compact answer is known to show one zone; whether it shows more is not.
  const wanted = rules.zones.filter((zone) => zone !== 0)
  const same =
    form === 'compact' ? kept !== undefined && kept.zones[0] === wanted[0] : sameNumbers(kept?.zones, wanted)
  if (!same) throw notKept('the zones of the group', { group })
}

/** Deletes the record of a group, where the form can. */
export function* removeGroup(group: number): Procedure<void> {
  yield* ask(writeGroupZonesCompact, { group, valid: 0, zone1: 0, zone2: 0, zone3: 0 })
  yield* makeItCount()
  if ((yield* compactZonesOf(group)) !== undefined) throw notKept('deleting the group', { group })
}

/** The week of a time zone; undefined where there is none. */
export function* timeZoneOf(zone: number): Procedure<Week | undefined> {
  const answer = yield* askIfThere(readTimeZone, { zone })
  return answer === undefined ? undefined : decodeTimeZoneAnswer(answer, zone)
}

/** Sets the week of a time zone. */
export function* setTimeZone(zone: number, week: Week): Procedure<void> {
  yield* ask(writeTimeZone, { zone, week: encodeWeek(week) })
  yield* makeItCount()
  const kept = yield* timeZoneOf(zone)
  if (
    kept === undefined ||
    JSON.stringify(kept) !== JSON.stringify(week.map(({ from, to }) => ({ from, to })))
  ) {
    throw notKept('the time zone', { zone })
  }
}

/** The groups of a combination, in its order; undefined where there is none. */
export function* combinationOf(combination: number): Procedure<number[] | undefined> {
  const answer = yield* askIfThere(readUnlockCombination, { number: combination })
  if (answer === undefined) return undefined
  if (answer.length !== unlockCombination.sizeBytes) {
    throw new ZkProtocolError(
      'ZK_BAD_RECORD',
      `Expected ${unlockCombination.sizeBytes} bytes of an unlock combination, got ${answer.length}; the text form of old firmware is not known well enough`,
      { effect: 'none', details: { length: answer.length, head: hexHead(answer) } },
    )
  }
  const record = unlockCombination.decode(answer)
  if (record.combination !== combination) throw otherNumber('combination', combination, record.combination)
  const groups = [record.group1, record.group2, record.group3, record.group4, record.group5]
  return groups.filter((group) => group !== 0)
}

/** Sets the groups of a combination: at most five, none to empty it. */
export function* setCombination(combination: number, groups: readonly number[]): Procedure<void> {
  const [group1 = 0, group2 = 0, group3 = 0, group4 = 0, group5 = 0] = groups
  if (groups.length > 5 || groups.includes(0)) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', 'A combination has at most five groups, numbered from 1')
  }
  const groupCount = groups.length
  yield* ask(writeUnlockCombination, { combination, group1, group2, group3, group4, group5, groupCount })
  yield* makeItCount()
  const kept = yield* combinationOf(combination)
  if (!sameNumbers(kept ?? [], groups)) throw notKept('the unlock combination', { combination })
}

function sameNumbers(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  return String(a) === String(b) && (a === undefined) === (b === undefined)
}

function otherNumber(what: string, asked: number, came: number): ZkProtocolError {
  return new ZkProtocolError('ZK_BAD_RECORD', `The ${what} ${asked} was asked for, ${came} came`, {
    effect: 'none',
    details: { asked, came },
  })
}
