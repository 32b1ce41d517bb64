// What the log says while Redis is away or a queue ends: one failure, no recovery that was not seen, and no failure that is none.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '@org/data'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { handle } from '../../src/jobs/define-job.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { echo, until } from './queue-rig.ts'

it('does not claim that Redis works again when no job had to be carried', async () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const said = (words: string) => lines.filter((line) => line.includes(words)).length
  const database = await openDatabase('sqlite::memory:')
  const queue = await createBullmqJobQueue({
    database,
    log,
    redisUrl: 'redis://127.0.0.1:1',
    timings: { relayMs: 5 },
  })
  try {
    queue.work([handle(echo, async ({ data }) => data)], { concurrency: 1 })
    await until('the failure is told', async () => said('Redis fails') > 0)
    await sleep(200) // some rounds of the relay
    expect(said('Redis works again')).toBe(0)
    expect(said('Redis fails')).toBe(1)
  } finally {
    await queue.close()
    await database.close()
  }
})

it.skipIf(EMBEDDED_ONLY)('tells of no failure when a queue ends while it still connects', async () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const database = await openDatabase('sqlite::memory:')
  const redisUrl = serverUrl('TEST_REDIS_URL')
  const prefix = `test-${randomBytes(6).toString('hex')}`
  // A little later each time, so that every moment of connecting is met.
  for (let waitMs = 0; waitMs < 40; waitMs += 1) {
    const queue = await createBullmqJobQueue({ database, log, redisUrl, prefix })
    await sleep(waitMs / 4)
    await queue.close()
  }
  await sleep(200)
  await database.close()
  expect(lines).toEqual([])
})
