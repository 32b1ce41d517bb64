// The row of the catalogue of symptoms that concerns listening without end, under its number and in its users' words.
import { describe, expect, it } from 'vitest'
import { CODES, EVENTS } from '../../src/codes.ts'
import { registerEvents } from '../../src/commands/live.ts'
import { u16At } from '../../src/bytes.ts'
import { connect } from '../../src/connect.ts'
import { livePunch12 } from '../../src/records/live-event.ts'
import { watch } from '../../src/watch.ts'
import type { WatchNotice, WatchOptions } from '../../src/watch.ts'
import { log40 } from '../support/logs.ts'
import { LoopbackTerminal } from '../support/loopback-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { firstOf, wireWith, listening, toldBy } from './replayed.ts'

const NOTHING = new Uint8Array(0)
const spelledTime = Uint8Array.of(26, 11, 22, 8, 15, 30)
const facts = { verifyMode: 1, punchState: 0, spelledTime }

describe('symptom 9: realtime log never calls back', () => {
  it('registers, acknowledges each event, decodes by length and keeps the session alive', () => {
    const wire = wireWith({})
    const ear = listening(wire)
    const asked = wire.terminal.asked.find(({ code }) => code === CODES.REG_EVENT)
    expect(registerEvents.request.decode(asked?.payload ?? NOTHING).mask).toBe(0xffff)
    ear.hear(
      toldBy('rt-attlog-12', 'udp'),
      toldBy('rt-attlog-14-udp-denied', 'udp'),
      [EVENTS.ATTLOG, firstOf('rt-attlog-32-face')],
      toldBy('rt-fpscore-1', 'tcp'),
      toldBy('rt-verify-ok-5', 'udp'),
      [EVENTS.ATTLOG, new Uint8Array(20)],
    )
    expect(ear.notices).toMatchObject([
      { type: 'punch', pin: '4822257', wallTime: '2018-12-07T19:09:06' },
      { type: 'punch', pin: '2', wallTime: '2020-04-29T18:55:18' },
      { type: 'punch', pin: '1140064', wallTime: '2018-11-29T12:55:03' },
      { type: 'sample', score: 100 },
      { type: 'verification', uid: 2 },
      { type: 'unknown', raw: new Uint8Array(20) },
    ])
    expect(wire.terminal.acknowledged).toBe(6)
    wire.wait()
    while (wire.shuttle());
    expect(wire.terminal.count(CODES.GET_TIME)).toBe(1)
    expect(ear.outcomes).toEqual([])
  })

  it('a lost connection is told, and listening on the next connection registers anew', async () => {
    const punch = livePunch12.encode({ ...facts, pinNumber: 5 })
    await using loopback = await LoopbackTerminal.start({
      first: (request, terminal) => {
        if (request.code !== CODES.REG_EVENT) return false
        terminal.ok(request)
        terminal.session.sendEvent(EVENTS.ATTLOG, punch)
        return true
      },
    })
    for (const time of ['first', 'second']) {
      const terminal = await connect({ host: '127.0.0.1', port: loopback.port, transport: 'tcp' })
      const heard: string[] = []
      const listened = (async () => {
        for await (const notice of terminal.liveEvents()) {
          if (notice.type === 'punch') heard.push(notice.pin)
          loopback.cut()
        }
      })()
      await expect(listened).rejects.toMatchObject({ code: 'ZK_CONNECTION_LOST' })
      expect([time, heard]).toEqual([time, ['5']])
      await terminal.close()
    }
    expect(loopback.terminals.map((terminal) => terminal.count(CODES.REG_EVENT))).toEqual([1, 1])
  })
})

