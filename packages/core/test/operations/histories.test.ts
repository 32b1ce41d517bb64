// Any history of a terminal: people punch, somebody clears the log, syncs succeed or are cut off, whole or from the bookmark. In
// the end no punch that a completed sync could see is missing, and none is there twice.
import { array, assert, asyncProperty, constant, integer, oneof, record, type Arbitrary } from 'fast-check'
import { expect, it } from 'vitest'
import { rowsOf, toldBy } from '../support/same-as-terminal.ts'
import { scratchService } from '../support/scratch-service.ts'

type Event =
  | { readonly kind: 'punch'; readonly times: number; readonly twice: boolean }
  | { readonly kind: 'clear' }
  | { readonly kind: 'sync'; readonly mode: 'auto' | 'full' }
  | { readonly kind: 'cut'; readonly mode: 'auto' | 'full'; readonly afterBytes: number }

const mode = oneof(constant('auto' as const), constant('auto' as const), constant('full' as const))
const punches = record({
  kind: constant('punch' as const),
  times: oneof(integer({ min: 1, max: 6 }), integer({ min: 1_600, max: 1_800 })),
  twice: oneof(constant(true), constant(false)),
})
const event: Arbitrary<Event> = oneof(
  { weight: 4, arbitrary: punches },
  { weight: 3, arbitrary: record({ kind: constant('sync' as const), mode }) },
  {
    weight: 3,
    arbitrary: record({
      kind: constant('cut' as const),
      mode,
      afterBytes: integer({ min: 300, max: 250_000 }),
    }),
  },
  { weight: 1, arbitrary: constant({ kind: 'clear' as const }) },
)

it('never loses and never doubles a punch', { timeout: 600_000 }, async () => {
  await assert(
    asyncProperty(array(event, { minLength: 3, maxLength: 12 }), async (history) => {
      await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
      const terminal = await service.terminal({ people: 3, punches: 0, seed: 61 })
      const { memory, faults } = terminal
      const device = await service.register(terminal)
      const made = new Counts()
      const owed = new Counts()
      let second = 0

      const sync = async (how: 'auto' | 'full'): Promise<void> => {
        const visible = new Counts(toldBy(memory).map(keyOf))
        const certificate = await service.sync(device.id, { mode: how })
        expect(certificate.read).toBe(certificate.new + certificate.known)
        owed.atLeast(visible)
      }

      for (const step of [...history, { kind: 'sync', mode: 'auto' } as const]) {
        if (step.kind === 'clear') memory.clearLog()
        else if (step.kind === 'sync') await sync(step.mode)
        else if (step.kind === 'cut') {
          faults.set({ cut: step.afterBytes })
          await sync(step.mode).catch(() => undefined)
          faults.clear()
        } else {
          for (let i = 0; i < step.times; i += 1) {
            second += 1
            const wallTime = new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString().slice(0, 19)
            const punch = { pin: String(1 + (second % 3)), wallTime }
            for (let copies = step.twice && i === 0 ? 2 : 1; copies > 0; copies -= 1) {
              memory.punch(punch)
              made.add(keyOf(punch))
            }
          }
        }
      }

      const stored = new Counts((await rowsOf(service.database, device.id)).map(keyOf))
      expect(owed.lackingIn(stored)).toEqual([])
      expect(stored.lackingIn(made)).toEqual([])
      expect(terminal.stats.leftDisabled).toBe(0)
    }),
    { numRuns: 20 },
  )
})

const keyOf = ({ pin, wallTime }: { pin: string; wallTime: string }): string => `${wallTime} ${pin}`

/** How often each thing is there. */
class Counts {
  readonly #counts = new Map<string, number>()

  constructor(keys: readonly string[] = []) {
    for (const key of keys) this.add(key)
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1)
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  atLeast(other: Counts): void {
    for (const [key, count] of other.#counts) this.#counts.set(key, Math.max(count, this.of(key)))
  }

  /** What the other has less of. */
  lackingIn(other: Counts): string[] {
    return [...this.#counts].filter(([key, count]) => other.of(key) < count).map(([key]) => key)
  }
}
