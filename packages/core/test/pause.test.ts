// Waiting that can be cut short.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aborted, pause } from '../src/pause.ts'

describe('a pause', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ends after its time', async () => {
    const ended = vi.fn<() => void>()
    void pause(100, new AbortController().signal).then(ended)
    await vi.advanceTimersByTimeAsync(99)
    expect(ended).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toHaveBeenCalledOnce()
  })

  it('ends at once when its signal aborts, and leaves no timer', async () => {
    const abort = new AbortController()
    const ended = pause(1_000_000, abort.signal)
    const both = Promise.all([ended, aborted(abort.signal)])
    abort.abort()
    await both
    await pause(1_000_000, abort.signal)
    await aborted(abort.signal)
    expect(vi.getTimerCount()).toBe(0)
  })
})
