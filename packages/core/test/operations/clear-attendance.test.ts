// Emptying a terminal's log: only once every record is proven to be stored, once, and so that nothing is lost or doubled afterwards,
// whatever dies in between.
import { setTimeout as sleep } from 'node:timers/promises'
import { profileNamed, type SimulatedTerminal, type TerminalOptions } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { SYSTEM, type ClearAttendanceInput, type Device } from '../../src/index.ts'
import { createChanges } from '../../src/changes.ts'
import { clearAttendance } from '../../src/operations/clear-attendance.ts'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import { alteredWay, refuse } from '../support/altered-terminals.ts'
import { expectSameAsTerminal, rowsOf, sorted, toldBy } from '../support/same-as-terminal.ts'
import { noPunchNews, noRetention, noTransfers } from '../support/nobody.ts'
import { quiet, scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'

const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

const ASKED = {
  by: SYSTEM,
  jobId: 'clear-1',
  signal: new AbortController().signal,
  progress: () => undefined,
}

/** A device whose log can be cleared. */
class Stage implements AsyncDisposable {
  readonly service: ScratchService
  readonly terminal: SimulatedTerminal
  readonly device: Device

  private constructor(parts: Pick<Stage, 'service' | 'terminal' | 'device'>) {
    this.service = parts.service
    this.terminal = parts.terminal
    this.device = parts.device
  }

  static async set(options: TerminalOptions, engine: Engine = 'sqlite'): Promise<Stage> {
    const service = await scratchService(engine, { DEVICE_IDLE_MS: '0', DEVICE_WAIT_MS: '15000' })
    const terminal = await service.terminal(options)
    return new Stage({ service, terminal, device: await service.register(terminal) })
  }

  clear(input: Partial<ClearAttendanceInput> = {}) {
    return this.service.services.clearAttendance({
      deviceId: this.device.id,
      ...ASKED,
      ...input,
    })
  }

  /** Clears, and does something at the moment in which the terminal is alone and about to be disabled. */
  clearWhile(act: () => void) {
    return this.clear({ progress: ({ phase }) => void (phase === 'proving' && act()) })
  }

  async row() {
    const row = await this.service.database.devices.findById(this.device.id)
    if (row === undefined) throw new Error('the device is gone')
    return row
  }

  async outcomes() {
    const { rows } = await this.service.database.audit.list(
      { action: 'attendance.clear' },
      { offset: 0, limit: 9 },
    )
    return rows.map(({ outcome, errorCode }) => [outcome, errorCode])
  }

  get clearings(): number {
    return this.terminal.stats.requests['clearAttendance'] ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]()
  }
}

describe.each(engines)('clearing a log, into %s', (engine) => {
  it('reads all of it first, then empties the terminal and keeps what is stored', async () => {
    await using stage = await Stage.set({ people: 10, punches: 600, seed: 301 }, engine)
    const before = toldBy(stage.terminal.memory)
    expect(await stage.clear()).toEqual({ cleared: 600, read: 600, new: 600 })
    expect(stage.terminal.memory.log.count).toBe(0)
    expect(stage.terminal.memory.isEnabled).toBe(true)
    expect(await rowsOf(stage.service.database, stage.device.id)).toEqual(sorted(before))
    expect((await stage.row()).bookmark).toMatchObject({ index: 0, cleared: true })
    expect((await stage.row()).disabledAt).toBeNull()
    expect(await stage.outcomes()).toEqual([['success', null]])
    expect(stage.clearings).toBe(1)
  })

  it.each(['auto', 'full'] as const)(
    'takes what follows for new, also the same person in the same second after the clock was set back (%s)',
    async (mode) => {
      await using stage = await Stage.set({ people: 3, punches: 20, seed: 302 }, engine)
      const { memory } = stage.terminal
      const again = { pin: '1', wallTime: '2026-05-04T08:00:00' }
      memory.punch(again)
      await stage.clear()
      const stored = await rowsOf(stage.service.database, stage.device.id)
      memory.punch(again)
      memory.punch({ pin: '2', wallTime: '2026-05-04T08:00:01' })
      expect(await stage.service.sync(stage.device.id, { mode })).toMatchObject({
        from: 0,
        read: 2,
        new: 2,
        known: 0,
      })
      expect(await rowsOf(stage.service.database, stage.device.id)).toEqual(
        sorted([...stored, ...toldBy(memory)]),
      )
      for (const next of ['auto', 'full'] as const)
        expect(await stage.service.sync(stage.device.id, { mode: next })).toMatchObject({ new: 0 })
    },
  )
})

