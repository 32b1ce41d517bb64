// Leases across processes, in Redis: one key a lease, set with a token and a life, renewed and deleted by that token alone.
// Whoever waits leaves a mark, which the holder sees; releases and marks are published too, but those messages are hints: all
// works without them, only slower. An emptied Redis has forgotten who holds what, so it grants nothing for one lease time. A
// silent one is waited for only so long; whatever was asked may yet be carried out, in the order in which it was asked.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import { answerOf, listenTo, type AnswerBounds } from '../redis.ts'
import { HeldLease, leaseClock, type LeaseClock } from './held-lease.ts'
import { fenceFor, leaseDenied, leaseName, type LeaseKeeper, type LeaseSettings } from './lease.ts'

/**
 * Grants, or says how long the present holder may still keep it. A waiter's mark is its token, and whoever has yielded or is
 * humble (ARGV 6) passes nobody who has left one; a humble waiter leaves none. The third key tells since when grants are
 * allowed: it is missing in a new Redis and in an emptied one, and only the database knows which of both this is (ARGV 3). It
 * says so to the first who asks; others, who ask at the same time and are sooner here, are not made to wait by that.
 */
const ACQUIRE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = redis.call('GET', KEYS[3])
if not since or (ARGV[3] == 'new' and tonumber(since) > now) then
  since = now
  if ARGV[3] ~= 'new' then since = now + ARGV[2] end
  redis.call('SET', KEYS[3], string.format('%.0f', since))
end
if tonumber(since) > now then return {0, tonumber(since) - now} end
local holder = redis.call('GET', KEYS[1])
local mark = redis.call('GET', KEYS[2])
if not holder and ARGV[6] ~= 'new' and mark and mark ~= ARGV[1] then return {0, redis.call('PTTL', KEYS[2])} end
if not holder or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  redis.call('DEL', KEYS[2])
  return {1, 0}
