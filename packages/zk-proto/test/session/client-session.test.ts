import { describe, expect, it } from 'vitest'
import { CODES, EVENTS, REPLIES } from '../../src/codes.ts'
import { connectSession } from '../../src/commands/connection.ts'
import { unlockDoor } from '../../src/commands/door.ts'
import { disableTerminal, enableTerminal, readCapacity, readClock } from '../../src/commands/terminal.ts'
import { framePacket } from '../../src/framing.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { ClientSession } from '../../src/session/client-session.ts'
import type { Outcome } from '../../src/session/turns.ts'
import { ask, offer, request, tidyUp } from '../../src/session/procedure.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import { captured, readCapture } from '../support/recorded.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

const NO_BYTES = new Uint8Array(0)

function flip(packet: Uint8Array, at: number): Uint8Array {
  return packet.map((value, i) => (i === at ? value ^ 0x01 : value))
}

/** Lowers the stored checksum by one, as some home-made terminals do. */
function oneLow(packet: Uint8Array): Uint8Array {
  const stored = (packet[10] ?? 0) | ((packet[11] ?? 0) << 8)
  const lower = (stored - 1) & 0xffff
  const changed = packet.slice()
  changed[10] = lower & 0xff
  changed[11] = lower >>> 8
  return changed
}

describe('the session id', () => {
  it('comes from the answer to the connect command and from no other packet', () => {
    const wire = new VirtualWire({
      first: (asked, terminal) => {
        if (asked.code !== CODES.STATE_RRQ) return false
        terminal.session.reply(asked, { code: REPLIES.ACK_OK, sessionField: 2 })
        return true
      },
    }).connected()
    const answer = wire.result(request({ ...readClock, code: CODES.STATE_RRQ }, undefined))
    expect(answer.sessionField).toBe(2)
    expect(wire.client.sessionId).toBe(0x3c5c)
    expect(() => wire.result(ask(readClock, undefined))).not.toThrow()
  })

  it('is 0 in the connect command, also in a second one, and kept by the terminal', () => {
    const wire = new VirtualWire({}).connected()
    wire.result(handshake(0))
    const connects = wire.terminal.asked.filter(({ code }) => code === CODES.CONNECT)
    expect(connects.map(({ sessionId }) => sessionId)).toEqual([0, 0])
  })

  it('is not the state that a real terminal put in its place', () => {
    const [answer = NO_BYTES] = captured(readCapture('state-in-session-field'), 'from_device')
    const client = new ClientSession({ framing: 'tcp', timeouts: DEFAULT_TIMEOUTS })
    client.receive(answer, 0)
    expect(client.sessionId).toBe(0)
    expect(client.stats.strayReplies).toBe(1)
  })
})

describe('reply ids', () => {
  it('begin at 0, count up, and go from 65534 to 0', () => {
    const wire = new VirtualWire({}).connected()
    function* many(): Procedure<void> {
      for (let i = 0; i < 65_536; i += 1) yield* ask(readClock, undefined)
    }
    wire.result(many())
    const ids = wire.terminal.asked.map(({ replyId }) => replyId)
    expect(ids.slice(0, 3)).toEqual([0, 1, 2])
    expect(ids.slice(65_533, 65_537)).toEqual([65_533, 65_534, 0, 1])
  })
})

