import { array, assert, integer, property, record, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, toHex, u32At } from '../../src/bytes.ts'
import { person72 } from '../../src/records/person.ts'
import { decodeTemplateUpload, encodeTemplateUpload } from '../../src/records/template-upload.ts'
import {
  checkFinger,
  checkTemplateBytes,
  decodeSingleTemplate,
  decodeTemplates,
  encodeSingleTemplate,
  encodeTemplates,
  templateHead,
} from '../../src/records/template.ts'
import { StreamReassembler } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import { captured, readCapture, readVectors } from '../support/recorded.ts'

const { templates: vectors } = readVectors('templates') as {
  readonly templates: readonly { readonly name: string; readonly hex: string; readonly expected: unknown }[]
}
const vector = (part: string) => {
  const found = vectors.find(({ name }) => name.includes(part))
  if (found === undefined) throw new Error(`no vector ${part}`)
  return { bytes: fromHex(found.hex), expected: found.expected }
}
/** What a call fails with; undefined when it does not. */
function failureOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}

const badRecord = expect.objectContaining({ code: 'ZK_BAD_RECORD' })

describe('templates of a whole read', () => {
  const { bytes, expected } = vector('bulk read of three')
  const entries = bytes.subarray(4)

  it('are read from the vector and written back', () => {
    expect(u32At(bytes, 0)).toBe(entries.length)
    const templates = decodeTemplates(entries)
    expect(
      templates.map(({ uid, finger, flag, bytes: template }) => ({
        uid,
        finger,
        flag,
        size: template.length,
        template: toHex(template),
      })),
    ).toEqual(expected)
    expect(toHex(encodeTemplates(templates))).toBe(toHex(entries))
  })

  it('are refused when an entry is cut, at any byte that is no boundary', () => {
    const boundaries = new Set([0, 314, 314 + 265, entries.length])
    const outcomes = Array.from({ length: entries.length + 1 }, (_, length) => {
      const failure = failureOf(() => decodeTemplates(entries.subarray(0, length)))
      return failure === undefined ? length : failure
    })
    const whole = outcomes.filter((outcome) => typeof outcome === 'number')
    expect(whole).toEqual([...boundaries])
    for (const failure of outcomes.filter((outcome) => typeof outcome !== 'number')) {
      expect(failure).toEqual(badRecord)
    }
  })

  it('are refused when an entry says that it is shorter than its own head', () => {
    expect(() => decodeTemplates(templateHead.encode({ entryBytes: 5, uid: 1, finger: 0, flag: 1 }))).toThrow(
      badRecord,
    )
  })

  it('begin as real ones do', () => {
    const [head = new Uint8Array(0)] = captured(readCapture('template-entry-header'), 'from_device')
    expect(templateHead.decode(head)).toEqual({ entryBytes: 1220, uid: 14, finger: 4, flag: 1 })
    expect(templateHead.decode(vector('first 24 bytes').bytes)).toEqual({
      entryBytes: 1220,
      uid: 14,
      finger: 4,
      flag: 1,
    })
  })

  it('come back as they were written, whatever they are', () => {
    const template = record({
      uid: integer({ min: 0, max: 65_535 }),
      finger: integer({ min: 0, max: 255 }),
      flag: integer({ min: 0, max: 255 }),
      bytes: uint8Array({ maxLength: 40 }),
    })
    assert(
      property(array(template, { maxLength: 5 }), (templates) => {
        expect(decodeTemplates(encodeTemplates(templates))).toEqual(templates)
      }),
    )
  })
})

describe('a template read alone', () => {
  it('is taken out of capture template-1244-coalesced, without the byte behind it', () => {
    const stream = new StreamReassembler()
    const data: Uint8Array[] = []
    for (const segment of captured(readCapture('template-1244-coalesced'), 'from_device')) {
      stream.push(segment)
      for (let packet = stream.next(); packet !== undefined; packet = stream.next()) {
        const { command, payload } = decodePacket(packet)
        if (command === 1501) data.push(payload)
      }
    }
    const answer = joinBytes(data)
    const template = decodeSingleTemplate(3, 7, answer)
    expect(template).toMatchObject({ uid: 3, finger: 7, flag: 1 })
    expect(template.bytes).toHaveLength(1243)
    expect(toHex(template.bytes.subarray(0, 8))).toBe('4d98535332310000')
    expect(toHex(template.bytes.subarray(-8))).toBe('feff03d56454ccc1')
    expect(encodeSingleTemplate(template)).toEqual(new Uint8Array(answer))
  })

  it('is refused when there is none in the answer', () => {
    expect(() => decodeSingleTemplate(1, 0, Uint8Array.of(1))).toThrow(badRecord)
  })
})

describe('an upload of people and templates', () => {
  const { bytes, expected } = vector('CMD 110')

  it('is read from the vector and written back', () => {
    const upload = decodeTemplateUpload(bytes, person72.sizeBytes)
    expect(upload.people.map((record) => person72.decode(record).uid)).toEqual([14, 513])
    expect(upload.templates.map(({ uid, finger }) => ({ uid, finger }))).toEqual(
      (expected as { table: { uid: number; finger: number }[] }).table.map(({ uid, finger }) => ({
        uid,
        finger,
      })),
    )
    expect(upload.templates.map((template) => template.bytes.length)).toEqual([308, 259, 104])
    expect(toHex(encodeTemplateUpload(upload))).toBe(toHex(bytes))
  })

  it('is refused one byte short, one byte long, and with an offset that leads outside', () => {
    expect(() => decodeTemplateUpload(bytes.subarray(0, -1), 72)).toThrow(badRecord)
    expect(() => decodeTemplateUpload(Uint8Array.of(...bytes, 0), 72)).toThrow(badRecord)
    expect(() => decodeTemplateUpload(bytes, 28)).toThrow(badRecord)
    const firstOffset = 12 + 146 + 4
    for (const offset of [0xff, 0x02]) {
      const wrong = bytes.slice()
      wrong[firstOffset + 1] = offset
      expect(() => decodeTemplateUpload(wrong, 72)).toThrow(badRecord)
    }
  })

  it('is not made of records of different forms, or of templates that cannot be', () => {
    const outOfRange = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    const people = [new Uint8Array(72), new Uint8Array(28)]
    expect(() => encodeTemplateUpload({ people, templates: [] })).toThrow(outOfRange)
    expect(() => checkTemplateBytes(new Uint8Array(0))).toThrow(outOfRange)
    expect(() => checkTemplateBytes(new Uint8Array(65_530))).toThrow(outOfRange)
    expect(() => checkTemplateBytes(new Uint8Array(65_529))).not.toThrow()
    for (const finger of [-1, 10, 1.5]) expect(() => checkFinger(finger)).toThrow(outOfRange)
  })
})
