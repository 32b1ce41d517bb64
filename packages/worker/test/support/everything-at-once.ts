// A terminal of which everything is wanted at once, for as long as it takes: what everything-at-once.test.ts looks at.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { spawn, type ChildProcess } from 'node:child_process'
import { createServices, readConfig, ServiceError, SYSTEM, type Services } from '@org/core'
import { openDatabase, type Database } from '@org/data'
import { startTerminal, type PunchTruth, type SimulatedTerminal } from '@org/zk-sim'
import { PunchCounts, type Named } from '../../../core/test/support/punch-counts.ts'
import { scratchFolder } from '../../../core/test/support/scratch-service.ts'
import { seededRandom, type SeededRandom } from '../../../core/test/support/seeded-runs.ts'
import { waitUntil } from '../../../core/test/support/wait-until.ts'
import { httpReceiver } from '../../../../scripts/toolchain/http-receiver.ts'
import { scratchDatabase, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { startWorker } from '../../src/index.ts'

const ACTS = 24
/** Longer than any operation may wait for its turn and then take, on a machine that others use too. */
const ENDS_WITHIN_MS = 240_000
/** A second in which somebody punches after every clearing: the clock was set back. */
const SET_BACK = { pin: '1', wallTime: '2026-05-04T08:00:00' }
const TOLD_WITHIN_MS = 120_000

export type Mode = 'embedded' | 'queue mode'

/** How things stand in the end. */
export interface Settled {
  /** Punches that were made and are not stored; stored more often than made. */
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** Rows by id of which the webhook was not told. */
  readonly untold: readonly number[]
  readonly unfinishedJobs: readonly string[]
  readonly isEnabled: boolean
  readonly disabledAt: string | null
  readonly maxConcurrentSessions: number
}

type Act = (services: Services) => Promise<unknown>

/** One terminal, and everybody who wants something of it. */
export class EverythingAtOnce implements AsyncDisposable {
  readonly #ending: AsyncDisposableStack
  readonly #random: SeededRandom
  readonly #desks: readonly [Services, ...Services[]]
  readonly #database: Database
  readonly #terminal: SimulatedTerminal
  readonly #deviceId: number
  readonly #told: ReadonlySet<number>
  readonly #killOne: (() => Promise<void>) | undefined
  /** Every punch ever made. */
  readonly #made: Named[]
  readonly #failures: string[] = []
  #people = 0

  private constructor(parts: {
    readonly ending: AsyncDisposableStack
    readonly random: SeededRandom
    readonly desks: readonly [Services, ...Services[]]
    readonly database: Database
    readonly terminal: SimulatedTerminal
    readonly deviceId: number
    readonly told: ReadonlySet<number>
    readonly killOne: (() => Promise<void>) | undefined
  }) {
    this.#ending = parts.ending
    this.#random = parts.random
    this.#desks = parts.desks
    this.#database = parts.database
    this.#terminal = parts.terminal
    this.#deviceId = parts.deviceId
    this.#told = parts.told
    this.#killOne = parts.killOne
    this.#made = [...parts.terminal.memory.truth().punches]
  }

  static async set(mode: Mode, seed: number): Promise<EverythingAtOnce> {
    const ending = new AsyncDisposableStack()
    const receiver = ending.use(await httpReceiver())
    const told = new Set<number>()
    receiver.answer = ({ body }) => {
      const { data } = JSON.parse(body) as { data?: { punches?: readonly { id: number }[] } }
      for (const { id } of data?.punches ?? []) told.add(id)
      return 200
    }
    const { path } = ending.use(await scratchFolder())
    const shared = mode === 'embedded' ? undefined : ending.use(await scratchDatabase())
    const env = {
      DATA_DIR: path,
      LOG_LEVEL: 'silent',
      DEVICE_WAIT_MS: '30000',
      DEVICE_IDLE_MS: '300',
      WEBHOOK_URL: receiver.url,
      WEBHOOK_SECRET: 'w'.repeat(40),
      WEBHOOK_PUNCHES: 'true',
      ...(shared === undefined
        ? {}
        : {
            DATABASE_URL: shared.url,
            REDIS_URL: serverUrl('TEST_REDIS_URL'),
            JWT_SECRET: 'j'.repeat(40),
            ENCRYPTION_KEY: 'e'.repeat(40),
            JOB_CLAIM_MS: '4000',
            DEVICE_LEASE_MS: '6000',
          }),
    }
    const config = readConfig(env)
    const terminal = ending.use(
      await startTerminal({ people: 5, punches: 1_500, seed, paceMs: 1, serialNumber: `EVERY${seed}` }),
    )
    const open = async (): Promise<readonly [Services, Database]> => {
      const database = await openDatabase(config.databaseUrl)
      ending.defer(() => database.close())
      const services = await createServices(config, database, { role: mode === 'embedded' ? 'both' : 'api' })
      ending.defer(() => services.close())
      return [services, database]
    }
    const [first, database] = await open()
    const desks: [Services, ...Services[]] = [first]
    let killOne: (() => Promise<void>) | undefined
    if (mode === 'embedded') {
      const worker = startWorker(first)
      ending.defer(() => worker.stop())
    } else {
      desks.push((await open())[0])
      const workers = new Set([startWorkerProcess(env), startWorkerProcess(env)])
      ending.defer(async () => void (await Promise.all([...workers].map(kill))))
      killOne = async () => {
        const [oldest] = workers
        if (oldest === undefined) return
        workers.delete(oldest)
        await kill(oldest)
        workers.add(startWorkerProcess(env))
      }
    }
    const { device } = await waitUntil('the terminal is registered', () =>
      first.devices
        .register({ name: 'Gate', ip: terminal.host, port: terminal.port }, SYSTEM)
        .catch(unlessPassing),
    )
    const random = seededRandom(seed)
    return new EverythingAtOnce({
      ending,
      random,
      desks,
      database,
      terminal,
      deviceId: device.id,
      told,
      killOne,
    })
  }

  /** All of it, in any order, one beginning before the others have ended. What failed that must not. */
  async live(): Promise<readonly string[]> {
    const over = new AbortController()
    const punching = this.#punchAfterClearings(over.signal)
    const acts: Promise<void>[] = []
    for (let i = 0; i < ACTS; i += 1) {
      const [name, act] = this.#random.pick(this.#acts())
      acts.push(this.#carryOut(name, act))
      await sleep(this.#random.below(700))
      for (let punches = this.#random.below(4); punches > 0; punches -= 1) this.#punch()
    }
    await Promise.all(acts)
    over.abort()
    await punching
    return this.#failures
  }

  /** Once the watch has read what there is and the webhook was told: what is not as it must be, by what it is. */
  async settled(): Promise<Settled> {
    const { memory, stats } = this.#terminal
    const device = () => this.#database.devices.findById(this.#deviceId)
    await waitUntil('the watch has read the log to its end', async () => {
      const early = (await this.#rows()).some((row) => row.early)
      return (await device())?.bookmark?.index === memory.log.count && !early ? true : undefined
    })
    const rows = await this.#rows()
    const [stored, made] = [new PunchCounts(rows), new PunchCounts(this.#made)]
    const untold = (): number[] => rows.map(({ id }) => id).filter((id) => !this.#told.has(id))
    const giveUpAt = performance.now() + TOLD_WITHIN_MS
    while (untold().length > 0 && performance.now() < giveUpAt) await sleep(100)
    const active = await this.#database.jobs.list({ state: 'active' }, { offset: 0, limit: 9 })
    return {
      lost: made.lackingIn(stored),
      doubled: stored.lackingIn(made),
      untold: untold(),
      unfinishedJobs: active.rows.map(({ id }) => id),
      isEnabled: memory.isEnabled,
      disabledAt: (await device())?.disabledAt ?? null,
      maxConcurrentSessions: stats.maxConcurrentSessions,
    }
  }

  #acts(): readonly [[string, Act], ...[string, Act][]] {
    const id = this.#deviceId
    const { signal } = new AbortController()
    const job = async (services: Services, asked: Promise<{ job: { id: string } }>): Promise<void> => {
      const jobId = (await asked).job.id
      const ended = await waitUntil(
        `the job ${jobId} ends`,
        async () => {
          const found = await services.jobs.find(jobId)
          return found?.finishedAt === null ? undefined : found
        },
        ENDS_WITHIN_MS,
      )
      if (ended?.state === 'completed') return
      // A clearing is not tried again by itself.
      if (!jobId.startsWith('clear')) throw new Error(`${jobId}: ${JSON.stringify(ended?.error)}`)
    }
    const pin = String(5_000 + (this.#people += 1))
    return [
      [
        'sync',
        (it) => job(it, it.attendance.requestSync(id, { mode: this.#random.pick(['auto', 'full']) }, SYSTEM)),
      ],
      [
        'clear',
        (it) =>
          job(it, it.attendance.requestClearing(id, { confirm: this.#terminal.memory.serialNumber }, SYSTEM)),
      ],
      ['people sync', (it) => job(it, it.people.requestSync(id))],
      [
        'person',
        async (it) => {
          const person = { deviceId: id, pin, by: SYSTEM, mayGrant: false, signal }
          await it.people.add({
            ...person,
            name: 'Siti',
            enrol: this.#random.chance(0.5) ? { finger: 6, timeoutSeconds: 30 } : null,
          })
          await it.people.edit({ ...person, changes: { name: 'Siti R' } })
          await it.people.remove({ deviceId: id, pin, by: SYSTEM, signal })
        },
      ],
      [
        'door',
        async (it) => {
          const { answer } = await it.doors.unlock({ deviceId: id, seconds: 1, by: SYSTEM, signal })
          if (answer instanceof ServiceError) throw answer
        },
      ],
      ['info', (it) => it.devices.readInfo(id, signal)],
      ['clock', (it) => it.devices.setClock(id, SYSTEM, signal)],
      ['restart', (it) => it.devices.restart(id, SYSTEM, signal)],
      [
        'zone',
        (it) =>
          it.devices.change(id, { timezone: this.#random.pick(['Asia/Jakarta', 'Europe/Berlin']) }, SYSTEM),
      ],
      ['kill', () => this.#killOne?.() ?? Promise.resolve()],
    ]
  }

  async #carryOut(name: string, act: Act): Promise<void> {
    const services = this.#random.pick(this.#desks)
    const begun = performance.now()
    try {
      await act(services)
    } catch (error) {
      if (!isPassing(error)) this.#failures.push(`${name}: ${String(error)}`)
    }
    const tookMs = performance.now() - begun
    if (tookMs > ENDS_WITHIN_MS) this.#failures.push(`${name} took ${tookMs} ms`)
  }

  #punch(): void {
    const { hand, memory } = this.#terminal
    const pins = memory.truth().people.map((person) => person.pin)
    const pin = pins[this.#random.below(pins.length)] ?? '1'
    this.#note(this.#random.chance(0.7) ? hand.present(pin) : memory.punch({ pin }))
  }

  /** Somebody punches in the same second after each clearing, at once and a little later. */
  async #punchAfterClearings(signal: AbortSignal): Promise<void> {
    const { memory } = this.#terminal
    for (let held = memory.log.count; !signal.aborted; held = memory.log.count) {
      await sleep(2)
      if (memory.log.count < held) this.#note(memory.punch(SET_BACK))
    }
  }

  #note(punch: PunchTruth | undefined): void {
    if (punch !== undefined) this.#made.push(punch)
  }

  async #rows() {
    const rows = []
    for await (const batch of this.#database.punches.each(this.#deviceId)) rows.push(...batch)
    return rows
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync()
  }
}

/** What a restarted terminal, or a lease that its killed holder still has, makes of an operation: it fails, and says that later it may not. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ServiceError &&
    (error.retryable ||
      error.code === 'DEVICE_UNREACHABLE' ||
      error.code === 'OUTCOME_UNKNOWN' ||
      error.code === 'ENROLLMENT_FAILED')
  )
}

function unlessPassing(error: unknown): undefined {
  if (!isPassing(error)) throw error
}

function startWorkerProcess(env: Readonly<Record<string, string>>): ChildProcess {
  const script = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  return spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'inherit',
  })
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
