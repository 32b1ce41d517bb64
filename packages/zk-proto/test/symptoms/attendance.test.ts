// The rows of the catalogue of symptoms that concern the attendance log, each under its number and in its users' words.
import { describe, expect, it } from 'vitest'
import { joinBytes, putU32, toHex, u32At } from '../../src/bytes.ts'
import { CODES, EVENTS, REPLIES } from '../../src/codes.ts'
import { connect } from '../../src/connect.ts'
import { decodePacket } from '../../src/packet.ts'
import { TCP_SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import {
  attendance16,
  attendance22,
  attendance40,
  attendance8a,
  attendance8b,
} from '../../src/records/attendance.ts'
import { decodeCapacity } from '../../src/records/capacity.ts'
import { decodeLiveEvents } from '../../src/records/live-event.ts'
import { punchChooser } from '../../src/records/punch-choice.ts'
import { KNOWN_ATTENDANCE_FORMS, NO_VERIFY_MODE, Punch } from '../../src/records/punch.ts'
import type { AttendanceLayoutName } from '../../src/records/punch.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import type { ReadAttendanceOptions } from '../../src/terminal.ts'
import { cutAtRandom } from '../support/cuts.ts'
import { log16, log40, people72 } from '../support/logs.ts'
import { LoopbackTerminal } from '../support/loopback-terminal.ts'
import { sentBy, firstOf, wireWith, readLog, punchesOf, rawOf, holding } from './replayed.ts'

const LIST = { nameEncoding: 'auto', onProgress: undefined, sliceBytes: TCP_SLICE_BYTES }

/** One record of a form, read as a punch. */
function punchOf(name: AttendanceLayoutName, record: Uint8Array): Punch {
  const form = KNOWN_ATTENDANCE_FORMS.find((known) => known.name === name)
  if (form === undefined) throw new Error(`no form ${name}`)
  return new Punch(form, record, 0, 0)
}

describe('symptom 1: "Garbage": wrong user ids, years 2000/1970/2054, characters like �', () => {
  it.each(['tcp', 'udp'] as const)('the layout is found in the records, over %s as well', (framing) => {
    const small = wireWith({ attendance: firstOf('att-8-zem500'), capacityLength: 4 }, {}, framing)
    expect(punchesOf(readLog(small, framing))).toMatchObject([
      { uid: 7, wallTime: '2016-01-01T19:02:00', plausible: true },
      { uid: 123, wallTime: '2016-01-01T19:04:43' },
      { uid: 123, wallTime: '2016-01-01T19:04:46' },
    ])
    const compact = wireWith({ attendance: firstOf('att-16-zem760-denied'), capacityLength: 4 }, {}, framing)
    const read = punchesOf(readLog(compact, framing))
    expect(read).toHaveLength(12)
    expect(read[0]).toMatchObject({ pin: '1234', wallTime: '2026-07-08T18:21:46' })
    expect(rawOf(readLog(wireWith(holding(log40(60)), {}, framing), framing))).toBe(toHex(log40(60)))
  })

  it('a list of people whose records straddle the datagrams is read whole', () => {
    const [before = new Uint8Array(0), after = new Uint8Array(0)] = sentBy('users-28-udp-straddle')
    // The last four bytes of the record before, and the head of the second datagram.
    const people = joinBytes([before.subarray(4), after.subarray(8)])
    const wire = wireWith({ people, inlineBytes: 0, packetBytes: 100 }, {}, 'udp')
    expect(wire.result(readPeople(LIST)).people.map(({ pin, name }) => [pin, name])).toEqual([
      ['19728', 'NM000001'],
      ['19600', 'NM000002'],
      ['18361', 'NM000003'],
      ['19602', 'NM000004'],
      ['19682', 'NM000005'],
    ])
  })

  it('what fits no layout is refused, and nothing is handed out', () => {
    const ran = readLog(wireWith({ attendance: new Uint8Array(1200).fill(0x41), capacity: { records: 30 } }))
    expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'ZK_BAD_RECORD' } })
    expect(ran.offered).toEqual([])
  })
})

