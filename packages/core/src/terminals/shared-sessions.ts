// Sessions that operations share: whoever hosts keeps its house open, and short operations of the same process join its session
// between its packets instead of waiting for its end.
import type { Terminal } from '@org/zk-proto'
import type { Lease } from './lease.ts'

/** A session with what it stands on. */
export interface OpenSession {
  readonly terminal: Terminal
  readonly lease: Lease
  /** Says how the terminal was dialled. */
  readonly dialKey: string
}

/** A hosting operation under way, and who has joined it. */
export interface House {
  readonly session: OpenSession
  readonly guests: Set<Promise<unknown>>
}

/** The houses of this process, at most one a device. */
export class SharedSessions {
  readonly #houses = new Map<number, House>()
  /** Who waits for a turn, and would rather join a host that comes before it. */
  readonly #awaiting = new Map<number, Set<() => void>>()

  isOpen(deviceId: number): boolean {
    return this.#houses.has(deviceId)
  }

  open(deviceId: number, session: OpenSession): House {
    const house = { session, guests: new Set<Promise<unknown>>() }
    this.#houses.set(deviceId, house)
    for (const call of this.#awaiting.get(deviceId) ?? []) call()
    return house
  }

  /** Nobody joins any more, and whoever has joined is waited for: what comes next on this session is alone again. */
  async close(deviceId: number, house: House): Promise<void> {
    if (this.#houses.get(deviceId) === house) this.#houses.delete(deviceId)
    await Promise.allSettled(house.guests)
  }

  /** Joins the open house if its session is one that was dialled this way; else undefined. */
  async join<T>(
    deviceId: number,
    dialKey: string,
    act: (session: OpenSession) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> {
    const house = this.#houses.get(deviceId)
    if (house === undefined || house.session.dialKey !== dialKey || house.session.terminal.closed)
      return undefined
    house.session.lease.assertHeld()
    const work = act(house.session)
    house.guests.add(work)
    try {
      return { result: await work }
    } finally {
      house.guests.delete(work)
    }
  }

  /** Calls when a house opens. The function returned takes the call back. */
  whenOpened(deviceId: number, call: () => void): () => void {
    const calls = this.#awaiting.get(deviceId) ?? new Set()
    this.#awaiting.set(deviceId, calls.add(call))
    return () => {
      calls.delete(call)
      if (calls.size === 0) this.#awaiting.delete(deviceId)
    }
  }
}