describe('an answer', () => {
  it('that comes late is not taken for that of the next request', () => {
    const wire = new VirtualWire({
      first: (asked) => asked.code === CODES.GET_FREE_SIZES,
    }).connected()
    expect(wire.run(ask(readCapacity, undefined)).outcome).toMatchObject({ error: { code: 'ZK_TIMEOUT' } })
    const [late] = wire.terminal.asked.filter(({ code }) => code === CODES.GET_FREE_SIZES)
    if (late === undefined) throw new Error('it was asked')
    wire.terminal.ok(late, new Uint8Array(92))
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats.strayReplies).toBe(1)
  })

  it('that is damaged is asked for again under a new reply id, where that does no harm', () => {
    let spoilt = 0
    const wire = new VirtualWire({}).connected()
    wire.faults = {
      spoil: (packet) => {
        spoilt += 1
        return spoilt < 3 ? flip(packet, packet.length - 1) : packet
      },
    }
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats.badChecksums).toBe(2)
    const ids = wire.terminal.asked
      .filter(({ code }) => code === CODES.GET_TIME)
      .map(({ replyId }) => replyId)
    expect(ids).toEqual([1, 2, 3])
  })

  it('that is damaged three times is an error', () => {
    const wire = new VirtualWire({}).connected()
    wire.faults = { spoil: (packet) => flip(packet, packet.length - 1) }
    expect(wire.run(ask(readClock, undefined)).outcome).toMatchObject({
      error: { code: 'ZK_BAD_CHECKSUM', effect: 'unknown', details: { attempts: 3 } },
    })
  })

  it('to a door command that is damaged is an error at once: the door is not opened twice', () => {
    const wire = new VirtualWire({
      first: (asked, terminal) => asked.code === CODES.UNLOCK && (terminal.ok(asked), true),
    }).connected()
    wire.faults = { spoil: (packet) => flip(packet, 8) }
    expect(wire.run(ask(unlockDoor, { delay: 50 })).outcome).toMatchObject({
      error: { code: 'ZK_BAD_CHECKSUM', effect: 'unknown' },
    })
    expect(wire.terminal.count(CODES.UNLOCK)).toBe(1)
  })

  it('whose damaged header names another request is waited for, then asked for again', () => {
    let spoilt = 0
    const wire = new VirtualWire({}).connected()
    wire.faults = {
      spoil: (packet) => {
        spoilt += 1
        return spoilt === 1 ? flip(packet, 14) : packet
      },
    }
    const ran = wire.run(ask(readClock, undefined))
    expect(ran.outcome).toMatchObject({ ok: true })
    expect(ran.tookMs).toBeGreaterThanOrEqual(5000)
  })

  it('that the command does not accept is a refusal with its number, or a protocol error', () => {
    const rows = [
      [REPLIES.ACK_ERROR, 'ZK_REFUSED', 'refused'],
      [4993, 'ZK_REFUSED', 'refused'],
      [REPLIES.ACK_UNKNOWN, 'ZK_UNSUPPORTED', 'refused'],
      [REPLIES.ACK_UNAUTH, 'ZK_CONNECTION_LOST', 'refused'],
      [REPLIES.DATA, 'ZK_UNEXPECTED_REPLY', 'unknown'],
    ] as const
    for (const [replyCode, code, effect] of rows) {
      const wire = new VirtualWire({ refuse: { [CODES.GET_TIME]: replyCode } }).connected()
      expect(wire.run(ask(readClock, undefined)).outcome).toMatchObject({
        ok: false,
        error: { code, effect, details: { command: 'readClock', replyCode } },
      })
    }
  })
})

describe('checksums that are one too low', () => {
  it('are expected throughout when the first answer has one, and verified all the same', () => {
    const wire = new VirtualWire({}, { spoil: (packet) => oneLow(packet) }).connected()
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats.badChecksums).toBe(0)
    wire.faults = { spoil: (packet, n) => (n === 0 ? packet : oneLow(packet)) }
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats.badChecksums).toBe(1)
  })

  it('are wrong when the first answer was right', () => {
    const wire = new VirtualWire({}).connected()
    wire.faults = { spoil: (packet) => oneLow(packet) }
    expect(wire.run(ask(readClock, undefined)).outcome).toMatchObject({ error: { code: 'ZK_BAD_CHECKSUM' } })
  })
})

describe('live events', () => {
  it('are acknowledged at once with the session id and reply id 0, also when none were asked for', () => {
    const wire = new VirtualWire({}).connected()
    wire.terminal.session.sendEvent(EVENTS.ATTLOG, Uint8Array.of(1))
    wire.shuttle()
    expect(wire.events).toEqual([
      { type: 'live', code: EVENTS.ATTLOG, name: 'ATTLOG', payload: Uint8Array.of(1) },
    ])
    wire.shuttle()
    expect(wire.terminal.acknowledged).toBe(1)
  })

  it('do not answer a request that has reply id 0', () => {
    const client = new ClientSession({ framing: 'tcp', timeouts: DEFAULT_TIMEOUTS })
    const outcomes: Outcome<void>[] = []
    client.run(ask(connectSession, undefined), { deadline: 1e9, settled: (o) => outcomes.push(o) }, 0)
    client.receive(framePacket('tcp', { command: CODES.REG_EVENT, session: 1, replyId: 0 }, NO_BYTES), 1)
    expect(outcomes).toEqual([])
    client.receive(framePacket('tcp', { command: REPLIES.ACK_OK, session: 9, replyId: 0 }, NO_BYTES), 2)
    expect(outcomes).toEqual([{ ok: true, value: undefined }])
  })
})

