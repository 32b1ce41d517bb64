// The tally of many processes: one hash in Redis. Each process gathers what it counts and hands it on every second; while Redis is away
// it goes on gathering.
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { answerOf } from './redis.ts'
import type { Tally } from './tally.ts'

const HAND_ON_EVERY_MS = 1_000
const ANSWER_WITHIN_MS = 1_000

/** Adds all fields or, where the command did not arrive, none. */
const ADD = `
for i = 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1`

/** The caller owns `redis`, and closes the tally first. */
export function createRedisTally(redis: Redis, prefix: string, log: Logger): Tally {
  const key = `${prefix}:tally`
  let gathered = new Map<string, number>()
  let handing: Promise<void> = Promise.resolve()

  const add = (name: string, by: number): void => {
    gathered.set(name, (gathered.get(name) ?? 0) + by)
  }

  const handOn = async (): Promise<void> => {
    if (gathered.size === 0 || redis.status !== 'ready') return
    const going = gathered
    gathered = new Map()
    try {
      const command = redis.eval(ADD, 1, key, ...[...going].flat())
      await answerOf(command, { withinMs: ANSWER_WITHIN_MS })
    } catch (error) {
      // It may have arrived: numbers for people to look at bear being counted twice better than being lost.
      for (const [name, by] of going) add(name, by)
      log.debug({ err: error }, 'counts wait for Redis')
    }
  }
  const handOnInTurn = (): Promise<void> => {
    handing = handing.then(handOn)
    return handing
  }
  const timer = setInterval(() => void handOnInTurn(), HAND_ON_EVERY_MS).unref()

  return {
    add,
    async read() {
      await handOnInTurn()
      if (redis.status !== 'ready') throw new Error('Redis is away')
      const stored = await answerOf(redis.hgetall(key), { withinMs: ANSWER_WITHIN_MS })
      const counts = new Map(Object.entries(stored).map(([name, count]) => [name, Number(count)]))
      for (const [name, by] of gathered) counts.set(name, (counts.get(name) ?? 0) + by)
      return counts
    },
    close() {
      clearInterval(timer)
      return handOnInTurn()
    },
  }
}
