// The rows of the catalogue of symptoms that concern reaching a terminal, and what is said where that fails, each under its
// number and in its users' words.
import { describe, expect, it } from 'vitest'
import { CODES } from '../../src/codes.ts'
import { readClock } from '../../src/commands/terminal.ts'
import { ZkError } from '../../src/errors.ts'
import { probe } from '../../src/probe.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { ask } from '../../src/session/procedure.ts'
import { BackOff, pause } from '../../src/transport/back-off.ts'
import type { RetryOptions } from '../../src/transport/back-off.ts'
import { LoopbackDatagrams } from '../support/loopback-datagrams.ts'
import { LoopbackTerminal } from '../support/loopback-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import { firstOf, wireWith, HOST, QUICK, dial, failureOf } from './replayed.ts'

const NO_BYTES = new Uint8Array(0)
describe('symptom 5: connect: "timed out", "can\'t reach device (ping ...)", connection reset, broken pipe', () => {
  it('nobody there, silent, not a terminal and busy are four errors', async () => {
    const gone = await LoopbackTerminal.start({})
    await gone[Symbol.asyncDispose]()
    expect(await failureOf(dial(gone))).toMatchObject({
      code: 'ZK_CONNECT_FAILED',
      details: { reason: 'refused_connection' },
    })
    await using silent = await LoopbackTerminal.start({ silentOn: [CODES.CONNECT] })
    expect(await failureOf(dial(silent, { timeouts: QUICK }))).toMatchObject({
      code: 'ZK_TIMEOUT',
      details: { reason: 'silent' },
    })
    await using mail = await LoopbackTerminal.start({}, (socket) =>
      socket.resume().write('220 mail ready\r\n'),
    )
    expect(await failureOf(dial(mail))).toMatchObject({ code: 'ZK_NOT_A_TERMINAL' })
    await using busy = await LoopbackTerminal.start({}, (socket) => {
      socket.end()
      return true
    })
    expect(await failureOf(dial(busy))).toMatchObject({ code: 'ZK_BUSY' })
  })

  it('nobody was reached: connecting tries again, a bounded number of times', async () => {
    let connections = 0
    await using busy = await LoopbackTerminal.start({}, (socket) => {
      connections += 1
      if (connections <= 2) socket.end()
      return connections <= 2
    })
    const retry = { attempts: 3, firstPauseMs: 1 }
    const terminal = await dial(busy, { retry })
    await terminal.ping()
    await terminal.close()
    expect(connections).toBe(3)
    const gone = await LoopbackTerminal.start({})
    await gone[Symbol.asyncDispose]()
    expect(await failureOf(dial(gone, { retry }))).toMatchObject({ code: 'ZK_CONNECT_FAILED' })
    connections = 0
    expect(await failureOf(dial(busy, { retry: { ...retry, attempts: 2 } }))).toMatchObject({
      code: 'ZK_BUSY',
    })
    expect(connections).toBe(2)
  })

  it.each<[string, Script, number, Uint8Array | undefined, string]>([
    ['a key was refused', { commKey: 5 }, 6, undefined, 'ZK_KEY_WRONG'],
    ['a key is wanted', { commKey: 5 }, 0, undefined, 'ZK_KEY_REQUIRED'],
    ['clients are refused', { refuse: { [CODES.CONNECT]: 4000 } }, 0, undefined, 'ZK_CLIENTS_REFUSED'],
    ['no answer to the key comes', { commKey: 5, silentOn: [CODES.AUTH] }, 5, undefined, 'ZK_TIMEOUT'],
    ['it is no terminal', {}, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 'ZK_NOT_A_TERMINAL'],
  ])('does not try again when %s', async (_what, script, commKey, greeting, code) => {
    let connections = 0
    await using peer = await LoopbackTerminal.start(script, (socket) => {
      connections += 1
      if (greeting !== undefined) socket.resume().write(greeting)
      return greeting !== undefined
    })
    const failure = await failureOf(
      dial(peer, { commKey, timeouts: QUICK, retry: { attempts: 9, firstPauseMs: 1 } }),
    )
    expect(failure).toMatchObject({ code })
    expect(connections).toBe(1)
  })

  it('the pauses grow to a limit, can be ended by a signal, and must be pauses', async () => {
    const backOff = new BackOff({ attempts: 6, firstPauseMs: 100, longestPauseMs: 500 })
    expect(Array.from({ length: 6 }, () => backOff.next())).toEqual([100, 200, 400, 500, 500, undefined])
    backOff.reset()
    expect([backOff.next(), backOff.failed]).toEqual([100, 1])
    const wrong: readonly RetryOptions[] = [
      { attempts: 0 },
      { attempts: 1.5 },
      { attempts: 2, firstPauseMs: -1 },
      { attempts: 2, firstPauseMs: 10, longestPauseMs: 5 },
      { attempts: 2, longestPauseMs: Number.POSITIVE_INFINITY },
    ]
    for (const retry of wrong)
      expect(await failureOf(dial({ port: 1 }, { retry }))).toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    const gone = await LoopbackTerminal.start({})
    await gone[Symbol.asyncDispose]()
    const leaving = new AbortController()
    const retry = { attempts: Number.POSITIVE_INFINITY, firstPauseMs: 600_000, longestPauseMs: 600_000 }
    const waiting = failureOf(dial(gone, { retry, signal: leaving.signal }))
    await new Promise((resolve) => setImmediate(resolve))
    leaving.abort(new Error('enough'))
    expect(await waiting).toMatchObject({ code: 'ZK_ABORTED', effect: 'none' })
    expect(await failureOf(pause(600_000, leaving.signal))).toMatchObject({ code: 'ZK_ABORTED' })
  })

  it.each<[string, Script, Uint8Array | 'end' | undefined, number | undefined, string]>([
    ['a terminal', { commKey: 5 }, undefined, 5, 'terminal'],
    ['a terminal that wants a key', { commKey: 5 }, undefined, undefined, 'key_wanted'],
    ['a terminal with another key', { commKey: 5 }, undefined, 6, 'key_wrong'],
    [
      'a firmware that serves no clients',
      { refuse: { [CODES.CONNECT]: 4000 } },
      undefined,
      0,
      'clients_refused',
    ],
    ['silence', { silentOn: [CODES.CONNECT] }, undefined, 0, 'silent'],
    ['a panel of another protocol', {}, firstOf('notzk-c3-panel'), 0, 'pull_panel'],
    ['something else', {}, new TextEncoder().encode('220 mail ready\r\n'), 0, 'not_a_terminal'],
    ['a terminal that serves somebody else', {}, 'end', 0, 'busy'],
  ])('a probe says which: %s', async (_what, script, greeting, commKey, finding) => {
    const options = { host: HOST, timeouts: QUICK, ...(commKey === undefined ? {} : { commKey }) }
    await using tcp = await LoopbackTerminal.start(script, (socket) => {
      if (greeting === 'end') socket.resume().end()
      else if (greeting !== undefined) socket.resume().write(greeting)
      return greeting !== undefined
    })
    const found = await probe({ ...options, port: tcp.port })
    expect(found).toMatchObject({
      host: HOST,
      port: tcp.port,
      tcp: { finding },
      udp: { finding: 'refused_connection', error: { code: 'ZK_CONNECT_FAILED' } },
      transport: finding === 'terminal' ? 'tcp' : undefined,
    })
    expect(found.tcp.error === undefined).toBe(finding === 'terminal')
    await expect.poll(() => tcp.connections).toBe(0)
    expect(tcp.terminals.every(({ exited }) => exited === (finding === 'terminal'))).toBe(true)
    if (greeting === 'end') return
    const greet = greeting === undefined ? {} : { greet: () => [greeting] }
    await using udp = await LoopbackDatagrams.start(script, greet)
    expect(await probe({ ...options, port: udp.port })).toMatchObject({
      tcp: { finding: 'refused_connection' },
      udp: { finding },
      transport: finding === 'terminal' ? 'udp' : undefined,
    })
  })

  it('a probe tells a host without a name, never throws for what it finds, and can be ended', async () => {
    const nowhere = await probe({ host: 'no-such-terminal.invalid', timeouts: { connectMs: 20_000 } })
    for (const { finding, error } of [nowhere.tcp, nowhere.udp]) {
      expect(['name_not_found', 'silent', 'failed']).toContain(finding)
      expect(error).toBeInstanceOf(ZkError)
    }
    await expect(probe({ host: '' })).rejects.toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    await using silent = await LoopbackTerminal.start({ silentOn: [CODES.CONNECT] })
    const leaving = new AbortController()
    const probing = failureOf(probe({ host: HOST, port: silent.port, signal: leaving.signal }))
    await expect.poll(() => silent.connections).toBe(1)
    leaving.abort()
    expect(await probing).toMatchObject({ code: 'ZK_ABORTED' })
  })

  it('over UDP a connect command that is lost is repeated, a few times and with longer and longer pauses', () => {
    const sentAt: number[] = []
    const wire = new VirtualWire(
      { silentOn: [CODES.CONNECT] },
      {
        framing: 'udp',
        spoilRequests: (packet) => {
          sentAt.push(wire.now)
          return packet
        },
      },
    )
    expect(wire.run(handshake(0)).outcome).toMatchObject({ ok: false, error: { code: 'ZK_TIMEOUT' } })
    const pauses = sentAt.slice(1).map((at, i) => at - (sentAt[i] ?? 0))
    expect(pauses.length).toBeGreaterThan(1)
    expect(pauses.length).toBeLessThan(10)
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(pauses.at(-1)).toBeGreaterThan(pauses[0] ?? 0)
  })
})

