// What watch-roster.ts promises, checked on every adapter. A rig stands for one installation; each roster of it for one process.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WatchRoster } from '../../src/terminals/watch-roster.ts'

export interface RosterRig {
  /** One more process; where processes share nothing, the same roster again. */
  roster(): WatchRoster
  close(): Promise<void>
}

export function watchRosterContract(name: string, makeRig: () => Promise<RosterRig>): void {
  describe(`a roster in ${name}`, () => {
    let rig: RosterRig
    beforeEach(async () => {
      rig = await makeRig()
    })
    afterEach(() => rig.close())

    it('names this process from its first beat on', async () => {
      const roster = rig.roster()
      expect(await roster.beat()).toContain(roster.name)
      expect(await roster.beat()).toEqual([roster.name])
    })

    it('can be left twice, also without ever having been entered', async () => {
      const roster = rig.roster()
      await roster.leave()
      await roster.beat()
      await Promise.all([roster.leave(), roster.leave()])
      expect(await roster.beat()).toEqual([roster.name])
    })
  })
}
