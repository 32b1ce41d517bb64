// The service as a whole: what it offers (Services) and how it is put together (createServices) on the adapters that
// adapters.ts chooses. close() ends everything that was opened here; the database belongs to whoever opened it.
import type { AloneHold, Database } from '@org/data'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Actor } from './accounts/account.ts'
import { createAccounts, type Accounts } from './accounts/accounts.ts'
import { createApiKeys, type ApiKeys } from './accounts/api-keys.ts'
import { createPasswordGuard } from './accounts/password-guard.ts'
import { chooseAdapters, keyPrefix, openCarrierView, openJobs } from './adapters.ts'
import { createAttendance, type Attendance } from './attendance.ts'
import { createAuditReading, createAuditTrail, type AuditReading } from './audit-trail.ts'
import { createCachedAnswers, type CachedAnswers } from './cache/cached-answers.ts'
import { createChanges } from './changes.ts'
import { startHousekeeping } from './housekeeping.ts'
import { ConfigError, type Config, type RunMode } from './config.ts'
import { createDevices, type Devices } from './devices.ts'
import { ServiceError } from './errors.ts'
import { checkHealth, type Health } from './health.ts'
import type {
  ClearingReceipt,
  PeopleCopyReport,
  PeopleSyncReport,
  SyncCertificate,
  TimesCorrection,
} from './jobs/catalogue.ts'
import type { JobQueue } from './jobs/job-queue.ts'
import { createTransferKeeper, type KeptTransfers } from './kept-transfers.ts'
import { createLog } from './log.ts'
import { countOperations, createMetrics, type Metrics } from './metrics.ts'
import { createDeliveries, type Deliveries } from './notices/deliveries.ts'
import { tellOfFailedSync } from './notices/failed-syncs.ts'
import type { Notices } from './notices/notice.ts'
import { createNotices } from './notices/notices.ts'
import { createPunchNews } from './notices/punch-news.ts'
import { clearCache } from './operations/clear-cache.ts'
import { copyPeopleTo, type CopyPeopleInput } from './operations/copy-people.ts'
import { createKeptTemplates } from './operations/kept-templates.ts'
import { undoLeftBehind } from './operations/pending-people.ts'
import { clearAttendance, type ClearAttendanceInput } from './operations/clear-attendance.ts'
import { correctTimes, type CorrectTimesInput } from './operations/correct-times.ts'
import { createOldPunchRemoval } from './operations/remove-old-punches.ts'
import { createRestartWatch } from './operations/restart-watch.ts'
import { syncAttendance, type SyncAttendanceInput } from './operations/sync-attendance.ts'
import { syncPeople, type SyncPeopleInput } from './operations/sync-people.ts'
import { Slots } from './operations/slots.ts'
import { createDoors, type Doors } from './operations/unlock-door.ts'
import { watchDevice } from './operations/watch-device.ts'
import { WATCH_TIMINGS, type WatchTimings } from './operations/watch-session.ts'
import { createPasswords } from './passwords.ts'
import { createPeople, type People } from './people.ts'
import { createPunchRetention } from './punch-retention.ts'
import { createPunchStream } from './punch-stream.ts'
import type { RateCounter } from './rate-counter.ts'
import { connectRedis, endRedis } from './redis.ts'
import { createDueSyncs } from './schedules/due-syncs.ts'
import { startSyncSchedule, type SyncSchedule } from './schedules/sync-schedule.ts'
import { createSyncTimes } from './schedules/sync-times.ts'
import { openSecrets } from './secrets.ts'
import { createBreakers } from './terminals/breaker.ts'
import { createContactNotes } from './terminals/contact-notes.ts'
import { createDialler } from './terminals/dial.ts'
import { leaseMarginMs } from './terminals/held-lease.ts'
import { startLiveWatch, type LiveWatch } from './terminals/live-watch.ts'
import { createNetworkBounds } from './terminals/network-bounds.ts'
import { createSessionPool } from './terminals/session-pool.ts'
import { createWithTerminal } from './terminals/with-terminal.ts'

