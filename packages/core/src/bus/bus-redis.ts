// The bus between processes: publish and subscribe of Redis, which keeps nothing. Whoever is away while something is said does
// not hear it.
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { listenTo } from '../redis.ts'
import { BusListeners, spelled, type Bus } from './bus.ts'

/** What a bus in Redis needs. The caller owns `redis`; the second connection, for hearing, is made and ended here. */
export interface RedisBusSettings {
  /** Begins the channel's name, so that several installations may share one Redis. */
  readonly prefix: string
  readonly log: Logger
}

export function createRedisBus(redis: Redis, { prefix, log }: RedisBusSettings): Bus {
  const channel = `${prefix}:bus`
  const listeners = new BusListeners()
  const hearing = listenTo(redis, channel, log, (text) => {
    if (!listeners.hear(text)) log.debug({ channel }, 'a message on the bus is none of ours')
  })
  let open = true
  return {
    publish(name, message) {
      if (!open) return
      redis.publish(channel, spelled(name, message)).catch((error: unknown) => {
        log.debug({ err: error, name }, 'a message could not be put on the bus')
      })
    },
    listen: (name, listener) => listeners.add(name, listener),
    close() {
      open = false
      hearing.close()
    },
  }
}
