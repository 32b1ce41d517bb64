// A process that works for a moment and closes everything: node closing-process.ts <Redis URL> <prefix>. When nothing is left
// open it ends by itself, which is what a test waits for.
import { openDatabase } from '@org/data'
import { pino } from 'pino'
import { handle } from '../../src/jobs/define-job.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
import { echo } from './queue-rig.ts'

const [redisUrl = '', prefix = ''] = process.argv.slice(2)
const database = await openDatabase('sqlite::memory:')
const queue = await createBullmqJobQueue({ database, log: pino({ level: 'silent' }), redisUrl, prefix })
queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
await queue.enqueue(echo, { n: 1 })
const { state } = await queue.health()
await queue.close()
await database.close()
process.stdout.write(state)
