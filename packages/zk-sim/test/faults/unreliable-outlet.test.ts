// A network that loses, doubles and reorders: what of a row of datagrams goes out, and when.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Outlet } from '../../src/delivery.ts'
import { Faults } from '../../src/faults/faults.ts'
import { HeldBack } from '../../src/faults/held-back.ts'
import { UnreliableOutlet } from '../../src/faults/unreliable-outlet.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

class Collector implements Outlet {
  readonly sent: number[] = []
  cuts = 0
  fails = false

  async write(bytes: Uint8Array): Promise<void> {
    if (this.fails) throw new Error('no route')
    this.sent.push(bytes[0] ?? 0)
  }

  cut(): void {
    this.cuts += 1
  }
}

async function sentBy(script: string, datagrams: number): Promise<number[]> {
  const collector = new Collector()
  const outlet = new UnreliableOutlet(collector, new Faults(script))
  for (let n = 1; n <= datagrams; n += 1) await outlet.write(Uint8Array.of(n))
  await vi.advanceTimersByTimeAsync(20)
  return collector.sent
}

describe('an unreliable outlet', () => {
  it('lets everything through while no fault strikes', async () => {
    expect(await sentBy('', 4)).toEqual([1, 2, 3, 4])
  })

  it('loses, doubles and reorders what it is told to', async () => {
    expect(await sentBy('lose=1(skip=1, times=2)', 5)).toEqual([1, 4, 5])
    expect(await sentBy('double=1(skip=1, times=1)', 3)).toEqual([1, 2, 2, 3])
    expect(await sentBy('reorder=1(skip=1, times=1)', 4)).toEqual([1, 3, 2, 4])
  })

  it('sends what it held back when nothing follows', async () => {
    expect(await sentBy('reorder=1', 3)).toEqual([2, 1, 3])
  })

  it('loses the same datagrams for the same seed, and others for another one', async () => {
    const first = await sentBy('lose=0.4; seed=5', 60)
    expect(await sentBy('lose=0.4; seed=5', 60)).toEqual(first)
    expect(await sentBy('lose=0.4; seed=6', 60)).not.toEqual(first)
    expect(first.length).toBeGreaterThan(15)
    expect(first.length).toBeLessThan(55)
  })

  it('holds nothing back any more once it has ended, and is cut when what it held cannot be sent', async () => {
    const collector = new Collector()
    const outlet = new UnreliableOutlet(collector, new Faults('reorder=1'))
    await outlet.write(Uint8Array.of(1))
    outlet.end()
    await vi.advanceTimersByTimeAsync(100)
    expect(collector.sent).toEqual([])
    await outlet.write(Uint8Array.of(2))
    collector.fails = true
    await vi.advanceTimersByTimeAsync(100)
    expect(collector.cuts).toBe(1)
  })
})

describe('what is held back', () => {
  it('is let go each in its own time, and at once when there is too much of it', async () => {
    const gone: number[] = []
    const held = new HeldBack<number>((n) => gone.push(n))
    held.hold(1, 50)
    held.hold(2, 10)
    await vi.advanceTimersByTimeAsync(49)
    expect(gone).toEqual([2])
    await vi.advanceTimersByTimeAsync(1)
    expect(gone).toEqual([2, 1])
    for (let n = 0; n < 1_001; n += 1) held.hold(n, 1_000)
    expect(gone.slice(2)).toEqual([1_000])
    expect(held.takeBack()).toHaveLength(1_000)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(gone).toHaveLength(3)
  })
})
