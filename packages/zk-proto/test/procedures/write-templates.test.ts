import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CODES } from '../../src/codes.ts'
import { nameDecoder } from '../../src/name-encoding.ts'
import { readOneTemplate, readTemplates } from '../../src/procedures/read-templates.ts'
import {
  removeTemplate,
  writeOneTemplate,
  writePeopleWithTemplates,
} from '../../src/procedures/write-templates.ts'
import { personForm } from '../../src/records/person.ts'
import { sameTemplate } from '../../src/records/template.ts'
import type { Template } from '../../src/records/template.ts'
import { people72 } from '../support/logs.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import type { WireOptions } from '../support/virtual-wire.ts'

const plan = { nameEncoding: 'auto', onProgress: undefined, sliceBytes: 65_472 }
const bytesOf = (length: number, from = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + from) % 256)
const template = (uid: number, finger: number, length = 1243): Template => ({
  uid,
  finger,
  flag: 1,
  bytes: bytesOf(length, uid + finger),
})
const owner = { uid: 2, pin: '1002' }
const notKept = expect.objectContaining({
  code: 'ZK_REFUSED',
  details: expect.objectContaining({ reason: 'not_kept' }),
})

function terminalWith(templates: readonly Template[], script: Script = {}, options: WireOptions = {}) {
  const furniture = new Furniture()
  furniture.people = [0, 1, 2].map((i) => people72(3).slice(i * 72, (i + 1) * 72))
  furniture.templates = [...templates]
  const wire = new VirtualWire(furniture.script(script), options).connected()
  return { furniture, wire }
}

describe('reading templates', () => {
  it('gives all of them, and that of one finger', () => {
    const kept = [template(1, 0, 600), template(2, 6)]
    const { wire } = terminalWith(kept)
    expect(wire.result(readTemplates(plan))).toEqual(kept)
    expect(wire.result(readOneTemplate(2, 6))).toEqual(kept[1])
    expect(wire.result(readOneTemplate(2, 5))).toBeUndefined()
    expect(() => wire.result(readOneTemplate(2, 10))).toThrow(
      expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
    )
  })

  it('takes the other number where the terminal does not know the first', () => {
    const { wire } = terminalWith([template(2, 6)], { refuse: { [CODES.USERTEMP_RRQ]: 65_535 } })
    expect(wire.result(readOneTemplate(2, 6))?.bytes).toHaveLength(1243)
  })

  it('takes a refusal of newer firmware for an absent template', () => {
    const refuse = { [CODES.USERTEMP_RRQ]: 4993, [CODES.GET_USERTEMP]: 4993 }
    expect(terminalWith([], { refuse }).wire.result(readOneTemplate(2, 6))).toBeUndefined()
  })

  it('asks again when a packet came damaged, and gives up in the end', () => {
    const damageOnce = (packet: Uint8Array, n: number): Uint8Array => {
      const copy = packet.slice()
      if (n === 2) copy[20] = (copy[20] ?? 0) ^ 0xff
      return copy
    }
    const { wire } = terminalWith([template(2, 6)])
    wire.faults = { spoil: damageOnce }
    expect(wire.result(readOneTemplate(2, 6))).toEqual(template(2, 6))
    wire.faults = { spoil: (packet) => (packet.length > 100 ? damageOnce(packet, 2) : packet) }
    expect(() => wire.result(readOneTemplate(2, 6))).toThrow(
      expect.objectContaining({ code: 'ZK_TRANSFER_INCOMPLETE' }),
    )
  })

  it('throws when the session is over', () => {
    const refuse = { [CODES.USERTEMP_RRQ]: 2005, [CODES.GET_USERTEMP]: 2005 }
    expect(() => terminalWith([], { refuse }).wire.result(readOneTemplate(2, 6))).toThrow(
      expect.objectContaining({ code: 'ZK_CONNECTION_LOST' }),
    )
  })
})

