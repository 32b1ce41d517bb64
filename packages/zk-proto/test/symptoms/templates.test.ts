// The row of the catalogue of symptoms that concerns fingerprint templates, under its number and in its users' words.
import { describe, expect, it } from 'vitest'
import { toHex, u16At } from '../../src/bytes.ts'
import { CODES } from '../../src/codes.ts'
import { connect } from '../../src/connect.ts'
import { copyPeople } from '../../src/copy-people.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import { readOneTemplate, readTemplates } from '../../src/procedures/read-templates.ts'
import { writeOneTemplate, writePeopleWithTemplates } from '../../src/procedures/write-templates.ts'
import { person28, person72 } from '../../src/records/person.ts'
import type { Template } from '../../src/records/template.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import { LoopbackTerminal } from '../support/loopback-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { LIST, NOT_KEPT, terminalWith, three } from './people-terminal.ts'
import { sentBy, wireWith, askUntil, answerNextWith } from './replayed.ts'

const template = (uid: number, finger: number, flag = 1): Template => ({
  uid,
  finger,
  flag,
  bytes: Uint8Array.from({ length: 1243 }, (_, i) => (i * 7 + uid + finger) % 256),
})

describe('symptom 4: fingerprint templates cannot be read, or can be read and not written back', () => {
  it('a recorded template is read whole, though its packets share segments', () => {
    const wire = wireWith({
      first: (request, terminal) => request.code === CODES.USERTEMP_RRQ && (terminal.ok(request), true),
    })
    const segments = sentBy('template-1244-coalesced')
    askUntil(wire, u16At(segments[0] ?? new Uint8Array(0), 14))
    answerNextWith(wire, segments)
    const read = wire.result(readOneTemplate(2, 6))
    const hex = toHex(read?.bytes ?? new Uint8Array(0))
    expect(read).toMatchObject({ uid: 2, finger: 6, flag: 1 })
    expect([hex.length / 2, hex.slice(0, 16), hex.slice(-16)]).toEqual([
      1243,
      '4d98535332310000',
      'feff03d56454ccc1',
    ])
  })

  it('people and their templates are copied from one terminal to another, byte by byte', () => {
    const from = terminalWith(three)
    from.furniture.templates = [template(1, 0), template(2, 6), template(2, 9)]
    const to = terminalWith([])
    const { people } = from.wire.result(readPeople(LIST))
    const templates = from.wire.result(readTemplates(LIST))
    expect(templates).toEqual(from.furniture.templates)
    const entries = people.map((person) => ({
      person,
      templates: templates.filter(({ uid }) => uid === person.uid),
    }))
    to.wire.result(writePeopleWithTemplates(entries, LIST, { disabled: false }))
    expect(to.furniture.people.map(toHex)).toEqual(three.map(toHex))
    expect(to.furniture.templates).toEqual(from.furniture.templates)
  })

  it('one that the terminal acknowledges and does not keep is an error; so are people of another form', () => {
    const to = terminalWith(three)
    const { finger, flag, bytes } = template(2, 6, 3)
    const owner = { uid: 2, pin: '1002' }
    to.wire.result(writeOneTemplate(owner, { finger, flag, bytes }, { disabled: false }))
    expect(to.wire.result(readOneTemplate(2, 6))).toEqual({ uid: 2, finger, flag, bytes })
    to.furniture.forgets.add(CODES.TMP_WRITE)
    const lost = to.wire.run(writeOneTemplate(owner, { finger: 7, flag, bytes }, { disabled: false }))
    expect(lost.outcome).toMatchObject({ ok: false, error: NOT_KEPT })
    const { people } = to.wire.result(readPeople(LIST))
    const old = terminalWith([])
    old.furniture.options.set('~SSR', '0')
    const entries = people.map((person) => ({ person, templates: [] }))
    const other = old.wire.run(writePeopleWithTemplates(entries, LIST, { disabled: false }))
    expect(other.outcome).toMatchObject({ ok: false, error: { code: 'ZK_VALUE_OUT_OF_RANGE' } })
  })
})

