// Rigs for the contract of the job queue: each carrier on each database.
import { randomBytes } from 'node:crypto'
import { openDatabase, type Database } from '@org/data'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import type { JobQueueOptions } from '../../src/jobs/carried-job-queue.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
import { createDatabaseJobQueue } from '../../src/jobs/job-queue-database.ts'
import type { JobQueue } from '../../src/jobs/job-queue.ts'
import type { QueueRig } from './queue-rig.ts'
import {
  scratchDatabase,
  type ScratchDatabase as ServerDatabase,
  serverUrl,
} from '../../../../scripts/toolchain/scratch-database.ts'

export const silent = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' })

/** A database for one test, and how to get rid of it. */
export interface ScratchDatabase {
  readonly database: Database
  readonly url: string
  readonly discard: () => Promise<void>
}

/** A rig on BullMQ, with a look into Redis. */
export interface BullmqRig extends QueueRig {
  readonly prefix: string
  keys(): Promise<string[]>
}

export async function onSqlite(): Promise<ScratchDatabase> {
  const url = 'sqlite::memory:'
  const database = await openDatabase(url)
  return { database, url, discard: () => database.close() }
}

/** A database on the server, made and migrated once for a test file; each test gets it without jobs. */
export function onServer(): { scratch: () => Promise<ScratchDatabase>; drop: () => Promise<void> } {
  let opened: Promise<{ scratch: ServerDatabase; database: Database }> | undefined
  const open = async () => {
    const scratch = await scratchDatabase()
    return { scratch, database: await openDatabase(scratch.url) }
  }
  return {
    async scratch() {
      const { scratch, database } = await (opened ??= open())
      await scratch.run('DELETE FROM jobs', 'DELETE FROM job_totals')
      return { database, url: scratch.url, discard: async () => {} }
    },
    async drop() {
      const { scratch, database } = (await opened) ?? {}
      await database?.close()
      await scratch?.[Symbol.asyncDispose]()
    },
  }
}

/** The queue that the database carries itself. */
export async function databaseRig(scratch: () => Promise<ScratchDatabase>): Promise<QueueRig> {
  const { database, discard } = await scratch()
  return rig(
    database,
    discard,
    (options) => createDatabaseJobQueue(options),
    async () => {},
  )
}

/** BullMQ under a prefix of its own. `redisUrl` where Redis is reached by another way than the tests' own. */
export async function bullmqRig(
  scratch: () => Promise<ScratchDatabase>,
  redisUrl = serverUrl('TEST_REDIS_URL'),
): Promise<BullmqRig> {
  const { database, discard } = await scratch()
  const prefix = `test-${randomBytes(6).toString('hex')}`
  const redis = new Redis(serverUrl('TEST_REDIS_URL'))
  const keys = () => redis.keys(`${prefix}:*`)
  // Other tests share this Redis, so only this prefix is emptied; at one stroke, as FLUSHALL would.
  const empty = async () => {
    await redis.eval(
      "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end",
      0,
      `${prefix}:*`,
    )
  }
  const end = async () => {
    await empty()
    redis.disconnect()
    await discard()
  }
  const open = (options: JobQueueOptions) => createBullmqJobQueue({ ...options, redisUrl, prefix })
  return { ...rig(database, end, open, empty), prefix, keys }
}

function rig(
  database: Database,
  end: () => Promise<void>,
  openQueue: (options: JobQueueOptions) => Promise<JobQueue>,
  emptyCarrier: () => Promise<void>,
): QueueRig {
  const queues: JobQueue[] = []
  return {
    database,
    emptyCarrier,
    async open(options) {
      const queue = await openQueue({ database, log: silent, ...options })
      queues.push(queue)
      return queue
    },
    async close() {
      await Promise.all(queues.map((queue) => queue.close()))
      await end()
    },
  }
}
