// The connection that `device` stands for: made when it is first needed, made anew after it was lost, and ended once, so that the
// terminal is left as it was found.
import { connect, type ConnectOptions, type Terminal, type WireTap, type ZkError } from '@org/zk-proto'

/** What a link tells of. */
export interface LinkListener {
  /** The connection ended without being told to. */
  lost(cause: ZkError | undefined): void
  /** Reads along on each connection. */
  readonly tap: WireTap
}

/** One connection at a time to one terminal. */
export class Link {
  readonly #options: ConnectOptions
  #terminal: Terminal | undefined
  #connecting: Promise<Terminal> | undefined
  /** Told to end: what is lost then is no loss. */
  #ending = false

  constructor(options: Omit<ConnectOptions, 'tap' | 'signal'>, listener: LinkListener) {
    const { tap } = listener
    const watching: WireTap = {
      sent: (bytes) => tap.sent(bytes),
      received: (bytes) => tap.received(bytes),
      closed: (cause) => {
        tap.closed(cause)
        // While connecting, `connect` tells of it.
        if (!this.#ending && this.#connecting === undefined) listener.lost(cause)
      },
    }
    this.#options = { ...options, tap: watching }
  }

  /** The terminal of now; undefined while there is no connection. */
  get terminal(): Terminal | undefined {
    return this.#terminal?.closed === true ? undefined : this.#terminal
  }

  /** The terminal, connected anew where it is not. Calls at the same time share one connection. */
  ready(signal: AbortSignal): Promise<Terminal> {
    const { terminal } = this
    if (terminal !== undefined) return Promise.resolve(terminal)
    this.#connecting ??= this.#connect(signal)
    return this.#connecting
  }

  /** Ends the connection in good order and makes another. */
  async renew(signal: AbortSignal): Promise<Terminal> {
    await this.#drop()
    return this.ready(signal)
  }

  /** Something is about to end the connection on purpose, such as a restart. */
  async expectingEnd<T>(act: () => Promise<T>): Promise<T> {
    this.#ending = true
    try {
      return await act()
    } finally {
      this.#ending = false
    }
  }

  /** Frees, enables and disconnects. Never throws. */
  async close(): Promise<void> {
    this.#ending = true
    const connecting = this.#connecting?.catch(() => undefined)
    await connecting
    await this.#terminal?.close()
  }

  async #drop(): Promise<void> {
    await this.expectingEnd(async () => {
      await this.#terminal?.close()
      this.#terminal = undefined
    })
  }

  async #connect(signal: AbortSignal): Promise<Terminal> {
    try {
      this.#terminal = await connect({ ...this.#options, signal })
      return this.#terminal
    } finally {
      this.#connecting = undefined
    }
  }
}
