// Starts terminal-fleet.ts, tells it what happens at its terminals, and ends it.
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** How many terminals, and how many people and punches each of them has. */
export interface FleetPlan {
  readonly terminals: number
  readonly people: number
  readonly punches: number
}

/** So many further punches at one terminal, counted from 0. */
export interface FleetOrder {
  readonly terminal: number
  readonly punches: number
}

/** Running terminals on 127.0.0.1. */
export interface Fleet extends AsyncDisposable {
  readonly ports: readonly number[]
  /** Settles when the punches stand in the terminal's log. */
  punch(order: FleetOrder): Promise<void>
}

const START_WITHIN_MS = 300_000
const OBEY_WITHIN_MS = 60_000

/** Starts the terminals. Throws when they do not come up. */
export async function startFleet(plan: FleetPlan): Promise<Fleet> {
  const child = fork(new URL('terminal-fleet.ts', import.meta.url), [JSON.stringify(plan)])
  const gone = once(child, 'exit')
  const answer = async (withinMs: number): Promise<unknown> => {
    const [told]: unknown[] = await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(withinMs) }),
      gone.then(([code]) => Promise.reject(new Error(`the terminals ended with ${String(code)}`))),
    ])
    return told
  }
  const ports = await answer(START_WITHIN_MS)
  if (!Array.isArray(ports)) throw new Error(`the terminals told ${String(ports)} and no ports`)
  return {
    ports: ports.map(Number),
    async punch(order) {
      const told = answer(OBEY_WITHIN_MS)
      child.send(order)
      const written = await told
      if (written !== order.punches) throw new Error(`the terminal wrote ${String(written)} punches`)
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await gone
    },
  }
}
