// The declaration of a job and its pairing with a handler.
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { type JobRun, defineJob, handle } from '../../src/jobs/define-job.ts'

const declared = {
  name: 'weigh',
  queue: 'maintenance' as const,
  data: Type.Object({ grams: Type.Integer({ minimum: 0 }) }),
  result: Type.Object({ heavy: Type.Boolean() }),
  id: ({ grams }: { grams: number }, now: Date) => `weigh-${grams}-${now.getUTCFullYear()}`,
  retries: 1,
  backoffMs: [10],
}

const run = (data: unknown): JobRun<unknown> => ({
  data,
  jobId: 'weigh-1',
  attempt: 1,
  progress: () => {},
  signal: new AbortController().signal,
})

describe('a declared job', () => {
  it('has no lane, no key, no device and an hour unless it says otherwise', () => {
    const job = defineJob(declared)
    expect(job.dedupe({ grams: 1 })).toBeNull()
    expect(job.oneAtATime({ grams: 1 })).toBeNull()
    expect(job.deviceId({ grams: 1 })).toBeNull()
    expect(job.whenRepeated({ grams: 1 }, { state: 'waiting', data: { grams: 2 } })).toBe('same')
    expect(job.timeLimitMs).toBe(3_600_000)
    expect(job.id({ grams: 5 }, new Date('2026-01-01T00:00:00Z'))).toBe('weigh-5-2026')
  })

  it('is refused when it has retries without a backoff, or retries that are no number of times', () => {
    expect(() => defineJob({ ...declared, backoffMs: [] })).toThrow('retries need a backoff')
    expect(() => defineJob({ ...declared, retries: -1 })).toThrow('whole number')
    expect(() => defineJob({ ...declared, retries: 0.5 })).toThrow('whole number')
    expect(defineJob({ ...declared, retries: 0, backoffMs: [] }).retries).toBe(0)
  })

  it('takes data that a newer version has added to, and refuses data that lack something', () => {
    const job = defineJob(declared)
    expect(job.parseData({ grams: 3, colour: 'red' })).toMatchObject({ grams: 3 })
    for (const wrong of [{}, { grams: -1 }, { grams: '3' }, null, undefined, [], 'grams']) {
      expect(() => job.parseData(wrong)).toThrow(
        expect.objectContaining({ code: 'JOB_DATA_INVALID', retryable: false }),
      )
    }
  })
})

describe('a handler', () => {
  const job = defineJob(declared)

  it('gets data that fit and gives a result that fits', async () => {
    const weigh = handle(job, async ({ data }) => ({ heavy: data.grams > 1_000 }))
    expect(weigh).toMatchObject({
      name: 'weigh',
      queue: 'maintenance',
      backoffMs: [10],
      timeLimitMs: 3_600_000,
    })
    expect(await weigh.run(run({ grams: 2_000 }))).toEqual({ heavy: true })
  })

  it('is not called with data that do not fit', async () => {
    let called = false
    const weigh = handle(job, async () => ({ heavy: (called = true) }))
    await expect(weigh.run(run({ grams: 'many' }))).rejects.toMatchObject({ code: 'JOB_DATA_INVALID' })
    expect(called).toBe(false)
  })

  it('fails when its result does not fit', async () => {
    const weigh = handle(job, async () => JSON.parse('{"heavy":"very"}'))
    await expect(weigh.run(run({ grams: 1 }))).rejects.toMatchObject({ code: 'JOB_RESULT_INVALID' })
  })
})
