// The service as a whole: what it offers (Services) and how it is put together (createServices), the one place that names
// adapters. close() ends everything that was opened here; the database belongs to whoever opened it.
import { randomUUID } from 'node:crypto'
import type { AloneHold, Database } from '@org/data'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { createAccounts, type Accounts } from './accounts/accounts.ts'
import { createAttendance, type Attendance } from './attendance.ts'
import { createAuditTrail } from './audit-trail.ts'
import { createMemoryBus } from './bus/bus-memory.ts'
import { createRedisBus } from './bus/bus-redis.ts'
import type { Bus } from './bus/bus.ts'
import { createChanges } from './changes.ts'
import { ConfigError, type Config, type RunMode } from './config.ts'
import { createDevices, type Devices } from './devices.ts'
import { ServiceError } from './errors.ts'
import { checkHealth, type Health } from './health.ts'
import type { SyncCertificate } from './jobs/catalogue.ts'
import { createBullmqJobQueue } from './jobs/job-queue-bullmq.ts'
import { createDatabaseJobQueue } from './jobs/job-queue-database.ts'
import type { JobQueue } from './jobs/job-queue.ts'
import { createLog } from './log.ts'
import type { Notices } from './notices/notice.ts'
import { createNotices } from './notices/notices.ts'
import { syncAttendance, type SyncAttendanceInput } from './operations/sync-attendance.ts'
import { ReadSlots } from './operations/read-slots.ts'
import { createDoors, type Doors } from './operations/unlock-door.ts'
import { watchDevice } from './operations/watch-device.ts'
import { WATCH_TIMINGS, type WatchTimings } from './operations/watch-session.ts'
import { createPasswords } from './passwords.ts'
import { createMemoryRateCounter } from './rate-counter-memory.ts'
import { createPunchStream } from './punch-stream.ts'
import { createRedisRateCounter } from './rate-counter-redis.ts'
import type { RateCounter } from './rate-counter.ts'
import { connectRedis, endRedis } from './redis.ts'
import { openSecrets } from './secrets.ts'
import { createBreakers } from './terminals/breaker.ts'
import { createDialler } from './terminals/dial.ts'
import { leaseMarginMs } from './terminals/held-lease.ts'
import { createMemoryLeases } from './terminals/lease-memory.ts'
import { createRedisLeases } from './terminals/lease-redis.ts'
import type { LeaseKeeper } from './terminals/lease.ts'
import { startLiveWatch, type LiveWatch } from './terminals/live-watch.ts'
import { createNetworkBounds } from './terminals/network-bounds.ts'
import { createSessionPool } from './terminals/session-pool.ts'
import { createMemoryRoster } from './terminals/watch-roster-memory.ts'
import { createRedisRoster } from './terminals/watch-roster-redis.ts'
import type { WatchRoster } from './terminals/watch-roster.ts'
import { createWithTerminal } from './terminals/with-terminal.ts'

/** What an unlock may take, waiting for the terminal included: less than a request may. */
const UNLOCK_WITHIN_MS = 25_000
/** How often it is looked for unlocks that dead processes have left without an outcome. */
const SETTLE_EVERY_MS = 30_000

/** Whose process this is: a server of HTTP, a worker of jobs, or both. */
export type ServiceRole = 'api' | 'worker' | 'both'

/** What a process decides about its service. */
export interface ServiceOptions {
  readonly role: ServiceRole
  /** Default: one made from LOG_LEVEL, writing JSON lines to standard output. */
  readonly log?: Logger
  /** For tests: when watches look at logs. */
  readonly watchTimings?: WatchTimings
}

