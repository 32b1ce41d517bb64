// Any history of a terminal that is watched: people punch, alone or several in a second; events come, are lost, come twice; syncs
// run, whole or from the bookmark; connections are cut; the watch ends and begins again. In the end the table is every punch that
// was ever made, once.
import { setTimeout as sleep } from 'node:timers/promises'
import { array, assert, asyncProperty, constant, integer, oneof, record, type Arbitrary } from 'fast-check'
import { expect, it } from 'vitest'
import { rowsOf, sorted, toldBy } from '../support/same-as-terminal.ts'
import { scratchService } from '../support/scratch-service.ts'

type Step =
  /** At the terminal, by a person: clients are told. */
  | { readonly kind: 'present'; readonly times: number }
  /** As `present`, but no client is told: the event is lost. */
  | { readonly kind: 'untold'; readonly times: number }
  | { readonly kind: 'sync'; readonly mode: 'auto' | 'full' }
  | { readonly kind: 'fault'; readonly faults: string }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'plug' }
  | { readonly kind: 'watch' }
  | { readonly kind: 'wait'; readonly ms: number }

const times = integer({ min: 1, max: 8 })
const step: Arbitrary<Step> = oneof(
  { weight: 5, arbitrary: record({ kind: constant('present' as const), times }) },
  { weight: 3, arbitrary: record({ kind: constant('untold' as const), times }) },
  {
    weight: 2,
    arbitrary: record({
      kind: constant('sync' as const),
      mode: oneof(constant('auto' as const), constant('full' as const)),
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      kind: constant('fault' as const),
      faults: oneof(
        constant('liveTwice=0.7; seed=3'),
        constant('liveLate(ms=60, share=0.5); seed=9'),
        constant(''),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: record({ kind: constant('cut' as const), afterBytes: integer({ min: 300, max: 9_000 }) }),
  },
  { weight: 1, arbitrary: constant({ kind: 'plug' as const }) },
  { weight: 1, arbitrary: constant({ kind: 'watch' as const }) },
  { weight: 3, arbitrary: record({ kind: constant('wait' as const), ms: integer({ min: 0, max: 150 }) }) },
)

const PROFILES = ['typical', 'old', 'compact'] as const
const TIMINGS = { countEveryMs: 150, settleMs: 50, uncountedMs: 300, firstReadMs: 50 }

it('ends with every punch that was ever made, once', { timeout: 600_000 }, async () => {
  await assert(
    asyncProperty(
      array(step, { minLength: 4, maxLength: 14 }),
      integer({ min: 0, max: PROFILES.length - 1 }),
      async (history, which) => {
        await using service = await scratchService('sqlite', {}, { watchTimings: TIMINGS })
        const profile = PROFILES[which] ?? 'typical'
        const terminal = await service.terminal({ profile, people: 4, punches: 3, seed: 17 })
        const { memory, faults, hand } = terminal
        const pins = memory.truth().people.map(({ pin }) => pin)
        const device = await service.register(terminal)
        let watch = service.services.watchDevices()
        let punches = 0

        for (const now of history) {
          if (now.kind === 'present') {
            for (let i = 0; i < now.times; i += 1) hand.present(pins[(punches += 1) % pins.length] ?? '')
          } else if (now.kind === 'untold') {
            for (let i = 0; i < now.times; i += 1) memory.punch({ pin: pins[(punches += 1) % 2] ?? '' })
          } else if (now.kind === 'sync') {
            await service.sync(device.id, { mode: now.mode }).catch(() => undefined)
          } else if (now.kind === 'fault') {
            if (now.faults === '') faults.clear()
            else faults.set(now.faults)
          } else if (now.kind === 'cut') {
            faults.set({ cut: now.afterBytes })
          } else if (now.kind === 'plug') {
            await hand.pullPlug()
            memory.punch({ pin: pins[0] ?? '' })
            await hand.plugIn()
          } else if (now.kind === 'watch') {
            await watch.stop()
            watch = service.services.watchDevices()
          } else await sleep(now.ms)
        }

        faults.clear()
        const deadline = Date.now() + 60_000
        for (;;) {
          const rows = await rowsOf(service.database, device.id)
          const isAll = rows.length >= memory.truth().punches.length
          if (isAll && !(await anyEarly(service.database, device.id))) break
          if (Date.now() > deadline) break
          await sleep(50)
        }
        await watch.stop()
        expect(await rowsOf(service.database, device.id)).toEqual(sorted(toldBy(memory)))
        expect(terminal.stats.leftDisabled).toBe(0)
      },
    ),
    { numRuns: 15 },
  )
})

async function anyEarly(
  database: Awaited<ReturnType<typeof scratchService>>['database'],
  deviceId: number,
): Promise<boolean> {
  for await (const batch of database.punches.each(deviceId)) if (batch.some(({ early }) => early)) return true
  return false
}
