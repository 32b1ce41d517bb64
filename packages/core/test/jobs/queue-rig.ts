// What the promises of the job queue are tested with: rigs, jobs, and ways to wait for what is expected instead of for time.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@org/data'
import { Type } from 'typebox'
import type { JobQueueOptions } from '../../src/jobs/carried-job-queue.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import type { JobQueue, JobView } from '../../src/jobs/job-queue.ts'
import type { JobTimings } from '../../src/jobs/job-timings.ts'

/** Rows and a carrier of their own, for one test. */
export interface QueueRig {
  readonly database: Database
  /** Opens a queue as one more process would. */
  open(options?: Partial<JobQueueOptions>): Promise<JobQueue>
  /** Whatever the carrier holds is gone, as after FLUSHALL. */
  emptyCarrier(): Promise<void>
  /** Closes what was opened. */
  close(): Promise<void>
}

/** Quick where something is waited for, long where something must not happen by itself on a slow machine. */
export const QUICK: Partial<JobTimings> = {
  claimMs: 30_000,
  renewMs: 50,
  sweepMs: 50,
  pollMs: 20,
  progressMs: 20,
  graceMs: 30_000,
  abortMs: 30_000,
  relayMs: 100,
  laneRetryMs: 20,
}

let serial = 0

/** A job that carries a number and gives it back; `lane` and `key` as asked. */
export const echo = defineJob({
  name: 'echo',
  queue: 'maintenance',
  data: Type.Object({
    n: Type.Integer(),
    lane: Type.Optional(Type.String()),
    key: Type.Optional(Type.String()),
  }),
  result: Type.Object({ n: Type.Integer() }),
  id: () => `echo-${(serial += 1)}`,
  retries: 0,
  backoffMs: [],
})
export const inLane = { ...echo, oneAtATime: ({ lane }: { lane?: string }) => lane ?? null }
export const keyed = { ...echo, dedupe: ({ key }: { key?: string }) => key ?? null }
export const patient = { ...echo, retries: 3, backoffMs: [10, 20] }

export type Echo = { n: number; lane?: string; key?: string }

/** A promise with its ends in reach. */
export function gate<T = void>() {
  return Promise.withResolvers<T>()
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 45_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await sleep(5)
  }
}

export async function settled(queue: JobQueue, id: string): Promise<JobView> {
  let view: JobView | undefined
  await until(`job ${id} has finished`, async () => {
    view = await queue.find(id)
    return view !== undefined && ['completed', 'failed', 'cancelled'].includes(view.state)
  })
  if (view === undefined) throw new Error(`there is no job ${id}`)
  return view
}

export async function inState(queue: JobQueue, id: string, state: JobView['state']): Promise<void> {
  await until(`job ${id} is ${state}`, async () => (await queue.find(id))?.state === state)
}

export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    signal.addEventListener('abort', () => resolve(signal.reason))
  })
}

export const certificate = {
  announced_before: 10,
  announced_after: 11,
  bytes_announced: 444,
  bytes_received: 444,
  from: 0,
  read: 11,
  new: 1,
  known: 10,
  invalid_time: 0,
}

export const range = (count: number) => [...Array(count).keys()]

/** A row as another process would have written it. */
export function row(given: {
  id: string
  name?: string
  data?: { n: number | string }
  maxAttempts?: number
}) {
  const now = new Date().toISOString()
  return {
    queue: 'maintenance',
    name: 'echo',
    deviceId: null,
    dedupeKey: null,
    lane: null,
    data: { n: 1 },
    runAt: now,
    maxAttempts: 1,
    queuedAt: now,
    ...given,
  }
}

/** The database with some of its jobs' methods replaced. */
export function withJobs(database: Database, replaced: Partial<Database['jobs']>): Database {
  const jobs = new Proxy(database.jobs, {
    get: (target, name) => Reflect.get(replaced, name) ?? boundTo(target, Reflect.get(target, name)),
  })
  return new Proxy(database, {
    get: (target, name) => (name === 'jobs' ? jobs : boundTo(target, Reflect.get(target, name))),
  })
}

function boundTo(target: object, member: unknown): unknown {
  return typeof member === 'function' ? member.bind(target) : member
}

/** Opens queues with quick timings; for the sections of the contract. */
export function openerOf(rig: () => QueueRig) {
  return (options: Partial<JobQueueOptions> = {}) =>
    rig().open({ ...options, timings: { ...QUICK, ...options.timings } })
}
