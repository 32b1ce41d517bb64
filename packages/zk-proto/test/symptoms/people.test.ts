// The rows of the catalogue of symptoms that concern people and their templates, each under its number and in its users' words.
import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, putU16, toHex, u32At } from '../../src/bytes.ts'
import { CODES } from '../../src/codes.ts'
import { connect } from '../../src/connect.ts'
import { readPeople, readRawPeople } from '../../src/procedures/read-people.ts'
import { writePeople } from '../../src/procedures/write-people.ts'
import { nulText } from '../../src/records/option.ts'
import { person28, person72 } from '../../src/records/person.ts'
import { joinPeople } from '../../src/records/punch-owner.ts'
import { cutAt } from '../support/cuts.ts'
import { log40, people72 } from '../support/logs.ts'
import { LoopbackTerminal } from '../support/loopback-terminal.ts'
import { captured, readCapture } from '../support/recorded.ts'
import { LIST, NOT_KEPT, terminalWith, three } from './people-terminal.ts'
import { wireWith, readLog, punchesOf } from './replayed.ts'

// The recording user-write-72-admin is not at hand: user-write-72-garbage-padding stands in for it.
describe('symptom 7: setUser does nothing, card number cannot be set or is another number, "Can\'t set user" (2001)', () => {
  const [written = new Uint8Array(0)] = captured(readCapture('user-write-72-garbage-padding'), 'to_device')
  const record = written.subarray(16)

  it('the layout is known before the first write, the card is a number, and the person is read back', () => {
    const { furniture, wire } = terminalWith([record])
    expect(wire.result(readPeople(LIST)).people).toMatchObject([
      { uid: 145, pin: '402', name: 'TEST USER 402', cardNumber: 123_456_789, password: '' },
    ])
    const [outcome] = wire.result(writePeople([{ pin: '402', cardNumber: 4_294_967_295 }], 'there', LIST))
    expect(outcome).toMatchObject({ outcome: 'updated', person: { uid: 145, cardNumber: 4_294_967_295 } })
    expect(furniture.people.map((one) => u32At(one, 35))).toEqual([4_294_967_295])
    expect(furniture.people.map(toHex)).toEqual([
      toHex(person72.patch(record, { cardNumber: 4_294_967_295 })),
    ])
    const codes = wire.terminal.asked.map(({ code }) => code)
    expect(codes.indexOf(CODES.DATA_WRRQ)).toBeLessThan(codes.indexOf(CODES.USER_WRQ))
    expect(codes.lastIndexOf(CODES.DATA_WRRQ)).toBeGreaterThan(codes.indexOf(CODES.USER_WRQ))
  })

  it('uid and pin are two things: the uid is a free one, and a pin that is taken is refused', () => {
    const { wire } = terminalWith([record])
    expect(wire.result(writePeople([{ pin: '70000' }, { pin: '402' }], 'new', LIST))).toMatchObject([
      { outcome: 'added', person: { uid: 146, pin: '70000' } },
      { outcome: 'refused', error: { details: { reason: 'pin_taken', uid: 145 } } },
    ])
    expect(wire.terminal.count(CODES.USER_WRQ)).toBe(1)
  })

  it('a terminal that refuses, or acknowledges and does nothing, is told of', () => {
    const refusing = terminalWith(three, { refuse: { [CODES.USER_WRQ]: 2001 } })
    expect(refusing.wire.result(writePeople([{ pin: '5' }], 'new', LIST))).toMatchObject([
      { outcome: 'refused', error: { code: 'ZK_REFUSED', details: { replyCode: 2001 } } },
    ])
    const forgetful = terminalWith(three)
    forgetful.furniture.forgets.add(CODES.USER_WRQ)
    expect(forgetful.wire.result(writePeople([{ pin: '5' }], 'new', LIST))).toMatchObject([
      { outcome: 'refused', error: NOT_KEPT },
    ])
  })
})

