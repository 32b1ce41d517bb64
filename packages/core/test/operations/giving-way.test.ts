// A long read does not keep others from the terminal: those of its own process join it between its packets, those of other
// processes get the terminal at its next batch, and the read goes on where it stopped.
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { createChanges } from '../../src/changes.ts'
import { readConfig, SYSTEM, type Device, type SyncCertificate, type SyncProgress } from '../../src/index.ts'
import { syncAttendance } from '../../src/operations/sync-attendance.ts'
import { openSecrets } from '../../src/secrets.ts'
import { createBreakers } from '../../src/terminals/breaker.ts'
import { createContactNotes } from '../../src/terminals/contact-notes.ts'
import { createDialler } from '../../src/terminals/dial.ts'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import { createNetworkBounds } from '../../src/terminals/network-bounds.ts'
import { createSessionPool } from '../../src/terminals/session-pool.ts'
import { createWithTerminal, type WithTerminal } from '../../src/terminals/with-terminal.ts'
import { expectSameAsTerminal, rowsOf, sorted, toldBy } from '../support/same-as-terminal.ts'
import { noNotices, noPunchNews, noRetention, noTransfers } from '../support/nobody.ts'
import { quiet, scratchService, type ScratchService } from '../support/scratch-service.ts'

const LOG = 12_000
const WAIT_MS = 60_000
const signal = new AbortController().signal

describe('a long read', () => {
  it('of a whole log gives way to another process and goes on where it stopped', async () => {
    await using stage = await Stage.set({ people: 30, punches: LOG, seed: 91 })
    const { terminal } = stage

    const certificate = await stage.syncWhile(1, () => stage.askElsewhere())

    expect(stage.asked).toEqual([{ serial: terminal.memory.serialNumber, rows: expect.any(Number) }])
    expect(stage.asked[0]?.rows).toBeLessThan(LOG)
    expect(certificate).toMatchObject({
      announced_before: LOG,
      announced_after: LOG,
      from: 0,
      read: LOG,
      new: LOG,
    })
    expect(certificate.bytes_received).toBe(certificate.bytes_announced)
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
    expect(terminal.stats.bytesSent).toBeLessThan(LOG * 40 * 1.2)
    await expectSameAsTerminal(stage.service.database, stage.device.id, terminal.memory)
    expect(await stage.sync()).toMatchObject({ from: LOG, read: 0 })
  })

  it('gives way as often as somebody waits, and loses or doubles nothing by it', async () => {
    await using stage = await Stage.set({ people: 30, punches: LOG, seed: 92 })
    const certificate = await stage.syncWhile(4, () => {
      stage.terminal.memory.punch({ pin: '1', wallTime: '2027-03-01T08:00:00' })
      return stage.askElsewhere()
    })
    expect(stage.asked).toHaveLength(4)
    expect(certificate).toMatchObject({ read: LOG + 4, new: LOG + 4 })
    await expectSameAsTerminal(stage.service.database, stage.device.id, stage.terminal.memory)
  })

  it('of a tail gives way too', async () => {
    await using stage = await Stage.set({ people: 30, punches: 500, seed: 93 })
    await stage.sync()
    stage.punch(LOG)
    const certificate = await stage.syncWhile(1, () => stage.askElsewhere())
    expect(stage.asked[0]?.rows).toBeLessThan(500 + LOG)
    expect(certificate).toMatchObject({ from: 500, read: LOG, new: LOG, known: 0 })
    await expectSameAsTerminal(stage.service.database, stage.device.id, stage.terminal.memory)
  })

  it.each([0, 700])(
    'begins anew when the log was cleared meanwhile and holds %i punches',
    async (punches) => {
      await using stage = await Stage.set({ people: 30, punches: LOG, seed: 94 })
      const { terminal, service, device } = stage
      const before = toldBy(terminal.memory)
      const certificate = await stage.syncWhile(1, async () => {
        await stage.askElsewhere()
        terminal.memory.clearLog()
        stage.punch(punches)
      })
      expect(certificate).toMatchObject({ from: 0, read: punches, new: punches })
      const rows = await rowsOf(service.database, device.id)
      const storedBefore = rows.length - punches
      expect(storedBefore).toBeGreaterThan(0)
      expect(rows).toEqual(sorted([...before.slice(0, storedBefore), ...toldBy(terminal.memory)]))
    },
  )

  it('of records that name uids gives way and keeps the PINs', async () => {
    await using stage = await Stage.set({ profile: 'old', people: 30, punches: 9_000, seed: 95 })
    const certificate = await stage.syncWhile(2, () => stage.askElsewhere())
    expect(certificate).toMatchObject({ read: 9_000, new: 9_000 })
    await expectSameAsTerminal(stage.service.database, stage.device.id, stage.terminal.memory)
  })

  it('lets short questions of its own process in between, on its own session', async () => {
    await using stage = await Stage.set({ people: 30, punches: LOG, seed: 96 })
    const { terminal } = stage
    const opened = terminal.stats.sessionsOpened
    const certificate = await stage.syncWhile(1, () => stage.ask(stage.here, 'joining'))
    expect(stage.asked[0]?.rows).toBeLessThan(LOG)
    expect(certificate).toMatchObject({ read: LOG, new: LOG })
    expect(terminal.stats.sessionsOpened).toBe(opened + 1)
    await expectSameAsTerminal(stage.service.database, stage.device.id, terminal.memory)
  })
})

