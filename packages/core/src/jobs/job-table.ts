// Jobs as rows: what both adapters do in the same way, because the table is the truth in both. Enqueueing with its ids and
// repetitions, looking up, cancelling, counting.
import { setImmediate as turn } from 'node:timers/promises'
import { type Database, type Job, type Transaction, UniqueViolation } from '@org/data'
import { type JobDefinition, QUEUES } from './define-job.ts'
import type {
  EnqueueOptions,
  Enqueued,
  JobCounts,
  JobListFilter,
  JobPage,
  JobView,
  QueueStats,
} from './job-queue.ts'
import { currentOrigin } from '../work-origin.ts'
import { dataOf, jsonOf, originOfStored, progressOf, storedData } from './stored-json.ts'

/** How often an id that is taken moves on by a second, or a row that changed meanwhile is looked at again. */
const TRIES = 600
const ONE_SECOND_MS = 1_000
const NOTHING: JobCounts = { total: 0, active: 0, waiting: 0, delayed: 0, completed: 0, failed: 0 }

/** What is to happen, in view of the unfinished jobs of the same key. */
type Decision =
  | { readonly kind: 'insert'; readonly key: string | null }
  | { readonly kind: 'keep'; readonly job: Job }
  | { readonly kind: 'change'; readonly job: Job; readonly data: unknown }

export class JobTable {
  readonly #database: Database
  readonly #now: () => Date

  constructor(database: Database, now: () => Date) {
    this.#database = database
    this.#now = now
  }

  /** Inserts the row or finds the one that stands for it; `committed` is told of a new one once it is committed. */
  async enqueue<Data, Result>(
    definition: JobDefinition<Data, Result>,
    data: Data,
    options: EnqueueOptions,
    committed: (job: Job) => void,
  ): Promise<Enqueued> {
    const asked = definition.parseData(jsonOf(data))
    const within = async (tx: Transaction): Promise<Enqueued> => {
      const { job, deduplicated } = await this.#enqueueIn(tx, definition, asked, options)
      if (!deduplicated) tx.afterCommit(() => committed(job))
      return { job: viewOf(job), deduplicated }
    }
    return options.tx === undefined ? this.#database.transaction(within) : within(options.tx)
  }

  async find(id: string): Promise<JobView | undefined> {
    const job = await this.#database.jobs.find(id)
    return job === undefined ? undefined : viewOf(job)
  }

  async list(
    filter: JobListFilter,
    { page, limit }: { readonly page: number; readonly limit: number },
  ): Promise<JobPage> {
    const { rows, total } = await this.#database.jobs.list(filter, { offset: (page - 1) * limit, limit })
    return { rows: rows.map(viewOf), total }
  }

  async cancel(id: string): Promise<JobView | undefined> {
    const job = await this.#database.jobs.cancel(id, this.#now().toISOString())
    return job === undefined ? undefined : viewOf(job)
  }

  async removeFinished(before: Date, signal?: AbortSignal): Promise<number> {
    let removed = 0
    for (;;) {
      if (signal?.aborted === true) return removed
      const batch = await this.#database.jobs.removeFinished(before.toISOString())
      if (batch === 0) return removed
      removed += batch
      // SQLite answers within the turn of the event loop: a long clean-up must not keep everything else waiting.
      await turn()
    }
  }

  async stats(): Promise<QueueStats> {
    const at = this.#now().toISOString()
    const stored = await this.#database.jobs.stats(QUEUES, at)
    const countsOf = (queue: string): JobCounts => {
      const { active, waiting, delayed, completed, failed } = stored.get(queue) ?? NOTHING
      return { total: active + waiting + completed + failed, active, waiting, delayed, completed, failed }
    }
    const queues = {
      'attendance-sync': countsOf('attendance-sync'),
      'user-sync': countsOf('user-sync'),
      notifications: countsOf('notifications'),
      maintenance: countsOf('maintenance'),
    }
    return { totals: QUEUES.map((queue) => queues[queue]).reduce(sum, NOTHING), queues, at }
  }