// The recording att-40-zk350-state255 is not at hand: the record with state 255 is made after its description.
describe('symptom 6: check-in/check-out, break, overtime state missing or always the same', () => {
  it('verify mode and state are both read, under their names, in every layout', () => {
    const facts = { verifyMode: 4, time: 864_000_000, punchState: 5 }
    const rows: readonly (readonly [AttendanceLayoutName, Uint8Array, number])[] = [
      ['attendance/8a', attendance8a.encode({ ...facts, uid: 9 }), 4],
      ['attendance/8b', attendance8b.encode({ ...facts, uid: 9, unknown3: 0 }), 4],
      ['attendance/16', attendance16.encode({ ...facts, pinNumber: 9, workCode: 0 }), 4],
      [
        'attendance/22',
        attendance22.encode({ uid: 9, pin: '9', unknown12: 0, time: 864_000_000, punchState: 5 }),
        NO_VERIFY_MODE,
      ],
      ['attendance/40', attendance40.encode({ ...facts, uid: 9, pin: '9' }), 4],
    ]
    for (const [name, record, verifyMode] of rows) {
      expect([name, punchOf(name, record)]).toMatchObject([name, { verifyMode, state: 5 }])
    }
    const packed = punchesOf(readLog(wireWith({ attendance: firstOf('att-8-zem500') })))
    expect(packed.map(({ verifyMode, state }) => [verifyMode, state])).toEqual([
      [8, 2],
      [8, 2],
      [8, 2],
    ])
  })

  it('255 is no state given: it is handed out as it is, and is no refusal', () => {
    const record = attendance40.encode({
      uid: 1,
      pin: '1',
      verifyMode: 1,
      time: 864_000_000,
      punchState: 255,
    })
    expect(punchOf('attendance/40', record)).toMatchObject({ state: 255, denied: false, plausible: true })
  })
})

describe('symptom 8: first record right, every following one wrong (new firmware)', () => {
  const first = firstOf('att-40-first-of-long-record')

  it.each([
    ['49 bytes', 9, 'attendance/49'],
    ['a length that nobody has seen', 12, 'attendance/40+'],
  ] as const)(
    'records of %s are cut where they end, and their rest is kept',
    (_length, tailBytes, layout) => {
      const records = Array.from({ length: 30 }, (_, i) =>
        joinBytes([
          attendance40.patch(first, { uid: i + 1, pin: String(10_036 + i), time: u32At(first, 27) + i * 60 }),
          new Uint8Array(tailBytes).fill(0xa0 + i),
        ]),
      )
      const ran = readLog(wireWith(holding(joinBytes(records), 40 + tailBytes)))
      const punches = punchesOf(ran)
      expect(punches.map(({ pin }) => pin)).toEqual(records.map((_, i) => String(10_036 + i)))
      expect(punches.map(({ wallTime }) => wallTime).slice(0, 2)).toEqual([
        '2021-10-24T13:42:16',
        '2021-10-24T13:43:16',
      ])
      expect(punches.map(({ raw }) => toHex(raw))).toEqual(records.map(toHex))
      expect(ran.offered[0]?.bookmark).toMatchObject({ layout })
    },
  )
})