describe('writing a template', () => {
  it('is not called lost where the terminal adds zeros to a template that is read alone', () => {
    const { furniture, wire } = terminalWith([], {
      first: (request, terminal) => {
        if (request.code !== CODES.USERTEMP_RRQ) return false
        const kept = furniture.templates.find(({ uid, finger }) => uid === 2 && finger === 6)
        if (kept === undefined) return false
        terminal.transfer(request, Uint8Array.of(...kept.bytes, ...new Uint8Array(6), kept.flag))
        return true
      },
    })
    wire.result(writeOneTemplate(owner, template(2, 6), { disabled: false }))
    expect(furniture.templates).toEqual([template(2, 6)])
    expect(wire.result(readOneTemplate(2, 6))?.bytes).toHaveLength(1249)
    const other = template(2, 6).bytes.fill(9, 100)
    expect(sameTemplate(other, template(2, 6).bytes)).toBe(false)
  })

  it('uploads it in pieces while nobody can punch, replaces the old one, and reads it back', () => {
    const { furniture, wire } = terminalWith([template(2, 6, 500)])
    const guard = { disabled: false }
    wire.result(writeOneTemplate(owner, { finger: 6, flag: 3, bytes: bytesOf(2500) }, guard))
    expect(furniture.templates).toEqual([{ uid: 2, finger: 6, flag: 3, bytes: bytesOf(2500) }])
    expect(furniture.upload.map(({ length }) => length)).toEqual([1024, 1024, 452])
    expect([furniture.disabledForTemplate, wire.terminal.disabled, guard.disabled]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('leaves a terminal disabled that the caller has disabled', () => {
    const { wire } = terminalWith([])
    wire.result(writeOneTemplate(owner, { finger: 1, flag: 1, bytes: bytesOf(10) }, { disabled: true }))
    expect(wire.terminal.count(CODES.ENABLEDEVICE)).toBe(0)
  })

  it('puts the old template back where the new one is refused, or says that it is lost', () => {
    const before = template(2, 6, 500)
    for (const refusals of [1, 2]) {
      let asked = 0
      const { furniture, wire } = terminalWith([before], {
        first: (request, terminal) => {
          if (request.code !== CODES.TMP_WRITE) return false
          asked += 1
          if (asked <= refusals) terminal.session.reply(request, { code: 2001 })
          return asked <= refusals
        },
      })
      const lost = refusals === 2
      expect(() =>
        wire.result(writeOneTemplate(owner, { finger: 6, flag: 1, bytes: bytesOf(10) }, { disabled: false })),
      ).toThrow(
        expect.objectContaining({
          code: 'ZK_REFUSED',
          effect: lost ? 'unknown' : 'refused',
          details: expect.objectContaining(
            lost ? { reason: 'template_lost' } : { replyCode: 2001 },
          ) as unknown,
        }),
      )
      expect(furniture.templates).toEqual(lost ? [] : [before])
      expect(wire.terminal.disabled).toBe(false)
    }
  })

  it('lets people in also where the first word of that was lost', () => {
    let asked = 0
    const { wire } = terminalWith([], {
      first: ({ code }) => {
        asked += code === CODES.ENABLEDEVICE ? 1 : 0
        return code === CODES.ENABLEDEVICE && asked === 1
      },
    })
    const guard = { disabled: false }
    expect(() =>
      wire.result(writeOneTemplate(owner, { finger: 1, flag: 1, bytes: bytesOf(10) }, guard)),
    ).toThrow(expect.objectContaining({ code: 'ZK_TIMEOUT' }))
    expect([wire.terminal.disabled, guard.disabled]).toEqual([false, false])
  })

  it('deletes by uid where the terminal does not know how by pin', () => {
    const { furniture, wire } = terminalWith([template(2, 6)], { refuse: { [CODES.DEL_FPTMP]: 65_535 } })
    wire.result(writeOneTemplate(owner, { finger: 6, flag: 1, bytes: bytesOf(10) }, { disabled: false }))
    expect(furniture.templates.map(({ bytes }) => bytes.length)).toEqual([10])
  })

  it('enables the terminal and frees the buffer when it is refused, and when nobody answers', () => {
    const guard = { disabled: false }
    const refusing = terminalWith([], { refuse: { [CODES.TMP_WRITE]: 2001 } })
    expect(() =>
      refusing.wire.result(writeOneTemplate(owner, { finger: 1, flag: 1, bytes: bytesOf(10) }, guard)),
    ).toThrow(expect.objectContaining({ code: 'ZK_REFUSED' }))
    expect([refusing.wire.terminal.disabled, guard.disabled]).toEqual([false, false])
    expect(refusing.wire.terminal.count(CODES.FREE_DATA)).toBe(2)
    const silent = terminalWith([], { silentOn: [CODES.ENABLEDEVICE, CODES.TMP_WRITE] })
    expect(() =>
      silent.wire.result(writeOneTemplate(owner, { finger: 1, flag: 1, bytes: bytesOf(10) }, guard)),
    ).toThrow(expect.objectContaining({ code: 'ZK_TIMEOUT', effect: 'unknown' }))
    // Whoever owns the session tries again at its end.
    expect(guard.disabled).toBe(true)
  })

  it('tells of a terminal that acknowledges and does not keep', () => {
    const { furniture, wire } = terminalWith([])
    furniture.forgets.add(CODES.TMP_WRITE)
    const bytes = bytesOf(10)
    expect(() =>
      wire.result(writeOneTemplate(owner, { finger: 1, flag: 1, bytes }, { disabled: false })),
    ).toThrow(notKept)
  })
})

describe('deleting a template', () => {
  it('says whether there was one', () => {
    const { furniture, wire } = terminalWith([template(2, 6)])
    expect(wire.result(removeTemplate(owner, 6))).toBe(true)
    expect(wire.result(removeTemplate(owner, 6))).toBe(false)
    furniture.templates = [template(2, 6)]
    furniture.forgets.add(CODES.DEL_FPTMP)
    expect(() => wire.result(removeTemplate(owner, 6))).toThrow(notKept)
  })
})

describe('writing people with their templates in one upload', () => {
  const names = nameDecoder('utf-8', [])
  const person = (uid: number, pin: string) => {
    const bytes = people72(1)
    bytes.set([uid, 0])
    bytes.fill(0, 48)
    bytes.set(new TextEncoder().encode(pin), 48)
    return personForm('person/72').decode(bytes, 0, names)
  }

  it('sends one buffer and reads back who and what is there', () => {
    const { furniture, wire } = terminalWith([])
    const entries = [
      { person: person(7, '77'), templates: [template(7, 1, 900), template(7, 2, 80)] },
      { person: person(8, '88'), templates: [] },
    ]
    wire.result(writePeopleWithTemplates(entries, plan, { disabled: false }))
    expect(furniture.people).toHaveLength(5)
    expect(furniture.templates.map(({ uid, finger, bytes }) => [uid, finger, toHex(bytes)])).toEqual([
      [7, 1, toHex(template(7, 1, 900).bytes)],
      [7, 2, toHex(template(7, 2, 80).bytes)],
    ])
    wire.result(writePeopleWithTemplates([], plan, { disabled: false }))
    expect(wire.terminal.count(CODES.SAVE_USERTEMPS)).toBe(1)
  })

  it('does not overwrite or double somebody else', () => {
    const { wire } = terminalWith([])
    const wrong = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    for (const [uid, pin] of [
      [2, '5'],
      [9, '1002'],
    ] as const) {
      const entries = [{ person: person(uid, pin), templates: [] }]
      expect(() => wire.result(writePeopleWithTemplates(entries, plan, { disabled: false }))).toThrow(wrong)
    }
    const small = personForm('person/28').decode(new Uint8Array(28), 0, names)
    const entries = [{ person: small, templates: [] }]
    expect(() => wire.result(writePeopleWithTemplates(entries, plan, { disabled: false }))).toThrow(wrong)
    expect(wire.terminal.count(CODES.PREPARE_DATA)).toBe(0)
  })

  it('tells of a terminal that acknowledges and does not keep', () => {
    const { furniture, wire } = terminalWith([])
    furniture.forgets.add(CODES.SAVE_USERTEMPS)
    const entries = [{ person: person(7, '77'), templates: [template(7, 1)] }]
    expect(() => wire.result(writePeopleWithTemplates(entries, plan, { disabled: false }))).toThrow(notKept)
    furniture.people.push(person(7, '77').raw)
    expect(() => wire.result(writePeopleWithTemplates(entries, plan, { disabled: false }))).toThrow(notKept)
  })
})
