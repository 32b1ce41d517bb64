// The rows of the catalogue of symptoms that concern connecting, the stream of packets and the session, each under its number
// and in its users' words.
import { createSocket } from 'node:dgram'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { joinBytes, toHex, u16At } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { exitSession } from '../../src/commands/connection.ts'
import { readCapacity, readClock, readPinWidth, readState } from '../../src/commands/terminal.ts'
import { ZkError } from '../../src/errors.ts'
import { framePacket } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { ClientSession } from '../../src/session/client-session.ts'
import { ask, request } from '../../src/session/procedure.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import type { Outcome } from '../../src/session/turns.ts'
import type { Terminal } from '../../src/terminal.ts'
import { log40, people72 } from '../support/logs.ts'
import { LoopbackDatagrams } from '../support/loopback-datagrams.ts'
import { LoopbackTerminal } from '../support/loopback-terminal.ts'
import { captured, readCapture, readCaptures } from '../support/recorded.ts'
import { ScriptedTerminal } from '../support/scripted-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { sentBy, firstOf, wireWith, askUntil, answerNextWith, QUICK, dial, failureOf } from './replayed.ts'

const NO_BYTES = new Uint8Array(0)
/** A session that is given recorded answers, one for each packet that it sends. */
class Replayed {
  readonly client = new ClientSession({ framing: 'tcp', timeouts: DEFAULT_TIMEOUTS })
  readonly sent: string[] = []
  readonly #answers: Uint8Array[]

  constructor(answers: readonly Uint8Array[]) {
    this.#answers = [...answers]
  }

  run(procedure: Procedure<void>): Outcome<void> | undefined {
    let outcome: Outcome<void> | undefined
    const limits = { deadline: Number.POSITIVE_INFINITY, settled: (o: Outcome<void>) => void (outcome = o) }
    this.client.run(procedure, limits, 0)
    for (let out = this.client.takeOutgoing(); out !== undefined; out = this.client.takeOutgoing()) {
      this.sent.push(toHex(out))
      const answer = this.#answers.shift()
      if (answer !== undefined) this.client.receive(answer, 1)
    }
    return outcome
  }
}

describe('symptom 3: cannot connect to a device with a communication password', () => {
  it('the key that a real terminal accepted is sent as it was then', () => {
    const session = new Replayed(sentBy('hs-tcp-commkey-45'))
    expect(session.run(handshake(45))).toMatchObject({ ok: true })
    session.run(ask(exitSession, undefined))
    expect(session.sent).toEqual(captured(readCapture('hs-tcp-commkey-45'), 'to_device').map(toHex))
  })

  it('a key that is wanted and one that is refused are two errors', () => {
    const refused = new Replayed(sentBy('hs-tcp-commkey-refused'))
    expect(refused.run(handshake(12))).toMatchObject({ ok: false, error: { code: 'ZK_KEY_WRONG' } })
    expect(refused.sent).toEqual(captured(readCapture('hs-tcp-commkey-refused'), 'to_device').map(toHex))
    const wanted = new Replayed(sentBy('hs-tcp-commkey-refused'))
    expect(wanted.run(handshake(0))).toMatchObject({ ok: false, error: { code: 'ZK_KEY_REQUIRED' } })
  })

  it('the key is an option of connect, of up to six digits', async () => {
    await using loopback = await LoopbackTerminal.start({ commKey: 999_999 })
    const terminal = await dial(loopback, { commKey: 999_999 })
    expect((await terminal.readTime()).year).toBe(2026)
    await terminal.close()
  })
})