describe('turns', () => {
  const done: string[] = []
  const noting = (name: string) => (): void => {
    done.push(name)
  }

  it('are taken one after the other, each request answered before the next', () => {
    done.length = 0
    const wire = new VirtualWire({}).connected()
    for (const name of ['a', 'b', 'c']) {
      wire.client.run(ask(readClock, undefined), { deadline: 1e9, settled: noting(name) }, wire.now)
    }
    expect(wire.client.takeOutgoing()).toBeDefined()
    expect(wire.client.takeOutgoing()).toBeUndefined()
    while (wire.shuttle());
    expect(done).toEqual([])
  })

  it('go to others between the steps of a long read, but not to a second one', () => {
    done.length = 0
    const wire = new VirtualWire({}).connected()
    function* long(name: string): Procedure<void, string> {
      yield* ask(readClock, undefined)
      yield* offer(name)
      yield* ask(readClock, undefined)
    }
    const offered: string[] = []
    const start = (name: string) =>
      wire.client.run(
        long(name),
        { deadline: 1e9, usesBuffer: true, settled: noting(name), offered: (value) => offered.push(value) },
        wire.now,
      )
    const first = start('first read')
    start('second read')
    while (wire.shuttle());
    wire.client.run(ask(readClock, undefined), { deadline: 1e9, settled: noting('door') }, wire.now)
    while (wire.shuttle());
    expect([offered, done]).toEqual([['first read'], ['door']])
    first.resume(wire.now)
    first.resume(wire.now)
    while (wire.shuttle());
    expect([offered, done]).toEqual([
      ['first read', 'second read'],
      ['door', 'first read'],
    ])
  })

  it('for the buffer are not waited for without end: the error names the read that stands open', () => {
    const wire = new VirtualWire({}).connected()
    function* forever(): Procedure<void, string> {
      yield* offer('x')
    }
    wire.client.run(
      forever(),
      { deadline: Number.POSITIVE_INFINITY, usesBuffer: true, settled: noting('x') },
      0,
    )
    const { outcome, tookMs } = wire.run(ask(readClock, undefined))
    expect(outcome).toMatchObject({ ok: false, error: { code: 'ZK_TIMEOUT', effect: 'none' } })
    expect(String(outcome.ok ? '' : outcome.error)).toMatch(/Another bulk read stands open/)
    expect(tookMs).toBe(60_000)
  })
})

