// Who may ask what: the session states of protocol chapter 26.3, over TCP and UDP, with a client that has no opinions.
import { CODES, REPLIES, scrambleCommKey } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { profileNamed } from '../src/profile.ts'
import { startTerminal } from '../src/simulated-terminal.ts'
import { RawClient, type Received } from './support/raw-client.ts'

const KEY = 123_456
const NAME = new TextEncoder().encode('~SerialNumber')

const code = ({ command }: Received): number => command

describe.each(['tcp', 'udp'] as const)('a client over %s', (transport) => {
  it('is let in without a key where there is none, keeps its session when it connects again, and leaves', async () => {
    await using terminal = await startTerminal({ firstSessionId: 0x1234 })
    await using client = await RawClient[transport](terminal.port)
    const first = await client.ask({ command: CODES.CONNECT })
    expect([first.command, first.session, first.replyId]).toEqual([REPLIES.ACK_OK, 0x1234, 0])
    const again = await client.ask({ command: CODES.CONNECT, session: first.session, replyId: 7 })
    expect([again.command, again.session, again.replyId]).toEqual([REPLIES.ACK_OK, 0x1234, 7])
    const option = await client.ask({
      command: CODES.OPTIONS_RRQ,
      session: 0x1234,
      replyId: 8,
      payload: NAME,
    })
    expect(Buffer.from(option.payload).toString('latin1')).toBe(
      `~SerialNumber=${terminal.memory.serialNumber}\0`,
    )
    const exit = await client.ask({ command: CODES.EXIT, session: 0x1234, replyId: 9 })
    expect([exit.command, exit.session]).toEqual([REPLIES.ACK_OK, 0x1234])
    expect(terminal.stats.sessions).toMatchObject([{ transport, endedBy: 'exit' }])
    expect(code(await client.ask({ command: CODES.GET_TIME, session: 0x1234 }))).toBe(REPLIES.ACK_UNAUTH)
  })

  it('gets nothing before the right key: not by another command, not by a wrong or short key', async () => {
    await using terminal = await startTerminal({ commKey: KEY })
    await using client = await RawClient[transport](terminal.port)
    const { command, session } = await client.ask({ command: CODES.CONNECT })
    expect(command).toBe(REPLIES.ACK_UNAUTH)
    const ask = async (command: number, payload: Uint8Array = new Uint8Array(0)): Promise<number> =>
      code(await client.ask({ command, session, payload }))
    expect(await ask(CODES.GET_TIME)).toBe(REPLIES.ACK_UNAUTH)
    expect(await ask(CODES.CLEAR_ATTLOG)).toBe(REPLIES.ACK_UNAUTH)
    expect(await ask(CODES.AUTH, scrambleCommKey(KEY + 1, session))).toBe(REPLIES.ACK_UNAUTH)
    expect(await ask(CODES.AUTH, scrambleCommKey(KEY, session).subarray(0, 3))).toBe(REPLIES.ACK_UNAUTH)
    expect(await ask(CODES.GET_TIME)).toBe(REPLIES.ACK_UNAUTH)
    expect(await ask(CODES.CONNECT)).toBe(REPLIES.ACK_UNAUTH)
    expect(await ask(CODES.AUTH, scrambleCommKey(KEY, session, 99))).toBe(REPLIES.ACK_OK)
    expect(await ask(CODES.GET_TIME)).toBe(REPLIES.ACK_OK)
    expect(terminal.memory.log.count).toBe(1_000)
  })

  it('is refused with the session id of somebody else, unless the model ignores it', async () => {
    const typical = profileNamed('typical')
    for (const [foreignSessionId, answer] of [
      ['refuse', REPLIES.ACK_UNAUTH],
      ['ignore', REPLIES.ACK_OK],
    ] as const) {
      await using terminal = await startTerminal({ profile: { ...typical, foreignSessionId } })
      await using client = await RawClient[transport](terminal.port)
      const { session } = await client.ask({ command: CODES.CONNECT })
      expect(code(await client.ask({ command: CODES.GET_TIME, session: session ^ 1 }))).toBe(answer)
    }
  })

  it('may say goodbye without a session, and nothing else', async () => {
    await using terminal = await startTerminal()
    await using client = await RawClient[transport](terminal.port)
    expect(code(await client.ask({ command: CODES.GET_VERSION }))).toBe(REPLIES.ACK_UNAUTH)
    expect(code(await client.ask({ command: CODES.EXIT }))).toBe(REPLIES.ACK_OK)
  })

  it('is told 65535 of a command that nobody knows, and 2001 of data that is too short', async () => {
    await using terminal = await startTerminal()
    await using client = await RawClient[transport](terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    expect(code(await client.ask({ command: 1_700, session }))).toBe(REPLIES.ACK_UNKNOWN)
    expect(code(await client.ask({ command: CODES.SET_TIME, session, payload: Uint8Array.of(1) }))).toBe(
      REPLIES.ACK_ERROR,
    )
    expect(terminal.stats.requests).toMatchObject({ 'command 1700': 1, writeClock: 1 })
  })

  it('is dropped without a word for a wrong checksum, and counted', async () => {
    await using terminal = await startTerminal()
    await using client = await RawClient[transport](terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    client.sendWrongChecksum({ command: CODES.GET_TIME, session, replyId: 1 })
    const next = await client.ask({ command: CODES.GET_VERSION, session, replyId: 2 })
    expect(next.replyId).toBe(2)
    expect(terminal.stats.badChecksums).toBe(1)
  })

  it.each([
    ['accept', REPLIES.ACK_OK],
    ['refuse', REPLIES.ACK_ERROR],
  ] as const)('meets a model that is told to %s wrong checksums', async (checksums, answer) => {
    await using terminal = await startTerminal({ profile: { ...profileNamed('typical'), checksums } })
    await using client = await RawClient[transport](terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    const next = client.received.length
    client.sendWrongChecksum({ command: CODES.GET_TIME, session, replyId: 1 })
    expect(code(await client.nth(next))).toBe(answer)
    expect(terminal.stats.badChecksums).toBe(1)
  })
})

describe('what a session leaves behind', () => {
  it('is freed when the connection just ends: the terminal works again, buffer and disabling are counted', async () => {
    await using terminal = await startTerminal()
    const client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    await client.ask({ command: CODES.DISABLEDEVICE, session })
    expect(terminal.hand.present('1001')).toBeUndefined()
    await client.ask({
      command: CODES.DATA_WRRQ,
      session,
      payload: Uint8Array.of(1, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    })
    await client[Symbol.asyncDispose]()
    await expect.poll(() => terminal.stats.openSessions).toBe(0)
    expect(terminal.stats.sessions).toMatchObject([
      { endedBy: 'closed', bufferNotFreed: true, leftDisabled: true },
    ])
    expect([terminal.stats.buffersNotFreed, terminal.stats.leftDisabled]).toEqual([1, 1])
    expect(terminal.memory.isEnabled).toBe(true)
  })

  it('stays where the model leaves a terminal disabled', async () => {
    const profile = { ...profileNamed('typical'), enablesOnSessionEnd: false }
    await using terminal = await startTerminal({ profile })
    await using client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    await client.ask({ command: CODES.DISABLEDEVICE, session })
    await client.ask({ command: CODES.EXIT, session })
    expect(terminal.memory.isEnabled).toBe(false)
  })

  it('ends by itself when nothing is heard of the client', async () => {
    const profile = { ...profileNamed('typical'), idleMs: 40 }
    await using terminal = await startTerminal({ profile })
    await using overTcp = await RawClient.tcp(terminal.port)
    await overTcp.ask({ command: CODES.CONNECT })
    await using overUdp = await RawClient.udp(terminal.port)
    await overUdp.ask({ command: CODES.CONNECT })
    await overTcp.untilClosed()
    await expect.poll(() => terminal.stats.sessions.map(({ endedBy }) => endedBy)).toEqual(['idle', 'idle'])
  })
})

describe('more clients than the model serves', () => {
  it('are turned away, and let in once another has said goodbye', async () => {
    await using terminal = await startTerminal({ profile: 'strict' })
    await using first = await RawClient.tcp(terminal.port)
    const { session } = await first.ask({ command: CODES.CONNECT })
    await using second = await RawClient.tcp(terminal.port)
    await second.untilClosed()
    expect(terminal.stats.connectionsRefused).toBe(1)
    await first.ask({ command: CODES.EXIT, session })
    await using third = await RawClient.tcp(terminal.port)
    expect(code(await third.ask({ command: CODES.CONNECT }))).toBe(REPLIES.ACK_OK)
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
  })
})

describe('datagrams of strangers', () => {
  it('keep nobody out, however many there are', async () => {
    await using terminal = await startTerminal({ profile: 'old' })
    const strangers = await Promise.all(Array.from({ length: 100 }, () => RawClient.udp(terminal.port)))
    for (const stranger of strangers)
      expect(code(await stranger.ask({ command: CODES.GET_TIME }))).toBe(REPLIES.ACK_UNAUTH)
    for (const stranger of strangers)
      expect(code(await stranger.ask({ command: CODES.EXIT }))).toBe(REPLIES.ACK_OK)
    for (const client of strangers.slice(0, 4))
      expect(code(await client.ask({ command: CODES.CONNECT }))).toBe(REPLIES.ACK_OK)
    expect(terminal.stats.openSessions).toBe(4)
    expect(terminal.stats.connectionsRefused).toBe(0)
    for (const stranger of strangers) await stranger[Symbol.asyncDispose]()
  })
})

describe('requests that wait', () => {
  it('are no more than a client may have in flight: one that sends and never reads is cut off', async () => {
    await using terminal = await startTerminal({ paceMs: 60_000 })
    await using client = await RawClient.tcp(terminal.port)
    await client.ask({ command: CODES.CONNECT })
    const payload = new Uint8Array(65_536)
    for (let count = 0; count < 300; count++) client.send({ command: CODES.DATA, payload })
    await client.untilClosed()
    expect(terminal.stats.openSessions).toBe(0)
  })
})

describe('a cut over UDP', () => {
  it('is silence, and the session is gone', async () => {
    await using terminal = await startTerminal({ faults: { cut: 20 } })
    await using client = await RawClient.udp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    client.send({ command: CODES.GET_TIME, session, replyId: 1 })
    await expect.poll(() => terminal.stats.sessions).toMatchObject([{ endedBy: 'closed' }])
    expect(code(await client.ask({ command: CODES.GET_TIME, session, replyId: 2 }))).toBe(REPLIES.ACK_UNAUTH)
  })
})

describe('bytes that are no packet', () => {
  it('end a TCP connection', async () => {
    await using terminal = await startTerminal()
    await using client = await RawClient.tcp(terminal.port)
    client.sendBytes(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))
    await client.untilClosed()
    expect(terminal.stats.badFrames).toBe(1)
  })

  it('are ignored as a datagram', async () => {
    await using terminal = await startTerminal()
    await using client = await RawClient.udp(terminal.port)
    client.sendBytes(Uint8Array.of(1, 2, 3, 4))
    expect(code(await client.ask({ command: CODES.CONNECT }))).toBe(REPLIES.ACK_OK)
    expect(terminal.stats.badFrames).toBe(1)
  })
})
