// Jobs and the numbers of the queues, in JSON.
import { QUEUES } from '@org/core'
import type { JobListFilter, JobView, QueueStats } from '@org/core'
import { Type } from 'typebox'
import type { Static, TInteger } from 'typebox'
import { OfDevice } from './device.ts'
import { Instant, InstantOrNull, toInstant, toInstantOrNull } from './instant.ts'
import { JobResult, toJobResult } from './job-result.ts'
import { PageQuery } from './paging.ts'

const JOB_ID_EXAMPLE = 'sync-device-1-20240205143000'
const MAX_JOB_ID_LENGTH = 191

/** The id of a job in a path. */
export const JobParams = Type.Object({
  jobId: Type.String({
    minLength: 1,
    maxLength: MAX_JOB_ID_LENGTH,
    description: 'Id of the job, as it was given when it was queued',
    examples: [JOB_ID_EXAMPLE],
  }),
})

const JobState = Type.Enum(['waiting', 'active', 'completed', 'failed', 'cancelled'], {
  description: 'What has become of it',
  examples: ['completed'],
})

/** Query of `GET /queue/jobs`. */
export const JobQuery = Type.Object({
  ...OfDevice,
  state: Type.Optional(JobState),
  queue: Type.Optional(
    Type.Enum([...QUEUES], { description: 'Of this queue', examples: ['attendance-sync'] }),
  ),
  ...PageQuery,
})

/** Body of `POST /queue/jobs/{jobId}/cancel`: none, or an object without fields. */
export const CancelRequest = Type.Object(
  {},
  { additionalProperties: false, description: 'Nothing is to be said', examples: [{}] },
)

/** The filter of a query that has passed its schema. */
export function toJobFilter({ device_id, state, queue }: Static<typeof JobQuery>): JobListFilter {
  return {
    ...(device_id !== undefined && { deviceIds: [device_id] }),
    ...(state !== undefined && { state }),
    ...(queue !== undefined && { queue }),
  }
}

/** Body of `POST /attendance/device/{deviceId}/sync`; it may be left out. */
export const SyncRequest = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(['auto', 'full'], {
        default: 'auto',
        description: 'auto reads what is new, when that can be proved; full reads the whole log',
        examples: ['auto'],
      }),
    ),
  },
  { additionalProperties: false, description: 'How to sync', examples: [{ mode: 'auto' }] },
)

/** Body of `DELETE /attendance/device/{deviceId}`. */
export const ClearingRequest = Type.Object(
  {
    confirm: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The serial_number of the device, so that no other terminal is cleared by mistake',
      examples: ['ZKT-001-2024'],
    }),
  },
  {
    additionalProperties: false,
    description: 'Says which terminal is meant',
    examples: [{ confirm: 'ZKT-001-2024' }],
  },
)

/** What a request gets that was turned into a job. */
export const JobReceipt = Type.Object(
  {
    job_id: Type.String({ description: 'Ask `GET /queue/jobs/{jobId}` with it', examples: [JOB_ID_EXAMPLE] }),
    device_id: Type.Integer({ examples: [1] }),
    status: Type.Enum(['queued', 'active'], {
      description: 'active only for a job that had begun before this request',
      examples: ['queued'],
    }),
    queued_at: Instant('When the job was queued'),
    deduplicated: Type.Optional(
      Type.Literal(true, {
        description: 'An unfinished job stood already and is returned; left out otherwise',
      }),
    ),
  },
  { $id: 'JobReceipt', description: 'The job that will do it' },
)

const count = (description: string, example: number): TInteger =>
  Type.Integer({ minimum: 0, description, examples: [example] })

const QueueCounts = Type.Object(
  {
    active: count('Jobs that run now', 2),
    waiting: count('Jobs that wait, delayed ones included', 5),
    completed: count('Jobs that succeeded, ever', 850),
    delayed: count('Those of `waiting` that wait for a time', 0),
    failed: count('Jobs that failed for good or were cancelled, ever', 20),
  },
  { $id: 'QueueCounts', description: 'Jobs of one queue' },
)

