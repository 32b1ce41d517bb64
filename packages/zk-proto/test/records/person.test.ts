import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, toHex } from '../../src/bytes.ts'
import { nameDecoder } from '../../src/name-encoding.ts'
import {
  decodePeople,
  findPersonForm,
  person28,
  person72,
  personNames,
  privilegeLevel,
} from '../../src/records/person.ts'
import { captured, readCapture, readVectors } from '../support/recorded.ts'

interface Row {
  readonly size: 28 | 72
  readonly hex: string
  readonly encoding?: string
  readonly expected: {
    readonly uid: number
    readonly privilege: number
    readonly password: string
    readonly name: string
    readonly card: number
    readonly group: number
    readonly own_time_zones?: number
    readonly time_zones: number | readonly number[]
    readonly user_id: string
  }
}

const vectors = readVectors('users') as {
  readonly records: readonly Row[]
  readonly captured: readonly Row[]
  readonly ambiguity: { readonly body_length: number }
  readonly write_payloads: readonly { readonly name: string; readonly size: number; readonly hex: string }[]
}

const LABELS: Readonly<Record<string, string>> = {
  ascii: 'utf-8',
  'utf-8': 'utf-8',
  gbk: 'gbk',
  cp1256: 'windows-1256',
  cp1252: 'windows-1252',
  cp1251: 'windows-1251',
  'tis-620': 'windows-874',
}

describe.each([...vectors.records, ...vectors.captured])('the vector of $size bytes $hex', (row) => {
  const bytes = fromHex(row.hex)
  const { expected } = row

  it('is read as a person', () => {
    const form = findPersonForm(bytes, 1)
    const [person] = decodePeople(form, bytes, nameDecoder(LABELS[row.encoding ?? 'ascii'] ?? 'utf-8', []))
    expect(person).toMatchObject({
      uid: expected.uid,
      pin: expected.user_id,
      name: expected.name,
      privilege: expected.privilege,
      password: expected.password,
      cardNumber: expected.card,
      group: expected.group,
      enabled: (expected.privilege & 1) === 0,
      layout: `person/${row.size}`,
    })
    const zones = expected.own_time_zones === 1 ? expected.time_zones : undefined
    const bits = typeof expected.time_zones === 'number' ? expected.time_zones : undefined
    expect(person).toMatchObject({ timeZones: zones, timeZoneBits: bits })
    expect(toHex(person?.raw ?? new Uint8Array(0))).toBe(row.hex)
  })

  it('keeps every byte when it is changed elsewhere', () => {
    const layout = row.size === 28 ? person28 : person72
    const patched = layout.patch(bytes, { group: 3 })
    expect(toHex(layout.patch(patched, { group: expected.group }))).toBe(row.hex)
  })

  it('is refused one byte short', () => {
    const layout = row.size === 28 ? person28 : person72
    expect(() => layout.decode(bytes.subarray(1))).toThrow(expect.objectContaining({ code: 'ZK_BAD_RECORD' }))
    expect(layout.decode(Uint8Array.of(...bytes, 1))).toEqual(layout.decode(bytes))
  })
})

describe('records without leftovers', () => {
  it.each(vectors.records)('are written as they were: $hex', (row) => {
    const bytes = fromHex(row.hex)
    const again =
      row.size === 28 ? person28.encode(person28.decode(bytes)) : person72.encode(person72.decode(bytes))
    expect(toHex(again)).toBe(row.hex)
  })
})

describe('a person that other clients write', () => {
  it.each(vectors.write_payloads)('is read and written again: $name', ({ hex, size }) => {
    const bytes = fromHex(hex)
    expect(bytes).toHaveLength(size)
    // In an upload a tag stands before the record.
    const record = size % 2 === 0 ? bytes : bytes.subarray(1)
    const [person] = decodePeople(findPersonForm(record, 1), record, nameDecoder('auto', []))
    expect(person).toMatchObject({ uid: 14, level: 'administrator', name: 'Nuevo', cardNumber: 6543 })
    expect(person?.pin).toBe('11224488')
    const again =
      record.length === 28
        ? person28.encode(person28.decode(record))
        : person72.encode(person72.decode(record))
    expect(toHex(again)).toBe(toHex(record))
  })
})

