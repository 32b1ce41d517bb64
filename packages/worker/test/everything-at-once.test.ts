// Everything that the service does with one terminal, at the same time: the watch, syncs, people, doors, clearings, restarts, a clock
// that is set back and a zone that changes; in queue mode asked for in two processes, worked on by two more, of which one is killed
// now and then. In the end the table is every punch that was ever made, once, the webhook has heard of each, nobody was on the
// terminal beside somebody else, and every operation came to an end.
import { expect, it } from 'vitest'
import { runSeeds, seedsOf } from '../../core/test/support/seeded-runs.ts'
import { EMBEDDED_ONLY } from '../../../scripts/toolchain/scratch-database.ts'
import { EverythingAtOnce, type Mode } from './support/everything-at-once.ts'

const MODES: readonly Mode[] = EMBEDDED_ONLY ? ['embedded'] : ['embedded', 'queue mode']
const RUNS = 2

it.each(MODES)(
  'nothing is lost, doubled, disturbed or left hanging, in %s',
  { timeout: 1_200_000 },
  async (mode) => {
    await runSeeds(seedsOf(RUNS), [mode], async (seed) => {
      await using at = await EverythingAtOnce.set(mode, seed)
      expect(await at.live(), 'failed').toEqual([])
      expect(await at.settled()).toEqual({
        lost: [],
        doubled: [],
        untold: [],
        unfinishedJobs: [],
        isEnabled: true,
        disabledAt: null,
        maxConcurrentSessions: 1,
      })
    })
  },
)
