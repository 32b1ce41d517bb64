// What lies in Redis for BullMQ, as something to look at: the queues behind the page /admin/queues. Nothing is done to jobs through
// it: they are made, cancelled and counted in the table, which would not know.
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { QUEUES } from './define-job.ts'

/** The queues in Redis, by the connection of whoever opened them. */
export interface CarrierView {
  readonly queues: readonly Queue[]
  /** Lets go of the connection, which stays open. Never rejects. */
  close(): Promise<void>
}

/** Every queue that carries jobs, there or not; asking one while Redis is away rejects in bounded time. */
export function viewCarriers(redis: Redis, prefix: string): CarrierView {
  const queues = QUEUES.map(
    (name) =>
      new Queue(name, {
        connection: redis,
        prefix,
        skipVersionCheck: true,
        skipWaitingForReady: true,
        skipMetasUpdate: true,
      }),
  )
  // That Redis is away is logged by its connection; whoever asks a queue then is told by the rejection.
  for (const queue of queues) queue.on('error', () => undefined)
  return {
    queues,
    async close() {
      await Promise.all(queues.map((queue) => queue.close()))
    },
  }
}
