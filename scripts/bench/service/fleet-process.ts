// Starts terminal-fleet.ts, tells it what happens at its terminals, and ends it.
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** How many terminals, and how many people and punches each of them has. */
export interface FleetPlan {
  readonly terminals: number
  readonly people: number
  readonly punches: number
  /** Terminals of fleets with seeds far apart have different serial numbers. Default: 0. */
  readonly seed?: number
}

/** What happens at a terminal, counted from 0: punches that only its log tells of, or somebody who presents a finger. */
export type FleetOrder =
  | { readonly terminal: number; readonly punches: number }
  | { readonly terminal: number; readonly person: number }

/** A finger that was presented. */
export interface Presented {
  readonly pin: string
  /** Milliseconds since 1970, with a fraction: the instant before the terminal knew of it. */
  readonly atMs: number
}

/** Running terminals on 127.0.0.1. */
export interface Fleet extends AsyncDisposable {
  readonly ports: readonly number[]
  /** Settles when so many further punches stand in the terminal's log. */
  punch(terminal: number, punches: number): Promise<void>
  /** The person of that uid presents a finger. Throws when the terminal took none. */
  present(terminal: number, person: number): Promise<Presented>
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
  const obey = (order: FleetOrder): Promise<unknown> => {
    const told = answer(OBEY_WITHIN_MS)
    child.send(order)
    return told
  }
  return {
    ports: ports.map(Number),
    async punch(terminal, punches) {
      const written = await obey({ terminal, punches })
      if (written !== punches) throw new Error(`the terminal wrote ${String(written)} punches`)
    },
    async present(terminal, person) {
      const told = await obey({ terminal, person })
      if (!isPresented(told)) throw new Error(`nobody presented a finger at terminal ${terminal}`)
      return told
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await gone
    },
  }
}

function isPresented(told: unknown): told is Presented {
  return typeof told === 'object' && told !== null && 'pin' in told && 'atMs' in told
}
