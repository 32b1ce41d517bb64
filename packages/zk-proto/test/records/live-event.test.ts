import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import { REPLIES } from '../../src/codes.ts'
import { connectSession } from '../../src/commands/connection.ts'
import { framePacket } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import {
  decodeLiveEvents,
  liveAlarm12,
  liveEnrolment14,
  liveEnrolment6,
  livePunch10,
  livePunch12,
  livePunch14,
  livePunch32,
  livePunch36,
  livePunch37,
  livePunch52,
  liveVerification,
} from '../../src/records/live-event.ts'
import { ClientSession } from '../../src/session/client-session.ts'
import { ask } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import { TerminalSession } from '../../src/session/terminal-session.ts'
import { readSpelledTime, spellTime } from '../../src/wall-time.ts'
import { byteByByte } from '../support/cuts.ts'
import { captured, readCapture, readVectors } from '../support/recorded.ts'

interface Expected {
  readonly user_id?: string
  readonly byte_a?: number
  readonly byte_b?: number
  readonly time?: string
  readonly records?: readonly Expected[]
  readonly score?: number
  readonly result?: number
  readonly template_size?: number
  readonly finger?: number
  readonly uid?: number
  readonly alarm?: number
  readonly match?: number
  readonly key?: number
}

const { events, ack } = readVectors('events') as {
  readonly ack: { readonly session: number; readonly tcp: string; readonly udp: string }
  readonly events: readonly {
    readonly name: string
    readonly event: number
    readonly data: string
    readonly tcp: string
    readonly udp: string
    readonly expected: Expected
  }[]
}

function punchFacts(expected: Expected) {
  return {
    type: 'punch',
    pin: expected.user_id,
    verifyMode: expected.byte_a,
    state: expected.byte_b,
    wallTime: expected.time,
    validTime: true,
    denied: false,
  }
}

function expectedEvents(code: number, expected: Expected): object[] {
  if (code === 1) return (expected.records ?? [expected]).map(punchFacts)
  if (code === 2) return [{ type: 'touch' }]
  if (code === 4) return [{ type: 'person', uid: expected.uid }]
  if (code === 8) {
    return [
      {
        type: 'enrolment',
        resultCode: expected.result,
        templateBytes: expected.template_size,
        pin: expected.user_id,
        finger: expected.finger,
      },
    ]
  }
  if (code === 16) return [{ type: 'button', key: expected.key }]
  if (code === 32) return [{ type: 'unlock' }]
  if (code === 128) {
    return [{ type: 'verification', uid: expected.uid === 0xffffffff ? undefined : expected.uid }]
  }
  if (code === 256) return [{ type: 'sample', score: expected.score }]
  return [{ type: 'alarm', alarmCode: expected.alarm, uid: expected.uid, matchingWay: expected.match }]
}

describe.each(events)('the vector $name', ({ event, data, tcp, udp, expected }) => {
  it('is read, alone and out of its packets', () => {
    const wanted = expectedEvents(event, expected)
    expect(decodeLiveEvents(event, fromHex(data))).toMatchObject(wanted)
    for (const packet of [decodePacket(fromHex(tcp).subarray(8)), decodePacket(fromHex(udp))]) {
      expect(packet.session).toBe(event)
      expect(toHex(packet.payload)).toBe(data)
    }
  })

  it('never throws when it is a byte short or long, and keeps every byte', () => {
    const bytes = fromHex(data)
    for (const other of [bytes.subarray(0, Math.max(0, bytes.length - 1)), Uint8Array.of(...bytes, 0x5a)]) {
      const found = decodeLiveEvents(event, other)
      expect(found.map(({ raw }) => toHex(raw)).join('')).toBe(toHex(other))
    }
  })
})

