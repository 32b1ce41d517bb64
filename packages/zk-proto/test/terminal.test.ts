import { getEventListeners } from 'node:events'
import { connect as dialUp } from 'node:net'
import { describe, expect, it } from 'vitest'
import { joinBytes, toHex } from '../src/bytes.ts'
import { CODES } from '../src/codes.ts'
import { connect } from '../src/index.ts'
import type { AttendanceBatch, ConnectOptions, Terminal } from '../src/index.ts'
import { captured, readCapture } from './support/recorded.ts'
import { log40, people72 } from './support/logs.ts'
import { LoopbackTerminal } from './support/loopback-terminal.ts'
import type { Script } from './support/scripted-terminal.ts'

const QUICK = { connectMs: 300, replyMs: 300, prepareMs: 300, transferIdleMs: 300 }

function dial(loopback: LoopbackTerminal, options: Partial<ConnectOptions> = {}): Promise<Terminal> {
  return connect({ host: '127.0.0.1', port: loopback.port, ...options })
}

const holding = (count: number): Script => ({
  attendance: log40(count),
  people: people72(20),
  capacity: { records: count, recordCapacity: 100_000, people: 20, personCapacity: 500 },
  options: { '~SerialNumber': 'ABC123' },
})

/** What a call fails with; undefined when it does not. */
function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  )
}

async function all(batches: AsyncIterable<AttendanceBatch>): Promise<string> {
  const raw: Uint8Array[] = []
  for await (const { punches } of batches) for (const punch of punches) raw.push(punch.raw)
  return toHex(joinBytes(raw))
}

