// Progress is thinned out and never in the way.
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobProgress } from '../../src/jobs/define-job.ts'
import { ProgressWriter } from '../../src/jobs/progress-writer.ts'

const log = pino({ level: 'silent' })
const report = (done: number): JobProgress => ({ phase: 'reading', done, total: 100 })

describe('progress', () => {
  let written: number[]
  const write = ({ done }: JobProgress) => {
    written.push(done)
    return Promise.resolve()
  }
  beforeEach(() => {
    vi.useFakeTimers()
    written = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is written at once, then once an interval, always the newest', async () => {
    const writer = new ProgressWriter(write, 1_000, log)
    for (const done of [1, 2, 3]) writer.report(report(done))
    await vi.advanceTimersByTimeAsync(1)
    expect(written).toEqual([3])
    for (const done of [4, 5]) writer.report(report(done))
    await vi.advanceTimersByTimeAsync(900)
    expect(written).toEqual([3])
    await vi.advanceTimersByTimeAsync(200)
    expect(written).toEqual([3, 5])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(written).toEqual([3, 5])
  })

  it('writes what is left when it closes, and nothing that comes later', async () => {
    const writer = new ProgressWriter(write, 1_000, log)
    writer.report(report(1))
    await vi.advanceTimersByTimeAsync(1)
    writer.report(report(2))
    await writer.close()
    writer.report(report(3))
    await vi.advanceTimersByTimeAsync(5_000)
    await writer.close()
    expect(written).toEqual([1, 2])
  })

  it('writes one report at a time, however long a write takes', async () => {
    const ends: (() => void)[] = []
    let writing = 0
    let most = 0
    const slow = async ({ done }: JobProgress) => {
      most = Math.max(most, (writing += 1))
      await new Promise<void>((resolve) => ends.push(resolve))
      writing -= 1
      written.push(done)
    }
    const writer = new ProgressWriter(slow, 10, log)
    writer.report(report(1))
    await vi.advanceTimersByTimeAsync(100)
    writer.report(report(2))
    await vi.advanceTimersByTimeAsync(100)
    expect(ends).toHaveLength(1)
    const closed = writer.close()
    ends.shift()?.()
    await vi.advanceTimersByTimeAsync(100)
    ends.shift()?.()
    await closed
    expect(written).toEqual([1, 2])
    expect(most).toBe(1)
  })

  it('outlives a write that fails', async () => {
    const failing = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('away')).mockResolvedValue()
    const writer = new ProgressWriter(failing, 10, log)
    writer.report(report(1))
    await vi.advanceTimersByTimeAsync(100)
    writer.report(report(2))
    await writer.close()
    expect(failing).toHaveBeenCalledTimes(2)
  })
})
