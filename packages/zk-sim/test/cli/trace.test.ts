// The trace line by line: both transports, segments cut anywhere, what is no packet, and what is never shown.
import { CODES, EVENTS, framePacket, REPLIES, scrambleCommKey } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { Trace } from '../../src/cli/trace.ts'
import type { WatchedClient } from '../../src/wire-watch.ts'

const NO_DATA: Uint8Array = new Uint8Array(0)
const TCP: WatchedClient = { transport: 'tcp', client: '10.0.0.1:5000' }
const UDP: WatchedClient = { transport: 'udp', client: '10.0.0.2:5000' }
const HEAD = '08:09:10.011 tcp 10.0.0.1:5000'

function text(words: string): Uint8Array {
  return Uint8Array.of(...Buffer.from(words, 'latin1'), 0)
}

function traced(talk: (trace: Trace) => void): string[] {
  const lines: string[] = []
  talk(new Trace({ write: (line) => lines.push(line) }, '', () => new Date('2026-03-04T08:09:10.011Z')))
  return lines
}

function packet({ transport }: WatchedClient, command: number, payload = NO_DATA, session = 7): Uint8Array {
  return framePacket(transport, { command, session, replyId: 3 }, payload)
}

describe('a trace', () => {
  it('tells an option asked for and its answer, also of a stream that comes byte by byte', () => {
    const lines = traced((trace) => {
      for (const byte of packet(TCP, CODES.OPTIONS_RRQ, text('~DeviceName')))
        trace.received(TCP, Uint8Array.of(byte))
      trace.sent(TCP, packet(TCP, REPLIES.ACK_OK, text('~DeviceName=K20')))
      trace.gone(TCP)
    })
    expect(lines).toEqual([
      `${HEAD} > OPTIONS_RRQ session 7 reply 3, 12 bytes "~DeviceName"`,
      `${HEAD} < ACK_OK session 7 reply 3, 16 bytes "~DeviceName=K20"`,
      `${HEAD} > gone`,
    ])
  })

  it('tells datagrams, wrong checksums and live events', () => {
    const flipped = packet(UDP, CODES.GET_TIME)
    flipped[2] = (flipped[2] ?? 0) ^ 1
    const lines = traced((trace) => {
      trace.received(UDP, flipped)
      trace.received(UDP, Uint8Array.of(1, 2))
      trace.sent(UDP, packet(UDP, CODES.REG_EVENT, new Uint8Array(12), EVENTS.ATTLOG))
      trace.received(UDP, packet(UDP, REPLIES.ACK_OK))
    }).map((line) => line.replace(/^.*5000 /, ''))
    expect(lines).toEqual([
      '> GET_TIME session 7 reply 3, wrong checksum',
      '> no packet, 2 bytes',
      '< live event ATTLOG, 12 bytes',
      '> ACK_OK (live event) session 7 reply 3',
    ])
  })

  it('says once of a stream that it is not this protocol', () => {
    const lines = traced((trace) => {
      trace.received(TCP, Buffer.from('GET / HTTP/1.1\r\n'))
      trace.received(TCP, Buffer.from('Host: terminal\r\n'))
    })
    expect(lines).toEqual([expect.stringContaining('> not this protocol: ')])
  })

  it.each([
    ['a comm key', CODES.AUTH, scrambleCommKey(123_456, 7)],
    ['a person with a password', CODES.USER_WRQ, new Uint8Array(72).fill(0x38)],
    ['a template in pieces', CODES.DATA, new Uint8Array(100).fill(0x38)],
    ['a template at once', CODES.TMP_WRITE, new Uint8Array(20).fill(0x38)],
    ['an option with the key', CODES.OPTIONS_WRQ, text('COMKey=8888')],
    ['bytes of a command that nobody declares', 4_711, new Uint8Array(20).fill(0x38)],
  ])('never shows %s', (_, command, payload) => {
    const [line = ''] = traced((trace) => trace.received(TCP, packet(TCP, command, payload)))
    expect(line).toContain(`, ${payload.length} bytes`)
    expect(line.replace(HEAD, '')).not.toMatch(/8888|38383838|123456/)
  })

  it('cannot be made to move the cursor of whoever reads it', () => {
    const [line = ''] = traced((trace) =>
      trace.received(TCP, packet(TCP, CODES.OPTIONS_RRQ, text('a\u001b[2J\nb'))),
    )
    expect(line).not.toMatch(/\p{Cc}/u)
  })

  it('forgets what was asked long ago, so that a client cannot fill its memory', () => {
    const lines = traced((trace) => {
      for (let replyId = 0; replyId < 200; replyId += 1)
        trace.received(TCP, framePacket('tcp', { command: CODES.GET_TIME, session: 7, replyId }, NO_DATA))
      trace.sent(
        TCP,
        framePacket('tcp', { command: REPLIES.ACK_OK, session: 7, replyId: 1 }, new Uint8Array(4)),
      )
      trace.sent(
        TCP,
        framePacket('tcp', { command: REPLIES.ACK_OK, session: 7, replyId: 199 }, new Uint8Array(4)),
      )
    }).slice(-2)
    expect(lines).toEqual([
      `${HEAD} < ACK_OK session 7 reply 1, 4 bytes`,
      `${HEAD} < ACK_OK session 7 reply 199, 4 bytes time=0`,
    ])
  })
})
