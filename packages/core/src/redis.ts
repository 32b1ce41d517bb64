// A connection to Redis as this service wants it: bounded in every wait, reconnecting by itself, its faults logged and never
// thrown out of an event.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'

/** How long Redis may take to connect, or to say anything once it was asked. */
const SILENCE_MS = 3_000
const LONGEST_PAUSE_MS = 2_000
const GOODBYE_MS = 500

/** Connects in the background; a command that finds no connection in time rejects. The caller ends it with `endRedis`. */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    connectTimeout: SILENCE_MS,
    // Not commandTimeout: that one also rejects commands which the client sends by itself and nobody waits for.
    socketTimeout: SILENCE_MS,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_PAUSE_MS),
  })
  let away = false
  redis.on('error', (error) => {
    if (!away) log.warn({ err: error }, 'Redis does not answer')
    away = true
  })
  redis.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
  })
  return redis
}

/** Says goodbye if Redis listens, and closes the connection either way. */
export async function endRedis(redis: Redis, log: Logger): Promise<void> {
  try {
    if (redis.status === 'ready')
      await Promise.race([redis.quit(), sleep(GOODBYE_MS, undefined, { ref: false })])
  } catch (error) {
    log.debug({ err: error }, 'Redis did not say goodbye')
  } finally {
    redis.disconnect()
  }
}

/**
 * Messages of a channel, on a connection of their own: a subscribed one can do nothing else. What is said while it is cut off is
 * not heard.
 */
export function listenTo(
  redis: Redis,
  channel: string,
  log: Logger,
  heard: (message: string) => void,
): { close(): void } {
  const subscriber = redis.duplicate({
    connectionName: channel,
    autoResubscribe: false,
    maxRetriesPerRequest: null,
  })
  const unheard = (error: unknown): void => log.debug({ err: error, channel }, 'messages are not heard')
  subscriber.on('error', unheard)
  subscriber.on('ready', () => {
    subscriber.subscribe(channel).catch(unheard)
  })
  subscriber.on('message', (_channel: string, message: string) => heard(message))
  return { close: () => subscriber.disconnect() }
}

/** A wait for Redis that cannot last. */
export interface AnswerBounds {
  readonly withinMs: number
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal
}

/**
 * What Redis answers. Rejects when that takes too long: a client keeps its commands over lost connections and may hold them
 * without end while Redis accepts connections and says nothing. The command itself is not taken back: it may yet be carried out.
 */
export async function answerOf<T>(command: Promise<T>, { withinMs, signal }: AnswerBounds): Promise<T> {
  const settled = new AbortController()
  const ends = signal === undefined ? settled.signal : AbortSignal.any([settled.signal, signal])
  const late = sleep(withinMs, undefined, { signal: ends }).then(() => {
    throw new Error(`Redis did not answer within ${withinMs} ms`)
  })
  try {
    return await Promise.race([command, late])
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    settled.abort()
  }
}
