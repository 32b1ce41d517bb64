// The sending half of a conversation, without a socket: in order, whole, joined if wanted, and never woken in vain.
import { describe, expect, it } from 'vitest'
import { Delivery, type Outlet, type Pace } from '../src/delivery.ts'
import type { FaultScript } from '../src/faults/fault-plan.ts'
import { Faults } from '../src/faults/faults.ts'
import { byteFault, delayMs } from '../src/faults/wire-faults.ts'

const PLAIN: Pace = { paceMs: 0, segmentBytes: undefined, coalesce: false }

class Collector implements Outlet {
  readonly writes: number[][] = []
  cutWith: Error | undefined | 'not cut' = 'not cut'
  /** While set, writes settle only when it does. */
  gate: Promise<void> | undefined
  fails: Error | undefined

  async write(bytes: Uint8Array): Promise<void> {
    if (this.fails !== undefined) throw this.fails
    this.writes.push([...bytes])
    await this.gate
  }

  cut(cause?: Error): void {
    this.cutWith = cause
  }
}

function deliveryOf(packets: number[][], pace: Partial<Pace> = {}, script: FaultScript = {}) {
  const outlet = new Collector()
  const faults = new Faults(script)
  const queue = packets.map((packet) => Uint8Array.from(packet))
  const delivery = new Delivery(
    {
      take: () => queue.shift(),
      decide: (before, bytes) => byteFault(faults, before, bytes),
      delayMs: () => delayMs(faults),
      joins: () => faults.mayStrike('coalesce'),
      joined: () => void faults.strike('coalesce'),
    },
    outlet,
    { ...PLAIN, ...pace },
  )
  return { delivery, outlet, queue, faults }
}

/** All that is ready to run has run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a delivery', () => {
  it('sends every packet once and in order, however often it is woken', async () => {
    const { delivery, outlet, queue } = deliveryOf([[1], [2, 2], [3]])
    delivery.wake()
    delivery.wake()
    await settled()
    queue.push(Uint8Array.of(4))
    delivery.wake()
    await settled()
    expect(outlet.writes).toEqual([[1], [2, 2], [3], [4]])
  })

  it('waits for the outlet, and takes no packet meanwhile', async () => {
    const { delivery, outlet, queue } = deliveryOf([[1], [2]])
    let open = (): void => undefined
    outlet.gate = new Promise((resolve) => {
      open = resolve
    })
    delivery.wake()
    await settled()
    expect([outlet.writes.length, queue.length]).toEqual([1, 1])
    open()
    await settled()
    expect(outlet.writes).toEqual([[1], [2]])
  })

  it('joins what is ready together', async () => {
    const { delivery, outlet } = deliveryOf([[1], [2, 2], [3]], { coalesce: true })
    delivery.wake()
    await settled()
    expect(outlet.writes).toEqual([[1, 2, 2, 3]])
  })

  it('joins what is ready together when a fault says so, and counts what it joined', async () => {
    const { delivery, outlet, faults, queue } = deliveryOf([[1], [2, 2]], {}, { coalesce: true })
    delivery.wake()
    await settled()
    queue.push(Uint8Array.of(3))
    delivery.wake()
    await settled()
    expect(outlet.writes).toEqual([[1, 2, 2], [3]])
    expect(faults.struck).toEqual(['coalesce'])
  })

  it('waits before a packet when a fault says so, and no longer than it is there', async () => {
    const { delivery, outlet } = deliveryOf([[1]], {}, { delay: 600_000 })
    delivery.wake()
    await settled()
    expect(outlet.writes).toEqual([])
    delivery.end()
    await settled()
    expect(outlet.writes).toEqual([])
  })

  it('pauses after a packet, and ends its pause when it ends', async () => {
    const { delivery, outlet, queue } = deliveryOf([[1], [2]], { paceMs: 3_600_000 })
    delivery.wake()
    await settled()
    expect(outlet.writes).toEqual([[1]])
    delivery.end()
    await settled()
    expect([outlet.writes, queue.length]).toEqual([[[1]], 0])
  })

  it('sends up to the byte of a cut, then cuts', async () => {
    const { delivery, outlet } = deliveryOf([[1, 1], [2, 2], [3]], {}, { cut: 3 })
    delivery.wake()
    await settled()
    expect(outlet.writes).toEqual([[1, 1], [2]])
    expect(outlet.cutWith).toBeUndefined()
  })

  it('sends up to the byte of a stall, then nothing; what there is to say is taken all the same', async () => {
    const { delivery, outlet, queue } = deliveryOf([[1, 1], [2, 2], [3]], {}, { stall: 2 })
    delivery.wake()
    await settled()
    delivery.wake()
    await settled()
    expect(outlet.writes).toEqual([[1, 1]])
    expect([queue.length, outlet.cutWith]).toEqual([0, 'not cut'])
  })

  it('ends its connection with the cause when the outlet fails', async () => {
    const { delivery, outlet } = deliveryOf([[1]])
    outlet.fails = new Error('no route')
    delivery.wake()
    await settled()
    expect(outlet.cutWith).toBe(outlet.fails)
  })
})
