// What is in Redis: for each waiting job one BullMQ job, here called its carrier, which holds nothing but the job's id. A
// carrier may be lost, doubled or late; the table decides whether there is anything to run. Every publication is a carrier
// of its own, numbered in the table, because BullMQ ignores an id that it still holds.
import { once } from 'node:events'
import type { Job } from '@org/data'
import { Queue, Worker } from 'bullmq'
import { Redis, type RedisOptions } from 'ioredis'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { RunNeeds } from './claimed-run.ts'
import { QUEUES } from './define-job.ts'
import { Outage } from './outage.ts'
import { pause } from '../pause.ts'

/** What a carrier holds; `turn` counts how often the job came and could not be claimed. */
export interface Carried {
  readonly jobId: string
  readonly turn: number
}

const carried = Compile(Type.Object({ jobId: Type.String(), turn: Type.Integer({ minimum: 0 }) }))

const CONNECT_TIMEOUT_MS = 5_000
/** The longest that one command to Redis may take, blocking reads excepted. */
const COMMAND_TIMEOUT_MS = 5_000
/** How long a publication waits for a connection before it is left to the relay. */
const READY_WITHIN_MS = 2_000
const LONGEST_RECONNECT_WAIT_MS = 2_000
/** After a failed command BullMQ's worker waits so long. */
const RETRY_MS = 1_000
/** What may be waited for at the end: BullMQ ending a worker, publications under way; then connections are cut. */
const END_WITHIN_MS = 1_000

/** The taking of carriers from one queue. */
export interface Taking {
  /** Takes no more, except one that may be on its way. */
  pause(): Promise<void>
  /** After a pause: lets Redis know of the last that were dealt with, if it is there, and closes the connections. Bounded. */
  end(): Promise<void>
}

export class Carriers {
  readonly #url: string
  readonly #prefix: string
  readonly #needs: RunNeeds
  readonly #client: Redis
  readonly #queues: ReadonlyMap<string, Queue<Carried>>
  readonly #outage: Outage
  readonly #underWay = new Set<Promise<void>>()
  #readying: Promise<unknown> | undefined
  #closed = false

