// Jobs that finished long ago: removed by one process at a time, counted on by all.
import { describe, expect, it } from 'vitest'
import { attendanceSync, type Services } from '../src/index.ts'
import { removeOldJobs, type OldJobsParts } from '../src/old-jobs.ts'
import { MODES } from './support/modes.ts'
import { quiet, scratchService, type ScratchService } from './support/scratch-service.ts'

const DAY_MS = 86_400_000
const NEVER = new AbortController().signal

/** Finished syncs of made-up devices. */
async function finish({ jobs }: Services, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let deviceId = 1; deviceId <= count; deviceId += 1) {
    const { job } = await jobs.enqueue(attendanceSync, { deviceId, mode: 'auto' })
    await jobs.cancel(job.id)
    ids.push(job.id)
  }
  return ids
}

const partsOf = (
  { services, database }: ScratchService,
  changes: Partial<OldJobsParts> = {},
): OldJobsParts => ({
  config: { JOB_RETENTION_DAYS: 30 },
  database,
  jobs: services.jobs,
  log: quiet,
  signal: NEVER,
  ...changes,
})
const inDays = (days: number) => () => new Date(Date.now() + days * DAY_MS)

describe.each(MODES)('old jobs, in %s', (_name, engine, env) => {
  it('are removed when their days are over, and counted on', async () => {
    await using service = await scratchService(engine, env())
    const { services } = service
    const ids = await finish(services, 6)
    const { job: waiting } = await services.jobs.enqueue(attendanceSync, { deviceId: 99, mode: 'auto' })
    const { queues, totals } = await services.jobs.stats()
    expect(await removeOldJobs(partsOf(service, { now: inDays(29) }))).toBe(0)
    expect(await services.jobs.find(ids[0] ?? '')).toBeDefined()
    expect(await removeOldJobs(partsOf(service, { now: inDays(31) }))).toBe(6)
    for (const id of ids) expect(await services.jobs.find(id)).toBeUndefined()
    expect(await services.jobs.stats()).toMatchObject({ queues, totals })
    expect(await services.jobs.find(waiting.id)).toMatchObject({ state: 'waiting' })
    // What was removed stands in nobody's way: the same may be asked for again.
    expect(await services.jobs.enqueue(attendanceSync, { deviceId: 1, mode: 'auto' })).toMatchObject({
      deduplicated: false,
    })
  })

  it('are removed by one of many who come at once, and by the next an hour later', async () => {
    await using service = await scratchService(engine, env())
    await finish(service.services, 3)
    const at = inDays(40)()
    const all = (ms: number) =>
      Promise.all(
        Array.from({ length: 4 }, () =>
          removeOldJobs(partsOf(service, { now: () => new Date(at.getTime() + ms) })),
        ),
      )
    expect((await all(0)).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 3])
    await finish(service.services, 2)
    expect(await all(60_000)).toEqual([0, 0, 0, 0])
    expect((await all(3_600_000)).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 2])
  })

  it('are kept for ever with a retention of 0, and when the service stops', async () => {
    await using service = await scratchService(engine, env())
    const [id = ''] = await finish(service.services, 1)
    const now = inDays(10_000)
    const stopping = AbortSignal.abort()
    expect(await removeOldJobs(partsOf(service, { now, config: { JOB_RETENTION_DAYS: 0 } }))).toBe(0)
    expect(await removeOldJobs(partsOf(service, { now, signal: stopping }))).toBe(0)
    expect(await service.services.jobs.removeFinished(now(), stopping)).toBe(0)
    expect(await service.services.jobs.find(id)).toBeDefined()
  })
})