describe('connect', () => {
  it('gives a terminal that reads, and leaves no connection behind when it is closed', async () => {
    await using loopback = await LoopbackTerminal.start({ ...holding(3000), commKey: 12 })
    const terminal = await dial(loopback, { commKey: 12 })
    expect([terminal.closed, terminal.transport]).toEqual([false, 'tcp'])
    const read = terminal.readAttendance()
    expect(await all(read)).toBe(toHex(log40(3000)))
    expect(read.summary()).toMatchObject({ announcedBefore: 3000, read: 3000, announcedAfter: 3000 })
    expect((await terminal.readPeople()).people).toHaveLength(20)
    expect(await terminal.readOption('~SerialNumber')).toBe('ABC123')
    expect(await terminal.readOption('Nonsense')).toBeUndefined()
    expect((await terminal.readCapacity()).records).toBe(3000)
    expect((await terminal.readTime()).year).toBe(2026)
    await terminal.ping()
    const before = Date.now()
    const info = await terminal.info()
    expect(info).toMatchObject({ serialNumber: 'ABC123', people: { count: 20, capacity: 500 } })
    expect(info.wallTime).toBe('2026-11-22T08:15:30')
    expect(info.wallTimeReadAtMs).toBeGreaterThan(before - 1000)
    expect(info.roundTripMs).toBeGreaterThanOrEqual(0)
    expect(terminal.stats).toMatchObject({ badChecksums: 0, strayReplies: 0 })
    expect(terminal.stats.bytesReceived).toBeGreaterThan(120_000)
    expect(terminal.stats.bytesSent).toBeGreaterThan(100)
    await terminal.close()
    expect(loopback.terminals[0]?.exited).toBe(true)
    expect(terminal.closed).toBe(true)
    await terminal.close()
    await expect.poll(() => loopback.connections).toBe(0)
  })

  it('gives a terminal that closes itself at the end of its block', async () => {
    await using loopback = await LoopbackTerminal.start(holding(1))
    {
      await using terminal = await dial(loopback)
      await terminal.ping()
    }
    expect(loopback.terminals[0]?.exited).toBe(true)
  })

  it('refuses options that cannot be, before anything is sent', async () => {
    const wrong: Partial<ConnectOptions>[] = [
      { host: '' },
      { port: 0 },
      { port: 70_000 },
      { commKey: -1 },
      { commKey: 2 ** 32 },
      { nameEncoding: 'klingon' },
      { timeouts: { replyMs: 0 } },
      { timeouts: { replyMs: Number.NaN } },
    ]
    for (const options of wrong) {
      await expect(connect({ host: '127.0.0.1', ...options })).rejects.toMatchObject({
        name: 'ZkUsageError',
        code: 'ZK_VALUE_OUT_OF_RANGE',
        effect: 'none',
      })
    }
  })

  it('refuses what only callers without types can give it, and never takes no host for this machine', async () => {
    const given: unknown[] = [
      undefined,
      '192.168.1.201',
      {},
      { ip: '192.168.1.201' },
      { host: null },
      { host: '127.0.0.1', transport: 'tpc' },
      { host: '127.0.0.1', port: '4370' },
      { host: '127.0.0.1', commKey: '123456' },
      { host: '127.0.0.1', timeouts: { replyMs: '5000' } },
      { host: '127.0.0.1', timeouts: { reply: 5000 } },
      { host: '127.0.0.1', timeouts: { connectMs: 2 ** 31 } },
      { host: '127.0.0.1', signal: new AbortController() },
    ]
    for (const options of given) {
      const failure: unknown = await connect(options as ConnectOptions).catch((error: unknown) => error)
      expect([options, failure]).toMatchObject([options, { code: 'ZK_VALUE_OUT_OF_RANGE', effect: 'none' }])
    }
  })

  it('refuses a signal and a deadline of a call that are none, and goes on', async () => {
    await using loopback = await LoopbackTerminal.start(holding(1))
    await using terminal = await dial(loopback)
    for (const options of [
      { signal: new AbortController() },
      { deadlineMs: 'soon' },
      { deadlineMs: Number.NaN },
    ]) {
      await expect(terminal.ping(options as object)).rejects.toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    }
    await terminal.ping({ deadlineMs: Number.MAX_SAFE_INTEGER })
  })

  it('tells a refused connection', async () => {
    const loopback = await LoopbackTerminal.start({})
    await loopback[Symbol.asyncDispose]()
    await expect(dial(loopback)).rejects.toMatchObject({
      code: 'ZK_CONNECT_FAILED',
      effect: 'none',
      details: { reason: 'refused_connection', port: loopback.port },
    })
  })

  it('tells a name that does not exist', async () => {
    await expect(connect({ host: 'no-such-terminal.invalid', timeouts: QUICK })).rejects.toMatchObject({
      name: 'ZkTransportError',
      effect: 'none',
    })
  })

  it('tells silence behind an open port, in bounded time, and hangs up', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.CONNECT] })
    await expect(dial(loopback, { timeouts: QUICK })).rejects.toMatchObject({
      code: 'ZK_TIMEOUT',
      effect: 'none',
      details: { reason: 'silent' },
    })
    await expect.poll(() => loopback.connections).toBe(0)
  })

  it('tells a terminal that serves somebody else and hangs up at once', async () => {
    await using loopback = await LoopbackTerminal.start({}, (socket) => {
      socket.end()
      return true
    })
    await expect(dial(loopback)).rejects.toMatchObject({
      code: 'ZK_BUSY',
      effect: 'refused',
    })
  })

  it('tells a missing and a wrong key, a firmware without clients, a panel and a stranger', async () => {
    const [panel = new Uint8Array(0)] = captured(readCapture('notzk-c3-panel'), 'from_device')
    const rows: readonly (readonly [Script, Uint8Array | undefined, number, string])[] = [
      [{ commKey: 5 }, undefined, 0, 'ZK_KEY_REQUIRED'],
      [{ commKey: 5 }, undefined, 6, 'ZK_KEY_WRONG'],
      [{ refuse: { [CODES.CONNECT]: 4000 } }, undefined, 0, 'ZK_CLIENTS_REFUSED'],
      [{}, panel, 0, 'ZK_PULL_PANEL'],
      [{}, new TextEncoder().encode('220 mail ready\r\n'), 0, 'ZK_NOT_A_TERMINAL'],
    ]
    for (const [script, greeting, commKey, code] of rows) {
      await using loopback = await LoopbackTerminal.start(script, (socket) => {
        if (greeting !== undefined) socket.resume().write(greeting)
        return greeting !== undefined
      })
      await expect(dial(loopback, { commKey })).rejects.toMatchObject({ code })
      await expect.poll(() => loopback.connections).toBe(0)
    }
  })

  it('can be aborted before and while it dials and while it waits for the answer', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.CONNECT] })
    const reason = new Error('changed my mind')
    await expect(dial(loopback, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'ZK_ABORTED',
      effect: 'none',
      cause: reason,
    })
    const controller = new AbortController()
    const dialling = dial(loopback, { signal: controller.signal })
    const failure = failureOf(dialling)
    await expect.poll(() => loopback.terminals.at(-1)?.asked.length ?? 0).toBe(1)
    controller.abort(reason)
    expect(await failure).toMatchObject({ code: 'ZK_ABORTED', cause: reason })
    await expect.poll(() => loopback.connections).toBe(0)
  })
})

