import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, toHex } from '../../src/bytes.ts'
import { CODES, EVENTS, REPLIES } from '../../src/codes.ts'
import { transferHead } from '../../src/commands/bulk.ts'
import { framePacket, StreamReassembler } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import type { Packet } from '../../src/packet.ts'
import { TerminalSession } from '../../src/session/terminal-session.ts'
import type { TerminalEvent, TerminalRequest } from '../../src/session/terminal-session.ts'
import { byteByByte } from '../support/cuts.ts'
import { captured, readCapture } from '../support/recorded.ts'

const NO_BYTES = new Uint8Array(0)

function events(session: TerminalSession): TerminalEvent[] {
  const taken: TerminalEvent[] = []
  for (let event = session.takeEvent(); event !== undefined; event = session.takeEvent()) taken.push(event)
  return taken
}

function packets(session: TerminalSession): Packet[] {
  const stream = new StreamReassembler()
  const taken: Packet[] = []
  for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
    stream.push(out)
    const packet = stream.next()
    if (packet !== undefined) taken.push(decodePacket(packet))
  }
  return taken
}

const request = (code: number, replyId = 7): TerminalRequest => ({
  code,
  payload: NO_BYTES,
  replyId,
  sessionId: 0,
  checksumRight: true,
})

describe('the terminal’s end', () => {
  it('gives out requests, whole and byte by byte', () => {
    const [connect = NO_BYTES, auth = NO_BYTES] = captured(readCapture('hs-tcp-commkey-45'), 'to_device')
    for (const pieces of [[joinBytes([connect, auth])], byteByByte(joinBytes([connect, auth]))]) {
      const session = new TerminalSession({ framing: 'tcp' })
      for (const piece of pieces) session.receive(piece, 0)
      expect(events(session)).toMatchObject([
        { type: 'request', request: { code: CODES.CONNECT, replyId: 0, sessionId: 0 } },
        { type: 'request', request: { code: CODES.AUTH, replyId: 1, sessionId: 0x45cf } },
      ])
    }
  })

  it('answers as a recorded terminal did, with the id that its owner assigned', () => {
    const [greeting = NO_BYTES] = captured(readCapture('hs-tcp-commkey-45'), 'from_device')
    const session = new TerminalSession({ framing: 'tcp' })
    session.sessionId = 0x45cf
    session.reply(request(CODES.CONNECT, 0), { code: REPLIES.ACK_UNAUTH })
    expect(toHex(session.takeOutgoing() ?? NO_BYTES)).toBe(toHex(greeting))
    expect(session.takeOutgoing()).toBeUndefined()
  })

  it('can be made to answer with another reply id and another session field', () => {
    const session = new TerminalSession({ framing: 'tcp' })
    session.reply(request(64), { code: REPLIES.ACK_OK, sessionField: 2, replyId: 9 })
    expect(packets(session)).toMatchObject([{ command: 2000, session: 2, replyId: 9 }])
  })

  it('sends a transfer as packets with their index, closed by the last one', () => {
    const session = new TerminalSession({ framing: 'tcp' })
    session.sessionId = 5
    session.replyTransfer(request(CODES.DATA_RDY), { data: new Uint8Array(2500), packetBytes: 1008 })
    const sent = packets(session)
    expect(sent.map(({ command, session: field, payload }) => [command, field, payload.length])).toEqual([
      [REPLIES.PREPARE_DATA, 5, 8],
      [REPLIES.DATA, 0, 1008],
      [REPLIES.DATA, 1, 1008],
      [REPLIES.DATA, 2, 484],
      [REPLIES.ACK_OK, 2, 0],
    ])
    expect(sent.every(({ replyId, checksum }) => replyId === 7 && checksum === 'right')).toBe(true)
    expect(transferHead.decode(sent[0]?.payload ?? NO_BYTES)).toEqual({ sizeBytes: 2500, packetBytes: 1008 })
  })

  it('closes a transfer with the byte total or any number, and leaves the index out, where it is told to', () => {
    const session = new TerminalSession({ framing: 'tcp' })
    session.sessionId = 5
    const data = new Uint8Array(124)
    session.replyTransfer(request(13), { data, packetBytes: 1008, closing: 'byte-total', indexed: false })
    session.replyTransfer(request(13), { data: NO_BYTES, packetBytes: 8, closing: 9, announcedBytes: 70_000 })
    expect(packets(session).map(({ command, session: field }) => [command, field])).toEqual([
      [REPLIES.PREPARE_DATA, 5],
      [REPLIES.DATA, 5],
      [REPLIES.ACK_OK, 124],
      [REPLIES.PREPARE_DATA, 5],
      [REPLIES.ACK_OK, 9],
    ])
    expect(() => session.replyTransfer(request(13), { data, packetBytes: 0 })).toThrow(/0 bytes/)
  })

  it('makes the packets of a transfer when they are taken, in order with other answers', () => {
    const session = new TerminalSession({ framing: 'tcp' })
    session.replyTransfer(request(13, 1), { data: new Uint8Array(16), packetBytes: 8 })
    session.reply(request(50, 2), { code: REPLIES.ACK_OK })
    expect(packets(session).map(({ replyId }) => replyId)).toEqual([1, 1, 1, 1, 2])
  })

  it('sends live events and tells when one is acknowledged', () => {
    const [recorded = NO_BYTES] = captured(readCapture('rt-fpscore-1'), 'from_device')
    const session = new TerminalSession({ framing: 'tcp' })
    session.sendEvent(EVENTS.FPFTR, fromHex('64'))
    expect(toHex(session.takeOutgoing() ?? NO_BYTES)).toBe(toHex(recorded))
    session.receive(framePacket('tcp', { command: REPLIES.ACK_OK, session: 1, replyId: 0 }, NO_BYTES), 0)
    expect(events(session)).toEqual([{ type: 'acknowledged' }])
  })

  it('drops a wrong checksum in silence, as a ZLM60 does, or gives the request out marked', () => {
    const [wrong = NO_BYTES] = captured(readCapture('hs-zlm60-checksum-dropped'), 'to_device')
    const strict = new TerminalSession({ framing: 'tcp' })
    strict.receive(wrong, 0)
    expect(events(strict)).toEqual([{ type: 'bad-checksum' }])
    const lenient = new TerminalSession({ framing: 'tcp', wrongChecksum: 'give-out' })
    lenient.receive(wrong, 0)
    expect(events(lenient)).toMatchObject([{ type: 'request', request: { checksumRight: false } }])
  })

  it('breaks on a stream that is not this protocol, and on a packet that is too large', () => {
    for (const bytes of [fromHex('474554202f'), fromHex('5050827d 00000200')]) {
      const session = new TerminalSession({ framing: 'tcp' })
      session.reply(request(50), { code: REPLIES.ACK_OK })
      session.receive(bytes, 0)
      expect(events(session)).toMatchObject([{ type: 'broken' }])
      expect(session.ended).toBe(true)
      session.receive(bytes, 0)
      expect(events(session)).toEqual([])
      expect(session.takeOutgoing()).toBeUndefined()
    }
  })

  it('takes one datagram as one packet over UDP and ignores what is too short to be one', () => {
    const [connect = NO_BYTES] = captured(readCapture('hs-udp-connect-exit'), 'to_device')
    const session = new TerminalSession({ framing: 'udp' })
    session.receive(fromHex('01020304'), 0)
    session.receive(connect, 0)
    expect(events(session)).toMatchObject([{ type: 'request', request: { code: CODES.CONNECT } }])
    const [greeting = NO_BYTES] = captured(readCapture('hs-udp-connect-exit'), 'from_device')
    session.sessionId = decodePacket(greeting).session
    session.reply(request(CODES.CONNECT, 0), { code: REPLIES.ACK_OK })
    expect(toHex(session.takeOutgoing() ?? NO_BYTES)).toBe(toHex(greeting))
  })

  it('is silent once the transport is gone, and never wants to be woken', () => {
    const session = new TerminalSession({ framing: 'tcp' })
    session.replyTransfer(request(13), { data: new Uint8Array(16), packetBytes: 8 })
    session.tick(1)
    session.detach(undefined, 1)
    session.reply(request(50), { code: REPLIES.ACK_OK })
    expect(session.takeOutgoing()).toBeUndefined()
    expect(session.wakeAt).toBeUndefined()
  })
})