describe.each(['tcp', 'udp'] as const)('over %s', (framing) => {
  it.each(events)(
    'the vector $name comes from the terminal’s end, and the client acknowledges it as recorded',
    (row) => {
      const terminal = new TerminalSession({ framing })
      terminal.sendEvent(row.event, fromHex(row.data))
      const sent = terminal.takeOutgoing() ?? new Uint8Array(0)
      expect(toHex(sent)).toBe(row[framing])
      const client = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
      const limits = { deadline: 1e9, settled: () => undefined }
      client.run(ask(connectSession, undefined), limits, 0)
      client.takeOutgoing()
      const header = { command: REPLIES.ACK_OK, session: ack.session, replyId: 0 }
      client.receive(framePacket(framing, header, new Uint8Array(0)), 0)
      for (const piece of framing === 'tcp' ? byteByByte(sent) : [sent]) client.receive(piece, 1)
      expect(client.takeEvent()).toMatchObject({ type: 'live', code: row.event, payload: fromHex(row.data) })
      expect(toHex(client.takeOutgoing() ?? new Uint8Array(0))).toBe(ack[framing])
      expect([client.takeEvent(), client.takeOutgoing()]).toEqual([undefined, undefined])
    },
  )
})

describe('a layout of an event', () => {
  it('writes what it read', () => {
    const of = (name: string): Uint8Array => fromHex(events.find((row) => row.name === name)?.data ?? '')
    expect(livePunch10.encode(livePunch10.decode(of('attlog 10')))).toEqual(of('attlog 10'))
    expect(livePunch12.encode(livePunch12.decode(of('attlog 12')))).toEqual(of('attlog 12'))
    expect(livePunch14.encode(livePunch14.decode(of('attlog 14')))).toEqual(of('attlog 14'))
    expect(livePunch32.encode(livePunch32.decode(of('attlog 32')))).toEqual(of('attlog 32'))
    expect(livePunch36.encode(livePunch36.decode(of('attlog 36')))).toEqual(of('attlog 36'))
    expect(livePunch37.encode(livePunch37.decode(of('attlog 37')))).toEqual(of('attlog 37'))
    expect(livePunch52.encode(livePunch52.decode(of('attlog 52')))).toEqual(of('attlog 52'))
    expect(liveVerification.encode(liveVerification.decode(of('verify ok')))).toEqual(of('verify ok'))
    expect(liveAlarm12.encode(liveAlarm12.decode(of('alarm duress')))).toEqual(of('alarm duress'))
    const ended = of('enroll result ok')
    expect(liveEnrolment14.encode(liveEnrolment14.decode(ended))).toEqual(ended)
    const time = of('attlog 10').subarray(4)
    expect(spellTime(readSpelledTime(time, 0))).toEqual(time)
  })
})

describe('events of real terminals', () => {
  it.each([
    [
      'rt-attlog-12',
      false,
      1,
      { type: 'punch', pin: '4822257', wallTime: '2018-12-07T19:09:06', denied: false },
    ],
    ['rt-attlog-12-zem760-granted', true, 1, { pin: '1', wallTime: '2026-07-14T17:42:16', denied: false }],
    [
      'rt-attlog-14-udp-denied',
      false,
      1,
      { pin: '2', wallTime: '2020-04-29T18:55:18', state: 0x87, denied: true },
    ],
    ['rt-fpscore-1', true, 256, { type: 'sample', score: 100 }],
    ['rt-verify-ok-5', false, 128, { type: 'verification', uid: 2 }],
  ])('reads the capture %s', (id, wrapped, code, wanted) => {
    const [bytes = new Uint8Array(0)] = captured(readCapture(id), 'from_device')
    const packet = decodePacket(wrapped ? bytes.subarray(8) : bytes)
    expect([packet.command, packet.session, packet.replyId, packet.checksum]).toEqual([500, code, 0, 'right'])
    expect(decodeLiveEvents(packet.session, packet.payload)).toMatchObject([wanted])
  })

  it('reads the face of capture rt-attlog-32-face', () => {
    const [bytes = new Uint8Array(0)] = captured(readCapture('rt-attlog-32-face'), 'from_device')
    expect(decodeLiveEvents(1, bytes)).toMatchObject([
      { pin: '1140064', verifyMode: 15, state: 0, wallTime: '2018-11-29T12:55:03', workCode: undefined },
    ])
  })
})