describe('clearing a log', () => {
  it('takes along what is punched before the terminal is disabled', async () => {
    await using stage = await Stage.set({ people: 3, punches: 50, seed: 303 })
    const { memory } = stage.terminal
    const receipt = await stage.clearWhile(
      () => void memory.punch({ pin: '1', wallTime: '2027-01-01T08:00:00' }),
    )
    expect(receipt).toMatchObject({ cleared: 51, read: 50 })
    expect(await rowsOf(stage.service.database, stage.device.id)).toHaveLength(51)
  })

  it('clears nothing where a record came after the proof', async () => {
    const asked = await (async () => {
      await using dry = await Stage.set({ people: 3, punches: 50, seed: 304 })
      return await countsAskedWhileDisabled(
        dry,
        () => undefined,
        async () => void (await dry.clear()),
      )
    })()
    await using stage = await Stage.set({ people: 3, punches: 50, seed: 304 })
    const { memory } = stage.terminal
    // The last question is the one after the clearing, so the last but one decides whether it is sent.
    const grow = (nth: number): void => {
      if (nth === asked - 1) memory.log.append(memory.log.at(7))
    }
    await countsAskedWhileDisabled(stage, grow, async () => {
      await expect(stage.clear()).rejects.toMatchObject({ code: 'UNSYNCED_RECORDS' })
    })
    expect(stage.clearings).toBe(0)
    expect((await stage.row()).bookmark).not.toHaveProperty('clearing')
    expect(memory.isEnabled).toBe(true)
    await stage.service.sync(stage.device.id)
    await expectSameAsTerminal(stage.service.database, stage.device.id, memory)
  })

  it.each([
    ['too many', 5],
    ['too few', -5],
    ['none', -1_000_000],
  ])('clears nothing of a terminal that counts %s', async (_, by) => {
    await using stage = await Stage.set({ people: 3, punches: 50, seed: 305 })
    stage.terminal.faults.set({ miscount: by })
    await expect(stage.clear()).rejects.toMatchObject({ code: 'UNSYNCED_RECORDS', status: 409 })
    expect(stage.clearings).toBe(0)
    expect(stage.terminal.memory.isEnabled).toBe(true)
    expect(await stage.outcomes()).toEqual([['refused', 'UNSYNCED_RECORDS']])
  })

  it('lets a door in while the log is read, and has it wait while the proof is made', async () => {
    await using stage = await Stage.set({ people: 5, punches: 4_000, seed: 315, paceMs: 2 })
    const { stats } = stage.terminal
    const order: string[] = []
    const count = stats.countRequest.bind(stats)
    stats.countRequest = (name) => {
      count(name)
      order.push(name)
    }
    const doors: Promise<unknown>[] = []
    const unlock = (): void => {
      const door = { deviceId: stage.device.id, seconds: 1, by: SYSTEM, signal: ASKED.signal }
      doors.push(stage.service.services.doors.unlock(door))
    }
    const opened = new Set<string>()
    await stage.clear({
      progress({ phase }) {
        if ((phase !== 'reading' && phase !== 'proving') || opened.has(phase)) return
        opened.add(phase)
        unlock()
      },
    })
    await Promise.all(doors)
    expect(order.indexOf('unlockDoor')).toBeLessThan(order.indexOf('disableTerminal'))
    expect(order.lastIndexOf('unlockDoor')).toBeGreaterThan(order.indexOf('enableTerminal'))
    expect(order.filter((name) => name === 'unlockDoor')).toHaveLength(2)
    expect(stage.terminal.memory.log.count).toBe(0)
  })

  it('gives way to another process while the log is read, and then reads it anew', async () => {
    await using stage = await Stage.set({ people: 5, punches: 9_000, seed: 316 })
    const { service, device } = stage
    const { database } = service
    const leases = createMemoryLeases({
      leaseMs: 30_000,
      issueFence: (id) => database.devices.issueFence(id),
    })
    await using here = await alteredWay(service, () => undefined, { leases })
    await using elsewhere = await alteredWay(service, () => undefined, { leases })
    let asked: Promise<number> | undefined
    const ask = () =>
      elsewhere.withTerminal(device.id, { signal: ASKED.signal }, async (hand) => {
        await hand.terminal.ping({ signal: hand.signal })
        return database.punches.count(device.id)
      })
    const parts = {
      ...here,
      database,
      changes: createChanges(quiet),
      punchNews: noPunchNews,
      retention: noRetention,
      transfers: noTransfers,
      waitMs: 30_000,
      log: quiet,
    }
    const receipt = await clearAttendance(parts, {
      ...ASKED,
      deviceId: device.id,
      progress({ phase }) {
        if (phase === 'reading') asked ??= ask()
      },
    })
    expect(await asked).toBeLessThan(9_000)
    expect(receipt).toMatchObject({ cleared: 9_000, read: 9_000 })
    expect(await database.punches.count(device.id)).toBe(9_000)
    expect(stage.clearings).toBe(1)
  })

  it('sends nothing to an empty log', async () => {
    await using stage = await Stage.set({ people: 3, punches: 0, seed: 306 })
    expect(await stage.clear()).toEqual({ cleared: 0, read: 0, new: 0 })
    expect(stage.clearings).toBe(0)
  })

  it('reads a full log that writes over its oldest records once more while nobody can punch', async () => {
    const profile = {
      ...profileNamed('typical'),
      fullLog: 'overwrite-oldest' as const,
      capacity: { ...profileNamed('typical').capacity, records: 120 },
    }
    await using stage = await Stage.set({ profile, people: 3, punches: 120, seed: 307 })
    const { memory } = stage.terminal
    const receipt = await stage.clearWhile(() => {
      for (const second of ['01', '02', '03'])
        memory.punch({ pin: '1', wallTime: `2027-01-01T08:00:${second}` })
    })
    expect(receipt).toMatchObject({ cleared: 120 })
    expect(await rowsOf(stage.service.database, stage.device.id)).toHaveLength(123)
  })

  it('is not believed where the terminal acknowledges and still counts records', async () => {
    await using stage = await Stage.set({ people: 3, punches: 30, seed: 308 })
    stage.terminal.memory.clearLog = () => undefined
    await expect(stage.clear()).rejects.toMatchObject({ code: 'DEVICE_COMMAND_FAILED' })
    expect(stage.clearings).toBe(1)
    expect(await stage.service.sync(stage.device.id)).toMatchObject({ from: 30, read: 0, new: 0 })
    expect((await stage.row()).bookmark).not.toHaveProperty('clearing')
    await expectSameAsTerminal(stage.service.database, stage.device.id, stage.terminal.memory)
  })

  it.each(['cleared', 'not cleared'])(
    'is found out by the next read where no answer came: %s',
    { timeout: 60_000 },
    async (what) => {
      await using stage = await Stage.set({ people: 3, punches: 30, seed: 309 })
      const { memory, faults } = stage.terminal
      const same = { pin: '1', wallTime: '2026-05-04T08:00:00' }
      memory.punch(same)
      if (what === 'not cleared') memory.clearLog = () => undefined
      faults.set({ unanswered: 'clearAttendance' })
      await expect(stage.clear()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
      expect(stage.clearings).toBe(1)
      expect(await stage.outcomes()).toEqual([['unknown', 'OUTCOME_UNKNOWN']])
      expect((await stage.row()).bookmark).toMatchObject({ clearing: true })
      const stored = await rowsOf(stage.service.database, stage.device.id)

      memory.punch({ pin: '2', wallTime: '2026-05-04T08:00:02' })
      memory.punch(same)
      const certificate = await stage.service.sync(stage.device.id)
      expect(certificate).toMatchObject({ from: what === 'cleared' ? 0 : 31, read: 2, new: 2, known: 0 })
      const kept = what === 'cleared' ? stored : []
      expect(await rowsOf(stage.service.database, stage.device.id)).toEqual(
        sorted([...kept, ...toldBy(memory)]),
      )
    },
  )

  it('that was not carried out is not taken for one because a full log has dropped its oldest records since', async () => {
    const profile = {
      ...profileNamed('typical'),
      fullLog: 'drop-block' as const,
      capacity: { ...profileNamed('typical').capacity, records: 100 },
    }
    await using stage = await Stage.set({ profile, people: 3, punches: 96, seed: 314 })
    const { service, device, terminal } = stage
    await service.sync(device.id)
    const before = toldBy(terminal.memory)
    const { bookmark } = await stage.row()
    if (bookmark === null) throw new Error('a sync leaves a bookmark')
    const fence = await service.database.devices.issueFence(device.id)
    await service.database.transaction((tx) =>
      tx.devices.moveBookmark(device.id, {
        expected: bookmark,
        next: { ...bookmark, clearing: true },
        fence,
        at: new Date().toISOString(),
      }),
    )
    for (let second = 10; second < 16; second += 1)
      terminal.memory.punch({ pin: '1', wallTime: `2027-01-01T08:00:${second}` })
    expect(terminal.memory.log.count).toBeLessThan(bookmark.index)
    expect(await service.sync(device.id)).toMatchObject({ from: 0, new: 6 })
    expect(await rowsOf(service.database, device.id)).toEqual(
      sorted([...before, ...toldBy(terminal.memory).slice(-6)]),
    )
  })

  it('changes nothing where the terminal refuses', async () => {
    await using stage = await Stage.set({ people: 3, punches: 30, seed: 313 })
    const { service, device, terminal } = stage
    await using way = await alteredWay(service, ({ logs }) => {
      logs.clearAttendance = refuse
    })
    const parts = {
      ...way,
      database: service.database,
      changes: createChanges(quiet),
      punchNews: noPunchNews,
      retention: noRetention,
      transfers: noTransfers,
      waitMs: 30_000,
      log: quiet,
    }
    await expect(clearAttendance(parts, { ...ASKED, deviceId: device.id })).rejects.toMatchObject({
      code: 'DEVICE_COMMAND_FAILED',
    })
    expect(await stage.outcomes()).toEqual([['refused', 'DEVICE_COMMAND_FAILED']])
    expect(terminal.memory.isEnabled).toBe(true)
    expect(await service.sync(device.id)).toMatchObject({ from: 30, read: 0 })
    await expectSameAsTerminal(service.database, device.id, terminal.memory)
  })

  it('keeps what was read where somebody else clears the log meanwhile', async () => {
    await using stage = await Stage.set({ people: 3, punches: 60, seed: 310 })
    const { memory } = stage.terminal
    const before = toldBy(memory)
    const receipt = await stage.clearWhile(() => {
      memory.clearLog()
      memory.punch({ pin: '1', wallTime: '2027-01-01T08:00:00' })
    })
    expect(receipt).toMatchObject({ cleared: 1, read: 60 })
    expect(await rowsOf(stage.service.database, stage.device.id)).toHaveLength(before.length + 1)
  })

  it('lets people punch again when it is broken off in the middle', async () => {
    await using stage = await Stage.set({ people: 3, punches: 60, seed: 311 })
    const end = new AbortController()
    const { memory } = stage.terminal
    const disable = memory.disable.bind(memory)
    memory.disable = (seconds) => {
      disable(seconds)
      end.abort(new Error('cancelled'))
    }
    await expect(stage.clear({ signal: end.signal })).rejects.toThrow('cancelled')
    expect(stage.clearings).toBe(0)
    await until(() => memory.isEnabled)
    expect((await stage.row()).disabledAt).toBeNull()
  })

  it('has the next contact let people in where a dead process had disabled a terminal that does not do it by itself', async () => {
    await using stage = await Stage.set({ people: 3, punches: 5, seed: 312 })
    stage.terminal.memory.disable(0)
    await stage.service.database.devices.noteDisabled(stage.device.id, new Date().toISOString())
    await stage.service.services.devices.readInfo(stage.device.id, new AbortController().signal)
    expect(stage.terminal.memory.isEnabled).toBe(true)
    expect((await stage.row()).disabledAt).toBeNull()
  })
})

/** Counts how often the terminal is asked for its counts while it is disabled, and tells of each before it is answered. */
async function countsAskedWhileDisabled(
  { terminal: { stats, memory } }: Stage,
  told: (nth: number) => void,
  during: () => Promise<void>,
): Promise<number> {
  let asked = 0
  const count = stats.countRequest.bind(stats)
  stats.countRequest = (name) => {
    count(name)
    if (name !== 'readCapacity' || memory.isEnabled) return
    asked += 1
    told(asked)
  }
  await during()
  return asked
}

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !holds(); await sleep(10))
    if (Date.now() > deadline) throw new Error('it did not come to that')
}
