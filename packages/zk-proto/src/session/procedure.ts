// Conversations as generators: they yield what they want to ask or hand over, and are resumed with the answer. They read
// top to bottom, clean up like any function, and know neither sockets nor time. The client session runs them.
import { commandName, REPLIES, replyName } from '../codes.ts'
import type { Command } from '../commands/define-command.ts'
import { ZkError, ZkProtocolError, ZkRefusedError, ZkTransportError } from '../errors.ts'
import type { Millis } from './session.ts'

/** One request to the terminal. */
export interface Ask {
  readonly kind: 'ask'
  readonly command: Command<unknown, unknown>
  readonly payload: Uint8Array
  /** More data than this in the answer is refused, whether announced or sent. */
  readonly limitBytes: number
  /** How many bytes answer it; undefined where that shows only in the answer. */
  readonly exactBytes: number | undefined
  /** Memory of the asker in which a transfer may be gathered, so that not every slice of a long read takes new memory. */
  readonly into?: Uint8Array | undefined
  /** Cleaning up after a failure: allowed after cancellation and beyond the deadline, for a short time of its own. */
  readonly cleanup: boolean
}

/** A value handed to whoever runs the procedure; it goes on when that one asks for more. */
export interface Offer<E> {
  readonly kind: 'offer'
  readonly value: E
}

/** The data packets of an answer that came as a transfer. */
export interface Transfer {
  /** In order. */
  readonly pieces: readonly Uint8Array[]
  /** The sum of their lengths. */
  readonly sizeBytes: number
  /** What the opening packet announced. */
  readonly announcedBytes: number
  /** False when a packet was damaged or out of turn: the data are not to be trusted. */
  readonly intact: boolean
}

/** What answered an Ask. */
export interface Answer {
  readonly code: number
  readonly sessionField: number
  readonly payload: Uint8Array
  readonly transfer: Transfer | undefined
  /** From sending the request to its answer, in milliseconds. */
  readonly tookMs: Millis
}

/** Waiting for the next live event; others may speak meanwhile. */
export interface Hear {
  readonly kind: 'hear'
  /** After so long without one the procedure goes on without it. */
  readonly waitMs: Millis
}

/** Something that happened at the terminal, unasked. The session has acknowledged it already. */
export interface Heard {
  /** Its number, see EVENTS. */
  readonly event: number
  readonly payload: Uint8Array
  /** Events that were dropped before this one, because nobody took them in time. */
  readonly missed: number
}

/** What a procedure yields. */
export type Step<E> = Ask | Offer<E> | Hear

/** What a procedure is resumed with: the answer to an ask, an event that it heard, or nothing. */
export type Resumption = Answer | Heard | undefined

/** A conversation with result T that hands out values of type E on the way. */
export type Procedure<T, E = never> = Generator<Step<E>, T, Resumption>

/** More than any table of a terminal needs. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** How an Ask may differ from the ordinary. */
export interface AskOptions {
  readonly limitBytes?: number
  readonly exactBytes?: number
  readonly into?: Uint8Array | undefined
  readonly cleanup?: boolean
}

/** Sends the request and gives its answer as it came, also a refusal. */
export function* request<Req, Res>(
  command: Command<Req, Res>,
  value: Req,
  options: AskOptions = {},
): Procedure<Answer> {
  const answer = yield {
    kind: 'ask',
    command,
    payload: command.request.encode(value),
    limitBytes: options.limitBytes ?? MAX_ANSWER_BYTES,
    exactBytes: options.exactBytes,
    into: options.into,
    cleanup: options.cleanup ?? false,
  }
  if (answer === undefined || 'event' in answer) {
    throw new TypeError('a session resumes an ask with its answer')
  }
  return answer
}

/** Sends the request, waits for its reply, decodes it. A refusal is thrown as a ZkRefusedError. */
export function* ask<Req, Res>(
  command: Command<Req, Res>,
  value: Req,
  options: AskOptions = {},
): Procedure<Res> {
  const answer = yield* request(command, value, options)
  if (!command.accepts.includes(answer.code)) throw refusal(command, answer)
  return command.reply.decode(answer.payload)
}

/** Hands a value to whoever runs the procedure and waits until more is wanted. */
export function* offer<E>(value: E): Procedure<void, E> {
  yield { kind: 'offer', value }
}

/**
 * The next live event, or undefined when none came within `waitMs`. From a procedure's first call on, events are kept
 * for it until it takes them; with a `waitMs` of 0 it begins to listen without waiting.
 */
export function* hear(waitMs: Millis): Procedure<Heard | undefined> {
  const heard = yield { kind: 'hear', waitMs }
  if (heard !== undefined && !('event' in heard)) {
    throw new TypeError('a session resumes a listener with an event')
  }
  return heard
}

/**
 * After a failure: asks to tidy up, so that the next reader finds the terminal as it should be. The failure itself is
 * what the caller must hear of, so a second one here is not thrown; it would stand in the first one's way.
 */
export function* tidyUp<Req, Res>(command: Command<Req, Res>, value: Req): Procedure<boolean> {
  try {
    yield* request(command, value, { cleanup: true })
    return true
  } catch (error) {
    if (error instanceof ZkError) return false
    throw error
  }
}

const UNREADABLE: readonly string[] = ['ZK_UNEXPECTED_REPLY', 'ZK_BAD_RECORD']

/**
 * Whether a question was answered, but not with what was asked for: refused, or in a form that cannot be read. The session
 * stands, so that whoever can do without the answer goes on.
 */
export function isUntold(error: unknown): error is ZkRefusedError | ZkProtocolError {
  return (
    error instanceof ZkRefusedError || (error instanceof ZkProtocolError && UNREADABLE.includes(error.code))
  )
}

/** The error for an answer that the command does not accept. */
export function refusal(command: Command<unknown, unknown>, answer: Answer): ZkError {
  const details = { command: command.name, commandCode: command.code, replyCode: answer.code }
  const came = `${replyName(answer.code)} (${answer.code})`
  const asked = `${command.name} (${commandName(command.code)})`
  switch (answer.code) {
    case REPLIES.ACK_UNKNOWN:
      return new ZkRefusedError(
        'ZK_UNSUPPORTED',
        `The terminal does not know ${asked}: it answered ${came}`,
        {
          details,
        },
      )
    case REPLIES.ACK_UNAUTH:
      return new ZkTransportError(
        'ZK_CONNECTION_LOST',
        `The terminal no longer knows this session: it answered ${asked} with ${came}; connect again`,
        { effect: 'refused', details },
      )
    case REPLIES.ACK_OK:
    case REPLIES.ACK_DATA:
    case REPLIES.DATA:
    case REPLIES.PREPARE_DATA:
      return new ZkProtocolError('ZK_UNEXPECTED_REPLY', `${came} is no answer to ${asked}`, { details })
    default:
      return new ZkRefusedError('ZK_REFUSED', `The terminal refused ${asked}: it answered ${came}`, {
        details,
      })
  }
}
