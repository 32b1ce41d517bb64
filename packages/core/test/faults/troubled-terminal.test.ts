// Terminals in trouble at a random moment of a sync: restarted, cut off, silent, damaged on the way, their log cleared, replaced or
// growing under the reader's hands. Every job ends, in success or with an honest error; the next sync makes all good. A seed that
// failed once: FAULT_SEED=….
import { madeUpMemory, profileNamed, startTerminal, type Profile, type TerminalMemory } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { SYSTEM } from '../../src/index.ts'
import type { Named } from '../support/punch-counts.ts'
import { endedJob, workQuickly } from '../support/quick-worker.ts'
import { expectWhatCanBeKnown } from '../support/same-as-terminal.ts'
import { scratchService, type ScratchService } from '../support/scratch-service.ts'
import { runSeeds, seededRandom, seedsOf, type SeededRandom } from '../support/seeded-runs.ts'

const RUNS = 120
const LANES = 4

it(
  'no trouble of a terminal loses or doubles a punch, or leaves a job hanging',
  { timeout: 900_000 },
  async () => {
    // The lease bounds every wait for an answer: the shortest one makes the shortest silences.
    await using service = await scratchService('sqlite', { DEVICE_LEASE_MS: '3000', DEVICE_IDLE_MS: '0' })
    workQuickly(service.services, LANES)
    const outcomes = new Set<string>()
    const stages = Array.from({ length: LANES }, () => service)
    await runSeeds(seedsOf(RUNS), stages, async (seed, stage) => {
      outcomes.add(await trouble(seed, stage))
    })
    expect([...outcomes].filter((outcome) => !OUTCOMES.includes(outcome))).toEqual([])
  },
)

async function trouble(seed: number, service: ScratchService): Promise<string> {
  const random = seededRandom(seed)
  const memory = madeUpMemory({
    profile: quickToRestart(),
    people: 12,
    punches: 1_500 + random.below(2_500),
    seed,
  })
  const cleared = whatIsCleared(memory)
  const transport = random.chance(0.3) ? 'udp' : 'tcp'
  await using terminal = await startTerminal({ memory, transports: [transport] })
  const { database, services } = service
  const device = await service.register(terminal, { name: `Gate ${seed}` })
  if (random.chance(0.4)) {
    await service.sync(device.id)
    for (let i = 0; i < 1_800; i += 1) memory.punch({ pin: '1', wallTime: wallTimeOf(i) })
  }

  terminal.faults.set(`${troubleOf(random, transport)}; seed=${seed}`)
  const { job } = await services.attendance.requestSync(device.id, {}, SYSTEM)
  const ended = await endedJob(services, job.id)
  expect(ended.state).toBe(ended.error === null ? 'completed' : 'failed')
  terminal.faults.clear()

  const last = await endedJob(services, (await services.attendance.requestSync(device.id, {}, SYSTEM)).job.id)
  expect(last).toMatchObject({ state: 'completed', error: null })
  await expectWhatCanBeKnown(database, device.id, memory, cleared)
  expect(memory.isEnabled).toBe(true)
  expect(terminal.stats).toMatchObject({ leftDisabled: 0 })
  await database.devices.remove(device.id, new Date().toISOString())
  return ended.error === null ? 'completed' : ended.error.code
}

/** What a job may end with; errors, where trouble met each of its attempts. */
const OUTCOMES = [
  'completed',
  'DEVICE_UNREACHABLE',
  'DEVICE_TIMEOUT',
  'DEVICE_BUSY',
  'DEVICE_TRANSFER_INCOMPLETE',
  'DEVICE_COMMAND_FAILED',
]

/** Some trouble, as a script of faults. */
function troubleOf(random: SeededRandom, transport: 'tcp' | 'udp'): string {
  const byte = (): number => random.below(200_000)
  const slice = (): number => random.below(5)
  const upTo = (most: number): number => 1 + random.below(most)
  const anywhere: readonly [() => string, ...(() => string)[]] = [
    () => `restart=${slice()}`,
    () => `cut(afterBytes=${byte()}, times=${upTo(3)})`,
    () => `cut(afterBytes=${upTo(3_000)}, times=${upTo(3)})`,
    () => `stall=${byte()}`,
    () => `clear(atSlice=${slice()}, refill=${random.below(2_000)})`,
    () => `replace=${slice()}`,
    () => `grow(punches=${upTo(300)}, atSlice=${slice()})`,
    () => `sameSecond=${slice()}`,
    () => `impossibleDate=${slice()}`,
    () => `wrongReplyId(to=readChunk, times=${upTo(2)})`,
    () => `unanswered(to=readChunk, skip=${random.below(3)})`,
    () => `missize(in=transfer, by=${upTo(40) - 20}, times=${upTo(3)})`,
    () => `missize(in=table, by=${upTo(400) - 200}, times=${upTo(2)})`,
    () => `missize(by=${upTo(400) - 200}, times=${upTo(2)})`,
    () => `miscount(by=${upTo(9)}, times=${upTo(4)})`,
    () => `refuseBuffer(times=${upTo(2)})`,
  ]
  const datagrams: readonly [() => string, ...(() => string)[]] = [
    () => `lose=${random.pick(['0.01', '0.05'])}`,
    () => 'double=0.3',
    () => 'reorder=0.2',
    () => 'flip=0.01',
  ]
  const troubles = new Map<string, string>()
  for (let left = upTo(2); left > 0; left -= 1) {
    const trouble =
      transport === 'udp' && random.chance(0.5) ? random.pick(datagrams)() : random.pick(anywhere)()
    troubles.set(/^\w+/.exec(trouble)?.[0] ?? trouble, trouble)
  }
  return [...troubles.values()].join(', ')
}

/** A terminal that is back at once. */
function quickToRestart(): Profile {
  const typical = profileNamed('typical')
  return { ...typical, restart: { ...typical.restart, downMs: 20 } }
}

/** Fills with what somebody clears. */
function whatIsCleared(memory: TerminalMemory): Named[] {
  const cleared: Named[] = []
  const clearLog = memory.clearLog.bind(memory)
  Object.assign(memory, {
    clearLog() {
      cleared.push(...memory.truth().punches)
      clearLog()
    },
  })
  return cleared
}

/** A second of its own for each, years after the made-up ones. */
function wallTimeOf(number: number): string {
  return new Date(Date.UTC(2031, 0, 1) + number * 1_000).toISOString().slice(0, 19)
}
