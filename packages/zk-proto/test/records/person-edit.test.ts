import { assert, integer, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { nameDecoder } from '../../src/name-encoding.ts'
import { decodePacket } from '../../src/packet.ts'
import { editPersonRecord, encodeNewPerson, samePerson } from '../../src/records/person-edit.ts'
import type { NewPerson } from '../../src/records/person-edit.ts'
import { person28, personForm } from '../../src/records/person.ts'
import type { PersonLayoutName } from '../../src/records/person.ts'
import { captured, readCapture } from '../support/recorded.ts'

const tft = { layout: 'person/72', nameEncoding: 'utf-8' } as const
const old = { layout: 'person/28', nameEncoding: 'windows-1252' } as const
const notEncodable = expect.objectContaining({ code: 'ZK_NOT_ENCODABLE' })
const outOfRange = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })
const decode = (layout: PersonLayoutName, bytes: Uint8Array, encoding = 'utf-8') =>
  personForm(layout).decode(bytes, 0, nameDecoder(encoding, []))

describe('a new person', () => {
  it('is written in the 72-byte form with everything that was named', () => {
    const record = encodeNewPerson(
      {
        pin: 'A-0042',
        name: 'Łukasz 李',
        level: 'manager',
        enabled: false,
        password: '1234',
        cardNumber: 4_000_000_000,
        group: 3,
        timeZones: [1, 2],
      },
      513,
      tft,
    )
    expect(decode('person/72', record)).toMatchObject({
      uid: 513,
      pin: 'A-0042',
      name: 'Łukasz 李',
      privilege: 7,
      level: 'manager',
      enabled: false,
      password: '1234',
      cardNumber: 4_000_000_000,
      group: 3,
      timeZones: [1, 2, 0],
    })
  })

  it('is written in the 28-byte form, in the code page of the terminal', () => {
    const record = encodeNewPerson({ pin: '42', name: 'Zoé', timeZoneBits: 3 }, 42, old)
    expect(decode('person/28', record, 'windows-1252')).toMatchObject({
      pin: '42',
      name: 'Zoé',
      timeZoneBits: 3,
      group: 1,
    })
  })

  it('is refused when the form cannot hold it: nothing is cut', () => {
    expect(() => encodeNewPerson({ pin: '1', name: 'x'.repeat(25) }, 1, tft)).toThrow(notEncodable)
    expect(() => encodeNewPerson({ pin: '1', name: '李'.repeat(9) }, 1, tft)).toThrow(notEncodable)
    expect(() => encodeNewPerson({ pin: '1', name: '李' }, 1, old)).toThrow(notEncodable)
    expect(() => encodeNewPerson({ pin: '1', password: '123456789' }, 1, tft)).toThrow(notEncodable)
    expect(() => encodeNewPerson({ pin: '1', password: 'é' }, 1, tft)).toThrow(notEncodable)
    expect(() => encodeNewPerson({ pin: '1', group: 256 }, 1, tft)).toThrow(outOfRange)
    expect(() => encodeNewPerson({ pin: '1', cardNumber: 2 ** 32 }, 1, tft)).toThrow(outOfRange)
    for (const pin of ['', 'x'.repeat(25), 'é', 'a\nb']) {
      expect(() => encodeNewPerson({ pin }, 1, tft)).toThrow(notEncodable)
    }
    for (const pin of [undefined, 7]) {
      expect(() => encodeNewPerson({ pin } as unknown as NewPerson, 7, tft)).toThrow(notEncodable)
    }
    for (const pin of ['007', 'A1', '4294967296', '0']) {
      expect(() => encodeNewPerson({ pin }, 1, old)).toThrow(notEncodable)
    }
    expect(() => encodeNewPerson({ pin: '1', timeZoneBits: 1 }, 1, tft)).toThrow(outOfRange)
    expect(() => encodeNewPerson({ pin: '1', timeZones: [1] }, 1, old)).toThrow(outOfRange)
    expect(() => encodeNewPerson({ pin: '1', timeZones: [51] }, 1, tft)).toThrow(outOfRange)
  })
})

describe('a change', () => {
  it('of the level to one that does not exist is refused, not taken for an ordinary user', () => {
    const record = encodeNewPerson({ pin: '7', level: 'administrator' }, 7, tft)
    for (const level of ['boss', 'unknown', 'toString']) {
      expect(() => editPersonRecord(record, { level } as object, tft)).toThrow(outOfRange)
    }
  })

  const [packet = new Uint8Array(0)] = captured(readCapture('user-write-72-garbage-padding'), 'to_device')
  const littered = decodePacket(packet.subarray(8)).payload

  it('leaves every byte that it does not name, also leftovers behind the end of a text', () => {
    const changed = editPersonRecord(littered, { cardNumber: 7 }, tft)
    const expected = littered.slice()
    expected.set([7, 0, 0, 0], 35)
    expect(toHex(changed)).toBe(toHex(expected))
    expect(toHex(editPersonRecord(littered, {}, tft))).toBe(toHex(littered))
  })

  it('keeps bits of the privilege that nobody understands', () => {
    const record = littered.slice()
    record[2] = 0x31
    expect(editPersonRecord(record, { level: 'administrator' }, tft)[2]).toBe(0x3f)
    expect(editPersonRecord(record, { enabled: true }, tft)[2]).toBe(0x30)
  })

  it('takes a person’s own zones away without touching their numbers', () => {
    const [ned = new Uint8Array(0)] = captured(readCapture('user-entry-72-own-timezones'), 'from_device')
    const changed = editPersonRecord(ned, { timeZones: null }, tft)
    expect(decode('person/72', changed).timeZones).toBeUndefined()
    expect(changed.subarray(42)).toEqual(ned.subarray(42))
    expect(decode('person/72', editPersonRecord(changed, { timeZones: [3] }, tft)).timeZones).toEqual([
      3, 0, 0,
    ])
  })

  it('of any fields touches only their bytes, in the 28-byte form', () => {
    assert(
      property(
        uint8Array({ minLength: 28, maxLength: 28 }),
        integer({ min: 0, max: 255 }),
        (record, group) => {
          const changed = editPersonRecord(record, { group }, old)
          const { offset } = person28.fields.group
          expect(changed[offset]).toBe(group)
          expect(changed.filter((_, i) => i !== offset)).toEqual(record.filter((_, i) => i !== offset))
        },
      ),
    )
  })

  it('counts as kept when only leftovers differ', () => {
    const clean = editPersonRecord(littered, { name: 'TEST USER 402' }, tft)
    expect(toHex(clean)).not.toBe(toHex(littered))
    expect(samePerson(decode('person/72', clean), decode('person/72', littered))).toBe(true)
    const received = decode('person/72', Buffer.from(littered))
    expect(samePerson(decode('person/72', clean), received)).toBe(true)
    const other = editPersonRecord(littered, { password: '1' }, tft)
    expect(samePerson(decode('person/72', other), decode('person/72', littered))).toBe(false)
  })
})