end
if ARGV[6] == 'humble' then
  redis.call('PUBLISH', ARGV[5], 'wished ' .. KEYS[1])
  return {0, redis.call('PTTL', KEYS[1])}
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4])
redis.call('PUBLISH', ARGV[5], 'wanted ' .. KEYS[1])
return {0, redis.call('PTTL', KEYS[1])}`

const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0, 0} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, redis.call('EXISTS', KEYS[2])}`

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0, 0} end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], 'free ' .. KEYS[1])
return {1, 0}`

/** How often a waiter asks when no message wakes it. */
const POLL_MS = 400
/** How long a waiter's mark stands without being renewed by the next question. */
const MARK_MS = 3 * POLL_MS

/** How long Redis may take to answer a question. */
const ANSWER_WITHIN_MS = 2_000
/** How long a release waits to be confirmed: nobody gains by more, since it is carried out or the lease ends by time. */
const RELEASE_WITHIN_MS = 1_000

/** What Redis leases need beyond what all do. */
export interface RedisLeaseSettings extends LeaseSettings {
  /** Begins every key, so that several installations may share one Redis. */
  readonly prefix: string
  /** Asked when Redis knows no lease at all: true when this installation has never granted one. */
  readonly isNewInstallation: () => Promise<boolean>
  readonly log: Logger
}

/** The caller owns `redis`; the second connection, for messages, is made and ended here. */
export function createRedisLeases(redis: Redis, settings: RedisLeaseSettings): LeaseKeeper {
  const { prefix, leaseMs, log } = settings
  const channel = `${prefix}:leases`
  const sinceKey = `${prefix}:leases-since`
  const keysOf = (name: string): [string, string, string] => [
    `${prefix}:lease:${name}`,
    `${prefix}:lease-wanted:${name}`,
    sinceKey,
  ]
  const held = new Map<string, HeldLease>()
  const waiting = new Map<string, Set<() => void>>()
  const closing = new AbortController()
  const messages = listenTo(redis, channel, log, (message) => {
    const space = message.indexOf(' ')
    const [word, key] = [message.slice(0, space), message.slice(space + 1)]
    if (word === 'wanted') held.get(key)?.want()
    else if (word === 'wished') held.get(key)?.wish()
    else for (const wake of waiting.get(key) ?? []) wake()
  })

  const ask = async (
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    bounds: AnswerBounds,
  ) => parsePair(await answerOf(redis.eval(script, keys.length, ...keys, ...args), bounds))

  const tryOnce = async (
    name: string,
    token: string,
    manner: 'yielded' | 'humble' | 'new',
    signal: AbortSignal,
  ): Promise<{ granted: boolean; freeInMs: number }> => {
    const bounds = { withinMs: ANSWER_WITHIN_MS, signal }
    const isEmpty = (await answerOf(redis.exists(sinceKey), bounds)) === 0
    const age = isEmpty && (await settings.isNewInstallation()) ? 'new' : 'known'
    const [granted, freeInMs] = await ask(
      ACQUIRE,
      keysOf(name),
      [token, leaseMs, age, MARK_MS, channel, manner],
      bounds,
    )
    return { granted: granted === 1, freeInMs }
  }

  /** Until a message says that it is free, or for one poll. */
  const waitTurn = async (key: string, ms: number, stop: AbortSignal): Promise<void> => {
    const woken = new AbortController()
    const wakers = waiting.get(key) ?? new Set()
    waiting.set(key, wakers)
    const wake = (): void => woken.abort()
    wakers.add(wake)
    try {
      await sleep(ms, undefined, { signal: AbortSignal.any([stop, woken.signal]) })
    } catch (error) {
      stop.throwIfAborted()
      if (!woken.signal.aborted) throw error
    } finally {
      wakers.delete(wake)
      if (wakers.size === 0) waiting.delete(key)
    }
  }

  const letGo = async (name: string, token: string): Promise<void> => {
    try {
      await ask(RELEASE, keysOf(name).slice(0, 1), [token, channel], { withinMs: RELEASE_WITHIN_MS })
    } catch (error) {
      log.warn(
        { err: error, lease: name },
        'the release of a lease was not confirmed; it ends by time at the latest',
      )
    }
  }

  const hold = (name: string, token: string, fence: number, askedAt: LeaseClock): HeldLease => {
    const [key, wantedKey] = keysOf(name)
    const lease = new HeldLease({
      fence,
      leaseMs,
      askedAt,
      renew: async () => {
        const [stands, wanted] = await ask(RENEW, [key, wantedKey], [token, leaseMs], {
          withinMs: ANSWER_WITHIN_MS,
        })
        return { stands: stands === 1, wanted: wanted === 1 }
      },
      release: async () => {
        if (held.get(key) === lease) held.delete(key)
        await letGo(name, token)
      },
      log,
    })
    held.set(key, lease)
    return lease
  }

  return {
    async acquire(target, { waitMs, signal, hasYielded = false, isHumble = false }) {
      const name = leaseName(target)
      const manner = isHumble ? 'humble' : hasYielded ? 'yielded' : 'new'
      const [key] = keysOf(name)
      const token = randomUUID()
      const stop = AbortSignal.any([signal, closing.signal])
      const giveUpAt = performance.now() + waitMs
      let mayBeOurs = false
      try {
        for (;;) {
          stop.throwIfAborted()
          const askedAt = leaseClock()
          mayBeOurs = true
          const answer = await tryOnce(name, token, manner, stop).catch((error: unknown) =>
            unansweredAs(error),
          )
          stop.throwIfAborted()
          if (answer instanceof Error) log.debug({ err: answer, lease: name }, 'Redis did not grant a lease')
          else if (answer.granted) {
            const fence = await fenceFor(target, settings)
            stop.throwIfAborted()
            return hold(name, token, fence, askedAt)
          } else mayBeOurs = false
          const leftMs = giveUpAt - performance.now()
          if (leftMs <= 0) {
            if (answer instanceof Error) throw answer
            throw leaseDenied(Math.max(1, Math.ceil(answer.freeInMs / 1000)))
          }
          await waitTurn(key, Math.min(leftMs, POLL_MS * (0.5 + Math.random())), stop)
        }
      } catch (error) {
        // Also what was not answered may be granted yet. Whoever asked does not wait for this.
        if (mayBeOurs) void letGo(name, token)
        throw error
      }
    },
    async close() {
      closing.abort(new ServiceError('SERVICE_STOPPING'))
      await Promise.all([...held.values()].map((lease) => lease.end(closing.signal.reason)))
      messages.close()
    },
  }
}

/** The replies of the scripts: two whole numbers. */
function parsePair(reply: unknown): readonly [number, number] {
  if (Array.isArray(reply)) {
    const [first, second]: unknown[] = reply
    if (typeof first === 'number' && typeof second === 'number') return [first, second]
  }
  throw new Error('Redis answered a lease script in a form that it cannot have')
}

/** While Redis is away nobody can know who holds a terminal. */
function unansweredAs(cause: unknown): ServiceError {
  return cause instanceof ServiceError
    ? cause
    : new ServiceError('QUEUE_UNAVAILABLE', {
        message: 'Redis does not answer, so no terminal can be held',
        cause,
      })
}