describe('symptom 16: process crashes: "Cannot read properties of undefined/null", unhandled rejection', () => {
  it('silence and a cut connection are typed errors of the call, and nothing is thrown beside it', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      await using loopback = await LoopbackTerminal.start({
        silentOn: [CODES.DATA_WRRQ, CODES.GET_VERSION, CODES.OPTIONS_RRQ],
      })
      const terminal = await dial(loopback, { timeouts: { ...QUICK, connectMs: 5000 } })
      const calls = [terminal.readPeople(), terminal.readOption('~SSR'), terminal.info()]
      for (const failure of await Promise.all(calls.map(failureOf))) {
        expect(failure).toBeInstanceOf(ZkError)
        expect(failure).toMatchObject({ code: 'ZK_TIMEOUT' })
      }
      const listener = await dial(loopback)
      const live = failureOf(listener.liveEvents().next())
      await expect.poll(() => loopback.terminals[1]?.count(CODES.REG_EVENT)).toBe(1)
      loopback.cut()
      expect(await live).toMatchObject({ code: 'ZK_CONNECTION_LOST' })
      for (const cut of [terminal, listener]) {
        expect(await failureOf(cut.ping())).toBeInstanceOf(ZkError)
        await cut.close()
      }
      await nextTurn()
    } finally {
      process.off('unhandledRejection', note)
    }
    expect(unhandled).toEqual([])
  })
})

// The recording users-70-bulk-fragmented is not at hand: the reply of 17 bytes is that of sizes-80-70users.
describe('symptom 17: "TCP packet invalid" on the next call after a read', () => {
  const [width = NO_BYTES, sizes = NO_BYTES] = sentBy('sizes-80-70users')

  it('a reply of 17 bytes leaves nothing behind in the stream', () => {
    const wire = wireWith({})
    askUntil(wire, u16At(width, 14))
    answerNextWith(wire, [width])
    expect(wire.result(request(readPinWidth, undefined)).payload).toEqual(Uint8Array.of(9))
    askUntil(wire, u16At(sizes, 14))
    answerNextWith(wire, [sizes])
    expect(wire.result(ask(readCapacity, undefined))).toMatchObject({ people: 70, records: 3225 })
    expect(wire.client.stats.strayReplies).toBe(0)
  })

  it('an acknowledgement that nobody waits for is not taken for the next answer', () => {
    const wire = wireWith({})
    askUntil(wire, u16At(width, 14))
    // In one segment: the answer, the same once more, and the first bytes of the one after it.
    answerNextWith(wire, [joinBytes([width, width, sizes.subarray(0, 11)]), sizes.subarray(11)])
    expect(wire.result(request(readPinWidth, undefined)).payload).toEqual(Uint8Array.of(9))
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats.strayReplies).toBe(2)
  })
})

describe('symptom 22: nothing works although the port answers: door panel', () => {
  it.each(['tcp', 'udp'] as const)(
    'a C3 or inBio panel is recognised and named, over %s',
    async (transport) => {
      const frame = firstOf('notzk-c3-panel')
      const failing = async (peer: { readonly port: number }): Promise<void> => {
        const failure = await failureOf(dial(peer, { transport, timeouts: QUICK }))
        expect(failure).toMatchObject({ code: 'ZK_PULL_PANEL', effect: 'none' })
        expect(String(failure)).toContain('PULL')
      }
      if (transport === 'udp') {
        await using peer = await LoopbackDatagrams.start({}, { greet: () => [frame] })
        await failing(peer)
      } else {
        await using peer = await LoopbackTerminal.start({}, (socket) => socket.resume().write(frame))
        await failing(peer)
      }
    },
  )
})

describe('symptom 23: TCP connects, the terminal never answers anything', () => {
  const dropped = captured(readCapture('hs-zlm60-checksum-dropped'), 'to_device')[0] ?? NO_BYTES

  it('a packet whose checksum is one too low is dropped by the terminal; ours is one higher and is answered', () => {
    const ours = framePacket('tcp', { command: CODES.CONNECT, session: 0, replyId: 1 }, NO_BYTES)
    expect(u16At(ours, 10) - u16At(dropped, 10)).toBe(1)
    const answered = [dropped, ours].map((packet) => {
      const terminal = new ScriptedTerminal({})
      terminal.session.receive(packet, 0)
      terminal.work()
      return terminal.session.takeOutgoing() !== undefined
    })
    expect(answered).toEqual([false, true])
  })

  it('packets that real terminals took are made again to the byte, odd lengths too', () => {
    let made = 0
    for (const capture of readCaptures()) {
      if (capture.layer !== 'packets' || capture.transport === 'unknown') continue
      const framing = capture.transport
      for (const { dir, hex, whole } of capture.exchange) {
        if (dir !== 'to_device' || whole === false || hex === toHex(dropped)) continue
        const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
        const { command, session, replyId, payload, checksum } = decodePacket(
          framing === 'tcp' ? bytes.subarray(8) : bytes,
        )
        if (checksum !== 'right') continue
        expect(toHex(framePacket(framing, { command, session, replyId }, payload))).toBe(hex)
        made += 1
      }
    }
    expect(made).toBeGreaterThan(20)
  })
})

