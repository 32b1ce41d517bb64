// How a command is answered: a responder decodes the request by its declaration, acts on the terminal's memory, and
// gives a reply in the declared form, a refusal, a transfer or silence.
import {
  REPLIES,
  ZkError,
  type Command,
  type TerminalReply,
  type TerminalRequest,
  type TerminalTransfer,
} from '@org/zk-proto/wire'
import type { Faults } from '../faults/faults.ts'
import type { Link } from '../link.ts'
import type { TerminalMemory } from '../memory.ts'
import type { TerminalStats } from '../stats.ts'

/** What the terminal as a whole can be told to do. */
export interface TerminalPower {
  /** All connections drop, the port is closed for a while, then the terminal is there again. */
  restart(): void
  /** No client is let in any more; with the last session the terminal is gone until somebody switches it on. */
  powerOff(): void
}

/** Everything a responder may need to answer one request. */
export interface Exchange {
  readonly memory: TerminalMemory
  /** The client's conversation. */
  readonly link: Link
  readonly stats: TerminalStats
  readonly faults: Faults
  readonly power: TerminalPower
}

/** An answer. `afterwards` runs when its last packet has been handed to the network. */
export class Answer {
  readonly reply: TerminalReply | undefined
  readonly transfer: TerminalTransfer | undefined
  readonly afterwards: (() => void) | undefined

  constructor(parts: { reply?: TerminalReply; transfer?: TerminalTransfer; afterwards?: () => void }) {
    this.reply = parts.reply
    this.transfer = parts.transfer
    this.afterwards = parts.afterwards
  }
}

/** Answers the requests of one command. */
export interface Responder {
  readonly code: number
  /** The command's name, for counting. */
  readonly name: string
  answer(request: TerminalRequest, exchange: Exchange): Answer
}

/** A number that several commands share: which of them was asked is told by the data or by the model. */
export interface Fork {
  readonly code: number
  choose(request: TerminalRequest, exchange: Exchange): Responder
}

/** Several responders under one number. */
export function fork(code: number, choose: Fork['choose']): Fork {
  return { code, choose }
}

/** Done, with data in no declared form or none at all. */
export function done(payload?: Uint8Array, afterwards?: () => void): Answer {
  return replyWith({ code: REPLIES.ACK_OK, ...(payload && { payload }) }, afterwards)
}

/** Not done: bad argument, nothing there, full. */
export function refused(code: number = REPLIES.ACK_ERROR): Answer {
  return replyWith({ code })
}

/** Any reply of one packet. */
export function replyWith(reply: TerminalReply, afterwards?: () => void): Answer {
  return new Answer({ reply, ...(afterwards && { afterwards }) })
}

/** A request that is carried out and not answered. */
export function silence(afterwards?: () => void): Answer {
  return new Answer(afterwards ? { afterwards } : {})
}

/** Many packets. */
export function transferOf(transfer: TerminalTransfer): Answer {
  return new Answer({ transfer })
}

/**
 * A responder for a declared command. Data longer than declared is cut, shorter is refused with 2001: as terminals
 * do. `shortest`: clients are known to leave bytes out; what is missing down to there counts as zeros.
 */
export function respond<Req, Res>(
  command: Command<Req, Res>,
  act: (request: Req, exchange: Exchange) => Res | Answer,
  leniency: { shortest: number; fillTo: number } = { shortest: 0, fillTo: 0 },
): Responder {
  return {
    code: command.code,
    name: command.name,
    answer({ payload }, exchange) {
      const decoded = decode(command, filled(payload, leniency))
      if (decoded instanceof Answer) return decoded
      const result = act(decoded.request, exchange)
      return result instanceof Answer ? result : done(command.reply.encode(result))
    },
  }
}

function decode<Req, Res>(command: Command<Req, Res>, payload: Uint8Array): { request: Req } | Answer {
  try {
    return { request: command.request.decode(payload) }
  } catch (error) {
    // What cannot be read as the command's data is a bad argument; anything else is a fault of ours.
    if (error instanceof ZkError) return refused()
    throw error
  }
}

function filled(payload: Uint8Array, { shortest, fillTo }: { shortest: number; fillTo: number }): Uint8Array {
  if (payload.length >= fillTo || payload.length < shortest) return payload
  const whole = new Uint8Array(fillTo)
  whole.set(payload)
  return whole
}
