// Looking after terminals that were restarted: each is asked again and again until it answers, which marks it as connected, or until
// it has been away for too long, which leaves the last error on its row. Ends with the service; nothing of it survives a process.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Changes } from '../changes.ts'
import type { WithTerminal } from '../terminals/with-terminal.ts'

/** Terminals that are awaited. */
export interface RestartWatch {
  /** Begins to look for a terminal; anew where it is looked for already. */
  begin(deviceId: number): void
  /** Ends all of it. Never rejects. */
  close(): Promise<void>
}

/** What watching needs. */
export interface RestartWatchParts {
  readonly withTerminal: WithTerminal
  readonly changes: Changes
  readonly log: Logger
  /** Shorter in tests. */
  readonly timings?: Partial<RestartTimings>
}

interface RestartTimings {
  /** Before this a terminal may answer that has not gone down yet. */
  readonly firstLookMs: number
  readonly everyMs: number
  /** Terminals are back after 30 to 60 seconds; one that is not back by then has not come back. */
  readonly giveUpMs: number
  /** How long one look may take. */
  readonly lookMs: number
}

const TIMINGS: RestartTimings = { firstLookMs: 5_000, everyMs: 5_000, giveUpMs: 300_000, lookMs: 15_000 }

/** Codes that end the watch: nothing may touch the device any more, or waiting changes nothing. */
const FINAL = new Set(['DEVICE_NOT_FOUND', 'DEVICE_INACTIVE', 'DEVICE_AUTH_FAILED', 'STORED_KEY_UNREADABLE'])

/** The watch of this process. */
export function createRestartWatch({ withTerminal, changes, log, timings }: RestartWatchParts): RestartWatch {
  const { firstLookMs, everyMs, giveUpMs, lookMs } = { ...TIMINGS, ...timings }
  const watches = new Map<number, { readonly end: AbortController; readonly ended: Promise<void> }>()

  /** Whether there is nothing more to look for. */
  const look = async (deviceId: number, signal: AbortSignal): Promise<boolean> => {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(lookMs)])
      await withTerminal(deviceId, { signal: within }, async (hand) => {
        await hand.terminal.ping({ signal: hand.signal })
      })
      return true
    } catch (error) {
      signal.throwIfAborted()
      log.debug({ err: error, deviceId }, 'a terminal that was restarted does not answer yet')
      return error instanceof Error && 'code' in error && FINAL.has(String(error.code))
    }
  }

  const watch = async (deviceId: number, signal: AbortSignal): Promise<void> => {
    const giveUpAt = performance.now() + giveUpMs
    try {
      await sleep(firstLookMs, undefined, { signal })
      while (!(await look(deviceId, signal))) {
        if (performance.now() >= giveUpAt) {
          log.warn({ deviceId }, 'a terminal that was restarted has not come back')
          break
        }
        await sleep(everyMs, undefined, { signal })
      }
      await changes.tell({ of: 'device', deviceId })
    } catch (error) {
      if (!signal.aborted) log.error({ err: error, deviceId }, 'watching a restart failed')
    }
  }

  return {
    begin(deviceId) {
      watches.get(deviceId)?.end.abort()
      const end = new AbortController()
      const ended = watch(deviceId, end.signal).finally(() => {
        if (watches.get(deviceId)?.end === end) watches.delete(deviceId)
      })
      watches.set(deviceId, { end, ended })
    },
    async close() {
      const open = [...watches.values()]
      for (const { end } of open) end.abort()
      await Promise.all(open.map(({ ended }) => ended))
    },
  }
}
