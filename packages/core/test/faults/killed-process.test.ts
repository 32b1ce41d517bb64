// A process is killed at a random moment of a sync, again and again, while people go on punching. Each time its successor ends
// the job, and the database holds what the terminal holds. A seed that failed once: FAULT_SEED=….
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase, type Database } from '@org/data'
import { madeUpMemory, startTerminal, type TerminalMemory } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { embeddedCrew, queueCrew, type Crew } from '../support/crew.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { scratchFolder } from '../support/scratch-service.ts'
import { runSeeds, seededRandom, seedsOf } from '../support/seeded-runs.ts'

const RUNS = 100
const QUICK = { JOB_CLAIM_MS: '1000', DEVICE_LEASE_MS: '6000', DEVICE_IDLE_MS: '200' }
/** Embedded: independent services side by side. */
const LANES = 3
/** Queue mode: most of a run is waiting for a dead worker's lease to end, so that more of them go together. */
const QUEUE_LANES = 8
const WORKERS = 8
/** Data bytes of one packet of the terminal, and bytes of one record. */
const PACKET_BYTES = 1_000
const RECORD_BYTES = 40
const TAIL = 2_000
const RUN_WITHIN_MS = 120_000
const MOST_STORING_MS = 30

describe('a process killed at any moment of a sync loses and doubles nothing', () => {
  it('in embedded mode', { timeout: 900_000 }, async () => {
    await using ending = new AsyncDisposableStack()
    const stages = await Promise.all(
      Array.from({ length: LANES }, async () => {
        const { path } = ending.use(await scratchFolder())
        const url = `sqlite:${path}/service.db`
        const database = await openDatabase(url)
        ending.defer(() => database.close())
        return {
          database,
          crew: ending.use(await embeddedCrew({ DATA_DIR: path, DATABASE_URL: url, ...QUICK })),
        }
      }),
    )
    const interrupted = await killAll(stages)
    expect(interrupted).toBeGreaterThan(seedsOf(RUNS).length / 2)
  })

  it.skipIf(EMBEDDED_ONLY)('in queue mode', { timeout: 900_000 }, async () => {
    await using ending = new AsyncDisposableStack()
    const { url } = ending.use(await scratchDatabase())
    const database = await openDatabase(url)
    ending.defer(() => database.close())
    const env = {
      DATABASE_URL: url,
      REDIS_URL: serverUrl('TEST_REDIS_URL'),
      JWT_SECRET: 'j'.repeat(40),
      ENCRYPTION_KEY: 'e'.repeat(40),
    }
    const crew = ending.use(await queueCrew({ ...env, ...QUICK }, WORKERS))
    const interrupted = await killAll(Array.from({ length: QUEUE_LANES }, () => ({ crew, database })))
    expect(interrupted).toBeGreaterThan(seedsOf(RUNS).length / 2)
  })
})

interface Stage {
  readonly crew: Crew
  readonly database: Database
}

/** Runs every seed; how many of the kills came before the sync was over. */
async function killAll(stages: readonly Stage[]): Promise<number> {
  let interrupted = 0
  await runSeeds(seedsOf(RUNS), stages, async (seed, stage) => {
    if (await killOnce(seed, stage)) interrupted += 1
  })
  return interrupted
}

/** One kill and what came of it. Whether it came before the sync was over. */
async function killOnce(seed: number, { crew, database }: Stage): Promise<boolean> {
  const random = seededRandom(seed)
  const memory = madeUpMemory({ people: 20, punches: 2_000 + random.below(2_000), seed })
  const isTail = random.chance(0.5)
  const killAt = random.below(((isTail ? TAIL : memory.log.count) * RECORD_BYTES * 1.1) / PACKET_BYTES)
  const crowd = new Crowd(memory)
  let packets = isTail ? Number.NEGATIVE_INFINITY : 0
  const reached = Promise.withResolvers<void>()
  await using terminal = await startTerminal({
    memory,
    transports: [random.pick(['tcp', 'udp'])],
    paceMs: 1,
    watch: {
      received: () => undefined,
      gone: () => undefined,
      sent() {
        packets += 1
        if (packets % 40 === 0) crowd.punch() // not while the log is read that a tail is to follow
        if (packets >= killAt) reached.resolve()
      },
    },
  })

  const asked = await crew.desk().ask(terminal.port)
  const { deviceId } = asked
  let { jobId } = asked
  if (isTail) {
    expect(await crew.desk().finish(jobId)).toMatchObject({ state: 'completed' })
    for (let i = 0; i < TAIL; i += 1) crowd.punch()
    packets = 0
    jobId = await crew.desk().again(deviceId)
  }
  const victim = await crew.whoRuns(jobId, AbortSignal.timeout(RUN_WITHIN_MS))
  await Promise.race([reached.promise, crew.desk().finish(jobId)])
  // While a batch is stored no packet is sent: some kills come then.
  await sleep(random.below(MOST_STORING_MS))
  const held = memory.log.count
  await crew.kill(victim)

  const job = await crew.desk().finish(jobId)
  expect(job).toMatchObject({ state: 'completed', error: null })
  const { from, read } = job.result ?? expect.fail('a completed job has a certificate')
  const storedThen = await database.punches.count(deviceId)
  // A sync that was over before the kill did not see what came after it.
  expect(from + read).toBeGreaterThanOrEqual(job.attempts > 1 ? held : storedThen)
  expect(storedThen).toBe(from + read)

  crowd.isHere = false
  const last = await crew.desk().finish(await crew.desk().again(deviceId))
  expect(last).toMatchObject({ state: 'completed', error: null })
  expect(last.result).toMatchObject({ from: storedThen, new: memory.log.count - storedThen })
  await expectSameAsTerminal(database, deviceId, memory)
  expect(memory.isEnabled).toBe(true)
  expect(terminal.stats).toMatchObject({ leftDisabled: 0, badChecksums: 0 })
  // Another terminal may get its port.
  await database.devices.remove(deviceId, new Date().toISOString())
  return job.attempts > 1
}

/** People who go on punching; every third of them twice in one second. */
class Crowd {
  isHere = true
  readonly #memory: TerminalMemory
  readonly #pins: readonly string[]
  #punches = 0

  constructor(memory: TerminalMemory) {
    this.#memory = memory
    this.#pins = memory.people.list().map(({ pin }) => pin)
  }

  punch(): void {
    if (!this.isHere) return
    this.#punches += 1
    const wallTime = new Date(Date.UTC(2030, 0, 1) + this.#punches * 1_000).toISOString().slice(0, 19)
    const pin = this.#pins[this.#punches % this.#pins.length] ?? '1'
    for (let times = this.#punches % 3 === 0 ? 2 : 1; times > 0; times -= 1)
      this.#memory.punch({ pin, wallTime })
  }
}
