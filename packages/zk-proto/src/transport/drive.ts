// The pump: joins a client session to a transport and to real time, and turns its callbacks into promises and iterators.
// The one place that holds a timer for a session; the one owner of its transport.
import { ZkTransportError, ZkUsageError } from '../errors.ts'
import type { ZkError } from '../errors.ts'
import { ClientSession } from '../session/client-session.ts'
import type { ClientEvent, Run, SessionStats } from '../session/client-session.ts'
import type { Outcome } from '../session/turns.ts'
import type { Procedure } from '../session/procedure.ts'
import type { Timeouts } from '../session/session.ts'
import { LONGEST_TIMER_MS } from './back-off.ts'
import type { Transport } from './transport.ts'

/** How long one call may take, and what ends it early. */
export interface DriveOptions {
  /** From now; Infinity for no limit beside those of the single requests. */
  readonly deadlineMs: number
  readonly signal: AbortSignal | undefined
  readonly usesBuffer?: boolean
}

/** A procedure that hands out values, as something to pull from. */
export interface DrivenStream<T, E> {
  /** The next value, or the result when there are no more. The procedure moves only while this is awaited. */
  next(): Promise<{ readonly done: false; readonly value: E } | { readonly done: true; readonly result: T }>
  /** Ends the procedure early; resolves when it has cleaned up. */
  leave(): Promise<void>
}

/** Where a session speaks to, for its errors. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** Milliseconds on a clock that only goes forward. */
function monotonicMs(): number {
  return performance.now()
}

/** Milliseconds since 1970 by the host's clock: for measuring a terminal's clock against it. */
export function epochMs(): number {
  return Date.now()
}

/** A session at work on a transport. */
export class DrivenSession {
  readonly #session: ClientSession
  readonly #transport: Transport
  readonly #onLive: (event: ClientEvent & { type: 'live' }) => void
  readonly #place: Place | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #gone = false

  constructor(
    transport: Transport,
    timeouts: Timeouts,
    onLive: (event: ClientEvent & { type: 'live' }) => void,
    place?: Place,
  ) {
    this.#transport = transport
    this.#place = place
    this.#onLive = onLive
    this.#session = new ClientSession({ framing: transport.kind, timeouts })
    transport.listen({
      received: (bytes) => {
        this.#session.receive(bytes, monotonicMs())
        this.#pump()
      },
      closed: (cause) => this.#end(cause),
    })
  }

  get kind(): 'tcp' | 'udp' {
    return this.#transport.kind
  }

  /** Whether the connection is gone. */
  get gone(): boolean {
    return this.#gone
  }

  /** Whether any packet of the protocol has arrived. */
  get heard(): boolean {
    return this.#session.heard
  }

  /** What answers there when all it has sent is no packet of a terminal: ZK_NOT_A_TERMINAL or ZK_PULL_PANEL. */
  get stranger(): ZkError | undefined {
    return this.#session.stranger
  }

  get stats(): SessionStats {
    return this.#session.stats
  }

  /** Runs a procedure to its end. */
  perform<T>(procedure: Procedure<T>, options: DriveOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      const { signal } = options
      const refused = alreadyAborted(signal)
      if (refused !== undefined) {
        reject(refused)
        return
      }
      let isOver = false
      const onAbort = (): void => {
        run.cancel(signal?.reason, monotonicMs())
        this.#pump()
      }
      const run = this.#session.run(
        procedure,
        {
          deadline: monotonicMs() + options.deadlineMs,
          usesBuffer: options.usesBuffer ?? false,
          settled: (outcome) => {
            isOver = true
            signal?.removeEventListener('abort', onAbort)
            if (outcome.ok) resolve(outcome.value)
            else reject(asError(outcome.error, this.#place))
          },
        },
        monotonicMs(),
      )
      // On a connection that is gone it is over by now; and its first step may have called somebody who aborts.
      if (!isOver) signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted === true) onAbort()
      else this.#pump()
    })
  }

  /** Runs a procedure that hands out values; it starts with the first `next`. */
  stream<T, E>(procedure: Procedure<T, E>, options: DriveOptions): DrivenStream<T, E> {
    return new PulledStream(this.#session, procedure, options, this.#place, () => this.#pump())
  }

  /** Ends calls with ZK_CLOSED, so that they tidy up: those that wait `aside`, or `all`. */
  end(which: 'aside' | 'all'): void {
    this.#session.end(which, monotonicMs())
    this.#pump()
  }

  /** Ends the connection; whatever still runs fails with `cause`. */
  async close(cause?: ZkError): Promise<void> {
    this.#end(cause)
    await this.#transport.close()
  }

  #end(cause: ZkError | undefined): void {
    this.#gone = true
    this.#session.detach(cause, monotonicMs())
    this.#pump()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  /** Takes everything the session has to give, and sees to it that it is woken in time. */
  #pump(): void {
    for (let out = this.#session.takeOutgoing(); out !== undefined; out = this.#session.takeOutgoing()) {
      this.#transport.send(out)
    }
    for (let event = this.#session.takeEvent(); event !== undefined; event = this.#session.takeEvent()) {
      if (event.type === 'live') this.#onLive(event)
      else this.#breakOff(event.error)
    }
    this.#arm()
  }

  #breakOff(error: ZkError): void {
    this.#end(error)
    // Never rejects: it resolves when the socket is gone, by order or by force.
    void this.#transport.close()
  }

  /** An armed timer that is early enough stays: arming one for every packet would cost more than reading it. */
  #arm(): void {
    const wakeAt = this.#session.wakeAt
    if (wakeAt === undefined || this.#gone || wakeAt >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = wakeAt
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY
        this.#session.tick(monotonicMs())
        this.#pump()
      },
      // Longer than that a timer of Node cannot be set; it then wakes early, which changes nothing.
      Math.min(Math.max(0, Math.ceil(wakeAt - monotonicMs())), LONGEST_TIMER_MS),
    )
  }
}