describe('an event that is out of the ordinary', () => {
  const long = (length: number, pin = 'A7'): Uint8Array => {
    const bytes = new Uint8Array(length)
    bytes.set(new TextEncoder().encode(pin))
    bytes.set([1, 0, 26, 11, 22, 8, 15, 30], 24)
    return bytes
  }

  it('is handed out raw when its length is not known', () => {
    expect(decodeLiveEvents(1, new Uint8Array(20))).toEqual([
      { type: 'unknown', event: 1, name: 'ATTLOG', raw: new Uint8Array(20) },
    ])
    expect(decodeLiveEvents(64, Uint8Array.of(1))).toMatchObject([{ type: 'unknown', name: 'event 64' }])
    expect(decodeLiveEvents(8, Uint8Array.of(1))).toMatchObject([{ type: 'unknown' }])
    expect(decodeLiveEvents(512, new Uint8Array(0))).toMatchObject([{ type: 'unknown' }])
  })

  it('keeps letters in a pin, and its time when there is no such day', () => {
    const bytes = long(36)
    bytes.set([26, 2, 31, 8, 15, 30], 26)
    expect(decodeLiveEvents(1, bytes)).toMatchObject([
      { pin: 'A7', wallTime: '2026-02-31T08:15:30', validTime: false, packedTime: undefined },
    ])
  })

  it('reads the first 32 bytes of a length between the known ones', () => {
    expect(decodeLiveEvents(1, long(40))).toMatchObject([{ type: 'punch', pin: 'A7', workCode: undefined }])
    expect(decodeLiveEvents(1, long(40, ''))).toMatchObject([{ type: 'unknown' }])
  })

  it('reads records of 52 bytes and keeps what is left behind them', () => {
    const found = decodeLiveEvents(1, Uint8Array.of(...long(52), ...long(52, 'B8'), 1, 2, 3))
    expect(found).toMatchObject([
      { pin: 'A7' },
      { pin: 'B8' },
      { type: 'unknown', raw: Uint8Array.of(1, 2, 3) },
    ])
  })

  it('packs a time as the log has it', () => {
    expect(decodeLiveEvents(1, long(32))).toMatchObject([{ packedTime: 0x338400a2 }])
  })

  it('tells how an enrolment ended on old terminals too', () => {
    const bytes = liveEnrolment6.encode({ result: 0, templateBytes: 600, finger: 3 })
    expect(decodeLiveEvents(8, bytes)).toMatchObject([{ result: 'enrolled', templateBytes: 600, finger: 3 }])
    expect(decodeLiveEvents(8, Uint8Array.of(9, 0))).toMatchObject([{ result: 'failed', resultCode: 9 }])
  })

  it('finds the number of an alarm in either place, and names only what it knows', () => {
    const alarm = (first: number, second: number) =>
      decodeLiveEvents(512, liveAlarm12.encode({ marker: 0xffffffff, first, second, matchingWay: 1 }))
    expect(alarm(0x20, 13)).toMatchObject([{ alarm: 'duress', uid: 13 }])
    expect(alarm(6, 0x22)).toMatchObject([{ alarm: 'anti-passback', uid: undefined }])
    expect(alarm(6, 7)).toMatchObject([{ alarm: 'unknown', uid: undefined }])
    expect(decodeLiveEvents(512, Uint8Array.of(54, 0, 0, 0, 0, 0, 0, 0))).toMatchObject([
      { alarm: 'door closed' },
    ])
    expect(decodeLiveEvents(512, new Uint8Array(8))).toMatchObject([{ alarm: 'unknown' }])
    expect(decodeLiveEvents(512, Uint8Array.of(1, 0, 0, 0))).toMatchObject([
      { alarm: 'unknown', alarmCode: 1 },
    ])
    expect(decodeLiveEvents(512, new Uint8Array(5))).toMatchObject([{ alarm: 'unknown' }])
  })
})