/** What an unlock may take, waiting for the terminal included: so much less than a request may that a repetition learns of its end. */
const UNLOCK_WITHIN_MS = 20_000

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
  readonly apiKeys: ApiKeys
  readonly audit: AuditReading
  readonly devices: Devices
  readonly attendance: Attendance
  readonly people: People
  readonly doors: Doors
  readonly jobs: JobQueue
  /** What carries jobs through Redis, by queue: to be looked at, never written. Empty where the database carries them. */
  readonly carriers: readonly Queue[]
  readonly notices: Notices
  /** Hands notices and punches to whoever is to get them; what the worker's handlers call. */
  readonly deliveries: Deliveries
  /** Attendance logs that could not be read; for diagnosis on the machine itself, never for a route. */
  readonly keptTransfers: KeptTransfers
  /** What rate limits count with: shared by all processes where Redis is. */
  readonly rateCounter: RateCounter
  /** Lists that were asked for before. */
  readonly cachedAnswers: CachedAnswers
  /** Forgets every cached answer, records it and tells it. How many were removed. */
  clearCache(by: Actor): Promise<number>
  readonly metrics: Metrics
  /**
   * Reads a terminal's attendance log into the database and returns the certificate; what the worker's handler calls. Throws
   * ServiceError; `retryable` says whether waiting may cure it.
   */
  syncAttendance(input: SyncAttendanceInput): Promise<SyncCertificate>
  /** Reads who is on a terminal into the database; what the worker's handler calls. Throws as syncAttendance does. */
  syncPeople(input: SyncPeopleInput): Promise<PeopleSyncReport>
  /** Writes people to a terminal; what the worker's handler calls. Throws as syncAttendance does. */
  copyPeople(input: CopyPeopleInput): Promise<PeopleCopyReport>
  /** Empties a terminal's log once all of it is proven to be stored; what the worker's handler calls. */
  clearAttendance(input: ClearAttendanceInput): Promise<ClearingReceipt>
  /** Computes a device's instants anew after its zone was changed; what the worker's handler calls. */
  correctTimes(input: CorrectTimesInput): Promise<TimesCorrection>
  /**
   * Begins to watch active devices with `live`, shared out among all processes that do; what a worker calls. Whoever began it
   * stops it before close().
   */
  watchDevices(): LiveWatch
  /**
   * Begins to queue the syncs that devices do by themselves, each once however many processes do; what a worker calls. Whoever began
   * it stops it before close().
   */
  scheduleSyncs(): SyncSchedule
  /** False as soon as announceStop() or close() was called or `mustStop` has aborted. */
  readonly ready: boolean
  /** Tells whoever follows `ready` that this process is about to stop. Everything goes on until close(). */
  announceStop(): void
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
  let stopAnnounced = false
  const secrets = await openSecrets(config)
  const passwords = await createPasswords()
  const audit = createAuditTrail(secrets)
  const changes = createChanges(log)
  const prefix = await keyPrefix(database)

  const noticesBy = (queue: JobQueue): Notices =>
    createNotices({ jobs: queue, channels: config.noticeChannels, log })
  const adapterParts = { config, database, redis, prefix, log }
  const jobs = await openJobs(adapterParts, (queue, failed) => tellOfFailedSync(noticesBy(queue), failed))
  const carrierView = await openCarrierView(adapterParts)
  const notices = noticesBy(jobs)
  const retention = createPunchRetention(config.punchRetentionMs)
  const punchNews = createPunchNews(jobs, config.WEBHOOK_PUNCHES)
  const { rateCounter, attempts, leases, turns, tally, cacheStore, bus, openRoster } =
    chooseAdapters(adapterParts)
  const guard = createPasswordGuard(attempts)
  const accounts = createAccounts({ config, database, passwords, secrets, guard, audit })
  const metrics = createMetrics({ tally, jobs, devices: database.devices, log })
  const answers = createCachedAnswers({
    store: cacheStore,
    changes,
    onAnswer: (subject, outcome) => metrics.noteCacheAnswer(subject, outcome),
  })
  const stream = createPunchStream({ database, bus, log })
  changes.listen((change) => {
    bus.publish('changed', change)
    return Promise.resolve()
  })

  const bounds = createNetworkBounds(config.deviceNetworks)
  const dialler = createDialler(bounds, leaseMarginMs(config.DEVICE_LEASE_MS))
  const breakers = createBreakers()
  const pool = createSessionPool({ leases, turns, idleMs: config.DEVICE_IDLE_MS, log })
  const noteContact = createContactNotes({ database, notices, log })
  const wayToTerminals = createWithTerminal({
    database,
    secrets,
    breakers,
    pool,
    dialler,
    waitMs: config.DEVICE_WAIT_MS,
    beforeAct: (hand) => undoLeftBehind({ database, log }, hand),
    noteContact,
    log,
  })
  const withTerminal = countOperations(wayToTerminals, metrics)
  const templates = createKeptTemplates({ database, secrets, kept: config.STORE_TEMPLATES })

  const syncTimes = createSyncTimes(config)
  const restartWatch = createRestartWatch({ withTerminal, changes, log })
  const doors = createDoors({ database, withTerminal, audit, notices, attemptMs: UNLOCK_WITHIN_MS, log })
  const transfers = createTransferKeeper(database, secrets, log)
  const oldPunches = createOldPunchRemoval({ database, changes, audit, retention, log })
  const endChores = startHousekeeping({
    config,
    database,
    jobs,
    doors,
    accounts,
    transfers,
    oldPunches,
    log,
    signal: stopping.signal,
  })

  // A job outwaits the lease of a worker that was killed; a request does not make its caller wait so long.
  const jobWaitMs = config.DEVICE_WAIT_MS + config.DEVICE_LEASE_MS
  const mustStop = alone?.lost ?? new AbortController().signal
  const isReady = (): boolean => !stopAnnounced && !stopping.signal.aborted && !mustStop.aborted
  const end = async (): Promise<void> => {
    stopping.abort(new ServiceError('SERVICE_STOPPING'))
    endChores()
    stream.close()
    await Promise.all([jobs.close(), carrierView.close(), restartWatch.close(), oldPunches.close()])
    await pool.close()
    await leases.close()
    bus.close()
    await tally.close()
    if (redis !== undefined) await endRedis(redis, log)
    await alone?.release()
  }
  let ended: Promise<void> | undefined

  return {
    config,
    mode: config.mode,
    log,
    accounts,
    apiKeys: createApiKeys({ database, audit, rateCounter }),
    audit: createAuditReading(database, audit),
    devices: createDevices({
      config,
      database,
      secrets,
      audit,
      jobs,
      breakers,
      changes,
      bounds,
      dialler,
      withTerminal,
      leases,
      notices,
      restartWatch,
      syncTimes,
      log,
      stopping: stopping.signal,
    }),
    attendance: createAttendance({ database, jobs, audit, stream }),
    people: createPeople({ database, withTerminal, audit, changes, templates, jobs, log }),
    doors,
    jobs,
    carriers: carrierView.queues,
    notices,
    keptTransfers: transfers,
    deliveries: createDeliveries(config, database, log),
    rateCounter,
    cachedAnswers: answers,
    clearCache: (by) => clearCache({ answers, database, audit, notices }, by),
    metrics,
    async syncAttendance(input) {
      const certificate = await syncAttendance(
        { database, withTerminal, changes, notices, punchNews, retention, transfers, waitMs: jobWaitMs, log },
        input,
      )
      metrics.noteSyncedRows(certificate)
      return certificate
    },
    syncPeople: (input) =>
      syncPeople({ database, withTerminal, changes, templates, waitMs: jobWaitMs }, input),
    copyPeople: (input) =>
      copyPeopleTo({ database, withTerminal, changes, audit, templates, waitMs: jobWaitMs, log }, input),
    clearAttendance: (input) =>
      clearAttendance(
        { database, withTerminal, changes, punchNews, retention, transfers, audit, waitMs: jobWaitMs, log },
        input,
      ),
    correctTimes: (input) => correctTimes({ database, changes }, input),
    watchDevices() {
      const slots = new Slots(config.WORKER_CONCURRENCY)
      const parts = {
        database,
        withTerminal,
        changes,
        notices,
        punchNews,
        retention,
        transfers,
        noteContact,
        bus,
        slots,
        timings: watchTimings,
        log,
      }
      const lookEveryMs = lookEvery(config)
      return startLiveWatch({
        listWatched: () => database.devices.listWatched(),
        roster: openRoster(BEATS_OF_A_LIFE * lookEveryMs),
        bus,
        watch: (deviceId, signal) => watchDevice(parts, deviceId, signal),
        lookEveryMs,
        log,
      })
    },
    scheduleSyncs: () =>
      startSyncSchedule(createDueSyncs({ database, jobs, times: syncTimes, metrics, log }), log),
    get ready() {
      return isReady()
    },
    announceStop() {
      stopAnnounced = true
    },
    mustStop,
    health: () => checkHealth({ database, redis, jobs, isReady }),
    close() {
      ended ??= end()
      return ended
    },
  }
}

/** A process that misses so many looks is dead to the others: well before its leases end. */
const BEATS_OF_A_LIFE = 3

/** How often it is looked which devices are to be watched. */
function lookEvery(config: Config): number {
  return Math.min(5_000, config.DEVICE_LEASE_MS / (2 * BEATS_OF_A_LIFE))
}
