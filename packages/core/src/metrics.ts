// Numbers for Prometheus. Requests and cache are this process's own; jobs, operations on terminals and synced rows are the whole
// service's, so of several processes one is enough to ask for them. Labels are few and known beforehand: never ids.
import type { Logger } from 'pino'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { CacheSubject } from './cache/cache-store.ts'
import { ServiceError } from './errors.ts'
import type { JobQueue } from './jobs/job-queue.ts'
import type { ScheduledOutcome } from './schedules/due-syncs.ts'
import type { Tally } from './tally.ts'
import type { WithTerminal } from './terminals/with-terminal.ts'

/** A request that was answered. */
export interface AnsweredRequest {
  readonly method: string
  /** The path as declared, such as /api/v1/devices/:deviceId. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/** What is counted, and how it is shown. Nothing of it throws but `render`. */
export interface Metrics {
  noteRequest(request: AnsweredRequest): void
  noteCacheAnswer(subject: CacheSubject, outcome: 'hit' | 'miss'): void
  /** `success`, or the error's code. */
  noteDeviceOperation(outcome: string): void
  noteScheduledSync(outcome: ScheduledOutcome): void
  noteSyncedRows(rows: { readonly new: number; readonly known: number }): void
  /** In Prometheus' text format. What cannot be read now (jobs, while the database is away) is left out. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>
}

/** What numbers come from. */
export interface MetricsParts {
  readonly tally: Tally
  readonly jobs: JobQueue
  readonly log: Logger
}

const DEVICE_OPERATION = 'device-operation:'
const SYNC_ROWS = 'sync-rows:'
const SCHEDULED_SYNC = 'scheduled-sync:'
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Numbers of this process, in a register of their own. */
export function createMetrics({ tally, jobs, log }: MetricsParts): Metrics {
  const register = new Registry()
  const registers = [register]

  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered by this process',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long this process took to answer',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
    registers,
  })
  const cache = new Counter({
    name: 'zk_cache_answers_total',
    help: 'Cached lists answered by this process, from the cache (hit) or the database (miss)',
    labelNames: ['subject', 'outcome'],
    registers,
  })
  const jobCounts = new Gauge({
    name: 'zk_jobs',
    help: 'Jobs by queue and state; completed and failed ever since',
    labelNames: ['queue', 'state'],
    registers,
  })
  const operations = new Counter({
    name: 'zk_device_operations_total',
    help: 'Operations on terminals by all processes; outcome is success or an error code',
    labelNames: ['outcome'],
    registers,
  })
  const rows = new Counter({
    name: 'zk_sync_rows_total',
    help: 'Punches that finished syncs of all processes have read, stored before (known) or not (new)',
    labelNames: ['kind'],
    registers,
  })
  const scheduled = new Counter({
    name: 'zk_scheduled_syncs_total',
    help: 'Times at which devices were to sync by themselves, of all processes: queued, unfinished (one was under way), or late (missed, made good soon)',
    labelNames: ['outcome'],
    registers,
  })
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of this process',
    registers,
  })

  const readJobs = async (): Promise<void> => {
    jobCounts.reset()
    const { queues } = await jobs.stats()
    for (const [queue, { active, waiting, delayed, completed, failed }] of Object.entries(queues))
      for (const [state, count] of Object.entries({ active, waiting, delayed, completed, failed }))
        jobCounts.set({ queue, state }, count)
  }
  const readTally = async (): Promise<void> => {
    operations.reset()
    rows.reset()
    scheduled.reset()
    for (const [name, count] of await tally.read()) {
      if (name.startsWith(DEVICE_OPERATION))
        operations.inc({ outcome: name.slice(DEVICE_OPERATION.length) }, count)
      else if (name.startsWith(SYNC_ROWS)) rows.inc({ kind: name.slice(SYNC_ROWS.length) }, count)
      else if (name.startsWith(SCHEDULED_SYNC))
        scheduled.inc({ outcome: name.slice(SCHEDULED_SYNC.length) }, count)
    }
  }

  return {
    noteRequest({ method, route, status, seconds }) {
      requests.inc({ method, route, status })
      durations.observe({ method, route }, seconds)
    },
    noteCacheAnswer: (subject, outcome) => cache.inc({ subject, outcome }),
    noteDeviceOperation: (outcome) => tally.add(DEVICE_OPERATION + outcome, 1),
    noteScheduledSync: (outcome) => tally.add(SCHEDULED_SYNC + outcome, 1),
    noteSyncedRows(synced) {
      tally.add(`${SYNC_ROWS}new`, synced.new)
      tally.add(`${SYNC_ROWS}known`, synced.known)
    },
    async render() {
      memory.set(process.memoryUsage.rss())
      for (const read of await Promise.allSettled([readJobs(), readTally()]))
        if (read.status === 'rejected') log.debug({ err: read.reason }, 'some numbers cannot be read now')
      return { contentType: register.contentType, text: await register.metrics() }
    },
  }
}

/** The same way to terminals, with every outcome noted. */
export function countOperations(withTerminal: WithTerminal, metrics: Metrics): WithTerminal {
  return async (deviceId, options, act) => {
    try {
      const result = await withTerminal(deviceId, options, act)
      metrics.noteDeviceOperation('success')
      return result
    } catch (error) {
      metrics.noteDeviceOperation(error instanceof ServiceError ? error.code : 'INTERNAL_ERROR')
      throw error
    }
  }
}