describe('a long read', () => {
  it('asks for the next slice only when more is wanted, and frees the buffer when its loop is left', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10_000))
    await using terminal = await dial(loopback)
    const read = terminal.readAttendance()
    for await (const batch of read) {
      expect(batch.firstIndex).toBe(0)
      await terminal.ping()
      expect(loopback.terminals[0]?.count(CODES.DATA_RDY)).toBe(1)
      break
    }
    expect(loopback.terminals[0]?.buffer).toBeUndefined()
    expect(() => read.summary()).toThrow(expect.objectContaining({ code: 'ZK_WRONG_ORDER' }))
    expect(await all(terminal.readAttendance())).toBe(toHex(log40(10_000)))
  })

  it('lets others in between its steps', async () => {
    await using loopback = await LoopbackTerminal.start(holding(5000))
    await using terminal = await dial(loopback)
    const order: string[] = []
    let pings: Promise<void>[] = []
    for await (const { firstIndex } of terminal.readAttendance()) {
      order.push(`batch ${firstIndex}`)
      pings = [...pings, terminal.ping().then(() => void order.push('ping'))]
    }
    await Promise.all(pings)
    expect(order.indexOf('ping')).toBeLessThan(order.length - 2)
  })

  it('can be iterated once', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10))
    await using terminal = await dial(loopback)
    const read = terminal.readAttendance()
    await all(read)
    await expect(all(read)).rejects.toMatchObject({ code: 'ZK_WRONG_ORDER' })
  })

  it('reads a tail from a bookmark that went through JSON', async () => {
    await using loopback = await LoopbackTerminal.start(holding(2000))
    await using terminal = await dial(loopback)
    const first = terminal.readAttendance()
    await all(first)
    const stored = JSON.stringify(first.summary().bookmark)
    const second = terminal.readAttendance({ from: JSON.parse(stored) })
    expect(await all(second)).toBe('')
    expect(second.summary()).toMatchObject({ anchor: 'matched', from: 2000, read: 0 })
    expect(() => terminal.readAttendance({ from: { ...JSON.parse(stored), layout: 'x' } })).toThrow(
      expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
    )
  })

  it('ends with an abort, frees the buffer, and the terminal can be used on', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10_000))
    await using terminal = await dial(loopback)
    const controller = new AbortController()
    const reason = new Error('no more')
    const reading = (async () => {
      for await (const batch of terminal.readAttendance({ signal: controller.signal })) {
        if (batch.firstIndex > 0) controller.abort(reason)
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ZK_ABORTED', cause: reason })
    expect(loopback.terminals[0]?.buffer).toBeUndefined()
    await terminal.ping()
    await expect(all(terminal.readAttendance({ signal: controller.signal }))).rejects.toMatchObject({
      code: 'ZK_ABORTED',
      effect: 'none',
    })
  })

  it('ends with a deadline', async () => {
    await using loopback = await LoopbackTerminal.start({ ...holding(10), silentOn: [CODES.DATA_WRRQ] })
    await using terminal = await dial(loopback)
    await expect(all(terminal.readAttendance({ deadlineMs: 50 }))).rejects.toMatchObject({
      code: 'ZK_TIMEOUT',
    })
  })

  it('ends when the connection is cut, and the terminal says that it is closed', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10_000))
    const terminal = await dial(loopback)
    const reading = (async () => {
      for await (const batch of terminal.readAttendance()) if (batch.firstIndex > 0) loopback.cut()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ZK_CONNECTION_LOST' })
    expect(terminal.closed).toBe(true)
    await terminal.close()
  })
})