describe('symptom 4, continued: copying between two terminals is one operation', () => {
  /** A template whose head says version 10, as recorded ones do. */
  const modern = (uid: number, finger: number): Template => {
    const plain = template(uid, finger)
    return { ...plain, bytes: Uint8Array.of(0x4d, 0x98, 0x53, 0x53, 0x32, 0x31, ...plain.bytes.subarray(6)) }
  }

  /** Two furnished terminals behind sockets, and clients of both. */
  async function pair(script: Script = {}) {
    const [from, to] = [new Furniture(), new Furniture()]
    const servers = [
      await LoopbackTerminal.start(from.script()),
      await LoopbackTerminal.start(to.script(script)),
    ]
    const clients = await Promise.all(
      servers.map(({ port }) => connect({ host: '127.0.0.1', port, transport: 'tcp' })),
    )
    const [source, target] = clients
    if (source === undefined || target === undefined) throw new Error('two were connected')
    return {
      from,
      to,
      source,
      target,
      asked: (code: number): number => servers[1]?.terminals[0]?.count(code) ?? 0,
      async [Symbol.asyncDispose](): Promise<void> {
        for (const client of clients) await client.close()
        for (const server of servers) await server[Symbol.asyncDispose]()
      },
    }
  }

  it('fingers go to the people of the same pin, whatever uid they have there, and are read back', async () => {
    await using at = await pair()
    at.from.people = [...three]
    at.from.templates = [modern(1, 0), modern(2, 6), modern(2, 9), modern(3, 1)]
    // On the other terminal the same people have other uids, and one of them is not there.
    const renumbered = person72.patch(three[1] ?? new Uint8Array(72), { uid: 40 })
    at.to.people = [renumbered, person72.patch(three[0] ?? new Uint8Array(72), { uid: 41 })]
    at.to.templates = [{ ...modern(2, 6), uid: 40 }]
    expect(await copyPeople(at.source, at.target)).toMatchObject([
      { pin: '1001', person: 'kept', fingers: [{ finger: 0, outcome: 'copied' }] },
      {
        pin: '1002',
        person: 'kept',
        fingers: [
          { finger: 6, outcome: 'unchanged' },
          { finger: 9, outcome: 'copied' },
        ],
      },
      { pin: '1003', person: 'missing', fingers: [] },
    ])
    expect(at.to.templates.map(({ uid, finger }) => [uid, finger])).toEqual([
      [40, 6],
      [41, 0],
      [40, 9],
    ])
    expect(toHex(at.to.templates[1]?.bytes ?? new Uint8Array(0))).toBe(toHex(modern(1, 0).bytes))
  })

  it('people go along where asked, under uids that are free there; those not named stay', async () => {
    await using at = await pair()
    at.from.people = [...three]
    at.from.templates = [modern(2, 6)]
    at.to.people = [person72.patch(three[2] ?? new Uint8Array(72), { uid: 2 })]
    const copied = await copyPeople(at.source, at.target, { withPeople: true, pins: ['1002', '1003', '9'] })
    expect(copied).toMatchObject([
      { pin: '1002', person: 'added', fingers: [{ finger: 6, outcome: 'copied' }] },
      { pin: '1003', person: 'kept', fingers: [] },
      { pin: '9', person: 'missing', fingers: [] },
    ])
    const { people } = await at.target.people.list()
    expect(people.map(({ uid, pin, name }) => [uid, pin, name])).toEqual([
      [2, '1003', 'Person 3'],
      [3, '1002', 'Person 2'],
    ])
    expect(at.to.templates).toMatchObject([{ uid: 3, finger: 6 }])
    const again = await copyPeople(at.source, at.target, { withPeople: true, pins: ['1002'] })
    expect(again).toMatchObject([{ person: 'kept', fingers: [{ outcome: 'unchanged' }] }])
  })

  it('a template of a version that the terminal does not speak is refused before anything is written', async () => {
    await using at = await pair()
    at.to.people = [...three]
    at.to.options.set('~ZKFPVersion', '9')
    const { finger, flag, bytes } = modern(1, 0)
    const owner = { uid: 1, pin: '1001' }
    const otherVersion = { code: 'ZK_VALUE_OUT_OF_RANGE', details: { reason: 'template_version' } }
    await expect(at.target.templates.write(owner, { finger, flag, bytes })).rejects.toMatchObject({
      ...otherVersion,
      message: expect.stringContaining('version 10, the terminal compares fingers by version 9') as string,
      effect: 'none',
    })
    const plain = template(1, 0).bytes
    const told = at.target.templates.write(owner, { finger, flag, bytes: plain, version: 10 })
    await expect(told).rejects.toMatchObject(otherVersion)
    const { people } = await at.target.people.list()
    const [person] = people
    if (person === undefined) throw new Error('people are missing')
    const upload = at.target.templates.writeWithPeople([{ person, templates: [{ finger, bytes }] }])
    await expect(upload).rejects.toMatchObject(otherVersion)
    expect([at.asked(CODES.PREPARE_DATA), at.asked(CODES.DISABLEDEVICE)]).toEqual([0, 0])
    // Its own version, and one that nobody knows, are written.
    await at.target.templates.write(owner, { finger: 1, flag, bytes: plain, version: 9 })
    await at.target.templates.write(owner, { finger: 2, flag, bytes: plain })
    at.to.options.set('~ZKFPVersion', '')
    await at.target.templates.write(owner, { finger: 3, flag, bytes })
    expect(at.to.templates.map((one) => one.finger)).toEqual([1, 2, 3])
  })

  it('what is refused on the way is told, and keeps nothing else from being copied', async () => {
    await using at = await pair()
    at.from.people = [...three]
    at.from.templates = [modern(1, 0), modern(2, 6)]
    at.to.people = [...three]
    at.to.options.set('~ZKFPVersion', '10')
    const [copied, versioned] = [
      await copyPeople(at.source, at.target, { pins: ['1001'], templateVersion: 9 }),
      await copyPeople(at.source, at.target, { pins: ['1002'] }),
    ]
    expect(copied).toMatchObject([
      { fingers: [{ outcome: 'refused', error: { details: { reason: 'template_version' } } }] },
    ])
    expect(versioned).toMatchObject([{ fingers: [{ outcome: 'copied', error: undefined }] }])
    at.to.forgets.add(CODES.USER_WRQ)
    at.to.people = []
    const lost = await copyPeople(at.source, at.target, { withPeople: true, pins: ['1001'] })
    expect(lost).toMatchObject([{ person: 'refused', error: NOT_KEPT, fingers: [] }])
  })

  it('between different forms of record the zones stay behind', async () => {
    await using at = await pair()
    at.from.people = [person72.patch(three[0] ?? new Uint8Array(72), { ownTimeZones: 1, timeZone1: 2 })]
    at.to.people = [
      person28.encode({
        uid: 9,
        privilege: 0,
        password: '',
        name: new Uint8Array(0),
        cardNumber: 0,
        unknown20: 0,
        group: 1,
        timeZones: 5,
        pinNumber: 9,
      }),
    ]
    const copied = await copyPeople(at.source, at.target, { withPeople: true })
    expect(copied).toMatchObject([{ pin: '1001', person: 'added' }])
    const back = await copyPeople(at.target, at.source, { withPeople: true, pins: ['9'] })
    expect(back).toMatchObject([{ pin: '9', person: 'added' }])
  })
})