describe('symptom 11: wish: only attendance of a date, a user, or since last time', () => {
  it('a bookmark remembers what was seen; what came live is caught up, and nothing is ever cleared', () => {
    const log = log40(4000)
    const wire = wireWith(holding(log))
    const whole = readLog(wire)
    const from = whole.offered.at(-1)?.bookmark
    const before = wire.client.stats.bytesReceived
    wire.terminal.script = holding(log40(4003))
    const fresh = readLog(wire, 'tcp', from)
    expect(rawOf(fresh)).toBe(toHex(log40(3, 4000)))
    expect(wire.client.stats.bytesReceived - before).toBeLessThan(3000)
    expect(wire.terminal.count(CODES.CLEAR_ATTLOG)).toBe(0)
  })

  it('a date or a person is chosen, and the bookmark stands behind everything that was read all the same', async () => {
    const log = log40(5000)
    await using loopback = await LoopbackTerminal.start(holding(log))
    const terminal = await connect({ host: '127.0.0.1', port: loopback.port, transport: 'tcp' })
    const read = async (options: ReadAttendanceOptions) => {
      const reading = terminal.readAttendance(options)
      const punches: Punch[] = []
      let leftOut = 0
      for await (const batch of reading) {
        punches.push(...batch.punches)
        leftOut += batch.leftOut
      }
      expect(punches.length + leftOut).toBe(reading.summary().read)
      return { punches, bookmark: reading.summary().bookmark }
    }
    const whole = await read({})
    expect(whole.punches).toHaveLength(5000)
    const ofOne = await read({ pins: ['1003'] })
    expect(ofOne.punches.map(({ index }) => index)).toEqual(
      Array.from({ length: Math.ceil((5000 - 3) / 37) }, (_, i) => 3 + 37 * i),
    )
    const day = whole.punches[0]?.wallTime.slice(0, 'YYYY-MM-DD'.length) ?? ''
    const ofTheDay = await read({ since: day, until: day })
    const expected = whole.punches.filter(({ wallTime }) => wallTime.startsWith(day))
    expect(ofTheDay.punches.map(({ index }) => index)).toEqual(expected.map(({ index }) => index))
    expect(expected.length).toBeGreaterThan(0)
    expect(expected.length).toBeLessThan(5000)
    const [first, second] = [whole.punches[1000]?.wallTime ?? '', whole.punches[1002]?.wallTime ?? '']
    const bounds = await read({ since: first, until: second, pins: new Set(['1002', '1001', '1003']) })
    expect(bounds.punches.length).toBeLessThanOrEqual(3)
    for (const { bookmark } of [ofOne, ofTheDay, bounds]) expect(bookmark).toEqual(whole.bookmark)
    await terminal.close()
  })

  it('a date that is none is refused before anything is read', () => {
    for (const since of ['2026-02-30', '1999-12-31', 'yesterday', '2026-01-01 10:00'])
      expect(() => punchChooser({ since })).toThrow(
        expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
      )
  })
})

// The recording sizes-112-speedface-h5l-head is not at hand: an answer of 112 bytes is made here, the one of 4 is recorded.
describe('symptom 12: users work, attendance is always empty on SpeedFace and other new firmware', () => {
  it('a count that is not told, or told as 0, does not keep the log from being read', () => {
    const told = decodePacket(firstOf('sizes-4-ak3750wifi').subarray(8)).payload
    expect(decodeCapacity(told)).toMatchObject({ people: undefined, records: undefined })
    const wire = wireWith({
      attendance: log40(60),
      people: people72(5),
      first: (request, terminal) =>
        request.code === CODES.GET_FREE_SIZES && (terminal.ok(request, told), true),
    })
    expect(rawOf(readLog(wire))).toBe(toHex(log40(60)))
    expect(wire.result(readPeople(LIST)).people).toHaveLength(5)
    const counting = wireWith({ attendance: log40(60), capacity: { records: 0 } })
    expect(rawOf(readLog(counting))).toBe(toHex(log40(60)))
  })

  it.each([4, 80, 92, 112])('a reply of %d bytes is taken', (capacityLength) => {
    const script = { attendance: log40(60), capacity: { records: 60 }, capacityLength }
    expect(rawOf(readLog(wireWith(script)))).toBe(toHex(log40(60)))
  })
})

describe('symptom 13: dates years in the future (2026, 2083, 2110)', () => {
  it('an 8-byte record is uid, status, punch and time', () => {
    const punches = punchesOf(readLog(wireWith({ attendance: firstOf('att-8-zem500') })))
    expect(punches.map(({ uid, wallTime }) => [uid, wallTime])).toEqual([
      [7, '2016-01-01T19:02:00'],
      [123, '2016-01-01T19:04:43'],
      [123, '2016-01-01T19:04:46'],
    ])
  })
})

describe('symptom 19: the last record is always missing', () => {
  it.each([1, 2, 25, 26, 1637])('of %d records of 40 and of 16 bytes the last one is there', (count) => {
    expect(rawOf(readLog(wireWith(holding(log40(count)))))).toBe(toHex(log40(count)))
    expect(rawOf(readLog(wireWith(holding(log16(count), 16))))).toBe(toHex(log16(count)))
  })
})

