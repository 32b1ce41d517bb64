// Several processes' worth of schedules on one set of devices, and a clock that a test moves: no job is worked, so all of time is the
// test's.
import { randomBytes } from 'node:crypto'
import { openDatabase, type Database, type NewDevice } from '@org/data'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
import { createDatabaseJobQueue } from '../../src/jobs/job-queue-database.ts'
import type { JobQueue } from '../../src/jobs/job-queue.ts'
import { createDueSyncs, type DueSyncs, type ScheduledOutcome } from '../../src/schedules/due-syncs.ts'
import { createSyncTimes, type SyncTimes } from '../../src/schedules/sync-times.ts'
import { openScratch, quiet, scratchFolder, type Engine } from '../support/scratch-service.ts'

/** How devices' times are declared. */
export interface Declared {
  readonly schedule?: string
  readonly spreadSeconds?: number
  readonly zone?: string
}

/** The times of a declaration. */
export function timesOf({ schedule, spreadSeconds = 300, zone = 'UTC' }: Declared): SyncTimes {
  return createSyncTimes({
    ...(schedule !== undefined && { SYNC_SCHEDULE: schedule }),
    SYNC_SPREAD_SECONDS: spreadSeconds,
    syncScheduleZone: zone,
  })
}

/** The databases and carriers of both ways to run. */
export const SCHEDULE_MODES: readonly [string, Engine][] = [
  ['one process', 'sqlite'],
  ...(EMBEDDED_ONLY ? [] : ([['queue mode', 'mysql']] satisfies [string, Engine][])),
]

const SOME = 4
const NEVER = new AbortController().signal

interface Process {
  readonly database: Database
  readonly jobs: JobQueue
}

/** Devices, four that keep their schedule, and the clock of all. */
export class ScheduleRig implements AsyncDisposable {
  readonly #ending: AsyncDisposableStack
  readonly #processes: readonly Process[]
  readonly #clock: { ms: number }
  readonly database: Database
  /** What became of times, of all processes. */
  readonly outcomes: ScheduledOutcome[] = []

  private constructor(
    ending: AsyncDisposableStack,
    processes: readonly Process[],
    database: Database,
    clock: { ms: number },
  ) {
    this.#ending = ending
    this.#processes = processes
    this.database = database
    this.#clock = clock
  }

  static async open(engine: Engine, at: string): Promise<ScheduleRig> {
    const ending = new AsyncDisposableStack()
    const folder = ending.use(await scratchFolder()).path
    const { database, url } = ending.use(await openScratch(engine, folder))
    const clock = { ms: Date.parse(at) }
    const prefix = `test-${randomBytes(6).toString('hex')}`
    const processes: Process[] = []
    for (let number = 0; number < SOME; number += 1) {
      const own = engine === 'mysql' ? await openDatabase(url) : database
      if (own !== database) ending.defer(() => own.close())
      const options = { database: own, log: quiet, now: () => new Date(clock.ms) }
      const jobs =
        engine === 'mysql'
          ? await createBullmqJobQueue({ ...options, redisUrl: serverUrl('TEST_REDIS_URL'), prefix })
          : await createDatabaseJobQueue(options)
      ending.defer(() => jobs.close())
      processes.push({ database: own, jobs })
    }
    return new ScheduleRig(ending, processes, database, clock)
  }

  /** What every process does by this declaration from now on. `lookTakesMs`: how long each look at the clock takes. */
  keepers(
    declared: Declared,
    jobsOf: (jobs: JobQueue) => JobQueue = (jobs) => jobs,
    lookTakesMs = 0,
  ): DueSyncs[] {
    return this.#processes.map(({ database, jobs }) =>
      createDueSyncs({
        database,
        jobs: jobsOf(jobs),
        times: timesOf(declared),
        metrics: { noteScheduledSync: (outcome) => void this.outcomes.push(outcome) },
        log: quiet,
        now: () => new Date((this.#clock.ms += lookTakesMs)),
      }),
    )
  }

  get now(): Date {
    return new Date(this.#clock.ms)
  }

  set now(at: Date) {
    this.#clock.ms = at.getTime()
  }

  /** Lets this time pass while all look, every so often, and whatever they queued is done at once. */
  async pass(keepers: readonly DueSyncs[], seconds: number, stepSeconds = 5): Promise<void> {
    for (let passed = 0; passed < seconds; passed += stepSeconds) {
      this.#clock.ms += stepSeconds * 1_000
      await this.look(keepers)
      await this.finishAll()
    }
  }

  /** All look at the same time. */
  async look(keepers: readonly DueSyncs[]): Promise<void> {
    await Promise.all(keepers.map((keeper) => keeper.queueDue(NEVER)))
  }

  async correct(keepers: readonly DueSyncs[]): Promise<void> {
    await Promise.all(keepers.map((keeper) => keeper.correctPlans(NEVER)))
  }

  async device(port: number, changes: Partial<NewDevice> = {}): Promise<number> {
    return (
      await this.database.devices.insert({ ...DEVICE, port, createdAt: this.now.toISOString(), ...changes })
    ).id
  }

  async devices(count: number, changes: Partial<NewDevice> = {}, firstPort = 1): Promise<number[]> {
    const ids: number[] = []
    for (let index = 0; index < count; index += 1) ids.push(await this.device(firstPort + index, changes))
    return ids
  }

  async nextOf(id: number): Promise<string | null | undefined> {
    return (await this.database.devices.findById(id))?.nextSyncAt
  }

  /** When syncs of a device were queued, the oldest first. */
  async queuedAt(deviceId: number): Promise<number[]> {
    const { rows } = await this.database.jobs.list({ deviceId }, { offset: 0, limit: 1_000 })
    return rows.map(({ queuedAt }) => Date.parse(queuedAt)).toReversed()
  }

  async finishAll(): Promise<void> {
    const { jobs } = this.database
    const claim = { queues: ['attendance-sync'], token: 'test', now: this.now.toISOString(), claimMs: 60_000 }
    for (let job = await jobs.claimNext(claim); job !== undefined; job = await jobs.claimNext(claim))
      await jobs.complete(job.id, 'test', null, claim.now)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync()
  }
}

const DEVICE: NewDevice = {
  name: 'Gate',
  ip: '10.0.0.1',
  port: 1,
  commKeyEncrypted: null,
  location: null,
  serialNumber: null,
  terminalSerialNumber: null,
  transport: 'auto',
  timezone: 'UTC',
  nameEncoding: 'auto',
  live: false,
  syncIntervalMinutes: null,
  unlockUnit: 'tenths',
  isConnected: true,
  lastSeenAt: null,
  clockDriftSeconds: null,
  info: null,
  createdAt: '2026-02-01T00:00:00.000Z',
}
