// Leases within one process.
import { describe, expect, it } from 'vitest'
import { leaseContract } from '../contract/lease.contract.ts'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'

function makeKeeper() {
  let fence = 0
  return createMemoryLeases({ leaseMs: 1_000, issueFence: () => Promise.resolve((fence += 1)) })
}

leaseContract('memory', () => {
  const keeper = makeKeeper()
  return Promise.resolve({ keeper: () => keeper, close: () => keeper.close() })
})

describe('a lease in memory', () => {
  it('is granted in the order in which it was asked for', async () => {
    const keeper = makeKeeper()
    const order: number[] = []
    const ask = async (n: number): Promise<void> => {
      const lease = await keeper.acquire(
        { deviceId: 1 },
        { waitMs: 10_000, signal: new AbortController().signal },
      )
      order.push(n)
      await lease.release()
    }
    await Promise.all([1, 2, 3, 4, 5].map(ask))
    expect(order).toEqual([1, 2, 3, 4, 5])
  })

  it('is free again when its fence could not be drawn', async () => {
    let failures = 1
    const keeper = createMemoryLeases({
      leaseMs: 1_000,
      issueFence: () => (failures-- > 0 ? Promise.reject(new Error('no database')) : Promise.resolve(7)),
    })
    const options = { waitMs: 0, signal: new AbortController().signal }
    await expect(keeper.acquire({ deviceId: 1 }, options)).rejects.toThrow('no database')
    expect((await keeper.acquire({ deviceId: 1 }, options)).fence).toBe(7)
  })
})