  constructor(url: string, prefix: string, needs: RunNeeds) {
    this.#url = url
    this.#prefix = prefix
    this.#needs = needs
    this.#outage = new Outage(needs.log, 'carrying jobs through Redis')
    // A command fails at once while there is no connection, instead of piling up: the relay makes good what was missed.
    this.#client = new Redis(url, {
      ...CONNECTION,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: COMMAND_TIMEOUT_MS,
    })
    this.#client.on('error', (error) => this.failed(error))
    this.#client.on('ready', () => this.#outage.over())
    this.#queues = new Map(QUEUES.map((name) => [name, this.#queue(name)]))
  }

  /** Publishes the present carrier of a row that was just committed, in the background; what fails is left to the relay. */
  publishSoon(job: Job): void {
    const publication = this.#add(job, 0, 0).catch((error: unknown) => this.failed(error))
    this.#underWay.add(publication)
    void publication.finally(() => this.#underWay.delete(publication))
  }

  /** Publishes the next carrier of a waiting row, unless another process has just done so. Rejects when Redis is away. */
  async publishNext(job: Job, options: { turn?: number; notBeforeMs?: number } = {}): Promise<void> {
    if (!(await this.#needs.jobs.nextCarrier(job.id, job.carrier))) return
    await this.#add({ ...job, carrier: job.carrier + 1 }, options.turn ?? 0, options.notBeforeMs ?? 0)
  }

  /** Those of these rows whose present carrier is not in Redis. */
  async withoutCarrier(jobs: readonly Job[]): Promise<readonly Job[]> {
    await this.#ready()
    const pipeline = this.#client.pipeline()
    for (const job of jobs) pipeline.exists(`${this.#prefix}:${job.queue}:${carrierId(job)}`)
    const replies = (await pipeline.exec()) ?? []
    return jobs.filter((_, index) => {
      const [error, found] = replies[index] ?? []
      if (error) throw error
      return found === 0
    })
  }

  /** Rejects when Redis does not answer. */
  async ping(): Promise<void> {
    await this.#ready()
    await this.#client.ping()
  }

  /** Tells that jobs are carried. */
  succeeded(): void {
    this.#outage.over()
  }

  /** Tells that carrying a job failed, by Redis or by the database; logged once until it succeeds. Nothing after the end is a failure. */
  failed(error: unknown): void {
    if (!this.#closed) this.#outage.failed(error)
  }

  /** Takes carriers of one queue as they come, at most `concurrency` at once. `deal` must not reject. */
  take(queue: string, concurrency: number, deal: (carried: Carried) => Promise<void>): Taking {
    const client = new CountedRedis(this.#url, { ...CONNECTION, maxRetriesPerRequest: null })
    let ending = false
    const failed = (error: unknown) => {
      if (!ending) this.failed(error)
    }
    client.on('error', failed)
    const worker = new Worker<unknown>(
      queue,
      async (carrier) => {
        if (carried.Check(carrier.data)) await deal(carrier.data)
      },
      {
        connection: client,
        prefix: this.#prefix,
        concurrency,
        runRetryDelay: RETRY_MS,
      },
    )
    worker.on('error', failed)
    return {
      pause: async () => {
        ending = true
        await worker.pause(true)
      },
      end: async () => {
        const connections = [client, ...client.copies]
        // BullMQ waits for a connection before it closes one, for ever if need be, unless it is forced.
        const force = connections.some(({ status }) => status !== 'ready')
        const ended = worker.close(force).catch((error: unknown) => {
          this.#needs.log.debug({ err: error }, 'a worker of BullMQ did not end well')
        })
        await within(END_WITHIN_MS, ended)
        for (const connection of connections) if (connection.status !== 'end') connection.disconnect()
      },
    }
  }

  /** Gives publications under way a moment, then ends the connection. Never rejects. */
  async close(): Promise<void> {
    await within(END_WITHIN_MS, Promise.all(this.#underWay))
    this.#closed = true
    for (const queue of this.#queues.values()) await queue.close()
    this.#client.disconnect()
  }

  #queue(name: string): Queue<Carried> {
    const queue = new Queue<Carried>(name, {
      connection: this.#client,
      prefix: this.#prefix,
      skipVersionCheck: true,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    })
    queue.on('error', (error) => this.failed(error))
    return queue
  }

  async #add(job: Job, turn: number, notBeforeMs: number): Promise<void> {
    const queue = this.#queues.get(job.queue)
    if (queue === undefined) throw new Error(`job ${job.id} stands in an unknown queue: ${job.queue}`)
    await this.#ready()
    const dueInMs = Date.parse(job.runAt) - this.#needs.now().getTime()
    const delay = Math.max(0, dueInMs, notBeforeMs)
    await queue.add(job.name, { jobId: job.id, turn }, { jobId: carrierId(job), delay })
  }

  /** Waits a moment for the connection, once for all that wait for it. Rejects when there is none. */
  async #ready(): Promise<void> {
    if (this.#client.status === 'ready') return
    this.#readying ??= once(this.#client, 'ready', { signal: AbortSignal.timeout(READY_WITHIN_MS) }).finally(
      () => {
        this.#readying = undefined
      },
    )
    await this.#readying
  }
}

/** Waits for the end of something, but no longer than this. */
async function within(ms: number, end: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  await Promise.race([end, pause(ms, timer.signal)])
  timer.abort()
}

/** A connection that remembers the copies which BullMQ makes of it for its blocking reads, so that they can be cut. */
class CountedRedis extends Redis {
  readonly copies: Redis[] = []

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate(override)
    this.copies.push(copy)
    return copy
  }
}

const CONNECTION: RedisOptions = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  retryStrategy: (times) => Math.min(times * 100, LONGEST_RECONNECT_WAIT_MS),
}

function carrierId(job: Job): string {
  return `${job.id}.${job.carrier}`
}
