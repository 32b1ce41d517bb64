import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CODES } from '../src/codes.ts'
import { connect } from '../src/connect.ts'
import type { ConnectOptions, ConnectStep } from '../src/connect.ts'
import { captured, readCapture } from './support/recorded.ts'
import { LoopbackDatagrams } from './support/loopback-datagrams.ts'
import type { DatagramOptions } from './support/loopback-datagrams.ts'
import { LoopbackTerminal } from './support/loopback-terminal.ts'
import type { Script } from './support/scripted-terminal.ts'

/** For peers that stay silent; the others have all the time they need. */
const QUICK = { connectMs: 1000, replyMs: 1000, prepareMs: 1000, transferIdleMs: 1000 }
const HOST = '127.0.0.1'

const [PANEL = new Uint8Array(0)] = captured(readCapture('notzk-c3-panel'), 'from_device')
const MAIL = new TextEncoder().encode('220 mail ready\r\n')
const SHORT = Uint8Array.of(1, 2, 3)

/** A port on which nothing listens, over neither transport. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, HOST, resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return port
}

/** A peer of either kind that follows a script or only says `greeting`; and the connection to it. */
async function dial(
  transport: 'tcp' | 'udp',
  script: Script,
  greeting: Uint8Array | undefined,
  options: Partial<ConnectOptions> = {},
): Promise<unknown> {
  const silent = greeting !== undefined || script.silentOn !== undefined
  const target = { host: HOST, transport, timeouts: silent ? QUICK : {}, ...options }
  if (transport === 'udp') {
    const greet = greeting === undefined ? undefined : (): Uint8Array[] => [greeting]
    const datagrams: DatagramOptions = greet === undefined ? {} : { greet }
    await using peer = await LoopbackDatagrams.start(script, datagrams)
    return await failureOf(connect({ ...target, port: peer.port }))
  }
  await using peer = await LoopbackTerminal.start(script, (socket) => {
    if (greeting !== undefined) socket.resume().write(greeting)
    return greeting !== undefined
  })
  const failure = await failureOf(connect({ ...target, port: peer.port }))
  await expect.poll(() => peer.connections).toBe(0)
  return failure
}

/** What connecting fails with; undefined, and the terminal is let go, when it does not. */
function failureOf(connecting: ReturnType<typeof connect>): Promise<unknown> {
  return connecting.then(
    (terminal) => terminal.close(),
    (error: unknown) => error,
  )
}

describe.each(['tcp', 'udp'] as const)('over %s, connecting tells', (transport) => {
  it('a port on which nothing listens', async () => {
    const port = await freePort()
    const failure = await failureOf(connect({ host: HOST, port, transport, timeouts: QUICK }))
    expect(failure).toMatchObject({
      name: 'ZkTransportError',
      code: 'ZK_CONNECT_FAILED',
      effect: 'none',
      details: { host: HOST, port, reason: 'refused_connection', system: 'ECONNREFUSED' },
    })
  })

  it.each<[string, Script, Uint8Array | undefined, number, object]>([
    [
      'silence',
      { silentOn: [CODES.CONNECT] },
      undefined,
      0,
      { code: 'ZK_TIMEOUT', effect: 'none', details: { reason: 'silent' } },
    ],
    ['a key that is wanted', { commKey: 5 }, undefined, 0, { code: 'ZK_KEY_REQUIRED', effect: 'refused' }],
    ['a wrong key', { commKey: 5 }, undefined, 6, { code: 'ZK_KEY_WRONG', effect: 'refused' }],
    [
      'a firmware that serves no clients',
      { refuse: { [CODES.CONNECT]: 4000 } },
      undefined,
      0,
      { code: 'ZK_CLIENTS_REFUSED', effect: 'refused', details: { replyCode: 4000 } },
    ],
    ['a C3 or inBio panel', {}, PANEL, 0, { code: 'ZK_PULL_PANEL', effect: 'none' }],
    ['something that is no terminal', {}, MAIL, 0, { code: 'ZK_NOT_A_TERMINAL', effect: 'none' }],
  ])('%s', async (_what, script, greeting, commKey, failure) => {
    expect(await dial(transport, script, greeting, { commKey })).toMatchObject(failure)
  })

  it('nothing of the kind where there is a terminal', async () => {
    expect(await dial(transport, { commKey: 5 }, undefined, { commKey: 5 })).toBeUndefined()
  })

  it('that it was aborted', async () => {
    const reason = new Error('changed my mind')
    const controller = new AbortController()
    setImmediate(() => controller.abort(reason))
    const { signal } = controller
    const failure = await dial(transport, { silentOn: [CODES.CONNECT] }, undefined, {
      signal,
      timeouts: { connectMs: 60_000 },
    })
    expect(failure).toMatchObject({ code: 'ZK_ABORTED', cause: reason })
  })
})

describe('over udp', () => {
  it('what is too short to be a packet is no terminal either, and a damaged first answer is no stranger', async () => {
    expect(await dial('udp', {}, SHORT)).toMatchObject({
      code: 'ZK_NOT_A_TERMINAL',
      details: { head: '010203' },
    })
    let damaged = 0
    await using peer = await LoopbackDatagrams.start(
      {},
      {
        lose: (packet, n) => {
          if (n === 0) packet[2] = (packet[2] ?? 0) ^ 0xff
          damaged += n === 0 ? 1 : 0
          return false
        },
      },
    )
    const terminal = await connect({ host: HOST, port: peer.port, transport: 'udp' })
    expect([damaged, terminal.stats.badChecksums]).toEqual([1, 1])
    await terminal.close()
  })
})

