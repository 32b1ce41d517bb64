// Where the two ways to run part: behind each port stands memory or Redis, the database or BullMQ, chosen here by what is set and
// nowhere else.
import { randomUUID } from 'node:crypto'
import type { Database } from '@org/data'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { createMemoryAttemptCounter } from './accounts/attempt-counter-memory.ts'
import { createRedisAttemptCounter } from './accounts/attempt-counter-redis.ts'
import type { AttemptCounter } from './accounts/attempt-counter.ts'
import { createMemoryBus } from './bus/bus-memory.ts'
import { createRedisBus } from './bus/bus-redis.ts'
import type { Bus } from './bus/bus.ts'
import { createMemoryCacheStore } from './cache/cache-memory.ts'
import { createRedisCacheStore } from './cache/cache-redis.ts'
import type { CacheStore } from './cache/cache-store.ts'
import type { Config } from './config.ts'
import type { CarrierView } from './jobs/bullmq-view.ts'
import type { JobQueueOptions } from './jobs/carried-job-queue.ts'
import { createDatabaseJobQueue } from './jobs/job-queue-database.ts'
import type { JobQueue } from './jobs/job-queue.ts'
import { createMemoryRateCounter } from './rate-counter-memory.ts'
import { createRedisRateCounter } from './rate-counter-redis.ts'
import type { RateCounter } from './rate-counter.ts'
import { createMemoryTally } from './tally-memory.ts'
import { createRedisTally } from './tally-redis.ts'
import type { Tally } from './tally.ts'
import { createMemoryLeases } from './terminals/lease-memory.ts'
import { createRedisLeases } from './terminals/lease-redis.ts'
import type { LeaseKeeper } from './terminals/lease.ts'
import { createMemoryRoster } from './terminals/watch-roster-memory.ts'
import { createRedisRoster } from './terminals/watch-roster-redis.ts'
import type { WatchRoster } from './terminals/watch-roster.ts'

/** What the choice hangs on. `prefix` begins every key in Redis, so that several installations may share one. */
export interface AdapterParts {
  readonly config: Config
  readonly database: Database
  readonly redis: Redis | undefined
  readonly prefix: string
  readonly log: Logger
}

/** The ports of one process that need nothing else. Whoever opened them ends those that can be ended. */
export interface Adapters {
  readonly rateCounter: RateCounter
  readonly attempts: AttemptCounter
  readonly leases: LeaseKeeper
  /** Turns within this process, so that its operations can hand a session on with its lease. */
  readonly turns: LeaseKeeper
  readonly tally: Tally
  readonly cacheStore: CacheStore
  readonly bus: Bus
  /** Who watches; `lifeMs`: how long one that fell silent still counts. */
  readonly openRoster: (lifeMs: number) => WatchRoster
}

/** What begins every key of this installation in Redis: its database's own, made at the first start. */
export async function keyPrefix({ settings }: Database): Promise<string> {
  const instanceId = await settings.insertIfAbsent('instance-id', randomUUID())
  return `zk:${instanceId.slice(0, 8)}`
}

/** Everything but the queue, which has to be opened. */
export function chooseAdapters(parts: AdapterParts): Adapters {
  const { redis, prefix, log } = parts
  const leases = leasesOf(parts)
  const turns = createMemoryLeases({ leaseMs: 0, issueFence: () => Promise.resolve(0) })
  if (redis === undefined) {
    return {
      rateCounter: createMemoryRateCounter(),
      attempts: createMemoryAttemptCounter(),
      leases,
      turns,
      tally: createMemoryTally(),
      cacheStore: createMemoryCacheStore(),
      bus: createMemoryBus(),
      openRoster: () => createMemoryRoster(),
    }
  }
  return {
    rateCounter: createRedisRateCounter(redis, prefix, log),
    attempts: createRedisAttemptCounter(redis, prefix, log),
    leases,
    turns,
    tally: createRedisTally(redis, prefix, log),
    cacheStore: createRedisCacheStore(redis, prefix, log),
    bus: createRedisBus(redis, { prefix, log }),
    openRoster: (lifeMs) => createRedisRoster(redis, { prefix, lifeMs, log }),
  }
}

/** The queue of jobs of a process of the service. Rejects with what the database throws. */
export function openJobs(
  parts: AdapterParts,
  whenFailed: NonNullable<JobQueueOptions['whenFailed']>,
): Promise<JobQueue> {
  return openQueue(parts, { soleProcess: parts.config.mode.embedded, whenFailed })
}

/** The queue for a process beside the service, which asks for jobs and runs none. Rejects with what the database throws. */
export function openJobsBeside(parts: AdapterParts): Promise<JobQueue> {
  return openQueue(parts, { soleProcess: false })
}

/** BullMQ is loaded where it is used alone: loading it takes a tenth of a second, and a start should not. */
async function openQueue(
  { config, database, prefix, log }: AdapterParts,
  own: Pick<JobQueueOptions, 'soleProcess' | 'whenFailed'>,
): Promise<JobQueue> {
  const options = { database, log, timings: { claimMs: config.JOB_CLAIM_MS }, ...own }
  if (config.REDIS_URL === undefined) return createDatabaseJobQueue(options)
  const { createBullmqJobQueue } = await import('./jobs/job-queue-bullmq.ts')
  return createBullmqJobQueue({ ...options, redisUrl: config.REDIS_URL, prefix: carrierPrefix(prefix) })
}

/** What carries jobs, for whoever wants to look at it; nothing where the database does. */
export async function openCarrierView({ redis, prefix }: AdapterParts): Promise<CarrierView> {
  if (redis === undefined) return { queues: [], close: () => Promise.resolve() }
  const { viewCarriers } = await import('./jobs/bullmq-view.ts')
  return viewCarriers(redis, carrierPrefix(prefix))
}

function carrierPrefix(prefix: string): string {
  return `${prefix}:jobs`
}

/** Leases are shared where processes are: in queue mode. Everywhere else one process does everything. */
function leasesOf({ config, database, redis, prefix, log }: AdapterParts): LeaseKeeper {
  const leaseMs = config.DEVICE_LEASE_MS
  const issueFence = (deviceId: number): Promise<number> => database.devices.issueFence(deviceId)
  if (redis === undefined) return createMemoryLeases({ leaseMs, issueFence })
  return createRedisLeases(redis, {
    leaseMs,
    issueFence,
    prefix,
    log,
    isNewInstallation: async () => {
      const mine = randomUUID()
      return (await database.settings.insertIfAbsent('first-lease', mine)) === mine
    },
  })
}
