// A session that is used again and again for weeks takes no more memory for it.
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { connect } from '@org/zk-proto'
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import { ParkedSessions } from '../../src/terminals/parked-sessions.ts'

it('remembers nothing of the uses before', async () => {
  await using simulated = await startTerminal({ people: 1, punches: 1 })
  await using terminal = await connect({ host: simulated.host, port: simulated.port })
  const leases = createMemoryLeases({ leaseMs: 10_000, issueFence: () => Promise.resolve(1) })
  const { signal } = new AbortController()
  const lease = await leases.acquire({ deviceId: 1 }, { waitMs: 0, signal })
  const parked = new ParkedSessions(60_000, () => undefined)
  parked.park(1, { terminal, lease, dialKey: 'as before' })

  const useOnce = (): WeakRef<object> => {
    const taken = parked.take(1)
    if (taken === undefined) throw new Error('nothing is parked')
    parked.park(1, taken)
    return new WeakRef(taken)
  }
  const uses = Array.from({ length: 5 }, useOnce)
  // What a turn of the event loop has looked at stays until it is over.
  await sleep(10)
  collectGarbage()
  expect(uses.slice(0, -1).filter((use) => use.deref() !== undefined)).toEqual([])
  parked.clear()
})

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc !== 'function') throw new Error('this Node has no gc')
  gc()
}
