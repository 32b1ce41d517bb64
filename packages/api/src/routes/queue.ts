// Background jobs: how many there are, and how one of them fares.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError, mayTouch, narrowFilter } from '@org/core'
import { failures, succeeded, success, successList, successWithoutMessage } from '../schemas/envelope.ts'
import {
  CancelRequest,
  JobParams,
  JobQuery,
  JobReply,
  QueueStatsReply,
  toJobFilter,
  toJobReply,
  toQueueStatsReply,
} from '../schemas/job.ts'
import { toPagination } from '../schemas/paging.ts'

const FOUND = 'Job'
const LISTED = 'Jobs'
const CANCELLED = 'Cancellation requested'

export const queueRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { jobs } = app.services

  app.get(
    '/queue/stats',
    {
      config: { role: 'user' },
      schema: {
        tags: ['Queue'],
        operationId: 'getQueueStats',
        summary: 'Get queue statistics',
        response: { 200: successWithoutMessage('Queue statistics', QueueStatsReply) },
      },
    },
    async () => ({ status: true as const, data: toQueueStatsReply(await jobs.stats()) }),
  )

  app.get(
    '/queue/jobs',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Queue'],
        operationId: 'listJobs',
        summary: 'List jobs, newest first',
        querystring: JobQuery,
        response: { 200: successList(LISTED, JobReply) },
      },
    },
    async ({ query, caller }) => {
      const { page, limit } = query
      const filter = narrowFilter(caller, toJobFilter(query))
      const { rows, total } = await jobs.list(filter, { page, limit })
      return {
        ...succeeded(LISTED, rows.map(toJobReply)),
        pagination: toPagination({ page, limit, total, nextCursor: null }),
      }
    },
  )

  app.get(
    '/queue/jobs/:jobId',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Queue'],
        operationId: 'getJob',
        summary: 'See how a job fares',
        params: JobParams,
        response: { 200: success(FOUND, JobReply), ...failures('JOB_NOT_FOUND') },
      },
    },
    async ({ params, caller }) => {
      const job = await jobs.find(params.jobId)
      if (job === undefined || !mayTouch(caller, job.deviceId)) throw new ServiceError('JOB_NOT_FOUND')
      return succeeded(FOUND, toJobReply(job))
    },
  )

  app.post(
    '/queue/jobs/:jobId/cancel',
    {
      config: { role: 'operator', devices: 'filtered' },
      schema: {
        tags: ['Queue'],
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        description:
          'One that waits is cancelled at once; one that runs is asked to end and becomes `cancelled` soon; one that is over stays as it is.',
        params: JobParams,
        body: CancelRequest,
        response: { 200: success(CANCELLED, JobReply), ...failures('JOB_NOT_FOUND') },
      },
    },
    async ({ params, caller }) => {
      const known = await jobs.find(params.jobId)
      if (known === undefined || !mayTouch(caller, known.deviceId)) throw new ServiceError('JOB_NOT_FOUND')
      const job = await jobs.cancel(params.jobId)
      if (job === undefined) throw new ServiceError('JOB_NOT_FOUND')
      return succeeded(CANCELLED, toJobReply(job))
    },
  )
}