  async #enqueueIn<Data, Result>(
    tx: Transaction,
    definition: JobDefinition<Data, Result>,
    data: Data,
    { runAt, source = 'request' }: EnqueueOptions,
  ): Promise<{ job: Job; deduplicated: boolean }> {
    const now = this.#now()
    let queuedAt = wholeSecond(now)
    for (let tries = 0; tries < TRIES; tries += 1) {
      const decision = await decide(tx, definition, data)
      if (decision.kind === 'keep') return { job: decision.job, deduplicated: true }
      if (decision.kind === 'change') {
        const json = storedData(jsonOf(decision.data), originOfStored(decision.job.data))
        const expected = decision.job.data
        if (!(await tx.jobs.replaceData(decision.job.id, { expected, data: json }))) continue
        return { job: { ...decision.job, data: json }, deduplicated: true }
      }
      try {
        const { inserted, job } = await tx.jobs.insert({
          id: definition.id(data, queuedAt),
          queue: definition.queue,
          name: definition.name,
          deviceId: definition.deviceId(data),
          dedupeKey: decision.key,
          lane: definition.oneAtATime(data),
          data: storedData(jsonOf(data), currentOrigin()),
          runAt: (runAt ?? now).toISOString(),
          maxAttempts: definition.retries + 1,
          queuedAt: queuedAt.toISOString(),
          source,
        })
        // A job of this key came in between: what it means is decided anew.
        if (inserted) return { job, deduplicated: false }
      } catch (error) {
        if (!(error instanceof UniqueViolation) || error.constraint !== 'jobs.id') throw error
        queuedAt = new Date(queuedAt.getTime() + ONE_SECOND_MS)
      }
    }
    throw new Error(`job ${definition.name}: no free id was found within ${TRIES} seconds`)
  }
}

/** A row as everyone may see it. */
export function viewOf(job: Job): JobView {
  return {
    id: job.id,
    queue: job.queue,
    name: job.name,
    deviceId: job.deviceId,
    state: job.state,
    runAt: job.runAt,
    attempts: job.attempts,
    maxAttempts: job.maxAttempts,
    progress: progressOf(job.progress),
    result: job.result,
    error: job.errorCode === null ? null : { code: job.errorCode, message: job.errorMessage ?? '' },
    queuedAt: job.queuedAt,
    startedAt: job.startedAt,
    finishedAt: job.finishedAt,
    source: job.source,
  }
}

/**
 * Two slots hold the unfinished jobs of one dedupe key: one that runs, and one that waits behind it. Whichever waits decides;
 * an active one that was asked to cancel stands for nothing any more.
 */
async function decide<Data, Result>(
  tx: Transaction,
  definition: JobDefinition<Data, Result>,
  asked: Data,
): Promise<Decision> {
  const key = definition.dedupe(asked)
  if (key === null) return { kind: 'insert', key }
  const slots = [key, `${key}+`]
  const unfinished = await tx.jobs.findUnfinished(slots)
  const standing =
    unfinished.find((job) => job.state === 'waiting') ??
    unfinished.find((job) => job.state === 'active' && !job.cancelRequested)
  const free = slots.find((slot) => unfinished.every((job) => job.dedupeKey !== slot))
  if (standing !== undefined) {
    const state = standing.state === 'waiting' ? 'waiting' : 'active'
    const repetition = definition.whenRepeated(asked, {
      state,
      data: definition.parseData(dataOf(standing.data)),
    })
    if (repetition === 'same') return { kind: 'keep', job: standing }
    if (repetition !== 'behind') {
      if (state === 'active')
        throw new Error(`job ${definition.name}: an active job cannot be given other data`)
      return { kind: 'change', job: standing, data: repetition.data }
    }
    if (state === 'waiting') return { kind: 'keep', job: standing }
  }
  const [first] = unfinished
  if (free === undefined && first !== undefined) return { kind: 'keep', job: first }
  return { kind: 'insert', key: free ?? key }
}

function sum(a: JobCounts, b: JobCounts): JobCounts {
  return {
    total: a.total + b.total,
    active: a.active + b.active,
    waiting: a.waiting + b.waiting,
    delayed: a.delayed + b.delayed,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
  }
}

function wholeSecond(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / ONE_SECOND_MS) * ONE_SECOND_MS)
}
