// The answer to a request that became a job: 202, where to ask for it, and its receipt.
import type { Enqueued } from '@org/core'
import type { FastifyReply } from 'fastify'
import { succeeded } from './schemas/envelope.ts'
import { toJobReceipt } from './schemas/job.ts'

/** Sets status and `location`, and gives the body. */
export function answerWithJob(
  reply: FastifyReply,
  message: string,
  deviceId: number,
  { job, deduplicated }: Enqueued,
) {
  reply.code(202).header('location', `/api/v1/queue/jobs/${job.id}`)
  return succeeded(message, toJobReceipt(job, deviceId, deduplicated))
}
