// A worker in a process of its own that takes a job and never ends it, to be killed by a test: node hanging-worker.ts
// <database URL> <Redis URL> <prefix>. Prints the id of the job that it runs.
import { openDatabase } from '@org/data'
import { pino } from 'pino'
import { handle } from '../../src/jobs/define-job.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
import { patient } from './queue-rig.ts'

const [databaseUrl = '', redisUrl = '', prefix = ''] = process.argv.slice(2)
const queue = await createBullmqJobQueue({
  database: await openDatabase(databaseUrl),
  log: pino({ level: 'silent' }),
  redisUrl,
  prefix,
  timings: { claimMs: 2_000, relayMs: 100 },
})
const hanging = handle(patient, ({ jobId }) => {
  process.stdout.write(`${jobId}\n`)
  return new Promise<never>(() => {})
})
queue.work([hanging], { concurrency: 1 })
