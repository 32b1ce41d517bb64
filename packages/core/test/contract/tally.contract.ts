// What tally.ts promises, checked on every adapter.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Tally } from '../../src/tally.ts'

export interface TallyRig {
  readonly tally: Tally
  close(): Promise<void>
}

export function tallyContract(name: string, makeRig: () => Promise<TallyRig>): void {
  describe(`a tally in ${name}`, () => {
    let rig: TallyRig
    beforeEach(async () => {
      rig = await makeRig()
    })
    afterEach(() => rig.close())

    it('begins with nothing', async () => {
      expect(await rig.tally.read()).toEqual(new Map())
    })

    it('adds up by name', async () => {
      rig.tally.add('a', 1)
      rig.tally.add('b', 100)
      rig.tally.add('a', 41)
      expect(await rig.tally.read()).toEqual(
        new Map([
          ['a', 42],
          ['b', 100],
        ]),
      )
      rig.tally.add('a', 1)
      expect((await rig.tally.read()).get('a')).toBe(43)
    })
  })
}