describe('symptom 32: terminal hangs when polled by cron', () => {
  const script: Script = { attendance: log40(5000), people: people72(3), capacity: { records: 5000 } }

  it('the terminal is enabled and the session ended after an error of the caller, and after an abort', async () => {
    await using loopback = await LoopbackTerminal.start(script)
    const aborted = new AbortController()
    const ways: readonly ((terminal: Terminal) => Promise<void>)[] = [
      () => Promise.reject(new RangeError('the caller fails')),
      async (terminal) => {
        for await (const batch of terminal.readAttendance({ signal: aborted.signal })) {
          if (batch.firstIndex === 0) aborted.abort()
        }
      },
    ]
    for (const [i, fail] of ways.entries()) {
      const polled = (async () => {
        await using terminal = await dial(loopback)
        await terminal.power.disable()
        expect(loopback.terminals[i]?.disabled).toBe(true)
        await fail(terminal)
      })()
      expect(await failureOf(polled)).toBeInstanceOf(Error)
      const codes = loopback.terminals[i]?.asked.slice(-2).map(({ code }) => code)
      expect(codes).toEqual([CODES.ENABLEDEVICE, CODES.EXIT])
      expect(loopback.terminals[i]).toMatchObject({ disabled: false, exited: true, buffer: undefined })
    }
    await expect.poll(() => loopback.connections).toBe(0)
  })

  it('the session is ended also after the terminal refused', async () => {
    await using loopback = await LoopbackTerminal.start({
      ...script,
      refuse: { [CODES.GET_TIME]: REPLIES.ACK_ERROR },
    })
    const polled = (async () => {
      await using terminal = await dial(loopback)
      await terminal.readTime()
    })()
    expect(await failureOf(polled)).toMatchObject({ code: 'ZK_REFUSED' })
    expect(loopback.terminals[0]?.exited).toBe(true)
  })
})

describe('symptom 33: a four-byte UDP datagram from anyone kills the process', () => {
  it('datagrams below 8 bytes are ignored', () => {
    const runts = [NO_BYTES, Uint8Array.of(1), Uint8Array.of(1, 2, 3, 4), new Uint8Array(7)]
    const wire = wireWith({}, { spoil: (packet) => [...runts, packet, ...runts] }, 'udp')
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
  })

  it('datagrams from another address are not heard', async () => {
    const stranger = createSocket('udp4')
    const lie = framePacket('udp', { command: REPLIES.ACK_UNAUTH, session: 7, replyId: 0 }, NO_BYTES)
    let lies = 0
    await using peer = await LoopbackDatagrams.start(
      {},
      {
        greet: (_datagram, from) => {
          lies += 1
          stranger.send(lie, from.port, from.address)
          stranger.send(Uint8Array.of(1, 2, 3, 4), from.port, from.address)
          return undefined
        },
      },
    )
    const terminal = await dial(peer, { transport: 'udp' })
    await terminal.ping()
    expect(lies).toBe(2)
    expect(terminal.stats).toMatchObject({ strayReplies: 0, badChecksums: 0 })
    await terminal.close()
    stranger.close()
  })
})

describe('symptom 34: session lost after asking the device state', () => {
  it('the session id is that of the answer to the connect command, whatever other answers have in its place', () => {
    const state = firstOf('state-in-session-field')
    const wire = wireWith({})
    askUntil(wire, u16At(state, 14))
    answerNextWith(wire, [state])
    expect(wire.result(request(readState, undefined)).sessionField).toBe(2)
    expect(wire.client.sessionId).toBe(wire.terminal.session.sessionId)
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
  })
})
