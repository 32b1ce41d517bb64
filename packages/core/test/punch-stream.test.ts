// The stream of new punches on a real table: whoever listens gets every row once it stands, in whatever order rows become visible,
// and whoever comes back misses none.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, NewPunch } from '@org/data'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryBus } from '../src/bus/bus-memory.ts'
import type { Punch } from '../src/index.ts'
import { NewPunches } from '../src/new-punches.ts'
import { createPunchStream, type FollowOptions, type PunchStream } from '../src/punch-stream.ts'
import { openScratch, quiet, scratchFolder, type Engine } from './support/scratch-service.ts'
import { punch } from '../../data/test/support/samples.ts'
import { EMBEDDED_ONLY } from '../../../scripts/toolchain/scratch-database.ts'

const ENGINES: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']
const WITHIN_MS = 30_000
const PROBE = 'probe'

describe.each(ENGINES)('the stream of new punches, on %s', { timeout: 120_000 }, (engine) => {
  it('gives every punch that is recorded from now on, and none from before', async () => {
    await using at = await Stage.open(engine)
    await at.store(1, ['before'])
    await using heard = at.follow()
    await at.listening(heard)
    await at.store(1, ['a', 'b'])
    await at.store(2, ['c'])
    expect(await heard.pins(3)).toEqual(['a', 'b', 'c'])
  })

  it('gives those of one device, refused ones when they are asked for', async () => {
    await using at = await Stage.open(engine)
    await using granted = at.follow({ deviceIds: [at.device(2)] })
    await using all = at.follow({ denied: 'all' })
    await at.listening(granted)
    await at.listening(all)
    await at.store(1, ['other'])
    await at.store(2, ['refused'], { denied: true })
    await at.store(2, ['mine'])
    expect(await granted.pins(1)).toEqual(['mine'])
    expect(await all.pins(3)).toEqual(['other', 'refused', 'mine'])
  })

  it('gives whoever comes back all that came since, and the last minute again', async () => {
    await using at = await Stage.open(engine)
    const start = Date.parse('2026-05-04T08:00:00Z')
    for (let minute = 0; minute < 10; minute += 1)
      await at.store(1, [`m${minute}`], { receivedAt: isoAt(start + minute * 60_000) })
    const { rows } = await at.database.punches.list({}, 'timestamp', { offset: 0, limit: 100 })
    const seen = rows.find(({ pin }) => pin === 'm6')?.id ?? 0
    await using back = at.follow({}, seen)
    expect(await back.pins(5)).toEqual(['m5', 'm6', 'm7', 'm8', 'm9'])
    await at.store(1, ['new'])
    expect(await back.pins(6)).toEqual(['m5', 'm6', 'm7', 'm8', 'm9', 'new'])
  })

  it('lets go whoever takes nothing, who misses nothing by coming back', async () => {
    await using at = await Stage.open(engine)
    const slow = at.stream.follow({ filter: {}, signal: at.signal })
    const first = slow.next()
    await using other = at.follow()
    await at.listening(other)
    const seen = (await first).value
    const many = Array.from({ length: 1_500 }, (_, i) => `p${i}`)
    await at.store(1, many)
    await other.pins(1_500)
    expect(await slow.next()).toMatchObject({ done: true })
    await using back = at.follow({}, seen?.id)
    expect(new Set(await back.pins(1_500))).toEqual(new Set(many))
  })

  it('is held up by no sync of a device that nobody listens to', async () => {
    await using at = await Stage.open(engine)
    const news = await NewPunches.fromNow(at.database)
    await at.store(
      1,
      Array.from({ length: 2_000 }, (_, i) => `other${i}`),
    )
    await at.store(2, ['mine'])
    const found = await news.look([at.device(2)])
    expect(found.fresh.map(({ pin }) => pin)).toEqual(['mine'])
    expect(found.more).toBe(false)
    await at.store(1, ['later'])
    expect((await news.look()).fresh.map(({ pin }) => pin)).toEqual(['later'])
  })

  it('gives a new listener the thousands of rows that a look passed over while it joined, each once', async () => {
    await using at = await Stage.open(engine)
    await using first = at.follow({ deviceIds: [at.device(2)] })
    await at.store(2, [PROBE])
    await vi.waitFor(() => expect(first.all).not.toEqual([]), { timeout: WITHIN_MS, interval: 10 })
    const [asked, mayRead] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { listIds } = at.database.punches
    const held = vi.spyOn(at.database.punches, 'listIds').mockImplementationOnce(async (...given) => {
      asked.resolve()
      await mayRead.promise
      return listIds.apply(at.database.punches, given)
    })
    await asked.promise
    held.mockRestore()
    await using joined = at.follow({ deviceIds: [at.device(1)] })
    await sleep(200)
    const many = Array.from({ length: 2_000 }, (_, i) => `p${i}`)
    await at.store(1, many)
    mayRead.resolve()
    expect(await joined.pins(2_000)).toEqual(many)
    await at.store(1, ['next'])
    expect(await joined.pins(2_001)).toEqual([...many, 'next'])
  })

  it('ends when it closes', async () => {
    await using at = await Stage.open(engine)
    const heard = at.stream.follow({ filter: {}, signal: at.signal })
    const next = heard.next()
    await sleep(200)
    at.stream.close()
    expect(await next).toMatchObject({ done: true })
    expect(await at.stream.follow({ filter: {}, signal: at.signal }).next()).toMatchObject({ done: true })
  })

  it('reads nothing any more once it is closed, also where somebody has stopped taking', async () => {
    await using at = await Stage.open(engine)
    const stalled = at.stream.follow({ filter: {}, signal: at.signal })
    const first = stalled.next()
    await sleep(200)
    await at.store(1, ['a'])
    await first
    const looks = vi.spyOn(at.database.punches, 'listByIds')
    at.stream.close()
    await sleep(500)
    looks.mockClear()
    await sleep(2_500)
    expect(looks).not.toHaveBeenCalled()
  })
})

