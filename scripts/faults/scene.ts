// What every step of the table works with: the terminal, the client, the fault that is armed, and the judgement Wrong.
import type { SimulatedTerminal } from '@org/zk-sim'
import type { Client } from './client.ts'

/** The client got something wrong, or left something wrong behind. */
export class Wrong extends Error {
  override readonly name = 'Wrong'
}

/** What a step acts on. */
export interface Scene {
  readonly terminal: SimulatedTerminal
  readonly client: Client
  /** From now on the fault may strike. */
  readonly arm: () => void
  /** No fault strikes any more. */
  readonly disarm: () => void
  /** Whether it has struck since it was armed. */
  readonly struck: (...faults: string[]) => boolean
  /** A number that no other step of the cell has. */
  readonly number: number
  /** By how much longer than usual silence is borne. */
  readonly patience: number
}

/** One thing that the client does. */
export interface Step {
  readonly name: string
  /** The fault may strike the connecting too. */
  readonly connecting?: boolean
  act(scene: Scene): Promise<void>
}

/** So long something may take that is bound to happen, on the slowest of machines. */
export const SURE_MS = 20_000
const POLL_MS = 2

/** Judges: what does not hold is Wrong. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Wrong(what)
}

/** Waits until something holds; false when it does not in time. */
export async function until(holds: () => boolean, withinMs = SURE_MS): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return true
}

/** Bytes as the truth of a terminal spells them. */
export const hex = (raw: Uint8Array): string => Buffer.from(raw).toString('hex')
