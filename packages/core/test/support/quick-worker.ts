// Works the jobs of a service as the worker does, without its patience: what failed is tried again at once.
import { attendanceSync, handle, type JobView, type JobWorker, type Services } from '../../src/index.ts'
import { waitUntil } from './wait-until.ts'

/** Takes syncs, so many at a time. The service's own end ends it. */
export function workQuickly(
  services: Services,
  concurrency: number,
  backoffMs = [50, 500, 2_000],
): JobWorker {
  const handler = handle(attendanceSync, ({ data, progress, signal }) =>
    services.syncAttendance({ ...data, progress, signal }),
  )
  return services.jobs.work([{ ...handler, backoffMs }], { concurrency })
}

/** The job, once it has ended. Rejects when it hangs. */
export async function endedJob(services: Services, jobId: string): Promise<JobView> {
  return waitUntil(`job ${jobId} ends`, async () => {
    const job = await services.jobs.find(jobId)
    return job?.finishedAt === null ? undefined : job
  })
}