describe.skipIf(EMBEDDED_ONLY)('the stream of new punches of a server', { timeout: 120_000 }, () => {
  it('gives a row that appears below one that was seen already, also to whoever comes back', async () => {
    await using at = await Stage.open('mysql')
    await using heard = at.follow()
    await at.listening(heard)
    const [inserted, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = at.database.transaction(async (tx) => {
      await tx.punches.insertEarly(at.device(1), punchOf('low'))
      inserted.resolve()
      await mayCommit.promise
    })
    await inserted.promise
    await at.store(2, ['high'])
    expect(await heard.pins(1)).toEqual(['high'])
    await using back = at.follow({}, heard.got[0]?.id)
    expect(await back.pins(1)).toEqual(['high'])
    mayCommit.resolve()
    await slow
    expect(await heard.pins(2)).toEqual(['high', 'low'])
    expect(await back.pins(2)).toEqual(['high', 'low'])
    expect(heard.got[1]?.id).toBeLessThan(heard.got[0]?.id ?? 0)
  })
})

let second = 0
function punchOf(pin: string, changes: Partial<NewPunch> = {}): NewPunch {
  second += 1
  return punch(pin, second, { receivedAt: new Date().toISOString(), ...changes })
}

function isoAt(ms: number): string {
  return new Date(ms).toISOString()
}

/** A listener, and what it has got so far. */
class Heard implements AsyncDisposable {
  readonly all: Punch[] = []
  readonly #done: Promise<void>
  readonly #stop: AbortController

  constructor(stream: PunchStream, options: Omit<FollowOptions, 'signal'>) {
    const stop = new AbortController()
    this.#stop = stop
    this.#done = (async () => {
      for await (const punch of stream.follow({ ...options, signal: stop.signal })) this.all.push(punch)
    })()
  }

  /** What is no probe. */
  get got(): readonly Punch[] {
    return this.all.filter(({ pin }) => pin !== PROBE)
  }

  /** The PINs, once there are so many. */
  async pins(count: number): Promise<string[]> {
    const deadline = Date.now() + WITHIN_MS
    while (this.got.length < count) {
      if (Date.now() > deadline) throw new Error(`got ${this.got.length} of ${count}`)
      await sleep(10)
    }
    return this.got.map(({ pin }) => pin)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#done
  }
}

class Stage implements AsyncDisposable {
  readonly database: Database
  readonly stream: PunchStream
  readonly signal = new AbortController().signal
  readonly #devices: readonly number[]
  readonly #end: () => Promise<void>

  private constructor(database: Database, devices: readonly number[], end: () => Promise<void>) {
    this.database = database
    this.#devices = devices
    this.#end = end
    // Nobody tells anything on this bus: what is not told is found by looking.
    this.stream = createPunchStream({ database, bus: createMemoryBus(), log: quiet })
  }

  static async open(engine: Engine): Promise<Stage> {
    const ending = new AsyncDisposableStack()
    const folder = ending.use(await scratchFolder())
    const { database } = ending.use(await openScratch(engine, folder.path))
    const devices: number[] = []
    for (const port of [1, 2]) devices.push((await database.devices.insert(deviceOf(port))).id)
    return new Stage(database, devices, () => ending.disposeAsync())
  }

  device(which: 1 | 2): number {
    return this.#devices[which - 1] ?? 0
  }

  async store(device: 1 | 2, pins: readonly string[], changes: Partial<NewPunch> = {}): Promise<void> {
    const rows = pins.map((pin) => punchOf(pin, changes))
    await this.database.transaction((tx) => tx.punches.insertTail(this.device(device), rows))
  }

  /** Until a punch that is stored now is heard. */
  async listening(heard: Heard): Promise<void> {
    while (heard.all.length === 0) {
      await this.store(2, [PROBE])
      await sleep(50)
    }
  }

  follow(filter: FollowOptions['filter'] = {}, after?: number): Heard {
    return new Heard(this.stream, { filter, ...(after !== undefined && { after }) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stream.close()
    await this.#end()
  }
}

function deviceOf(port: number) {
  return {
    name: `Door ${port}`,
    ip: '10.0.0.1',
    port,
    commKeyEncrypted: null,
    location: null,
    serialNumber: null,
    terminalSerialNumber: null,
    transport: 'auto',
    timezone: 'UTC',
    nameEncoding: 'auto',
    live: true,
    syncIntervalMinutes: null,
    unlockUnit: 'tenths',
    isConnected: true,
    lastSeenAt: null,
    clockDriftSeconds: null,
    info: null,
    createdAt: '2026-03-01T12:00:00.000Z',
  } as const
}