describe('symptom 10: names come out as `?`, `ãåÑÇä`, empty, or raise UnicodeDecodeError', () => {
  const arabic = fromHex('e3e5d1c7e4')
  const named = person72.patch(three[1] ?? new Uint8Array(0), { name: arabic })

  it('the encoding is set for each terminal, and where it is not, no byte is lost', () => {
    const { wire } = terminalWith([named])
    const told = wire.result(readPeople({ ...LIST, nameEncoding: 'windows-1256' }))
    expect(told.people.map(({ name }) => name)).toEqual(['مهران'])
    const untold = wire.result(readPeople(LIST))
    expect(untold).toMatchObject({ nameEncoding: 'latin1', people: [{ name: 'ãåÑÇä', nameBytes: arabic }] })
  })

  it('the limit is one of bytes, looked at before anything is written', () => {
    const { furniture, wire } = terminalWith([named])
    const plan = { ...LIST, nameEncoding: 'gbk' }
    const outcomes = wire.result(
      writePeople(
        [
          { pin: '1', name: '张'.repeat(12) },
          { pin: '2', name: '张'.repeat(13) },
        ],
        'new',
        plan,
      ),
    )
    expect(outcomes).toMatchObject([
      { outcome: 'added', person: { name: '张'.repeat(12) } },
      { outcome: 'refused', error: { code: 'ZK_NOT_ENCODABLE' } },
    ])
    expect([furniture.people.length, wire.terminal.count(CODES.USER_WRQ)]).toEqual([2, 1])
  })
})

describe('symptom 15: only 13 or 14 users arrive over TCP; only 256', () => {
  it('the list is read to its announced size, and uids have 16 bits', () => {
    const list = people72(600)
    putU16(list, 599 * 72, 65_535)
    const wire = wireWith(
      { people: list, capacity: { people: 600 } },
      {
        cut: (bytes) =>
          cutAt(
            bytes,
            Array.from({ length: bytes.length / 1024 }, () => 1024),
          ),
      },
    )
    const { people } = wire.result(readPeople(LIST))
    expect(toHex(joinBytes(people.map(({ raw }) => raw)))).toBe(toHex(list))
    expect([people[256]?.uid, people.at(-1)?.uid]).toEqual([257, 65_535])
  })
})

describe("symptom 21: wish: the person's name or more user details with each punch", () => {
  it('punches are joined with people by pin, and punches of nobody on the list are kept', () => {
    const wire = wireWith({ attendance: log40(100), people: people72(36), capacity: { records: 100 } })
    const { people } = wire.result(readPeople(LIST))
    const punches = punchesOf(readLog(wire))
    const joined = joinPeople(punches, people)
    expect(joined.map(({ punch }) => punch)).toEqual(punches)
    expect(joined.slice(0, 3).map(({ person, by }) => [person?.name, by])).toEqual([
      [undefined, 'nothing'],
      ['Person 1', 'pin'],
      ['Person 2', 'pin'],
    ])
    // In this log the uid is a running number, as on some firmware: it names somebody else.
    expect(people.find(({ uid }) => uid === punches[1]?.uid)?.name).toBe('Person 2')
  })

  it('a uid names somebody only where there is no pin, and of two with one pin the uid chooses', () => {
    const { wire } = terminalWith(three)
    const [one, two, ...rest] = wire.result(readPeople(LIST)).people
    if (one === undefined || two === undefined) throw new Error('people are missing')
    const people = [one, two, { ...two, uid: 77, name: 'Double' }, ...rest]
    const records = [
      { pin: undefined, uid: one.uid },
      { pin: undefined, uid: 999 },
      { pin: undefined, uid: undefined },
      { pin: two.pin, uid: 77 },
      { pin: two.pin, uid: 5 },
      { pin: '0', uid: one.uid },
    ]
    expect(joinPeople(records, people).map(({ person, by }) => [person?.name, by])).toEqual([
      [one.name, 'uid'],
      [undefined, 'nothing'],
      [undefined, 'nothing'],
      ['Double', 'pin'],
      [undefined, 'nothing'],
      [undefined, 'nothing'],
    ])
    expect(
      joinPeople(
        records.slice(0, 1),
        people.map((person) => ({ ...person, plausible: false })),
      ),
    ).toEqual([{ punch: records[0], person: undefined, by: 'nothing' }])
  })
})