/** `GET /queue/stats`. `total_jobs` = active + waiting + completed + failed, and the queues add up to the totals. */
export const QueueStatsReply = Type.Object(
  {
    total_jobs: count('active + waiting + completed + failed', 1523),
    active: count('Jobs that run now', 5),
    waiting: count('Jobs that wait, delayed ones included', 12),
    completed: count('Jobs that succeeded, ever', 1480),
    failed: count('Jobs that failed for good or were cancelled, ever', 26),
    delayed: count('Those of `waiting` that wait for a time', 0),
    queues: Type.Record(Type.String(), QueueCounts, {
      description: 'Counts by queue',
      examples: [
        {
          'attendance-sync': { active: 2, waiting: 5, completed: 850, delayed: 0, failed: 20 },
          'user-sync': { active: 3, waiting: 7, completed: 630, delayed: 0, failed: 6 },
          notifications: { active: 0, waiting: 0, completed: 0, delayed: 0, failed: 0 },
          maintenance: { active: 0, waiting: 0, completed: 0, delayed: 0, failed: 0 },
        },
      ],
    }),
    last_updated: Instant('When the numbers were read'),
  },
  { $id: 'QueueStats', description: 'All jobs in numbers, from one read' },
)

/** `GET /queue/jobs/{jobId}`. */
export const JobReply = Type.Object(
  {
    job_id: Type.String({ examples: [JOB_ID_EXAMPLE] }),
    device_id: Type.Union([Type.Integer(), Type.Null()], { examples: [1] }),
    queue: Type.String({ examples: ['attendance-sync'] }),
    state: JobState,
    run_at: Instant('It does not begin before this'),
    attempts: count('Attempts begun', 1),
    max_attempts: count('Attempts at most', 4),
    progress: Type.Union(
      [
        Type.Object({
          phase: Type.String(),
          done: Type.Number(),
          total: Type.Union([Type.Number(), Type.Null()]),
        }),
        Type.Null(),
      ],
      {
        description: 'How far the last attempt came; total is null while nobody can know',
        examples: [{ phase: 'done', done: 5000, total: 5000 }],
      },
    ),
    result: Type.Union([...JobResult.anyOf, Type.Null()], {
      description: 'What the job yields; of a sync its certificate. Null until completed',
      examples: [
        {
          announced_before: 5000,
          announced_after: 5000,
          bytes_announced: 200_004,
          bytes_received: 200_004,
          from: 0,
          read: 5000,
          new: 5000,
          known: 0,
          invalid_time: 0,
        },
      ],
    }),
    error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()], {
      description: 'Why the last attempt failed',
      examples: [null],
    }),
    queued_at: Instant('When it was queued'),
    started_at: InstantOrNull('When the last attempt began'),
    finished_at: InstantOrNull('When it was over'),
    source: Type.Enum(['request', 'schedule'], {
      description: 'What asked for it: a request, or the service by itself as its time came',
      examples: ['request'],
    }),
  },
  { $id: 'Job', description: 'A background job' },
)

/** The receipt of a device's job. */
export function toJobReceipt(
  job: JobView,
  deviceId: number,
  deduplicated: boolean,
): Static<typeof JobReceipt> {
  return {
    job_id: job.id,
    device_id: deviceId,
    status: job.state === 'active' ? 'active' : 'queued',
    queued_at: toInstant(job.queuedAt),
    ...(deduplicated && { deduplicated }),
  }
}

/** A job in JSON. */
export function toJobReply(job: JobView): Static<typeof JobReply> {
  return {
    job_id: job.id,
    device_id: job.deviceId,
    queue: job.queue,
    state: job.state,
    run_at: toInstant(job.runAt),
    attempts: job.attempts,
    max_attempts: job.maxAttempts,
    progress: job.progress === null ? null : { ...job.progress },
    result: toJobResult(job.result),
    error: job.error === null ? null : { ...job.error },
    queued_at: toInstant(job.queuedAt),
    started_at: toInstantOrNull(job.startedAt),
    finished_at: toInstantOrNull(job.finishedAt),
    source: job.source,
  }
}

/** The numbers of the queues in JSON, names in the order in which the seed document shows them. */
export function toQueueStatsReply({ totals, queues, at }: QueueStats): Static<typeof QueueStatsReply> {
  return {
    total_jobs: totals.total,
    active: totals.active,
    waiting: totals.waiting,
    completed: totals.completed,
    failed: totals.failed,
    delayed: totals.delayed,
    queues: Object.fromEntries(
      Object.entries(queues).map(([name, { active, waiting, completed, delayed, failed }]) => [
        name,
        { active, waiting, completed, delayed, failed },
      ]),
    ),
    last_updated: toInstant(at),
  }
}
