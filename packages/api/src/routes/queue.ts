// Background jobs: how many there are, and how one of them fares.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError, mayTouch } from '@org/core'
import { failures, succeeded, success, successWithoutMessage } from '../schemas/envelope.ts'
import { JobParams, JobReply, QueueStatsReply, toJobReply, toQueueStatsReply } from '../schemas/job.ts'

const FOUND = 'Job'

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
}