describe('symptom 28: users written over TCP get an empty password and cannot verify', () => {
  it('where nobody is there to show the form, `~SSR` is asked for before the first write', () => {
    const { furniture, wire } = terminalWith([])
    furniture.options.set('~SSR', '0')
    const [outcome] = wire.result(writePeople([{ pin: '7', password: '1234' }], 'new', LIST))
    const [record = new Uint8Array(0)] = furniture.people
    expect(person28.decode(record)).toMatchObject({ uid: 7, pinNumber: 7, password: '1234' })
    expect([record.length, outcome?.person?.password]).toEqual([28, '1234'])
    const codes = wire.terminal.asked.map(({ code }) => code)
    expect(codes.indexOf(CODES.OPTIONS_RRQ)).toBeGreaterThan(-1)
    expect(codes.indexOf(CODES.OPTIONS_RRQ)).toBeLessThan(codes.indexOf(CODES.USER_WRQ))
  })

  it('a password that is not there when it is read back is an error', () => {
    const { furniture, wire } = terminalWith(three, {
      first: (request, terminal) => {
        if (request.code !== CODES.USER_WRQ) return false
        furniture.people.push(person72.patch(request.payload, { password: '' }))
        terminal.ok(request)
        return true
      },
    })
    expect(wire.result(writePeople([{ pin: '7', password: '1234' }], 'new', LIST))).toMatchObject([
      { outcome: 'refused', error: NOT_KEPT },
    ])
  })
})

// No recording of such a terminal is at hand: the records are made after a user's description.
describe('symptom 31: NGTeco: names cut, ids wrong', () => {
  /** People of 120 bytes, as users describe them. */
  function people120(count: number): Uint8Array {
    return joinBytes(
      Array.from({ length: count }, (_, i) => {
        const record = new Uint8Array(120)
        putU16(record, 0, i + 1)
        record.set(new TextEncoder().encode(`First ${i}`), 35)
        record.set(new TextEncoder().encode(`Last ${i}`), 59)
        record.set(new TextEncoder().encode(String(1000 + i)), 96)
        return record
      }),
    )
  }

  it.each([1, 3, 7, 14, 63, 200])(
    'a list of %d people in a form that is not known is a clear error',
    (count) => {
      const wire = wireWith({ people: people120(count), capacity: { people: count } })
      expect(wire.run(readPeople(LIST)).outcome).toMatchObject({
        ok: false,
        error: {
          code: 'ZK_BAD_RECORD',
          details: { totalBytes: count * 120, announcedPeople: count, recordBytes: 120 },
        },
      })
      const raw = wire.result(readRawPeople(LIST))
      expect(raw).toMatchObject({ announced: count, recordSize: 120 })
      expect(toHex(raw.bytes)).toBe(toHex(people120(count)))
      expect(toHex(joinBytes(raw.records))).toBe(toHex(people120(count)))
    },
  )

  it('the error names the call that gives the records as they are, and that call gives them', async () => {
    await using loopback = await LoopbackTerminal.start({ people: people120(3), capacity: { people: 3 } })
    const terminal = await connect({ host: '127.0.0.1', port: loopback.port, transport: 'tcp' })
    await expect(terminal.people.list()).rejects.toThrow('people.readRaw')
    const { records } = await terminal.people.readRaw()
    expect(records.map((record) => nulText.decode(record.subarray(96)))).toEqual(['1000', '1001', '1002'])
    await terminal.close()
  })

  it.each([
    ['not told', {}],
    ['told wrong', { people: 7 }],
    ['told as none', { people: 0 }],
  ])('where the count is %s, the bytes come in one piece', (_how, capacity) => {
    const wire = wireWith({ people: people120(3), capacity, capacityLength: 'people' in capacity ? 92 : 4 })
    expect(wire.result(readRawPeople(LIST))).toMatchObject({ recordSize: undefined, records: [] })
  })

  it('nobody is written to such a terminal', () => {
    const { furniture, wire } = terminalWith([people120(1)])
    const person = { pin: '5', name: 'Zoé' }
    expect(wire.run(writePeople([person], 'new', LIST)).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_BAD_RECORD' },
    })
    expect([furniture.people.length, wire.terminal.count(CODES.USER_WRQ)]).toEqual([1, 0])
  })
})
