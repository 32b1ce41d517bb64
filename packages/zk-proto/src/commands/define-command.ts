// A command declared once, for both ends: its number, what it carries, what answers it, and whether it may be sent again.
// The client asks with it, the simulator's responders answer with it, the documentation lists it.
import { REPLIES } from '../codes.ts'
import type { Codec } from '../layout.ts'

/** Which time-out covers the wait for the first answer. */
export type Patience = 'reply' | 'prepare'

export interface Command<Req, Res> {
  /** Its name in code and messages. */
  readonly name: string
  readonly code: number
  readonly request: Codec<Req>
  /** The data of the answer. */
  readonly reply: Codec<Res>
  /** Reply numbers that mean success; every other one is a refusal. Source: docs/protocol §7. */
  readonly accepts: readonly number[]
  /** `safe`: sending it twice does what sending it once does. Only such a command is ever sent again. */
  readonly repeat: 'safe' | 'unsafe'
  readonly patience: Patience
}

export interface CommandDeclaration<Req, Res> {
  readonly name: string
  readonly code: number
  readonly request: Codec<Req>
  readonly reply: Codec<Res>
  readonly repeat: 'safe' | 'unsafe'
  readonly accepts?: readonly number[]
  readonly patience?: Patience
}

const ORDINARY_SUCCESS = [REPLIES.ACK_OK, REPLIES.ACK_DATA]

/** Declares a command. Success is 2000 or 2002 and the patience that of a reply, unless it says otherwise. */
export function defineCommand<Req, Res>(declaration: CommandDeclaration<Req, Res>): Command<Req, Res> {
  return { accepts: ORDINARY_SUCCESS, patience: 'reply', ...declaration }
}