describe('ending early', () => {
  function* careful(): Procedure<void, string> {
    yield* ask(disableTerminal, { seconds: 0 })
    try {
      yield* offer('disabled')
      yield* ask(readClock, undefined)
    } catch (error) {
      yield* tidyUp(enableTerminal, undefined)
      throw error
    }
    yield* ask(enableTerminal, undefined)
  }

  it('cleans up, and settles with the reason', () => {
    const wire = new VirtualWire({}).connected()
    const reason = new Error('enough')
    const ran = wire.run(careful(), { taken: (_value, run) => run.cancel(reason, wire.now) })
    expect(ran.outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_ABORTED', effect: 'none', cause: reason },
    })
    expect(wire.terminal.disabled).toBe(false)
  })

  it('while a request is open says that its effect is unknown, and does not wait for the answer', () => {
    const wire = new VirtualWire({ silentOn: [CODES.GET_TIME] }).connected()
    const outcomes: Outcome<void>[] = []
    const run = wire.client.run(
      careful(),
      { deadline: 1e9, settled: (o) => outcomes.push(o), offered: () => undefined },
      wire.now,
    )
    while (wire.shuttle());
    run.resume(wire.now)
    while (wire.shuttle());
    run.cancel('why', wire.now)
    run.cancel('again', wire.now)
    while (wire.shuttle());
    expect(outcomes).toMatchObject([
      { ok: false, error: { code: 'ZK_ABORTED', effect: 'unknown', details: { command: 'readClock' } } },
    ])
    expect(wire.terminal.disabled).toBe(false)
  })

  it('before the first turn sends nothing', () => {
    const wire = new VirtualWire({ silentOn: [CODES.GET_TIME] }).connected()
    wire.client.run(ask(readClock, undefined), { deadline: 1e9, settled: () => undefined }, wire.now)
    const outcomes: Outcome<unknown>[] = []
    const second = wire.client.run(
      ask(unlockDoor, { delay: 1 }),
      { deadline: 1e9, settled: (o) => outcomes.push(o) },
      wire.now,
    )
    second.cancel(undefined, wire.now)
    expect(outcomes).toMatchObject([{ ok: false, error: { code: 'ZK_ABORTED', effect: 'none' } }])
    while (wire.shuttle());
    expect(wire.terminal.count(CODES.UNLOCK)).toBe(0)
  })

  it('at a deadline is a time-out, in an open request, between steps and while waiting for a turn', () => {
    const wire = new VirtualWire({ silentOn: [CODES.GET_TIME] }).connected()
    const inRequest = wire.run(ask(readClock, undefined), { deadlineMs: 300 })
    expect(inRequest.outcome).toMatchObject({ error: { code: 'ZK_TIMEOUT', effect: 'unknown' } })
    expect(inRequest.tookMs).toBe(300)
    const outcomes: Outcome<void>[] = []
    wire.client.run(careful(), { deadline: wire.now + 200, settled: (o) => outcomes.push(o) }, wire.now)
    while (wire.shuttle());
    wire.wait()
    while (wire.shuttle());
    expect(outcomes).toMatchObject([{ ok: false, error: { code: 'ZK_TIMEOUT', effect: 'none' } }])
    expect(wire.terminal.disabled).toBe(false)
  })

  it('asks nothing more but to clean up', () => {
    const wire = new VirtualWire({}).connected()
    function* stubborn(): Procedure<string, string> {
      try {
        yield* offer('x')
      } catch {
        try {
          yield* ask(readClock, undefined)
        } catch (error) {
          return String(error)
        }
      }
      return 'went on'
    }
    const ran = wire.run(stubborn(), { taken: (_v, run) => run.cancel(undefined, wire.now) })
    expect(ran.outcome).toMatchObject({ ok: true, value: expect.stringMatching(/nothing more is asked/) })
  })

  it('does not wait long for a terminal that ignores the cleaning up', () => {
    const wire = new VirtualWire({ silentOn: [CODES.ENABLEDEVICE] }).connected()
    const ran = wire.run(careful(), { taken: (_v, run) => run.cancel(undefined, wire.now) })
    expect(ran.outcome).toMatchObject({ error: { code: 'ZK_ABORTED' } })
    expect(ran.tookMs).toBeLessThan(2100)
  })
})

describe('a lost connection', () => {
  it('ends the open request, the waiting ones and the one between steps, each once', () => {
    const wire = new VirtualWire({ silentOn: [CODES.GET_TIME] }).connected()
    const outcomes: Record<string, Outcome<unknown>> = {}
    const run = (name: string, procedure: Procedure<unknown, unknown>) =>
      wire.client.run(
        procedure,
        { deadline: 1e9, settled: (o) => Object.assign(outcomes, { [name]: o }) },
        wire.now,
      )
    run('between', offer('x'))
    run('open', ask(readClock, undefined))
    run('waiting', ask(unlockDoor, { delay: 1 }))
    while (wire.shuttle());
    wire.client.detach(undefined, wire.now)
    wire.client.detach(undefined, wire.now)
    expect(outcomes).toMatchObject({
      between: { error: { code: 'ZK_CONNECTION_LOST', effect: 'none' } },
      open: { error: { code: 'ZK_CONNECTION_LOST', effect: 'unknown' } },
      waiting: { error: { code: 'ZK_CONNECTION_LOST', effect: 'none' } },
    })
    run('later', ask(readClock, undefined))
    expect(outcomes['later']).toMatchObject({ error: { code: 'ZK_CONNECTION_LOST', effect: 'none' } })
    expect(wire.client.wakeAt).toBeUndefined()
  })

  it('makes every further request of a procedure fail at once', () => {
    const wire = new VirtualWire({}).connected()
    function* tidy(): Procedure<number> {
      let failures = 0
      for (let i = 0; i < 3; i += 1) {
        try {
          yield* ask(readClock, undefined)
        } catch {
          failures += 1
        }
      }
      return failures
    }
    wire.client.detach(undefined, 0)
    expect(wire.run(offer(1)).outcome).toMatchObject({ ok: false })
    const client = new ClientSession({ framing: 'tcp', timeouts: DEFAULT_TIMEOUTS })
    const outcomes: Outcome<number>[] = []
    client.run(tidy(), { deadline: 1e9, settled: (o) => outcomes.push(o) }, 0)
    client.detach(undefined, 1)
    expect(outcomes).toEqual([{ ok: true, value: 3 }])
  })
})

