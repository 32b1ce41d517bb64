// Numbers for Prometheus, each declared once. Requests and cache are this process's own; jobs, terminals, operations on them and
// synced rows are the whole service's, so of several processes one is enough to ask for them. Labels are few and known
// beforehand: never ids.
import type { Devices } from '@org/data'
import type { Logger } from 'pino'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { CacheSubject } from './cache/cache-store.ts'
import { ServiceError } from './errors.ts'
import { QUEUES } from './jobs/define-job.ts'
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
  readonly devices: Pick<Devices, 'countByState'>
  readonly log: Logger
}

/** A number as it is declared: what creates it, documents it, and what dashboards and alert rules are checked against. */
export interface MetricDeclaration {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Whether each process tells its own, or any process tells that of the whole service. */
  readonly of: 'process' | 'service'
  readonly help: string
  readonly labels: Readonly<Record<string, LabelDeclaration>>
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[]
}

/** What a label says, and its values where they are known beforehand. */
export interface LabelDeclaration {
  readonly description: string
  readonly values?: readonly string[]
}

const JOB_STATES = ['active', 'waiting', 'delayed', 'completed', 'failed'] as const
const DEVICE_STATES = ['connected', 'unreachable', 'inactive'] as const
const METHOD = { description: 'Method of the request; `other` for one that HTTP does not know' }
const ROUTE = {
  description: 'Path as declared, such as `/api/v1/devices/:deviceId`; `none` where no route is',
}

/** Every number of /metrics. */
export const METRICS = {
  http_requests_total: {
    type: 'counter',
    of: 'process',
    help: 'Requests answered by this process',
    labels: { method: METHOD, route: ROUTE, status: { description: 'Status of the answer, such as `200`' } },
  },
  http_request_duration_seconds: {
    type: 'histogram',
    of: 'process',
    help: 'How long this process took to answer',
    labels: { method: METHOD, route: ROUTE },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  zk_cache_answers_total: {
    type: 'counter',
    of: 'process',
    help: 'Cached lists answered by this process, from the cache (hit) or the database (miss)',
    labels: {
      subject: { description: 'What the list is of', values: ['attendance', 'people'] },
      outcome: { description: 'Where the answer came from', values: ['hit', 'miss'] },
    },
  },
  zk_jobs: {
    type: 'gauge',
    of: 'service',
    help: 'Jobs by queue and state; completed and failed ever since',
    labels: {
      queue: { description: 'Queue of the jobs', values: QUEUES },
      state: {
        description: 'State of the jobs; those that are delayed are counted as waiting too',
        values: JOB_STATES,
      },
    },
  },
  zk_devices: {
    type: 'gauge',
    of: 'service',
    help: 'Registered terminals by what the last contact with them told',
    labels: {
      state: {
        description: 'Active and connected, active and not reached, or switched off by an admin',
        values: DEVICE_STATES,
      },
    },
  },
  zk_device_operations_total: {
    type: 'counter',
    of: 'service',
    help: 'Operations on terminals by all processes; outcome is success or an error code',
    labels: { outcome: { description: '`success`, or the code of the error ([errors.md](errors.md))' } },
  },
  zk_sync_rows_total: {
    type: 'counter',
    of: 'service',
    help: 'Punches that finished syncs of all processes have read, stored before (known) or not (new)',
    labels: { kind: { description: 'Whether they were stored before', values: ['new', 'known'] } },
  },
  zk_scheduled_syncs_total: {
    type: 'counter',
    of: 'service',
    help: 'Times at which devices were to sync by themselves, of all processes',
    labels: {
      outcome: {
        description:
          'A job was queued, one was unfinished already, or the time was missed and is made good soon (late)',
        values: ['queued', 'unfinished', 'late'],
      },
    },
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    of: 'process',
    help: 'Memory of this process',
    labels: {},
  },
  process_start_time_seconds: {
    type: 'gauge',
    of: 'process',
    help: 'When this process started, in seconds since 1970',
    labels: {},
  },
} as const satisfies Readonly<Record<string, MetricDeclaration>>

type MetricName = keyof typeof METRICS

const DEVICE_OPERATION = 'device-operation:'
const SYNC_ROWS = 'sync-rows:'
const SCHEDULED_SYNC = 'scheduled-sync:'
const STARTED_AT_SECONDS = performance.timeOrigin / 1000

/** Numbers of this process, in a register of their own. */
export function createMetrics({ tally, jobs, devices, log }: MetricsParts): Metrics {
  const register = new Registry()
  const declared = (name: MetricName) => {
    const { help, labels }: MetricDeclaration = METRICS[name]
    return { name, help, labelNames: Object.keys(labels), registers: [register] }
  }
  const requests = new Counter(declared('http_requests_total'))
  const durations = new Histogram({
    ...declared('http_request_duration_seconds'),
    buckets: [...METRICS.http_request_duration_seconds.buckets],
  })
  const cache = new Counter(declared('zk_cache_answers_total'))
  const jobCounts = new Gauge(declared('zk_jobs'))
  const deviceCounts = new Gauge(declared('zk_devices'))
  const operations = new Counter(declared('zk_device_operations_total'))
  const rows = new Counter(declared('zk_sync_rows_total'))
  const scheduled = new Counter(declared('zk_scheduled_syncs_total'))
  const memory = new Gauge(declared('process_resident_memory_bytes'))
  new Gauge(declared('process_start_time_seconds')).set(STARTED_AT_SECONDS)

  const readJobs = async (): Promise<void> => {
    jobCounts.reset()
    const { queues } = await jobs.stats()
    for (const [queue, counts] of Object.entries(queues))
      for (const state of JOB_STATES) jobCounts.set({ queue, state }, counts[state])
  }
  const readDevices = async (): Promise<void> => {
    deviceCounts.reset()
    const counts = await devices.countByState()
    for (const state of DEVICE_STATES) deviceCounts.set({ state }, counts[state])
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
      for (const read of await Promise.allSettled([readJobs(), readDevices(), readTally()]))
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