describe('symptom 20: works on the LAN, stops after two chunks over VPN, PPPoE or WAN', () => {
  it('a transfer may take longer than any time-out as long as bytes keep coming, one request at a time', () => {
    // A few bytes each millisecond: each of the four chunks takes longer than the longest time-out.
    const wire = wireWith(holding(log40(5000)), { cut: (bytes) => cutAtRandom(bytes, 5, 4) })
    const ran = readLog(wire)
    expect(rawOf(ran)).toBe(toHex(log40(5000)))
    expect(wire.terminal.count(CODES.DATA_RDY)).toBe(4)
    expect(ran.tookMs).toBeGreaterThan(4 * Math.max(...Object.values(DEFAULT_TIMEOUTS)))
  })
})

describe('symptom 24: empty user or attendance table ends in a time-out', () => {
  it('a refusal is nothing where the counts say zero', () => {
    const wire = wireWith({ refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_ERROR } })
    wire.faults = { spoil: (packet, n) => (n === 1 ? firstOf('hs-empty-attlog-2001') : packet) }
    const log = readLog(wire)
    expect(punchesOf(log)).toEqual([])
    expect(log.tookMs).toBeLessThan(100)
    expect(wire.result(readPeople(LIST)).people).toEqual([])
  })

  it('a refusal is the terminal’s refusal where they do not', () => {
    const refused = REPLIES.ACK_ERROR
    const wire = wireWith({
      capacity: { records: 12, people: 3 },
      refuse: {
        [CODES.DATA_WRRQ]: refused,
        [CODES.ATTLOG_RRQ]: refused,
        [CODES.USERTEMP_RRQ]: refused,
      },
    })
    expect(readLog(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_REFUSED' } })
    expect(wire.run(readPeople(LIST)).outcome).toMatchObject({ ok: false, error: { code: 'ZK_REFUSED' } })
  })
})

describe('symptom 26: "day is out of range for month" and no result at all', () => {
  it('the record with the impossible date is marked, and the others are returned', () => {
    const log = log40(20)
    putU32(log, 7 * 40 + 27, u32At(firstOf('time-impossible-date'), 0))
    const punches = punchesOf(readLog(wireWith(holding(log))))
    expect(punches).toHaveLength(20)
    expect(punches.filter(({ validTime }) => !validTime).map(({ index }) => index)).toEqual([7])
    expect(punches[7]?.wallTime).toBe('2025-02-30T21:12:20')
  })
})

// The recording rt-attlog-12-zem760-denied is not at hand: refused events are those of 14 bytes, granted ones of 12.
describe('symptom 27: denied attempts are booked as punches', () => {
  it('the flag `denied` tells them apart, in the log and live', () => {
    const punches = punchesOf(readLog(wireWith({ attendance: firstOf('att-16-zem760-denied') })))
    expect(punches.map(({ denied }) => Number(denied)).join('')).toBe('001100111110')
    const refused = decodePacket(firstOf('rt-attlog-14-udp-denied'))
    expect(decodeLiveEvents(EVENTS.ATTLOG, refused.payload)).toMatchObject([{ state: 0x87, denied: true }])
    const granted = decodePacket(firstOf('rt-attlog-12-zem760-granted').subarray(8))
    expect(decodeLiveEvents(EVENTS.ATTLOG, granted.payload)).toMatchObject([{ state: 0, denied: false }])
  })

  it.each([
    [undefined, [0, 1, 4, 5, 11]],
    ['leave-out', [0, 1, 4, 5, 11]],
    ['mark', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['only', [2, 3, 6, 7, 8, 9, 10]],
  ] as const)(
    'who reads the log gets no refused attempt unless it is asked for (%s)',
    async (denied, indices) => {
      await using loopback = await LoopbackTerminal.start({ attendance: firstOf('att-16-zem760-denied') })
      const terminal = await connect({ host: '127.0.0.1', port: loopback.port, transport: 'tcp' })
      const reading = terminal.readAttendance(denied === undefined ? {} : { denied })
      const found: number[] = []
      for await (const { punches } of reading) found.push(...punches.map(({ index }) => index))
      expect(found).toEqual(indices)
      expect(reading.summary()).toMatchObject({ read: 12, bookmark: { index: 12 } })
      await terminal.close()
    },
  )
})
