// What a case of our client is: the methods that it calls, and what must be true of the terminal afterwards.
import type { Terminal, Week } from '@org/zk-proto'
import { madeUpTemplate } from '../../src/made-up-template.ts'
import type { Profile } from '../../src/profile.ts'
import type { SimulatedTerminal } from '../../src/simulated-terminal.ts'

/** Our client with a terminal. */
export interface Meeting {
  readonly terminal: SimulatedTerminal
  readonly client: Terminal
  readonly profile: Profile
}

/** Something that our client does, with what of it is called. */
export interface ClientCase {
  readonly does: string
  /** What of the client it calls: methods of Terminal, and those of its parts. */
  readonly methods: readonly string[]
  readonly run: (meeting: Meeting) => Promise<void>
}

export const WORKDAYS: Week = Array.from({ length: 7 }, (_, day) =>
  day === 0 || day === 6 ? { from: '23:59', to: '00:00' } : { from: '07:30', to: '18:00' },
)
/** A finger that is used. */
export const FINGER = 6
export const TIME = { year: 2027, month: 2, day: 3, hour: 4, minute: 5, second: 6 }

export function templateFor({ memory }: SimulatedTerminal, uid: number, finger: number): Uint8Array {
  return madeUpTemplate(memory.options.get('~ZKFPVersion'), { serialNumber: 'elsewhere', uid, finger })
}

export function operationsOf({ memory }: SimulatedTerminal): string[] {
  return memory.truth().operations.map(({ name }) => name)
}