describe('symptom 18: "unpack(): Type H: not enough input, need 1, have 0"', () => {
  it('no answer is its own error, with the address and the command', async () => {
    await using peer = await LoopbackDatagrams.start({ silentOn: [CODES.CONNECT] })
    const failure = await failureOf(dial(peer, { transport: 'udp', timeouts: QUICK }))
    expect(failure).toMatchObject({
      code: 'ZK_TIMEOUT',
      details: { host: HOST, port: peer.port },
      cause: { code: 'ZK_TIMEOUT', details: { command: 'connectSession' } },
    })
    expect(String(failure)).toContain(`${HOST}:${peer.port}`)
    const wire = wireWith({}, { spoil: () => NO_BYTES }, 'udp')
    expect(wire.run(ask(readClock, undefined)).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_TIMEOUT', details: { command: 'readClock', bytesReceived: 0 } },
    })
    expect(wire.client.stats.runts).toBeGreaterThan(0)
  })

  it.each(['tcp', 'udp'] as const)('of a call on an open session too, over %s', async (transport) => {
    const script: Script = { silentOn: [CODES.GET_TIME] }
    await using peer =
      transport === 'tcp' ? await LoopbackTerminal.start(script) : await LoopbackDatagrams.start(script)
    const terminal = await dial(peer, { transport, timeouts: { ...QUICK, connectMs: 5000 } })
    const failure = await failureOf(terminal.readTime())
    expect(failure).toMatchObject({
      code: 'ZK_TIMEOUT',
      details: { host: HOST, port: peer.port, command: 'readClock' },
    })
    expect(String(failure)).toContain(`${HOST}:${peer.port}: No answer to readClock`)
    await terminal.close()
  })

  it('and of a connection that is lost in a call or in a read', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.GET_TIME, CODES.DATA_WRRQ] })
    const terminal = await dial(loopback)
    const calls = [terminal.readTime(), terminal.readAttendance()[Symbol.asyncIterator]().next()]
    await expect.poll(() => loopback.terminals[0]?.count(CODES.GET_TIME)).toBe(1)
    const failures = calls.map(failureOf)
    loopback.cut()
    for (const failure of failures) {
      expect(await failure).toMatchObject({
        code: 'ZK_CONNECTION_LOST',
        details: { host: HOST, port: loopback.port },
      })
    }
    await terminal.close()
  })

  it('an empty datagram is no answer: it is counted, and the answer that follows is taken', async () => {
    const wire = wireWith({}, { spoil: (packet) => [NO_BYTES, packet] }, 'udp')
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats).toMatchObject({ runts: 1, strayReplies: 0, badChecksums: 0 })
  })
})
