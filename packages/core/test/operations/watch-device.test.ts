// A live watch on a simulated terminal: what happens at the terminal is a row at once, and in the end the table is the log.
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openDatabase, type DeviceChanges } from '@org/data'
import type { TerminalOptions } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { createServices, readConfig, type Services } from '../../src/index.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { quiet, scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'
import { queueMode, QUICK, WatchedTerminal } from '../support/watched-terminal.ts'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'

/** The log is read once at the beginning, and then not before the test is over: rows stay as events made them. */
const UNHURRIED = { ...QUICK, countEveryMs: 600_000, settleMs: 600_000, uncountedMs: 600_000 }

const MODES: readonly [string, Engine, () => Record<string, string>][] = [
  ['embedded', 'sqlite', () => ({})],
  ...(EMBEDDED_ONLY
    ? []
    : ([['queue mode', 'mysql', queueMode]] satisfies [string, Engine, () => Record<string, string>][])),
]

describe.each(MODES)('a watch, in %s', { timeout: 240_000 }, (_name, engine, modeEnv) => {
  async function stage(options: TerminalOptions, timings = QUICK): Promise<WatchedTerminal> {
    return WatchedTerminal.set(await scratchService(engine, modeEnv(), { watchTimings: timings }), options)
  }

  it('stores a punch as it happens, and the log takes its row over', async () => {
    await using at = await stage({ people: 3, punches: 5 }, { ...QUICK, settleMs: 2_000 })
    const { terminal } = at
    await at.caughtUp()
    const early = await at.firstLive('1001')
    expect(early).toMatchObject({ pin: '1001', denied: false })
    await at.until((rows) => (rows.every((row) => !row.early) ? true : undefined))
    const taken = (await at.rows()).filter(({ id }) => id === early.id)
    expect(taken).toEqual([expect.objectContaining({ source: 'live', early: false })])
    await expectSameAsTerminal(at.service.database, at.device.id, terminal.memory)
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
  })

  it('stores what happens at a terminal whose log was empty', async () => {
    await using at = await stage({ people: 3, punches: 0 }, UNHURRIED)
    await at.heard()
    await at.present('1002')
    await at.until((rows) => (rows.length === 1 ? true : undefined))
    await at.sync()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.leftDisabled).toBe(0)
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
    await using at = await stage({
      people: 5,
      punches: 5,
      faults: 'liveTwice=0.5, liveLate(ms=40, share=0.5); seed=7',
    })
    await at.caughtUp()
    for (let i = 0; i < 60; i += 1) await at.present(String(1001 + (i % 5)))
    await at.caughtUp()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.leftDisabled).toBe(0)
  })

  it('finds by the count what a terminal does not tell', async () => {
    await using at = await stage({ people: 3, punches: 5 })
    await at.caughtUp()
    // A punch that no client is told of.
    at.terminal.memory.punch({ pin: '1002', wallTime: '2026-05-04T07:10:00' })
    await at.caughtUp()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.leftDisabled).toBe(0)
  })

  it.each(['old', 'compact', 'access-panel', 'visible-light', 'strict'] as const)(
    'has every punch of a terminal of the %s kind once, whatever its log and its events look like',
    async (profile) => {
      await using at = await stage({ profile, people: 5, punches: 30 })
      await at.caughtUp()
      const pins = at.terminal.memory.truth().people.map(({ pin }) => pin)
      for (let i = 0; i < 10; i += 1) await at.present(pins[i % pins.length] ?? '')
      await at.caughtUp()
      await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
      expect(at.terminal.stats.leftDisabled).toBe(0)
    },
  )

  it('has every punch of a terminal that counts none', async () => {
    await using at = await stage({ people: 3, punches: 30, faults: 'miscount=-1000000' })
    await at.caughtUp()
    at.terminal.memory.punch({ pin: '1002', wallTime: '2026-05-04T07:10:00' })
    await at.caughtUp()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.leftDisabled).toBe(0)
  })

  it('has every punch once over connections that are cut again and again', async () => {
    await using at = await stage({ people: 3, punches: 500 })
    for (let round = 0; round < 4; round += 1) {
      at.terminal.faults.set({ cut: 3_000 * (round + 1) })
      await at.present('1001')
      await at.present('1002')
      at.terminal.memory.punch({ pin: '1003', wallTime: `2026-05-04T07:1${round}:00` })
    }
    at.terminal.faults.clear()
    await at.caughtUp()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.leftDisabled).toBe(0)
  })

  it('leaves a device alone while it is switched off, and watches it again afterwards', async () => {
    await using at = await stage({ people: 3, punches: 5 })
    const { services } = at.service
    await at.caughtUp()
    const change = (changes: DeviceChanges) =>
      at.service.database.devices.update(at.device.id, changes, new Date().toISOString())
    await change({ live: false })
    await at.until(() => (at.terminal.stats.openSessions === 0 ? true : undefined))
    at.terminal.hand.present('1001')
    await change({ status: 'inactive', live: true })
    expect(services.ready).toBe(true)
    await change({ status: 'active' })
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

describe.skipIf(EMBEDDED_ONLY)('a watch among several processes', { timeout: 240_000 }, () => {
  const open = () => scratchService('mysql', queueMode(), { watchTimings: QUICK })

  /** Another process on the same rows and the same Redis. */
  async function another(service: ScratchService): Promise<{ services: Services; end: () => Promise<void> }> {
    const database = await openDatabase(service.url)
    const config = readConfig({
      DATA_DIR: service.folder,
      DATABASE_URL: service.url,
      LOG_LEVEL: 'silent',
      ...queueMode(),
    })
    const services = await createServices(config, database, {
      role: 'worker',
      log: quiet,
      watchTimings: QUICK,
    })
    return {
      services,
      async end() {
        await services.close()
        await database.close()
      },
    }
  }

  it('gives the terminal to another one that asks, comes back, and reads what was missed', async () => {
    await using at = await WatchedTerminal.set(await open(), { people: 3, punches: 5 })
    const other = await another(at.service)
    try {
      for (let round = 0; round < 3; round += 1) {
        await at.caughtUp()
        await other.services.devices.readInfo(at.device.id, never)
        await at.present('1001')
        const { terminal, device } = at
        await other.services.syncAttendance({
          deviceId: device.id,
          mode: 'full',
          signal: never,
          progress: () => undefined,
        })
        await at.present('1002')
        expect(terminal.stats.maxConcurrentSessions).toBe(1)
      }
      await at.caughtUp()
      await at.present('1003')
      await at.caughtUp()
      await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
      expect(at.terminal.stats.leftDisabled).toBe(0)
    } finally {
      await other.end()
    }
  })

  it('is taken over when its process is killed, and nothing of what happened meanwhile is missing', async () => {
    await using at = await WatchedTerminal.set(await open(), { people: 3, punches: 5 })
    await at.caughtUp()
    await at.watch.stop()
    const { url, folder } = at.service
    const first = startWatcher({ DATABASE_URL: url, DATA_DIR: folder, LOG_LEVEL: 'silent', ...queueMode() })
    await at.firstLive('1001')
    first.kill('SIGKILL')
    for (let minute = 10; minute < 15; minute += 1)
      at.terminal.memory.punch({ pin: '1002', wallTime: `2026-05-04T07:${minute}:00` })
    const watch = at.service.services.watchDevices()
    await at.caughtUp()
    await watch.stop()
    await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.leftDisabled).toBe(0)
  })

  it('is kept by one of them, without a struggle, and by the other when that one stops', async () => {
    await using at = await WatchedTerminal.set(await open(), { people: 3, punches: 5 })
    const other = await another(at.service)
    try {
      await at.caughtUp()
      const second = other.services.watchDevices()
      await sleep(3_000)
      const { fence } = (await at.service.database.devices.findById(at.device.id)) ?? {}
      await sleep(3_000)
      // Nobody has asked for the terminal since they agreed whose it is.
      expect((await at.service.database.devices.findById(at.device.id))?.fence).toBe(fence)
      await at.watch.stop()
      await at.present('1001')
      await at.caughtUp()
      await at.firstLive('1002')
      await at.caughtUp()
      await second.stop()
      await expectSameAsTerminal(at.service.database, at.device.id, at.terminal.memory)
      expect(at.terminal.stats.maxConcurrentSessions).toBe(1)
    } finally {
      await other.end()
    }
  })
})

function startWatcher(env: Record<string, string>): ChildProcess {
  const script = fileURLToPath(new URL('../support/watcher-process.ts', import.meta.url))
  return spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'inherit',
  })
}

const never = new AbortController().signal
