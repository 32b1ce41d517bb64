import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CODES } from '../../src/codes.ts'
import {
  combinationOf,
  findAccessForm,
  groupZonesOf,
  personZonesOf,
  removeGroup,
  setCombination,
  setGroupZones,
  setPersonZones,
  setTimeZone,
  setVerifyMode,
  timeZoneOf,
  verifyModeOf,
} from '../../src/procedures/access-rules.ts'
import { groupZones } from '../../src/records/access.ts'
import { captured, readCapture } from '../support/recorded.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

function terminal(script: Script = {}) {
  const furniture = new Furniture()
  return { furniture, wire: new VirtualWire(furniture.script(script)).connected() }
}

const badRecord = expect.objectContaining({ code: 'ZK_BAD_RECORD' })
const outOfRange = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })
const notKept = expect.objectContaining({ details: expect.objectContaining({ reason: 'not_kept' }) })

describe('the form of access rules', () => {
  it('is told by the platform, and not guessed where the terminal does not say', () => {
    const { furniture, wire } = terminal()
    expect(wire.result(findAccessForm())).toBe('tft')
    furniture.options.set('~Platform', 'ZEM760')
    expect(wire.result(findAccessForm())).toBe('compact')
    furniture.options.delete('~Platform')
    expect(() => wire.result(findAccessForm())).toThrow(outOfRange)
  })
})

describe('how a person is recognised', () => {
  it('is set without touching the bytes that nobody understands', () => {
    const { furniture, wire } = terminal()
    furniture.verifyModes.set(13, Uint8Array.of(13, 0, 0, 0xaa, ...new Uint8Array(20)))
    wire.result(setVerifyMode(13, 0x8d))
    expect(toHex(furniture.verifyModes.get(13) ?? new Uint8Array(0)).slice(0, 8)).toBe('0d008daa')
    expect(wire.result(verifyModeOf(13))).toBe(0x8d)
    furniture.forgets.add(CODES.VERIFY_WRQ)
    expect(() => wire.result(setVerifyMode(13, 1))).toThrow(notKept)
  })
})

describe('a person’s time zones', () => {
  it('are the person’s own, or the group’s', () => {
    const { furniture, wire } = terminal()
    expect(wire.result(personZonesOf(5))).toBeUndefined()
    wire.result(setPersonZones(5, [1, 2]))
    expect(wire.result(personZonesOf(5))).toEqual([1, 2])
    wire.result(setPersonZones(5, undefined))
    expect(wire.result(personZonesOf(5))).toBeUndefined()
    furniture.forgets.add(CODES.USERTZ_WRQ)
    expect(() => wire.result(setPersonZones(5, [3]))).toThrow(notKept)
  })
})

describe('a group', () => {
  it('keeps the style that is not named', () => {
    const { furniture, wire } = terminal()
    expect(wire.result(groupZonesOf(2, 'tft'))).toBeUndefined()
    wire.result(setGroupZones(2, { zones: [1], holidays: true, verifyMode: 5 }, 'tft'))
    wire.result(setGroupZones(2, { zones: [1, 7] }, 'tft'))
    expect(wire.result(groupZonesOf(2, 'tft'))).toEqual({ zones: [1, 7], holidays: true, verifyMode: 5 })
    expect(groupZones.decode(furniture.groupZones.get(2) ?? new Uint8Array(0)).style).toBe(0x85)
    expect(() => wire.result(setGroupZones(2, { zones: [], verifyMode: 128 }, 'tft'))).toThrow(outOfRange)
    furniture.groupZones.set(3, furniture.groupZones.get(2) ?? new Uint8Array(0))
    expect(() => wire.result(groupZonesOf(3, 'tft'))).toThrow(badRecord)
    furniture.forgets.add(CODES.GRPTZ_WRQ)
    expect(() => wire.result(setGroupZones(2, { zones: [9] }, 'tft'))).toThrow(notKept)
  })

  it('of an access panel is read and written in its own form, and deleted', () => {
    const { furniture, wire } = terminal()
    const [good = new Uint8Array(0), none = new Uint8Array(0), damaged = new Uint8Array(0)] = captured(
      readCapture('access-group-compact'),
      'from_device',
    )
    furniture.groupZones.set(2, good).set(3, none).set(4, damaged)
    expect(wire.result(groupZonesOf(2, 'compact'))).toEqual({
      zones: [2],
      holidays: undefined,
      verifyMode: undefined,
    })
    expect(wire.result(groupZonesOf(3, 'compact'))).toBeUndefined()
    expect(() => wire.result(groupZonesOf(4, 'compact'))).toThrow(badRecord)
    wire.result(setGroupZones(5, { zones: [6] }, 'compact'))
    expect(wire.result(groupZonesOf(5, 'compact'))?.zones).toEqual([6])
    expect(() => wire.result(setGroupZones(5, { zones: [6], holidays: true }, 'compact'))).toThrow(outOfRange)
    wire.result(removeGroup(5))
    expect(wire.result(groupZonesOf(5, 'compact'))).toBeUndefined()
    furniture.forgets.add(CODES.GRPTZ_WRQ)
    expect(() => wire.result(removeGroup(2))).toThrow(notKept)
  })
})

describe('a time zone', () => {
  it.each(['ZMM220_TFT', 'ZEM760'])('is written and read back on a %s', (platform) => {
    const { furniture, wire } = terminal()
    furniture.options.set('~Platform', platform)
    const week = Array.from({ length: 7 }, (_, day) => ({ from: `0${day}:00`, to: '23:59' }))
    expect(wire.result(timeZoneOf(48))).toBeUndefined()
    wire.result(setTimeZone(48, week))
    expect(wire.result(timeZoneOf(48))).toEqual(week)
    furniture.forgets.add(CODES.TZ_WRQ)
    const other = week.map(({ from }) => ({ from, to: '12:00' }))
    expect(() => wire.result(setTimeZone(48, other))).toThrow(notKept)
  })
})

describe('an unlock combination', () => {
  it('is written and read back', () => {
    const { furniture, wire } = terminal()
    expect(wire.result(combinationOf(7))).toBeUndefined()
    wire.result(setCombination(7, [1, 2]))
    expect(toHex(furniture.combinations.get(7) ?? new Uint8Array(0))).toBe('0701020000000200')
    expect(wire.result(combinationOf(7))).toEqual([1, 2])
    expect(() => wire.result(setCombination(7, [1, 2, 3, 4, 5, 6]))).toThrow(outOfRange)
    expect(() => wire.result(setCombination(7, [0]))).toThrow(outOfRange)
    furniture.combinations.set(8, Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0))
    expect(() => wire.result(combinationOf(8))).toThrow(badRecord)
    furniture.combinations.set(8, new TextEncoder().encode('1:2:3:4'))
    expect(() => wire.result(combinationOf(8))).toThrow(badRecord)
    furniture.forgets.add(CODES.ULG_WRQ)
    expect(() => wire.result(setCombination(7, [3]))).toThrow(notKept)
  })

  it('that the firmware does not know at all is an error, not an absence', () => {
    const { wire } = terminal({ refuse: { [CODES.ULG_RRQ]: 65_535 } })
    expect(() => wire.result(combinationOf(7))).toThrow(expect.objectContaining({ code: 'ZK_UNSUPPORTED' }))
  })
})
