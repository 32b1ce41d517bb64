// The form of a job: one declaration says what it is called, where it queues, what it carries and yields, what makes two of
// them the same, and how patient it is. Queue, worker, table and tests read it; the handler is paired with it and only calls.
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { JobError, type JobErrorCode } from './job-errors.ts'

/** Every queue of the service, in the order in which statistics list them. */
export const QUEUES = ['attendance-sync', 'user-sync', 'notifications', 'maintenance'] as const
export type QueueName = (typeof QUEUES)[number]

/** How far a run is: what it does now, and how much of it is done. `total` is null while nobody can tell. */
export interface JobProgress {
  readonly phase: string
  readonly done: number
  readonly total: number | null
}

/** An unfinished job that already stands for the same thing. */
export interface Unfinished<Data> {
  readonly state: 'waiting' | 'active'
  readonly data: Data
}

/**
 * What asking again does while such a job is unfinished: `same` returns it; `behind` queues another that runs after it (only
 * where it is active: two that wait are never needed); `{ data }` gives it other data (only while it waits).
 */
export type Repetition<Data> = 'same' | 'behind' | { readonly data: Data }

/** A job as written down; `defineJob` fills what is left out. */
export interface JobDeclaration<DataSchema extends TSchema, ResultSchema extends TSchema> {
  /** Stored with each row and never changed: it is how a worker finds the handler. */
  readonly name: string
  readonly queue: QueueName
  readonly data: DataSchema
  readonly result: ResultSchema
  /** The job's id. When it is taken, `now` moves on by a second and the id is asked for again; whole seconds only. */
  readonly id: (data: Static<DataSchema>, now: Date) => string
  /** Jobs of one key are one job while it is unfinished. Left out: every request is a job of its own. */
  readonly dedupe?: (data: Static<DataSchema>) => string
  /** What asking again means. Left out: `same`. */
  readonly whenRepeated?: (
    asked: Static<DataSchema>,
    unfinished: Unfinished<Static<DataSchema>>,
  ) => Repetition<Static<DataSchema>>
  /** The lane: of all jobs with the same one, whatever their kind, at most one is active. Left out: no lane. */
  readonly oneAtATime?: (data: Static<DataSchema>) => string
  /** The device that the job is about, for lists and for its removal. */
  readonly deviceId?: (data: Static<DataSchema>) => number
  /** Attempts after the first. */
  readonly retries: number
  /** How long to wait after the first, second, … failed attempt; the last entry holds for all that follow. */
  readonly backoffMs: readonly number[]
  /** The longest that one attempt may take; then it is broken off and counts as failed. Default one hour. */
  readonly timeLimitMs?: number
}

/** A declared job with its types; nothing is left out any more. */
export interface JobDefinition<Data, Result> {
  readonly name: string
  readonly queue: QueueName
  readonly dataSchema: TSchema
  readonly resultSchema: TSchema
  readonly retries: number
  readonly backoffMs: readonly number[]
  readonly timeLimitMs: number
  /** Stored data, checked. Throws JOB_DATA_INVALID. */
  readonly parseData: (stored: unknown) => Data
  /** A handler's result, checked. Throws JOB_RESULT_INVALID. */
  readonly parseResult: (returned: unknown) => Result
  readonly id: (data: Data, now: Date) => string
  readonly dedupe: (data: Data) => string | null
  readonly whenRepeated: (asked: Data, unfinished: Unfinished<Data>) => Repetition<Data>
  readonly oneAtATime: (data: Data) => string | null
  readonly deviceId: (data: Data) => number | null
}

const ONE_HOUR_MS = 3_600_000

/** Declares a job. Throws a plain Error where the declaration itself is wrong, so that it fails when the module loads. */
export function defineJob<DataSchema extends TSchema, ResultSchema extends TSchema>(
  declared: JobDeclaration<DataSchema, ResultSchema>,
): JobDefinition<Static<DataSchema>, Static<ResultSchema>> {
  const { name, queue, data, result, id, retries, backoffMs, timeLimitMs = ONE_HOUR_MS } = declared
  if (!Number.isInteger(retries) || retries < 0)
    throw new Error(`job ${name}: retries must be a whole number`)
  if (retries > 0 && backoffMs.length === 0) throw new Error(`job ${name}: retries need a backoff`)
  return {
    name,
    queue,
    dataSchema: data,
    resultSchema: result,
    retries,
    backoffMs,
    timeLimitMs,
    parseData: parserOf(data, 'JOB_DATA_INVALID'),
    parseResult: parserOf(result, 'JOB_RESULT_INVALID'),
    id,
    dedupe: declared.dedupe ?? (() => null),
    whenRepeated: declared.whenRepeated ?? (() => 'same'),
    oneAtATime: declared.oneAtATime ?? (() => null),
    deviceId: declared.deviceId ?? (() => null),
  }
}

/** What a handler is given for one attempt. */
export interface JobRun<Data> {
  readonly data: Data
  readonly jobId: string
  /** 1 for the first. */
  readonly attempt: number
  /** Tells how far it is. Costs nothing, never throws: reports are thinned out, the newest is the one that is kept. */
  readonly progress: (progress: JobProgress) => void
  /** Aborts when the job is cancelled, its time is up, the worker stops or the claim on it is lost; then end soon. */
  readonly signal: AbortSignal
}

/** A job with the function that does it, its types closed over: the queue hands in what is stored and stores what returns. */
export interface JobHandler {
  readonly name: string
  readonly queue: QueueName
  readonly backoffMs: readonly number[]
  readonly timeLimitMs: number
  /** Rejects with whatever the act throws, JOB_DATA_INVALID before it or JOB_RESULT_INVALID after it. */
  readonly run: (stored: JobRun<unknown>) => Promise<unknown>
}

/** Pairs a job with what does it. */
export function handle<Data, Result>(
  job: JobDefinition<Data, Result>,
  act: (run: JobRun<NoInfer<Data>>) => Promise<NoInfer<Result>>,
): JobHandler {
  return {
    name: job.name,
    queue: job.queue,
    backoffMs: job.backoffMs,
    timeLimitMs: job.timeLimitMs,
    run: async (stored) => job.parseResult(await act({ ...stored, data: job.parseData(stored.data) })),
  }
}

function parserOf<Schema extends TSchema>(
  schema: Schema,
  fault: JobErrorCode,
): (value: unknown) => Static<Schema> {
  const validator = Compile(schema)
  return (value) => {
    if (validator.Check(value)) return value
    const [first] = validator.Errors(value)
    throw new JobError(fault, { cause: first })
  }
}
