// Waiting longer and longer between tries that fail, so that a terminal which starts up or serves somebody else is not run
// down. Used by connect and watch; the timer is here because timers live in this room.
import { ZkTransportError, ZkUsageError } from '../errors.ts'

/** How often something is tried, and how long the pauses between are. */
export interface RetryOptions {
  /** Tries in all, the first one included; Infinity for no end. */
  readonly attempts: number
  /** The first pause, in milliseconds; each one after it is twice as long. */
  readonly firstPauseMs?: number
  /** No pause is longer. */
  readonly longestPauseMs?: number
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
const GROWTH = 2

/** Counts the tries that failed in a row and says how long to wait before the next. */
export class BackOff {
  readonly #attempts: number
  readonly #firstPauseMs: number
  readonly #longestPauseMs: number
  #failed = 0

  /** Throws ZK_VALUE_OUT_OF_RANGE for what is no number of tries or no pause. */
  constructor(options: RetryOptions) {
    const { attempts, firstPauseMs = FIRST_PAUSE_MS, longestPauseMs = LONGEST_PAUSE_MS } = options
    const whole = Number.isInteger(attempts) || attempts === Number.POSITIVE_INFINITY
    if (!whole || attempts < 1) throw outOfRange(`attempts must be 1 or more, got ${attempts}`)
    if (!(firstPauseMs >= 0) || !(longestPauseMs >= firstPauseMs) || longestPauseMs > LONGEST_TIMER_MS) {
      throw outOfRange(
        `Pauses are from 0 to ${LONGEST_TIMER_MS} ms, the longest no shorter than the first; got ${firstPauseMs} and ${longestPauseMs}`,
      )
    }
    this.#attempts = attempts
    this.#firstPauseMs = firstPauseMs
    this.#longestPauseMs = longestPauseMs
  }

  /** How many tries have failed since the last success. */
  get failed(): number {
    return this.#failed
  }

  /** A try has failed. The pause before the next one; undefined when there have been enough. */
  next(): number | undefined {
    this.#failed += 1
    if (this.#failed >= this.#attempts) return undefined
    return Math.min(this.#firstPauseMs * GROWTH ** (this.#failed - 1), this.#longestPauseMs)
  }

  /** A try has succeeded: the next failure is the first one again. */
  reset(): void {
    this.#failed = 0
  }
}

/** The longest time that a timer of Node can be set to. */
export const LONGEST_TIMER_MS = 0x7fffffff

/** Resolves after so many milliseconds. Throws ZK_ABORTED, at once, when the signal aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(
        new ZkTransportError('ZK_ABORTED', 'Waiting for the next try was aborted', {
          effect: 'none',
          cause: signal?.reason,
        }),
      )
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function outOfRange(message: string): ZkUsageError {
  return new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', message)
}
