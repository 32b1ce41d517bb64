// A live watch on a simulated terminal: what happens at the terminal is a row at once, and in the end the table is the log.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Punch } from '@org/data'
import type { SimulatedTerminal, TerminalOptions } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import type { Device, LiveWatch } from '../../src/index.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'

const WITHIN_MS = 20_000

const QUICK = { countEveryMs: 300, settleMs: 100, uncountedMs: 500, firstReadMs: 0 }
/** The log is read once at the beginning, and then not before the test is over: rows stay as events made them. */
const UNHURRIED = { ...QUICK, countEveryMs: 600_000, settleMs: 600_000, uncountedMs: 600_000 }

const MODES: readonly [string, Engine, () => Record<string, string>][] = [
  ['embedded', 'sqlite', () => ({})],
  ...(EMBEDDED_ONLY
    ? []
    : ([
        [
          'queue mode',
          'mysql',
          () => ({
            REDIS_URL: serverUrl('TEST_REDIS_URL'),
            JWT_SECRET: 'j'.repeat(40),
            ENCRYPTION_KEY: 'e'.repeat(40),
            DEVICE_LEASE_MS: '3000',
          }),
        ],
      ] satisfies [string, Engine, () => Record<string, string>][])),
]

describe.each(MODES)('a watch, in %s', { timeout: 240_000 }, (_name, engine, modeEnv) => {
  async function stage(options: TerminalOptions, timings = QUICK): Promise<Stage> {
    return Stage.set(await scratchService(engine, modeEnv(), { watchTimings: timings }), options)
  }

  it('stores a punch as it happens, and the log takes its row over', async () => {
    await using at = await stage({ people: 3, punches: 5 }, { ...QUICK, settleMs: 2_000 })
    const { terminal } = at
    await at.caughtUp()
    await at.present('1001')
    const early = await at.until((rows) => rows.find(({ source }) => source === 'live'))
    expect(early).toMatchObject({ pin: '1001', occurrence: 1, denied: false })
    await at.until((rows) => (rows.every((row) => !row.early) ? true : undefined))
    const taken = (await at.rows()).filter(({ id }) => id === early.id)
    expect(taken).toEqual([expect.objectContaining({ source: 'live', early: false })])
    await expectSameAsTerminal(at.service.database, at.device.id, terminal.memory)
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
  })

  it('stores early what the log of a terminal that was empty will hold', async () => {
    await using at = await stage({ people: 3, punches: 0 }, UNHURRIED)
    await at.heard()
    await at.present('1002')
    await at.until((rows) => (rows.length === 1 ? true : undefined))
    await at.sync()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
  })

  it('has what happened while the terminal was off, once', async () => {
    await using at = await stage({ people: 3, punches: 5 })
    await at.caughtUp()
    await at.terminal.hand.pullPlug()
    for (let minute = 10; minute < 20; minute += 1)
      at.terminal.memory.punch({ pin: '1002', wallTime: `2026-05-04T07:${minute}:00` })
    await at.terminal.hand.plugIn()
    await at.present('1003')
    await at.caughtUp()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.leftDisabled).toBe(0)
  })

  it('has every punch of a burst once, also told twice and late', async () => {
    await using at = await stage({ people: 5, punches: 5, faults: 'liveTwice=0.5, liveLate(ms=40, share=0.5); seed=7' })
    await at.caughtUp()
    for (let i = 0; i < 60; i += 1) await at.present(String(1001 + (i % 5)))
    await at.caughtUp()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
  })

  it('finds by the count what a terminal does not tell', async () => {
    await using at = await stage({ people: 3, punches: 5 })
    await at.caughtUp()
    // A punch that no client is told of.
    at.terminal.memory.punch({ pin: '1002', wallTime: '2026-05-04T07:10:00' })
    await at.caughtUp()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
  })

  it('joins doors and gives way to a sync, and is back afterwards', async () => {
    await using at = await stage({ people: 3, punches: 5 })
    const { terminal, service, device } = at
    await at.caughtUp()
    const opened = terminal.stats.sessionsOpened
    await service.services.devices.readInfo(device.id, new AbortController().signal)
    expect(terminal.stats.sessionsOpened).toBe(opened)
    await at.sync()
    await at.present('1001')
    await at.caughtUp()
    await at.until((rows) => (rows.length === 6 ? true : undefined))
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
  })
})

class Stage implements AsyncDisposable {
  readonly service: ScratchService
  readonly terminal: SimulatedTerminal
  readonly device: Device
  readonly watch: LiveWatch

  private constructor(parts: Pick<Stage, 'service' | 'terminal' | 'device' | 'watch'>) {
    this.service = parts.service
    this.terminal = parts.terminal
    this.device = parts.device
    this.watch = parts.watch
  }

  static async set(service: ScratchService, options: TerminalOptions): Promise<Stage> {
    const terminal = await service.terminal(options)
    const device = await service.register(terminal)
    return new Stage({ service, terminal, device, watch: service.services.watchDevices() })
  }

  /** A finger; again while the terminal is disabled, as it is in the middle of a read. */
  async present(pin: string): Promise<void> {
    await this.until(() => this.terminal.hand.present(pin))
  }

  async rows(): Promise<Punch[]> {
    const rows: Punch[] = []
    for await (const batch of this.service.database.punches.each(this.device.id)) rows.push(...batch)
    return rows
  }

  sync(): Promise<unknown> {
    return this.service.sync(this.device.id)
  }

  /** Until the terminal was asked for live events. */
  async heard(): Promise<void> {
    await this.until(() => ((this.terminal.stats.requests['registerEvents'] ?? 0) > 0 ? true : undefined))
  }

  /** Until the bookmark stands behind the last record of the terminal, and no row is early. */
  async caughtUp(): Promise<void> {
    await this.until(async (rows) => {
      const device = await this.service.database.devices.findById(this.device.id)
      const index = device?.bookmark?.index
      return index === this.terminal.memory.truth().punches.length && rows.every((row) => !row.early) ? true : undefined
    })
  }

  async until<T>(look: (rows: Punch[]) => T | undefined | Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + WITHIN_MS
    for (;;) {
      const rows = await this.rows()
      const seen = await look(rows)
      if (seen !== undefined) return seen
      if (Date.now() > deadline)
        throw new Error(`waited in vain; there are ${rows.length} rows, asked ${JSON.stringify(this.terminal.stats.requests)}`)
      await sleep(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch.stop()
    await this.service[Symbol.asyncDispose]()
  }
}