describe('what is no terminal', () => {
  it.each([
    ['a C3 panel', captured(readCapture('notzk-c3-panel'), 'from_device')[0] ?? NO_BYTES, 'ZK_PULL_PANEL'],
    ['a web server', new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n'), 'ZK_NOT_A_TERMINAL'],
    ['a shell', new TextEncoder().encode('SSH-2.0-OpenSSH'), 'ZK_NOT_A_TERMINAL'],
  ])('is called so: %s', (_name, bytes, code) => {
    const client = new ClientSession({ framing: 'tcp', timeouts: DEFAULT_TIMEOUTS })
    const outcomes: Outcome<void>[] = []
    client.run(handshake(0), { deadline: 1e9, settled: (o) => outcomes.push(o) }, 0)
    client.receive(bytes, 1)
    expect(outcomes).toMatchObject([{ ok: false, error: { code } }])
    expect(client.takeEvent()).toMatchObject({ type: 'broken', error: { code } })
    client.receive(bytes, 2)
    expect(client.takeEvent()).toBeUndefined()
  })
})

describe('time', () => {
  it('that is told early or twice changes nothing', () => {
    const wire = new VirtualWire({}).connected()
    const outcomes: Outcome<unknown>[] = []
    wire.client.run(ask(readClock, undefined), { deadline: 1e9, settled: (o) => outcomes.push(o) }, wire.now)
    wire.client.tick(wire.now)
    wire.client.tick(wire.now + 4999)
    expect(outcomes).toEqual([])
    wire.client.tick(wire.now + 5000)
    wire.client.tick(wire.now + 5000)
    expect(outcomes).toHaveLength(1)
  })

  it('to answer is longer for preparing a bulk read, and begins again with each byte of an answer', () => {
    const wire = new VirtualWire({ silentOn: [CODES.GET_TIME] }).connected()
    const prepare = { ...readClock, patience: 'prepare' } as const
    expect(wire.run(ask(prepare, undefined)).tookMs).toBe(15_000)
  })

  it('does not stretch for a terminal that trickles without end', () => {
    const client = new ClientSession({ framing: 'tcp', timeouts: DEFAULT_TIMEOUTS })
    const outcomes: Outcome<unknown>[] = []
    client.run(ask(readClock, undefined), { deadline: 1e9, settled: (o) => outcomes.push(o) }, 0)
    const packet = framePacket('tcp', { command: 2000, session: 0, replyId: 9 }, new Uint8Array(1000))
    for (let i = 0; i < 200 && outcomes.length === 0; i += 1) {
      const now = i * 9000
      client.receive(packet.subarray(i, i + 1), now)
      client.tick(now)
    }
    expect(outcomes).toMatchObject([{ ok: false, error: { code: 'ZK_TIMEOUT' } }])
  })
})

describe('a datagram', () => {
  it('is one packet; one that is too short to be any is ignored', () => {
    const client = new ClientSession({ framing: 'udp', timeouts: DEFAULT_TIMEOUTS })
    const outcomes: Outcome<void>[] = []
    client.run(handshake(0), { deadline: 1e9, settled: (o) => outcomes.push(o) }, 0)
    const [connect = NO_BYTES] = captured(readCapture('hs-udp-connect-exit'), 'to_device')
    expect(client.takeOutgoing()).toEqual(connect)
    client.receive(Uint8Array.of(1, 2, 3, 4), 1)
    const [greeting = NO_BYTES] = captured(readCapture('hs-udp-connect-exit'), 'from_device')
    client.receive(greeting, 2)
    expect(outcomes).toEqual([{ ok: true, value: undefined }])
  })
})