const NONE = new Uint8Array(0)

const someone = (i: number) =>
  person72.encode({
    uid: i + 1,
    privilege: 0,
    password: '',
    name: fromHex('416c6963650000').subarray(0, 5),
    cardNumber: 0,
    group: 1,
    ownTimeZones: 0,
    timeZone1: 0,
    timeZone2: 0,
    timeZone3: 0,
    pin: String(i + 1),
  })

describe('the form of a list', () => {
  it('is 72 for seven people of 504 bytes, which 28 divides as well, also when the count is wrong or not told', () => {
    const list = joinBytes(Array.from({ length: 7 }, (_, i) => someone(i)))
    expect(list).toHaveLength(vectors.ambiguity.body_length)
    for (const announced of [7, 18, 0, undefined]) {
      expect(findPersonForm(list, announced)).toMatchObject({ name: 'person/72', recordSize: 72 })
    }
  })

  it('is 28 for eighteen people of as many bytes', () => {
    const one = fromHex('02000000000000 00426f620000000000 f8bf850000010100 02000000')
    const list = joinBytes(Array.from({ length: 18 }, () => one))
    for (const announced of [18, 7, undefined]) {
      expect(findPersonForm(list, announced)).toMatchObject({ name: 'person/28' })
    }
  })

  it('is found in what old terminals send over UDP', () => {
    const [first = NONE, second = NONE] = captured(readCapture('users-28-udp-straddle'), 'from_device')
    const records = joinBytes([first.subarray(4), second.subarray(8)])
    const form = findPersonForm(records, undefined)
    expect(form.name).toBe('person/28')
    const people = decodePeople(form, records, nameDecoder('latin1', []))
    expect(people.map(({ pin }) => pin)).toEqual(['19728', '19600', '18361', '19602', '19682'])
    expect(people[1]?.name).toBe('NM000002')
  })

  it('is refused when it is neither, and the error does not show a password', () => {
    let failure: unknown
    try {
      findPersonForm(new Uint8Array(120).fill(0x31), 1)
    } catch (error) {
      failure = error
    }
    expect(failure).toMatchObject({
      code: 'ZK_BAD_RECORD',
      details: { totalBytes: 120, announcedPeople: 1, head: '313131' },
    })
  })
})

describe('people', () => {
  it('of a K20 may have letters in their pins', () => {
    const exchange = (
      readVectors('exchanges') as {
        readonly exchanges: readonly { readonly name: string; readonly data?: string }[]
      }
    ).exchanges.find(({ name }) => name.includes('K20'))
    const records = fromHex(exchange?.data ?? '').subarray(4)
    const people = decodePeople(findPersonForm(records, 2), records, nameDecoder('auto', []))
    expect(people.map(({ pin }) => pin)).toEqual(['183016nc', '703082jn'])
  })

  it('have names whose bytes can be looked at before they are decoded', () => {
    const list = joinBytes([someone(0), someone(1)])
    expect([...personNames(findPersonForm(list, 2), list)].map((name) => toHex(name))).toEqual([
      '416c696365',
      '416c696365',
    ])
  })

  it('without uid or typeable pin are kept and marked', () => {
    const list = joinBytes([someone(0), someone(1), person72.patch(someone(2), { uid: 0 })])
    const people = decodePeople(findPersonForm(list, 3), list, nameDecoder('auto', []))
    expect(people.map(({ plausible }) => plausible)).toEqual([true, true, false])
  })
})

describe('the privilege byte', () => {
  it('has a level in three bits', () => {
    expect([0, 1, 2, 6, 12, 14, 15, 4].map((value) => privilegeLevel(value))).toEqual([
      'user',
      'user',
      'enroller',
      'manager',
      'manager',
      'administrator',
      'administrator',
      'unknown',
    ])
  })
})
