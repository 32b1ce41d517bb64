// What bus.ts promises, checked on every adapter. A rig stands for one installation; each bus of it for one process.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus } from '../../src/bus/bus.ts'
import type { Change } from '../../src/changes.ts'

export interface BusRig {
  /** One more process; where processes share nothing, the same bus again. */
  bus(): Bus
  close(): Promise<void>
}

const CHANGE: Change = { of: 'punches', deviceId: 7 }

export function busContract(name: string, makeRig: () => Promise<BusRig>): void {
  describe(`a bus in ${name}`, () => {
    let rig: BusRig
    beforeEach(async () => {
      rig = await makeRig()
    })
    afterEach(() => rig.close())

    /** Says it until everyone has heard it: a bus may lose what is said. */
    async function sayUntilHeard(bus: Bus, heard: readonly unknown[][]): Promise<void> {
      const deadline = Date.now() + 30_000
      while (heard.some((messages) => messages.length === 0)) {
        if (Date.now() > deadline) throw new Error('not heard')
        bus.publish('changed', CHANGE)
        await sleep(20)
      }
    }

    it('tells every listener of every process, the publisher’s too', async () => {
      const buses = [rig.bus(), rig.bus(), rig.bus()]
      const heard: Change[][] = [[], [], [], []]
      for (const [i, messages] of heard.entries())
        (buses[i % 3] ?? rig.bus()).listen('changed', (message) => messages.push(message))
      await sayUntilHeard(rig.bus(), heard)
      for (const messages of heard) expect(messages[0]).toEqual(CHANGE)
    })

    it('tells nobody what they did not ask for, or no longer', async () => {
      const bus = rig.bus()
      const heard: Change[] = []
      const others: unknown[] = []
      const gone: unknown[] = []
      bus.listen('watchers', (message) => others.push(message))
      const leave = bus.listen('changed', (message) => gone.push(message))
      leave()
      bus.listen('changed', (message) => heard.push(message))
      await sayUntilHeard(bus, [heard])
      expect(others).toEqual([])
      expect(gone).toEqual([])
    })

    it('goes on without the publisher, who never waits and is never told of a failure', async () => {
      const bus = rig.bus()
      const heard: Change[] = []
      bus.listen('changed', (message) => heard.push(message))
      bus.publish('changed', CHANGE)
      expect(heard).toEqual([])
      await sayUntilHeard(bus, [heard])
      bus.close()
      bus.publish('changed', CHANGE)
    })
  })
}