describe('a call', () => {
  it('can be aborted before it begins and while it waits', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.GET_TIME] })
    await using terminal = await dial(loopback)
    await expect(terminal.ping({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ZK_ABORTED',
      effect: 'none',
    })
    expect(loopback.terminals[0]?.count(CODES.GET_TIME)).toBe(0)
    const controller = new AbortController()
    const failure = failureOf(terminal.ping({ signal: controller.signal }))
    await expect.poll(() => loopback.terminals[0]?.count(CODES.GET_TIME)).toBe(1)
    controller.abort()
    expect(await failure).toMatchObject({ code: 'ZK_ABORTED', effect: 'unknown' })
  })

  it('has a deadline of its own, and the terminal can be used on', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.GET_TIME] })
    await using terminal = await dial(loopback)
    await expect(terminal.ping({ deadlineMs: 60 })).rejects.toMatchObject({
      code: 'ZK_TIMEOUT',
      details: { command: 'readClock' },
    })
    await expect(terminal.readCapacity()).resolves.toBeDefined()
  })

  it('is refused once the terminal is closed', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10))
    const terminal = await dial(loopback)
    const late = terminal.readAttendance()
    await terminal.close()
    await expect(terminal.ping()).rejects.toMatchObject({ code: 'ZK_CLOSED', effect: 'none' })
    await expect(all(late)).rejects.toMatchObject({ code: 'ZK_CLOSED' })
  })

  it('that runs while the terminal is closed ends with that reason', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.GET_TIME, CODES.EXIT] })
    const terminal = await dial(loopback)
    const failure = failureOf(terminal.ping())
    await terminal.close()
    expect(await failure).toMatchObject({ code: 'ZK_CLOSED' })
  })

  it('that was sent before the terminal was closed may have been carried out, and says so', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.UNLOCK] })
    const terminal = await dial(loopback)
    const unlocking = failureOf(terminal.door.unlock(5))
    const waiting = failureOf(terminal.door.unlock(5))
    await terminal.close()
    expect(await unlocking).toMatchObject({ code: 'ZK_CLOSED', effect: 'unknown' })
    expect(await waiting).toMatchObject({ code: 'ZK_CLOSED', effect: 'none' })
  })

  it('is not begun behind its deadline', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10))
    await using terminal = await dial(loopback)
    await expect(terminal.door.unlock(5, { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'ZK_TIMEOUT',
      effect: 'none',
    })
    await terminal.ping()
    expect(loopback.terminals[0]?.count(CODES.UNLOCK)).toBe(0)
    await expect(terminal.ping({ deadlineMs: Number.NaN })).rejects.toMatchObject({
      code: 'ZK_VALUE_OUT_OF_RANGE',
    })
  })

  it('leaves nothing behind on a signal that outlives it, also where the connection is gone', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10))
    await using terminal = await dial(loopback)
    const { signal } = new AbortController()
    await terminal.ping({ signal })
    loopback.cut()
    await expect.poll(() => terminal.closed).toBe(true)
    await expect(terminal.ping({ signal })).rejects.toMatchObject({ code: 'ZK_CONNECTION_LOST' })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('is aborted by what it calls as it begins', async () => {
    await using loopback = await LoopbackTerminal.start(holding(10))
    await using terminal = await dial(loopback)
    const stop = new AbortController()
    const onProgress = (): void => stop.abort()
    await expect(terminal.people.list({ onProgress, signal: stop.signal })).rejects.toMatchObject({
      code: 'ZK_ABORTED',
    })
    await expect(
      all(terminal.readAttendance({ onProgress, signal: AbortSignal.any([stop.signal]) })),
    ).rejects.toMatchObject({ code: 'ZK_ABORTED' })
    await terminal.ping()
  })

  it('that meets a broken stream ends with that, and closes the connection', async () => {
    await using loopback = await LoopbackTerminal.start({ silentOn: [CODES.GET_TIME] })
    let spoil = (): void => undefined
    await using spoiler = await LoopbackTerminal.start({}, (socket) => {
      const upstream = dialUp(loopback.port, '127.0.0.1')
      upstream.on('error', () => socket.destroy())
      upstream.on('data', (bytes) => socket.write(bytes))
      socket.pipe(upstream)
      spoil = () => void socket.write('garbage!')
      return true
    })
    const terminal = await dial(spoiler)
    const failure = failureOf(terminal.ping())
    await expect.poll(() => loopback.terminals[0]?.count(CODES.GET_TIME)).toBe(1)
    spoil()
    expect(await failure).toMatchObject({ code: 'ZK_BAD_FRAME' })
    expect(terminal.closed).toBe(true)
    await terminal.close()
  })
})
