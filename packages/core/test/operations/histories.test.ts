// Any history of a device: people punch, the clock is set back, the log is cleared by others, filled up, overwritten, the terminal
// replaced; syncs succeed or are cut off, whole or from the bookmark. Then the table is held against every punch ever made.
import { array, assert, asyncProperty, constant, constantFrom, integer, oneof, record } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { profileNamed, startTerminal, TerminalMemory } from '@org/zk-sim'
import type { FullLogHabit, SimulatedTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { ServiceError, type SyncCertificate } from '../../src/index.ts'
import { PunchCounts, type Named } from '../support/punch-counts.ts'
import { rowsOf } from '../support/same-as-terminal.ts'
import { scratchService, type Engine } from '../support/scratch-service.ts'

type Mode = 'auto' | 'full'
type Event =
  | { readonly kind: 'punch'; readonly times: number; readonly twice: boolean }
  | { readonly kind: 'impossible date' }
  | { readonly kind: 'clock set back'; readonly seconds: number }
  | { readonly kind: 'clear' }
  | { readonly kind: 'clear and refill to the same count' }
  | { readonly kind: 'another terminal' }
  | { readonly kind: 'sync'; readonly mode: Mode }
  | { readonly kind: 'cut'; readonly mode: Mode; readonly afterShare: number } // percent of the log

/** What a terminal sends before its log, and bytes of a record. */
const GREETING_BYTES = 600
const RECORD_BYTES = 40

interface History {
  /** Many, or so few that the log is soon full. */
  readonly capacity: number
  readonly fullLog: FullLogHabit
  readonly events: readonly Event[]
}

const mode = constantFrom<Mode>('auto', 'auto', 'full')
const event: Arbitrary<Event> = oneof(
  {
    weight: 5,
    arbitrary: record({
      kind: constant('punch' as const),
      times: oneof(
        integer({ min: 1, max: 8 }),
        integer({ min: 30, max: 70 }),
        integer({ min: 1_600, max: 1_800 }),
      ),
      twice: constantFrom(true, false),
    }),
  },
  { weight: 1, arbitrary: constant({ kind: 'impossible date' as const }) },
  {
    weight: 2,
    arbitrary: record({ kind: constant('clock set back' as const), seconds: integer({ min: 1, max: 60 }) }),
  },
  { weight: 1, arbitrary: constant({ kind: 'clear' as const }) },
  { weight: 1, arbitrary: constant({ kind: 'clear and refill to the same count' as const }) },
  { weight: 1, arbitrary: constant({ kind: 'another terminal' as const }) },
  { weight: 5, arbitrary: record({ kind: constant('sync' as const), mode }) },
  {
    weight: 3,
    arbitrary: record({
      kind: constant('cut' as const),
      mode: constantFrom<Mode>('auto', 'full'),
      afterShare: integer({ min: 0, max: 100 }),
    }),
  },
)
const history: Arbitrary<History> = record({
  capacity: constantFrom(100_000, 60, 90),
  fullLog: constantFrom<FullLogHabit>('refuse', 'overwrite-oldest', 'shift', 'drop-block'),
  events: array(event, { minLength: 4, maxLength: 16 }),
})

const engines: readonly (readonly [string, Engine, number])[] = [
  ['SQLite', 'sqlite', 150],
  ...(EMBEDDED_ONLY ? [] : [['MariaDB', 'mysql', 25] as const]),
]

describe.each(engines)('after any history, on %s', (_name, engine, numRuns) => {
  it('no punch is lost and none is doubled', { timeout: 900_000 }, async () => {
    await using service = await scratchService(engine, { DEVICE_IDLE_MS: '0' })

    const live = async ({ capacity, fullLog, events }: History): Promise<void> => {
      const typical = profileNamed('typical')
      const profile = { ...typical, fullLog, capacity: { ...typical.capacity, records: capacity } }
      const serial = `H${String((serials += 1))}`
      const another = (which: string): TerminalMemory =>
        new TerminalMemory({ profile, serialNumber: serial + which })
      const memories = [another('A'), another('B')] as const
      let memory: TerminalMemory = memories[0]
      let terminal: SimulatedTerminal = await startTerminal({ memory })
      const device = await service.register(terminal, { name: serial })
      try {
        const people = new People()
        const ledger = new Ledger()

        const attempt = async (how: Mode): Promise<SyncCertificate | undefined> => {
          const before = await service.database.punches.count(device.id)
          let certificate: SyncCertificate
          try {
            certificate = await service.sync(device.id, { mode: how })
          } catch (error) {
            if (error instanceof ServiceError && error.retryable) return undefined
            throw error
          }
          const { read, known } = certificate
          expect(read).toBe(certificate.new + known)
          expect(await service.database.punches.count(device.id)).toBe(before + certificate.new)
          ledger.completed(memory.truth().punches, certificate.from)
          return certificate
        }

        for (const step of [...events, { kind: 'sync', mode: 'auto' } as const]) {
          switch (step.kind) {
            case 'punch':
              for (let i = 0; i < step.times; i += 1)
                people.punch(memory, ledger, step.twice && i === 0 ? 2 : 1)
              break
            case 'impossible date':
              people.punchOnNoDay(memory, ledger)
              break
            case 'clock set back':
              people.setBack(step.seconds)
              break
            case 'clear':
              memory.clearLog()
              break
            case 'clear and refill to the same count': {
              const { count } = memory.log
              memory.clearLog()
              for (let i = 0; i < count; i += 1) people.punch(memory, ledger, 1)
              break
            }
            case 'another terminal': {
              const { port } = terminal
              await terminal.stop()
              memory = memory === memories[0] ? memories[1] : memories[0]
              terminal = await startTerminal({ memory, port })
              break
            }
            case 'sync':
              if ((await attempt(step.mode)) === undefined)
                throw new Error('nothing disturbed this sync, and it failed')
              break
            case 'cut':
              terminal.faults.set({
                cut: GREETING_BYTES + Math.floor((memory.log.count * RECORD_BYTES * step.afterShare) / 100),
              })
              await attempt(step.mode)
              terminal.faults.clear()
          }
        }

        const stored = new PunchCounts(await rowsOf(service.database, device.id))
        expect(ledger.owed.lackingIn(stored), 'lost').toEqual([])
        expect(stored.lackingIn(ledger.made), 'doubled').toEqual([])
        expect(terminal.stats.leftDisabled).toBe(0)
      } finally {
        // Another terminal may get its port.
        await service.database.devices.remove(device.id, new Date().toISOString())
        await terminal.stop()
      }
    }

    let serials = 0
    await assert(asyncProperty(history, live), { numRuns })
  })
})

/** Three people and the clock that they punch by. */
class People {
  #second = 0

  punch(memory: TerminalMemory, ledger: Ledger, times: number): void {
    this.#second += 1
    const wallTime = new Date(Date.UTC(2026, 0, 1) + this.#second * 1_000).toISOString().slice(0, 19)
    for (let i = 0; i < times; i += 1) ledger.make(memory.punch({ pin: this.#pin(), wallTime }))
  }

  /**
   * On a 31 February, after some whose dates are real: a log in which most are not has no form that is certain, and is refused
   * (see failing-sync).
   */
  punchOnNoDay(memory: TerminalMemory, ledger: Ledger): void {
    for (let i = 0; i < 3; i += 1) this.punch(memory, ledger, 1)
    const packedTime = ((26 * 12 + 1) * 31 + 30) * 86_400 + (this.#second % 3)
    ledger.make(memory.punch({ pin: this.#pin(), packedTime }))
  }

  /** Seconds that were punched in come again, with the same people in them. */
  setBack(seconds: number): void {
    this.#second = Math.max(0, this.#second - seconds)
  }

  #pin(): string {
    return String(1 + (this.#second % 3))
  }
}

/** What was made, and what of it must be stored. A punch is named by its person and its second. */
class Ledger {
  readonly made = new PunchCounts()
  readonly owed = new PunchCounts()

  /** Undefined: the terminal's log was full, and took no more. */
  make(punch: Named | undefined): void {
    if (punch !== undefined) this.made.add(punch)
  }

  /**
   * A sync completed while the log held these, and read from `from` on. All of them are stored now, and what followed the
   * bookmark beside all that was stored before. Two things nobody can know, and they are not owed:
   * what the terminal overwrote, or somebody cleared, before any sync read it: it is never in `log`;
   * and whether a punch before `from` that looks like one of an earlier log (cleared by others, overwritten, or of the
   * terminal that stood here before) is that one: a whole read takes it for known, so as many are owed as one log held at once.
   */
  completed(log: readonly Named[], from: number): void {
    this.owed.atLeast(new PunchCounts(log.slice(0, from === 0 ? log.length : from)))
    if (from > 0) for (const punch of log.slice(from)) this.owed.add(punch)
  }
}