/** What the service does. Whatever a method rejects with, `toServiceError` makes it a row of the table of errors. */
export interface Services {
  readonly config: Config
  readonly mode: RunMode
  readonly log: Logger
  readonly accounts: Accounts
  readonly devices: Devices
  readonly attendance: Attendance
  readonly doors: Doors
  readonly jobs: JobQueue
  readonly notices: Notices
  /** What rate limits count with: shared by all processes where Redis is. */
  readonly rateCounter: RateCounter
  /**
   * Reads a terminal's attendance log into the database and returns the certificate; what the worker's handler calls. Throws
   * ServiceError; `retryable` says whether waiting may cure it.
   */
  syncAttendance(input: SyncAttendanceInput): Promise<SyncCertificate>
  /**
   * Begins to watch active devices with `live`, shared out among all processes that do; what a worker calls. Whoever began it
   * stops it before close().
   */
  watchDevices(): LiveWatch
  /** False as soon as close() was called or `mustStop` has aborted. */
  readonly ready: boolean
  /** Aborts when the process has lost the right to run alone on its data. Whoever started it ends it then. */
  readonly mustStop: AbortSignal
  health(): Promise<Health>
  /** Ends everything within 10 seconds: queue, sessions (terminals enabled), leases, Redis. The database stays open. */
  close(): Promise<void>
}

/**
 * Puts the service together on an open database. Throws ConfigError where the configuration cannot run in this role, or
 * where another process runs on the same data that must be alone on it; and whatever database and file system throw.
 */
export async function createServices(
  config: Config,
  database: Database,
  { role, log = createLog(config.LOG_LEVEL), watchTimings = WATCH_TIMINGS }: ServiceOptions,
): Promise<Services> {
  checkRole(config, role)
  const alone = config.mode.embedded ? await holdAlone(database) : undefined
  const redis = config.REDIS_URL === undefined ? undefined : connectRedis(config.REDIS_URL, log)
  try {
    return await assemble(config, database, { log, redis, alone, watchTimings })
  } catch (error) {
    if (redis !== undefined) await endRedis(redis, log)
    await alone?.release()
    throw error
  }
}

/** api or worker alone are halves of a service: the other half runs elsewhere, so rows and leases must be shared. */
function checkRole({ mode }: Config, role: ServiceRole): void {
  if (role === 'both' || !mode.embedded) return
  throw new ConfigError([
    {
      variable: 'DATABASE_URL, REDIS_URL',
      message: `a process of role ${role} needs both, the first on MySQL or MariaDB; without them one process does everything`,
    },
  ])
}

async function holdAlone(database: Database): Promise<AloneHold> {
  const hold = await database.holdAlone()
  if (hold !== undefined) return hold
  throw new ConfigError([
    {
      variable: 'DATABASE_URL, REDIS_URL',
      message:
        'another service process runs on this database; stop it, or let several share the work with MySQL and Redis',
    },
  ])
}