describe('symptom 9, continued: watching survives a lost connection', () => {
  const RETRY = { attempts: 50, firstPauseMs: 1, longestPauseMs: 20 }
  const at = (peer: { readonly port: number }) =>
    ({ host: '127.0.0.1', port: peer.port, transport: 'tcp', retry: RETRY }) as const

  /** A terminal that tells of a punch, with a number of its own, whenever somebody registers. */
  function telling(log: { records: number }): Script {
    let told = 0
    return {
      first: (request, terminal) => {
        terminal.script = {
          ...terminal.script,
          attendance: log40(log.records),
          capacity: { records: log.records },
        }
        if (request.code !== CODES.REG_EVENT) return false
        terminal.ok(request)
        if (u16At(request.payload, 0) === 0) return true
        told += 1
        terminal.session.sendEvent(EVENTS.ATTLOG, livePunch12.encode({ ...facts, pinNumber: told }))
        return true
      },
    }
  }

  /** What matters of a notice, as one word. */
  const wordOf = (notice: WatchNotice): string => {
    if (notice.type === 'punch') return `punch ${notice.pin}`
    if (notice.type === 'log') return `log ${notice.batch.firstIndex}+${notice.batch.punches.length}`
    return notice.type === 'away' ? `away ${notice.error.code}` : notice.type
  }

  it('watching says that it is away, registers anew, and reads the missed tail from where it stood', async () => {
    const log = { records: 40 }
    await using loopback = await LoopbackTerminal.start(telling(log))
    const words: string[] = []
    for await (const notice of watch({ ...at(loopback), from: 'start' })) {
      words.push(wordOf(notice))
      if (notice.type !== 'punch') continue
      if (notice.pin === '3') break
      // Two punches more while nobody listens.
      log.records += 2
      loopback.cut()
    }
    expect(words).toEqual([
      'connected',
      'log 0+40',
      'punch 1',
      'away ZK_CONNECTION_LOST',
      'connected',
      'log 40+2',
      'punch 2',
      'away ZK_CONNECTION_LOST',
      'connected',
      'log 42+2',
      'punch 3',
    ])
    await expect.poll(() => loopback.connections).toBe(0)
    expect(loopback.terminals[2]?.exited).toBe(true)
  })

  it('a bookmark of before is where it begins; without one nothing is read', async () => {
    const log = { records: 40 }
    await using loopback = await LoopbackTerminal.start(telling(log))
    const terminal = await connect({ host: '127.0.0.1', port: loopback.port, transport: 'tcp' })
    const whole = terminal.readAttendance()
    for await (const batch of whole) void batch
    await terminal.close()
    const { bookmark } = whole.summary()
    log.records = 43
    const words = async (options: WatchOptions): Promise<string[]> => {
      const heard: string[] = []
      for await (const notice of watch(options)) {
        heard.push(wordOf(notice))
        if (notice.type === 'connected') await notice.terminal.ping()
        if (notice.type === 'punch') break
      }
      return heard
    }
    if (bookmark === undefined) throw new Error('a log that is not empty has a bookmark')
    expect(await words({ ...at(loopback), from: bookmark })).toEqual(['connected', 'log 40+3', 'punch 1'])
    expect(await words({ ...at(loopback), heartbeatMs: 5_000, mask: EVENTS.ATTLOG })).toEqual([
      'connected',
      'punch 2',
    ])
  })

  it('watching waits for a terminal that is not there yet, and gives up after as many tries as were allowed', async () => {
    const gone = await LoopbackTerminal.start({})
    await gone[Symbol.asyncDispose]()
    const failed: number[] = []
    const watching = (async () => {
      for await (const notice of watch({ ...at(gone), retry: { ...RETRY, attempts: 4 } })) {
        if (notice.type === 'away') failed.push(notice.failed)
      }
    })()
    await expect(watching).rejects.toMatchObject({ code: 'ZK_CONNECT_FAILED' })
    expect(failed).toEqual([1, 2, 3])
    let back: LoopbackTerminal | undefined
    const words: string[] = []
    for await (const notice of watch({ ...at(gone), retry: { ...RETRY, attempts: 5000 } })) {
      words.push(wordOf(notice))
      if (notice.type === 'away')
        back ??= await LoopbackTerminal.start(telling({ records: 0 }), undefined, gone.port)
      if (notice.type === 'punch') break
    }
    expect(words).toEqual(['away ZK_CONNECT_FAILED', 'connected', 'punch 1'])
    await back?.[Symbol.asyncDispose]()
  })

  it.each<[string, Script, string]>([
    ['a key that is wrong', { commKey: 7 }, 'ZK_KEY_REQUIRED'],
    ['a terminal that refuses events', { refuse: { [CODES.REG_EVENT]: 2001 } }, 'ZK_REFUSED'],
    [
      'a log of no known form',
      { attendance: new Uint8Array(1200).fill(0x41), capacity: { records: 30 } },
      'ZK_BAD_RECORD',
    ],
  ])('watching ends with what no other connection cures: %s', async (_what, script, code) => {
    await using loopback = await LoopbackTerminal.start(script)
    const watching = (async () => {
      for await (const notice of watch({ ...at(loopback), from: 'start' }))
        expect(notice.type).toBe('connected')
    })()
    await expect(watching).rejects.toMatchObject({ code })
    await expect.poll(() => loopback.connections).toBe(0)
  })

  it('a log that can never be read is given up, too: connecting alone is no success', async () => {
    await using loopback = await LoopbackTerminal.start({
      attendance: log40(100),
      inlineBytes: 0,
      first: ({ code }, terminal) => {
        if (code !== CODES.DATA_RDY) return false
        // What was asked for never comes: the connection is gone instead.
        expect(terminal.count(CODES.REG_EVENT)).toBe(1)
        loopback.cut()
        return true
      },
    })
    const told: string[] = []
    const watching = (async () => {
      const retry = { ...RETRY, attempts: 3 }
      for await (const notice of watch({ ...at(loopback), from: 'start', retry })) {
        told.push(notice.type === 'away' ? `away ${notice.failed}` : notice.type)
      }
    })()
    await expect(watching).rejects.toMatchObject({ code: 'ZK_CONNECTION_LOST' })
    expect(told).toEqual(['connected', 'away 1', 'connected', 'away 2', 'connected'])
  })

  it('a terminal that has fallen silent is noticed by its heart, and watched again when it answers', async () => {
    let clocks = 0
    const told = telling({ records: 0 })
    await using loopback = await LoopbackTerminal.start({
      first: (request, terminal) => {
        if (request.code === CODES.GET_TIME) clocks += 1
        // The first one belongs to connecting; the second is the first beat, which nobody answers.
        return (request.code === CODES.GET_TIME && clocks === 2) || told.first?.(request, terminal) === true
      },
    })
    const words: string[] = []
    const timeouts = { replyMs: 1500 }
    for await (const notice of watch({ ...at(loopback), heartbeatMs: 50, timeouts })) {
      words.push(wordOf(notice))
      if (words.length === 5) break
    }
    expect(words).toEqual(['connected', 'punch 1', 'away ZK_TIMEOUT', 'connected', 'punch 2'])
  })

  it('a signal ends it, while it listens and while it waits', async () => {
    await using loopback = await LoopbackTerminal.start(telling({ records: 0 }))
    for (const when of ['connected', 'away'] as const) {
      const leaving = new AbortController()
      const retry = when === 'away' ? { attempts: 9, firstPauseMs: 600_000, longestPauseMs: 600_000 } : RETRY
      const watching = (async () => {
        for await (const notice of watch({ ...at(loopback), retry, signal: leaving.signal })) {
          if (notice.type === 'punch' && when === 'away') loopback.cut()
          if (notice.type === when) leaving.abort()
        }
      })()
      await expect(watching).rejects.toMatchObject({ code: 'ZK_ABORTED' })
    }
    await expect.poll(() => loopback.connections).toBe(0)
  })
})
