import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import { writePersonGroup, writeVerifyMode } from '../../src/commands/access.ts'
import { decodePacket } from '../../src/packet.ts'
import {
  checkZonesRead,
  decodeTimeZoneAnswer,
  encodeWeek,
  groupZonesCompactRead,
  groupZonesCompactWrite,
  personVerifyMode,
  threeZones,
  timeZoneRead,
  unlockCombination,
} from '../../src/records/access.ts'
import { decodeOperations, operation16, operationName } from '../../src/records/operation.ts'
import { sms72 } from '../../src/records/sms.ts'
import { captured, readCapture, readVectors } from '../support/recorded.ts'

const outOfRange = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })
const badRecord = expect.objectContaining({ code: 'ZK_BAD_RECORD' })
const packetOf = (id: string, dir: 'to_device' | 'from_device' = 'from_device'): Uint8Array =>
  decodePacket((captured(readCapture(id), dir)[0] ?? new Uint8Array(0)).subarray(8)).payload

describe('a time zone', () => {
  it('is read from capture access-timezone-48', () => {
    const payload = packetOf('access-timezone-48')
    const week = decodeTimeZoneAnswer(payload, 48)
    expect(week).toHaveLength(7)
    expect(week[0]).toEqual({ from: '17:12', to: '17:13' })
    expect(week[6]).toEqual({ from: '17:35', to: '17:36' })
    expect(toHex(timeZoneRead.encode(timeZoneRead.decode(payload)))).toBe(toHex(payload))
    expect(encodeWeek(week)).toEqual(payload.slice(2, 30))
  })

  it('is read without number and trailer too, as access panels give it', () => {
    const week = Array.from({ length: 7 }, () => ({ from: '00:00', to: '23:59' }))
    expect(decodeTimeZoneAnswer(encodeWeek(week), 3)).toEqual(week)
  })

  it('is refused when it is another one, cut, or not a week', () => {
    const payload = packetOf('access-timezone-48')
    expect(() => decodeTimeZoneAnswer(payload, 47)).toThrow(badRecord)
    expect(() => decodeTimeZoneAnswer(payload.subarray(0, 31), 48)).toThrow(badRecord)
    expect(() => encodeWeek([])).toThrow(outOfRange)
    const day = { from: '00:00', to: '24:00' }
    expect(() => encodeWeek([day, day, day, day, day, day, day])).toThrow(outOfRange)
  })
})

describe('an unlock combination', () => {
  it('is read from capture access-unlock-comb-7 and written back', () => {
    const payload = packetOf('access-unlock-comb-7')
    expect(unlockCombination.decode(payload)).toMatchObject({
      combination: 7,
      group1: 1,
      group2: 2,
      group3: 0,
      groupCount: 2,
    })
    expect(unlockCombination.encode(unlockCombination.decode(payload))).toEqual(new Uint8Array(payload))
  })
})

describe('the groups of access panels', () => {
  it('are read from capture access-group-compact, and a damaged one is told', () => {
    const [good, none, damaged] = captured(readCapture('access-group-compact'), 'from_device')
    expect(groupZonesCompactRead.decode(good ?? new Uint8Array(0))).toEqual({ found: 1, zone: 2 })
    expect(none).toEqual(new Uint8Array(4))
    const { zone } = groupZonesCompactRead.decode(damaged ?? new Uint8Array(0))
    expect(() => checkZonesRead([zone], 'Group 3')).toThrow(badRecord)
  })

  it('are written as capture access-group-write-compact20 has it', () => {
    const [wanted = new Uint8Array(0)] = captured(readCapture('access-group-write-compact20'), 'to_device')
    const group = { group: 2, valid: 1, zone1: 2, zone2: 0, zone3: 0 }
    expect(groupZonesCompactWrite.encode(group)).toEqual(wanted)
    expect(groupZonesCompactWrite.decode(wanted)).toEqual(group)
  })

  it('take a person with the whole uid, as capture access-usergroup-write-compact has it', () => {
    const [wanted = new Uint8Array(0)] = captured(readCapture('access-usergroup-write-compact'), 'to_device')
    expect(writePersonGroup.request.encode({ uid: 1234, group: 2 })).toEqual(wanted)
    expect(writePersonGroup.request.decode(wanted)).toEqual({ uid: 1234, group: 2 })
  })
})

describe('a verify mode', () => {
  it('is written as capture user-verify-mode-write has it', () => {
    const payload = packetOf('user-verify-mode-write', 'to_device')
    expect(writeVerifyMode.request.decode(payload)).toMatchObject({ uid: 13, mode: 0x8d })
    expect(personVerifyMode.encode({ uid: 13, mode: 0x8d })).toEqual(new Uint8Array(payload))
  })
})

describe('time zones of a person or group', () => {
  it('are at most three, from 1 to 50', () => {
    expect(threeZones([])).toEqual([0, 0, 0])
    expect(threeZones([1, 50])).toEqual([1, 50, 0])
    for (const wrong of [[1, 2, 3, 4], [51], [-1], [1.5]]) expect(() => threeZones(wrong)).toThrow(outOfRange)
  })
})

interface OperationRow {
  readonly hex: string
  readonly expected: {
    readonly admin: number
    readonly op: number
    readonly byte3: number
    readonly time: string
    readonly params: readonly number[]
  }
}

describe('an operation', () => {
  const [record = new Uint8Array(0)] = captured(readCapture('oplog-16'), 'from_device')
  const { operation_log: rows } = readVectors('attendance') as {
    readonly operation_log: readonly OperationRow[]
  }

  it.each(rows)('of the vector $hex is read and written', ({ hex, expected }) => {
    const bytes = fromHex(hex)
    expect(decodeOperations(bytes)).toMatchObject([
      {
        administratorUid: expected.admin,
        operation: expected.op,
        wallTime: expected.time,
        parameters: expected.params,
      },
    ])
    const fields = operation16.decode(bytes)
    expect([...fields.unknown3]).toEqual([expected.byte3])
    expect(toHex(operation16.encode(fields))).toBe(hex)
  })

  it('is read from capture oplog-16 and written back', () => {
    expect(decodeOperations(record)).toEqual([
      {
        index: 0,
        administratorUid: 0,
        operation: 6,
        name: 'enrol fingerprint',
        packedTime: 0x23689bc2,
        wallTime: '2018-06-25T16:09:38',
        validTime: true,
        parameters: [3, 0, 7, 0x0502],
        raw: record,
      },
    ])
    expect(operation16.encode(operation16.decode(record))).toEqual(record)
    expect(operationName(77)).toBe('unknown')
  })

  it('is refused a byte short or long', () => {
    expect(() => decodeOperations(record.subarray(1))).toThrow(badRecord)
    expect(() => decodeOperations(Uint8Array.of(...record, 0))).toThrow(badRecord)
    expect(decodeOperations(Uint8Array.of(...record, ...record))).toHaveLength(2)
  })
})

describe('a short message', () => {
  it('comes back as it was written', () => {
    const message = { tag: 1, id: 7, validMinutes: 60, startTime: 0x23689bc2, text: fromHex('48616c6c6f') }
    expect(sms72.decode(sms72.encode(message))).toMatchObject(message)
  })
})
