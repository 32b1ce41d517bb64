// What the log says while Redis is away: one failure, and no recovery that was not seen. Needs no Redis: none answers.
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '@org/data'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { handle } from '../../src/jobs/define-job.ts'
import { createBullmqJobQueue } from '../../src/jobs/job-queue-bullmq.ts'
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