async function assemble(
  config: Config,
  database: Database,
  {
    log,
    redis,
    alone,
    watchTimings,
  }: {
    readonly log: Logger
    readonly redis: Redis | undefined
    readonly alone: AloneHold | undefined
    readonly watchTimings: WatchTimings
  },
): Promise<Services> {
  const stopping = new AbortController()
  const secrets = await openSecrets(config)
  const passwords = await createPasswords()
  const audit = createAuditTrail(secrets)
  const changes = createChanges(log)
  const instanceId = await database.settings.insertIfAbsent('instance-id', randomUUID())
  const prefix = `zk:${instanceId.slice(0, 8)}`

  const jobs = await openJobs(config, database, log, prefix)
  const notices = createNotices({ jobs, channels: config.noticeChannels, log })
  const rateCounter =
    redis === undefined ? createMemoryRateCounter() : createRedisRateCounter(redis, prefix, log)
  const leases = openLeases(config, database, log, redis, prefix)
  const bus: Bus = redis === undefined ? createMemoryBus() : createRedisBus(redis, { prefix, log })
  const stream = createPunchStream({ database, bus, log })
  changes.listen((change) => {
    bus.publish('changed', change)
    return Promise.resolve()
  })

  const bounds = createNetworkBounds(config.deviceNetworks)
  const dialler = createDialler(bounds, leaseMarginMs(config.DEVICE_LEASE_MS))
  const pool = createSessionPool({ leases, turns: openTurns(), idleMs: config.DEVICE_IDLE_MS, log })
  const withTerminal = createWithTerminal({
    database,
    secrets,
    breakers: createBreakers(),
    pool,
    dialler,
    waitMs: config.DEVICE_WAIT_MS,
    log,
  })

  const doors = createDoors({ database, withTerminal, audit, attemptMs: UNLOCK_WITHIN_MS, log })
  const settling = setInterval(() => {
    doors.settleAbandoned().catch((error: unknown) => {
      log.warn({ err: error }, 'unlocks that dead processes left could not be settled yet')
    })
  }, SETTLE_EVERY_MS).unref()

  // A job outwaits the lease of a worker that was killed; a request does not make its caller wait so long.
  const jobWaitMs = config.DEVICE_WAIT_MS + config.DEVICE_LEASE_MS
  const mustStop = alone?.lost ?? new AbortController().signal
  const isReady = (): boolean => !stopping.signal.aborted && !mustStop.aborted
  const end = async (): Promise<void> => {
    stopping.abort(new ServiceError('SERVICE_STOPPING'))
    clearInterval(settling)
    stream.close()
    await jobs.close()
    await pool.close()
    await leases.close()
    bus.close()
    if (redis !== undefined) await endRedis(redis, log)
    await alone?.release()
  }
  let ended: Promise<void> | undefined

  return {
    config,
    mode: config.mode,
    log,
    accounts: createAccounts({ config, database, passwords, secrets, audit }),
    devices: createDevices({
      config,
      database,
      secrets,
      audit,
      bounds,
      dialler,
      withTerminal,
      leases,
      changes,
      log,
      stopping: stopping.signal,
    }),
    attendance: createAttendance({ database, jobs, stream }),
    doors,
    jobs,
    notices,
    rateCounter,
    syncAttendance: (input) =>
      syncAttendance({ database, withTerminal, changes, waitMs: jobWaitMs, log }, input),
    watchDevices() {
      const slots = new ReadSlots(config.WORKER_CONCURRENCY)
      const parts = { database, withTerminal, changes, bus, slots, timings: watchTimings, log }
      const lookEveryMs = lookEvery(config)
      return startLiveWatch({
        listWatched: () => database.devices.listWatched(),
        roster: openRoster(redis, prefix, BEATS_OF_A_LIFE * lookEveryMs, log),
        bus,
        watch: (deviceId, signal) => watchDevice(parts, deviceId, signal),
        lookEveryMs,
        log,
      })
    },
    get ready() {
      return isReady()
    },
    mustStop,
    health: () => checkHealth({ database, redis, jobs, isReady }),
    close() {
      ended ??= end()
      return ended
    },
  }
}

function openJobs(config: Config, database: Database, log: Logger, prefix: string): Promise<JobQueue> {
  const timings = { claimMs: config.JOB_CLAIM_MS }
  const soleProcess = config.mode.embedded
  return config.REDIS_URL === undefined
    ? createDatabaseJobQueue({ database, log, timings, soleProcess })
    : createBullmqJobQueue({
        database,
        log,
        timings,
        soleProcess,
        redisUrl: config.REDIS_URL,
        prefix: `${prefix}:jobs`,
      })
}

/** A process that misses so many looks is dead to the others: well before its leases end. */
const BEATS_OF_A_LIFE = 3

/** How often it is looked which devices are to be watched. */
function lookEvery(config: Config): number {
  return Math.min(5_000, config.DEVICE_LEASE_MS / (2 * BEATS_OF_A_LIFE))
}

function openRoster(redis: Redis | undefined, prefix: string, lifeMs: number, log: Logger): WatchRoster {
  return redis === undefined ? createMemoryRoster() : createRedisRoster(redis, { prefix, lifeMs, log })
}

/** Operations of this process take turns by a queue of their own, so that they can hand a session on with its lease. */
function openTurns(): LeaseKeeper {
  return createMemoryLeases({ leaseMs: 0, issueFence: () => Promise.resolve(0) })
}

/** Leases are shared where processes are: in queue mode. Everywhere else one process does everything. */
function openLeases(
  config: Config,
  database: Database,
  log: Logger,
  redis: Redis | undefined,
  prefix: string,
): LeaseKeeper {
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
