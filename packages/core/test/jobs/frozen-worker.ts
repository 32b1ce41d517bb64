// A worker in a process of its own that takes a job, is frozen by a test in the middle of it, and goes on when it has woken up as if
// nothing had happened: node frozen-worker.ts <database URL> <Redis URL> <prefix>. It prints the job's id, waits for a word on its
// standard input, reports progress and returns a result; at the end of its input it closes everything.
import { once } from 'node:events'
import { openDatabase } from '@org/data'
import { pino } from 'pino'
import { handle } from '../../src/jobs/define-job.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
import { patient } from './queue-rig.ts'

const [databaseUrl = '', redisUrl = '', prefix = ''] = process.argv.slice(2)
const database = await openDatabase(databaseUrl)
const queue = await createBullmqJobQueue({
  database,
  log: pino({ level: 'silent' }),
  redisUrl,
  prefix,
  timings: { claimMs: 2_000, relayMs: 100, progressMs: 0 },
})
const heedless = handle(patient, async ({ jobId, progress }) => {
  progress({ phase: 'frozen', done: 0, total: 1 })
  const word = once(process.stdin, 'data')
  process.stdout.write(`${jobId}\n`)
  await word
  progress({ phase: 'late', done: 1, total: 1 })
  process.stdout.write('woken\n')
  return { n: 1_000 }
})
queue.work([heedless], { concurrency: 1 })
await once(process.stdin, 'end')
await queue.close()
await database.close()
