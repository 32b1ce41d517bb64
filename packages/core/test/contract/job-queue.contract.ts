// What src/jobs/job-queue.ts promises, as tests of any adapter. Several queues opened on one rig stand for several processes
// on the same rows. Nothing here waits for time: a test waits for what it expects, and a slow machine only makes it slower.
import { afterEach, beforeEach, describe } from 'vitest'
import { endingPromises } from '../jobs/promises/ending.ts'
import { enqueueingPromises } from '../jobs/promises/enqueueing.ts'
import { failingPromises } from '../jobs/promises/failing.ts'
import { runningPromises } from '../jobs/promises/running.ts'
import { watchingPromises } from '../jobs/promises/watching.ts'
import type { QueueRig } from '../jobs/queue-rig.ts'

/** The whole contract, for an adapter whose rigs this function makes; each test gets one of its own. */
export function jobQueueContract(name: string, makeRig: () => Promise<QueueRig>): void {
  describe(`job queue: ${name}`, () => {
    let current: QueueRig | undefined
    beforeEach(async () => {
      current = await makeRig()
    })
    afterEach(async () => {
      await current?.close()
      current = undefined
    })
    const rig = () => {
      if (current === undefined) throw new Error('there is a rig in a test only')
      return current
    }
    runningPromises(rig)
    enqueueingPromises(rig)
    failingPromises(rig)
    watchingPromises(rig)
    endingPromises(rig)
  })
}