function alreadyAborted(signal: AbortSignal | undefined): ZkTransportError | undefined {
  if (signal?.aborted !== true) return undefined
  return new ZkTransportError('ZK_ABORTED', 'The operation was aborted before it began', {
    effect: 'none',
    cause: signal.reason,
  })
}

/** What a procedure failed with. Failures of the network say where, beside what was asked. */
function asError(error: unknown, place: Place | undefined): Error {
  if (!(error instanceof Error)) return new Error('a procedure threw what is no error', { cause: error })
  if (!(error instanceof ZkTransportError) || place === undefined || 'host' in error.details) return error
  const { code, message, effect, details, cause } = error
  return new ZkTransportError(code, `${place.host}:${place.port}: ${message}`, {
    effect,
    details: { ...place, ...details },
    ...(cause === undefined ? {} : { cause }),
  })
}

interface Waiter<T, E> {
  resolve(
    step: { readonly done: false; readonly value: E } | { readonly done: true; readonly result: T },
  ): void
  reject(error: Error): void
}

/** Pulls a procedure's values one by one. */
class PulledStream<T, E> implements DrivenStream<T, E> {
  readonly #session: ClientSession
  readonly #procedure: Procedure<T, E>
  readonly #options: DriveOptions
  readonly #place: Place | undefined
  readonly #pump: () => void
  #run: Run | undefined
  #waiter: Waiter<T, E> | undefined
  #outcome: Outcome<T> | undefined
  #left: (() => void) | undefined

  constructor(
    session: ClientSession,
    procedure: Procedure<T, E>,
    options: DriveOptions,
    place: Place | undefined,
    pump: () => void,
  ) {
    this.#session = session
    this.#procedure = procedure
    this.#options = options
    this.#place = place
    this.#pump = pump
  }

  next(): ReturnType<DrivenStream<T, E>['next']> {
    return new Promise((resolve, reject) => {
      if (this.#waiter !== undefined) {
        reject(new ZkUsageError('ZK_WRONG_ORDER', 'The last value of this read has not been waited for'))
        return
      }
      this.#waiter = { resolve, reject }
      if (this.#outcome !== undefined) this.#answer(this.#outcome)
      else if (this.#run === undefined) this.#start()
      else this.#run.resume(monotonicMs())
      this.#pump()
    })
  }

  leave(): Promise<void> {
    if (this.#run === undefined || this.#outcome !== undefined) {
      this.#outcome ??= { ok: false, error: alreadyLeft() }
      return Promise.resolve()
    }
    const run = this.#run
    return new Promise((resolve) => {
      this.#left = resolve
      run.cancel(undefined, monotonicMs())
      this.#pump()
    })
  }

  #start(): void {
    const { signal, deadlineMs, usesBuffer = false } = this.#options
    const refused = alreadyAborted(signal)
    if (refused !== undefined) {
      this.#settle({ ok: false, error: refused })
      return
    }
    const onAbort = (): void => {
      this.#run?.cancel(signal?.reason, monotonicMs())
      this.#pump()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    const now = monotonicMs()
    this.#run = this.#session.run(
      this.#procedure,
      {
        deadline: now + deadlineMs,
        usesBuffer,
        offered: (value) => {
          const waiter = this.#waiter
          this.#waiter = undefined
          waiter?.resolve({ done: false, value })
        },
        settled: (outcome) => {
          signal?.removeEventListener('abort', onAbort)
          this.#settle(outcome)
        },
      },
      now,
    )
    if (signal?.aborted === true) onAbort()
  }

  #settle(outcome: Outcome<T>): void {
    this.#outcome = outcome
    this.#answer(outcome)
    this.#left?.()
  }

  #answer(outcome: Outcome<T>): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    if (outcome.ok) waiter?.resolve({ done: true, result: outcome.value })
    else waiter?.reject(asError(outcome.error, this.#place))
  }
}

function alreadyLeft(): ZkUsageError {
  return new ZkUsageError('ZK_WRONG_ORDER', 'This read was left before it began')
}
