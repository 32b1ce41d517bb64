// How long things take, and how that hangs together.
import { describe, expect, it } from 'vitest'
import { jittered, jobTimings } from '../../src/jobs/job-timings.ts'

describe('timings', () => {
  it('let renewals and sweeps follow a claim that is given', () => {
    expect(jobTimings({ claimMs: 3_000 })).toMatchObject({ claimMs: 3_000, renewMs: 1_000, sweepMs: 1_000 })
    expect(jobTimings({ claimMs: 3_000, renewMs: 10 })).toMatchObject({ renewMs: 10, sweepMs: 1_000 })
    expect(jobTimings()).toMatchObject({ claimMs: 15_000, renewMs: 5_000 })
  })

  it('leave a stopping service time to spare of its ten seconds', () => {
    const { graceMs, abortMs } = jobTimings()
    expect(graceMs + abortMs).toBeLessThanOrEqual(7_000)
  })

  it('are spread by a quarter to both sides', () => {
    const waits = Array.from({ length: 500 }, () => jittered(1_000))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(750)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_250)
  })
})
