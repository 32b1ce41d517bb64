// Which devices this process watches now: it looks at the table and at the roster every few seconds, and at once when something is
// told, and starts and ends watches accordingly. How one device is watched is not its business.
import type { WatchedDevice } from '@org/data'
import type { Logger } from 'pino'
import type { Bus } from '../bus/bus.ts'
import { pause } from '../pause.ts'
import { watcherOf, type WatchRoster } from './watch-roster.ts'

/** What keeping watches needs. */
export interface LiveWatchParts {
  readonly listWatched: () => Promise<readonly WatchedDevice[]>
  readonly roster: WatchRoster
  readonly bus: Bus
  /** Watches until the signal aborts or there is no such device. Must not reject. */
  readonly watch: (deviceId: number, signal: AbortSignal) => Promise<void>
  /** How often it is looked when nothing is told; several times within a roster's life. */
  readonly lookEveryMs: number
  readonly log: Logger
}

/** The watches of this process. */
export interface LiveWatch {
  /** Ends all watches, their terminals given back, and takes this process off the roster. */
  stop(): Promise<void>
}

/** Watches begin spread over this time, so that a start does not dial a thousand terminals in one moment. */
const SPREAD_MS = 2_000
const FEW = 10

interface Watch {
  /** What its sessions hang on: another one is another watch. */
  readonly key: string
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** Begins to keep watches. */
export function startLiveWatch(parts: LiveWatchParts): LiveWatch {
  const { roster, bus, log } = parts
  const watches = new Map<number, Watch>()
  const stopping = new AbortController()
  let woken = new AbortController()
  /** The roster as it was last known: while nobody can know it, everything stays as it is. */
  let names: readonly string[] = []
  let away = false

  const start = (device: WatchedDevice, key: string, after: Promise<void>, delayMs: number): void => {
    const stop = new AbortController()
    const begin = async (): Promise<void> => {
      await after
      await pause(delayMs, stop.signal)
      if (!stop.signal.aborted) await parts.watch(device.id, stop.signal)
    }
    const ended = begin()
      .catch((error: unknown) => log.error({ err: error, deviceId: device.id }, 'a watch has failed'))
      .finally(() => {
        // Ended by itself: the next look decides whether it begins again.
        if (watches.get(device.id)?.stop === stop) watches.delete(device.id)
      })
    watches.set(device.id, { key, stop, ended })
  }

  const look = async (): Promise<void> => {
    names = await roster.beat()
    const devices = await parts.listWatched()
    if (stopping.signal.aborted) return
    const mine = devices.filter(({ id }) => watcherOf(id, names) === roster.name)
    const wanted = new Map(mine.map((device) => [device.id, device]))
    for (const [id, { stop }] of watches) if (!wanted.has(id)) stop.abort()
    const fresh = mine.filter(({ id }) => !watches.has(id)).length
    for (const device of mine) {
      const key = keyOf(device)
      const present = watches.get(device.id)
      if (present?.key === key && !present.stop.signal.aborted) continue
      present?.stop.abort()
      const delayMs = fresh > FEW ? Math.random() * SPREAD_MS : 0
      start(device, key, present?.ended ?? Promise.resolve(), delayMs)
    }
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      woken = new AbortController()
      try {
        await look()
        away = false
      } catch (error) {
        if (!away)
          log.warn(
            { err: error },
            'it could not be looked which devices are to be watched; what is watched stays so',
          )
        away = true
      }
      await pause(parts.lookEveryMs, AbortSignal.any([stopping.signal, woken.signal]))
    }
  }

  const stopListening = [
    bus.listen('changed', ({ of }) => {
      if (of === 'device') woken.abort()
    }),
    bus.listen('watchers', ({ name }) => {
      if (name !== roster.name) woken.abort()
    }),
  ]
  bus.publish('watchers', { name: roster.name })
  const running = run()

  return {
    async stop() {
      stopping.abort()
      for (const stop of stopListening) stop()
      const ending = [...watches.values()]
      for (const { stop } of ending) stop.abort()
      await running
      // Told before all have ended: one terminal that is slow to let go keeps the others from nobody.
      await roster.leave()
      bus.publish('watchers', { name: roster.name })
      await Promise.all(ending.map(({ ended }) => ended))
    },
  }
}

function keyOf(device: WatchedDevice): string {
  return JSON.stringify(device)
}