describe('options that cannot be meant', () => {
  it.each<[string, object]>([
    ['no host', { host: undefined }],
    ['an empty host', { host: '' }],
    ['a transport of another name', { transport: 'TCP' }],
    ['a port that is none', { port: 65_536 }],
    ['a time-out that no timer can be set to', { timeouts: { connectMs: Number.POSITIVE_INFINITY } }],
    ['a time-out that is no number', { timeouts: { replyMs: Number.NaN } }],
  ])('are refused before anything is sent: %s', async (_, wrong) => {
    const options = { host: HOST, ...wrong } as ConnectOptions
    await expect(connect(options)).rejects.toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
  })
})

describe('without a word on the transport, connecting', () => {
  it('takes TCP where it is served', async () => {
    await using peer = await LoopbackTerminal.start({})
    const terminal = await connect({ host: HOST, port: peer.port })
    expect(terminal.transport).toBe('tcp')
    await terminal.close()
  })

  it('takes UDP where TCP is refused, and begins with it the next time', async () => {
    await using peer = await LoopbackDatagrams.start({})
    for (const time of ['first', 'second']) {
      const terminal = await connect({ host: HOST, port: peer.port })
      expect([time, terminal.transport]).toEqual([time, 'udp'])
      await terminal.close()
    }
    let dialled = 0
    await using tcp = createServer((socket) => {
      dialled += 1
      socket.destroy()
    }).listen(peer.port, HOST)
    const terminal = await connect({ host: HOST, port: peer.port })
    expect([tcp.listening, terminal.transport, dialled]).toEqual([true, 'udp', 0])
    await terminal.close()
  })

  it('takes UDP where TCP is silent, and TCP again when UDP has fallen silent', async () => {
    const script: Script = { silentOn: [CODES.CONNECT] }
    await using tcp = await LoopbackTerminal.start(script)
    const target = { host: HOST, port: tcp.port, timeouts: QUICK }
    {
      await using datagrams = await LoopbackDatagrams.start({}, { port: tcp.port })
      const terminal = await connect(target)
      expect([terminal.transport, datagrams.terminals.length]).toEqual(['udp', 1])
      await terminal.close()
    }
    await tcp[Symbol.asyncDispose]()
    await using speaking = await LoopbackTerminal.start({}, undefined, tcp.port)
    const terminal = await connect(target)
    expect([terminal.transport, speaking.terminals.length]).toEqual(['tcp', 1])
    await terminal.close()
  })

  it('asks no second time where a terminal has answered, be it with no', async () => {
    await using tcp = await LoopbackTerminal.start({ commKey: 5 })
    await using datagrams = await LoopbackDatagrams.start({}, { port: tcp.port })
    await expect(connect({ host: HOST, port: tcp.port, commKey: 6 })).rejects.toMatchObject({
      code: 'ZK_KEY_WRONG',
    })
    expect(datagrams.terminals).toHaveLength(0)
  })

  it('tells of both where neither is there, and of the second where that one answers', async () => {
    const port = await freePort()
    const failure = await failureOf(connect({ host: HOST, port, timeouts: QUICK }))
    expect(failure).toMatchObject({
      code: 'ZK_CONNECT_FAILED',
      effect: 'none',
      details: { reason: 'refused_connection' },
    })
    expect(String(failure)).toContain('over UDP neither')
    await using silent = await LoopbackDatagrams.start({ silentOn: [CODES.CONNECT] })
    expect(String(await failureOf(connect({ host: HOST, port: silent.port, timeouts: QUICK })))).toContain(
      'over UDP nothing answers',
    )
    await using locked = await LoopbackDatagrams.start({ commKey: 5 })
    await expect(connect({ host: HOST, port: locked.port })).rejects.toMatchObject({
      code: 'ZK_KEY_REQUIRED',
    })
  })
})

describe('how far connecting has come', () => {
  async function stepsTo(script: Script, commKey = 0): Promise<readonly ConnectStep[]> {
    await using peer = await LoopbackTerminal.start(script)
    const steps: ConnectStep[] = []
    const options = { host: HOST, port: peer.port, transport: 'tcp', commKey } as const
    const terminal = await connect({ ...options, onStep: (step) => steps.push(step) })
    await terminal.close()
    return steps
  }

  it('is told: the connection stands, and a key is wanted where one is', async () => {
    expect(await stepsTo({})).toEqual(['reached'])
    expect(await stepsTo({ commKey: 471 }, 471)).toEqual(['reached', 'key_asked'])
  })

  it('is nowhere while nobody accepts the connection', async () => {
    const steps: ConnectStep[] = []
    const options = { host: HOST, port: await freePort(), transport: 'tcp' } as const
    await failureOf(connect({ ...options, onStep: (step) => steps.push(step) }))
    expect(steps).toEqual([])
  })

  it('leaves no connection open when whoever is told throws', async () => {
    await using peer = await LoopbackTerminal.start({})
    const onStep = (): void => {
      throw new RangeError('enough')
    }
    await expect(connect({ host: HOST, port: peer.port, transport: 'tcp', onStep })).rejects.toThrow('enough')
    await expect.poll(() => peer.connections).toBe(0)
  })
})