/** A device with its terminal, and two processes that share leases and nothing else. */
class Stage implements AsyncDisposable {
  readonly service: ScratchService
  readonly terminal: SimulatedTerminal
  readonly device: Device
  readonly here: WithTerminal
  readonly elsewhere: WithTerminal
  /** What was asked of the terminal meanwhile, and how many rows there were by then. */
  readonly asked: Array<{ serial: string | undefined; rows: number }> = []
  readonly #end: () => Promise<void>

  private constructor(
    parts: Pick<Stage, 'service' | 'terminal' | 'device' | 'here' | 'elsewhere'>,
    end: () => Promise<void>,
  ) {
    this.service = parts.service
    this.terminal = parts.terminal
    this.device = parts.device
    this.here = parts.here
    this.elsewhere = parts.elsewhere
    this.#end = end
  }

  static async set(options: TerminalOptions): Promise<Stage> {
    const ending = new AsyncDisposableStack()
    const service = ending.use(await scratchService('sqlite', { DEVICE_IDLE_MS: '0' }))
    const terminal = await startTerminal(options)
    ending.defer(() => terminal.stop())
    const device = await service.register(terminal)
    const leases = createMemoryLeases({
      leaseMs: 30_000,
      issueFence: (id) => service.database.devices.issueFence(id),
    })
    const config = readConfig({ DATA_DIR: service.folder })
    const secrets = await openSecrets(config)
    const makeProcess = (): WithTerminal => {
      const turns = createMemoryLeases({ leaseMs: 0, issueFence: () => Promise.resolve(0) })
      const pool = createSessionPool({ leases, turns, idleMs: 60_000, log: quiet })
      ending.defer(() => pool.close())
      return createWithTerminal({
        database: service.database,
        secrets,
        breakers: createBreakers(),
        pool,
        dialler: createDialler(createNetworkBounds(config.deviceNetworks), 10_000),
        waitMs: WAIT_MS,
        noteContact: createContactNotes({ database: service.database, notices: noNotices, log: quiet }),
        log: quiet,
      })
    }
    const [here, elsewhere] = [makeProcess(), makeProcess()]
    return new Stage({ service, terminal, device, here, elsewhere }, () => ending.disposeAsync())
  }

  sync(progress: (progress: SyncProgress) => void = () => undefined): Promise<SyncCertificate> {
    const parts = {
      database: this.service.database,
      withTerminal: this.here,
      changes: createChanges(quiet),
      notices: noNotices,
      punchNews: noPunchNews,
      retention: noRetention,
      transfers: noTransfers,
      waitMs: WAIT_MS,
      log: quiet,
    }
    return syncAttendance(parts, { deviceId: this.device.id, mode: 'auto', signal, progress })
  }

  /** Syncs, and at each of the first batches has somebody do something who must have done it before the sync ends. */
  async syncWhile(times: number, act: () => Promise<void>): Promise<SyncCertificate> {
    let left = times
    let acting: Promise<void> | undefined
    const acts: Promise<void>[] = []
    const certificate = await this.sync(({ phase, done, total }) => {
      if (phase !== 'reading' || left === 0 || acting !== undefined || done === total) return
      left -= 1
      acting = act().finally(() => {
        acting = undefined
      })
      acts.push(acting)
    })
    if (acting !== undefined) throw new Error('the sync ended before others had their turn')
    await Promise.all(acts)
    return certificate
  }

  /** So many punches, each in a second of its own. */
  punch(count: number): void {
    const begin = Date.UTC(2027, 0, 1)
    for (let second = 0; second < count; second += 1) {
      const wallTime = new Date(begin + second * 1_000).toISOString().slice(0, 19)
      this.terminal.memory.punch({ pin: '1', wallTime })
    }
  }

  askElsewhere(): Promise<void> {
    return this.ask(this.elsewhere, 'alone')
  }

  ask(withTerminal: WithTerminal, manner: 'alone' | 'joining'): Promise<void> {
    const { database } = this.service
    return withTerminal(this.device.id, { signal, manner }, async (hand) => {
      const serial = await hand.terminal.readOption('~SerialNumber', { signal: hand.signal })
      this.asked.push({ serial, rows: (await rowsOf(database, this.device.id)).length })
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end()
  }
}

it('lets an operation of its own process in that cannot join, as one of another process', async () => {
  await using service = await scratchService('sqlite', { DEVICE_WAIT_MS: '2000' })
  const terminal = await service.terminal({ people: 5, punches: 12_000, seed: 231, paceMs: 12 })
  const device = await service.register(terminal)
  const { services } = service
  let edited: Promise<string> | undefined
  let ended = false
  const certificate = await service.sync(device.id, {
    progress({ phase, done }) {
      if (phase !== 'reading' || done === 0) return
      const [person] = terminal.memory.truth().people
      edited ??= services.people
        .edit({
          deviceId: device.id,
          pin: person?.pin ?? '',
          changes: { name: 'Siti' },
          by: SYSTEM,
          mayGrant: true,
          signal: new AbortController().signal,
        })
        .then(() => (ended ? 'last' : 'first'))
    },
  })
  ended = true
  expect(await edited).toBe('first')
  expect(certificate).toMatchObject({ from: 0, read: 12_000, new: 12_000 })
  expect(terminal.stats.maxConcurrentSessions).toBe(1)
})
