// The line that Terminal and its facets speak over: one driven session, the options of a call, what the session must be put
// back to when it ends. It belongs to one Terminal, which closes it.
import { exitSession } from './commands/connection.ts'
import { enableTerminal } from './commands/terminal.ts'
import { ZkRefusedError, ZkTransportError, ZkUsageError } from './errors.ts'
import { SLICE_BYTES } from './procedures/bulk-read.ts'
import { LiveRegistrations } from './procedures/live-events.ts'
import { ask } from './session/procedure.ts'
import type { Procedure } from './session/procedure.ts'
import type { DrivenSession, DrivenStream } from './transport/drive.ts'

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** The whole call must be over by then; cleaning up may take two seconds more. */
  readonly deadlineMs?: number
}

const EXIT_MS = 1_000

export class TerminalLine {
  readonly driven: DrivenSession
  readonly nameEncoding: string
  readonly registrations = new LiveRegistrations()
  /** Whether people were kept from punching by us, and are to be let in again at the end. */
  disabled = false
  /** Whether that was for some seconds. */
  timed = false
  #closing: Promise<void> | undefined

  constructor(driven: DrivenSession, nameEncoding: string) {
    this.driven = driven
    this.nameEncoding = nameEncoding
  }

  /** Bytes of a table to ask for at once. */
  get sliceBytes(): number {
    return SLICE_BYTES[this.driven.kind]
  }

  /** Whether it can no longer be used: closed here, or the connection is gone. */
  get closed(): boolean {
    return this.#closing !== undefined || this.driven.gone
  }

  /** Runs a procedure. `usesBuffer`: it reads or writes a table, of which there can be one at a time. */
  async perform<T>(procedure: Procedure<T>, options: CallOptions, usesBuffer = false): Promise<T> {
    this.refuseWhenClosed()
    return this.driven.perform(procedure, { ...this.#limits(options), usesBuffer })
  }

  /** Runs a procedure that hands out values. */
  stream<T, E>(procedure: Procedure<T, E>, options: CallOptions, usesBuffer = false): DrivenStream<T, E> {
    return this.driven.stream(procedure, { ...this.#limits(options), usesBuffer })
  }

  refuseWhenClosed(): void {
    if (this.#closing !== undefined) {
      throw new ZkUsageError('ZK_CLOSED', 'This terminal was closed; connect again')
    }
  }

  /** Lets people punch again if we kept them from it, ends the session and the connection. Never throws. */
  close(): Promise<void> {
    this.#closing ??= this.#close(true)
    return this.#closing
  }

  /** Ends the connection without a word: the terminal is restarting or off. */
  abandon(): Promise<void> {
    this.#closing ??= this.#close(false)
    return this.#closing
  }

  async #close(inGoodOrder: boolean): Promise<void> {
    try {
      if (inGoodOrder) await this.#leave()
    } finally {
      await this.driven.close(
        new ZkUsageError('ZK_CLOSED', 'The terminal was closed while this call was running'),
      )
    }
  }

  /** A call that is at it may come to its end; one that takes longer is ended, so that it leaves the terminal as it found it. */
  async #leave(): Promise<void> {
    this.driven.end('aside')
    if (!(await this.#sayGoodbye(this.#letIn()))) {
      this.driven.end('all')
      await this.#sayGoodbye(this.#letIn())
    }
    await this.#sayGoodbye(ask(exitSession, undefined))
  }

  /** Asked when its turn has come: a write that ended meanwhile has let people in by itself. */
  *#letIn(): Procedure<void> {
    if (this.disabled) yield* ask(enableTerminal, undefined)
  }

  /** Whether it got through in time. */
  async #sayGoodbye(procedure: Procedure<void>): Promise<boolean> {
    if (this.driven.gone) return true
    try {
      await this.driven.perform(procedure, { deadlineMs: EXIT_MS, signal: undefined })
      return true
    } catch (error) {
      // A terminal that does not answer its farewell is left all the same; anything but its silence is a fault here.
      if (error instanceof ZkRefusedError) return true
      if (error instanceof ZkTransportError) return false
      throw error
    }
  }

  #limits({ deadlineMs = Number.POSITIVE_INFINITY, signal }: CallOptions) {
    // One that lies in the past is no mistake: what is left of somebody's time may be nothing.
    if (typeof deadlineMs !== 'number' || Number.isNaN(deadlineMs)) {
      throw new ZkUsageError(
        'ZK_VALUE_OUT_OF_RANGE',
        `A deadline is a number of milliseconds, got ${String(deadlineMs)}`,
      )
    }
    checkSignal(signal)
    return { deadlineMs, signal }
  }
}

/**
 * Throws ZK_VALUE_OUT_OF_RANGE for what is no AbortSignal: found out later, inside a callback of a socket, it would end the
 * process. Asks for what a signal can do, since test runners bring AbortSignals of their own.
 */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof signal.addEventListener === 'function') return
  throw new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    'A signal is an AbortSignal, such as the `signal` of an AbortController',
  )
}
