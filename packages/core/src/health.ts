// Whether the service can do its work now: database, Redis and queue, each with how long it took to answer.
import type { Database } from '@org/data'
import type { Redis } from 'ioredis'
import type { JobQueue, QueueHealth } from './jobs/job-queue.ts'

/** `ready` is what a load balancer goes by: everything is up, and the service is not stopping. */
export interface Health {
  readonly ready: boolean
  readonly database: QueueHealth
  /** Null where nothing uses Redis. */
  readonly redis: QueueHealth | null
  readonly queue: QueueHealth
}

/** Whom to ask. */
export interface HealthParts {
  readonly database: Database
  readonly redis: Redis | undefined
  readonly jobs: JobQueue
  readonly isReady: () => boolean
}

/** What does not answer within this is down. */
const ANSWER_WITHIN_MS = 2_000

/** Asks all at once; never rejects. */
export async function checkHealth({ database, redis, jobs, isReady }: HealthParts): Promise<Health> {
  const [rows, shared, queue] = await Promise.all([
    timed((signal) => database.ping(signal)),
    redis === undefined ? null : timed(() => redis.ping()),
    jobs.health(),
  ])
  const up = [rows, shared, queue].every((component) => component === null || component.state === 'up')
  return { ready: up && isReady(), database: rows, redis: shared, queue }
}

async function timed(ask: (signal: AbortSignal) => Promise<unknown>): Promise<QueueHealth> {
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true })
  })
  const elapsed = (): number => Math.round(performance.now() - startedAt)
  return Promise.race([ask(signal), late]).then(
    () => ({ state: 'up', ms: elapsed() }),
    () => ({ state: 'down', ms: elapsed() }),
  )
}
