// What a procedure ends with when it is not its own doing: aborted, out of time, its terminal closed, the connection gone.
// The client session throws these into procedures.
import { ZkProtocolError, ZkTransportError, ZkUsageError } from '../errors.ts'
import type { ZkEffect, ZkError, ZkErrorOptions } from '../errors.ts'

/** Who ends a procedure from outside: its caller, its deadline, or whoever closes the terminal. */
export type EndingCode = 'ZK_ABORTED' | 'ZK_TIMEOUT' | 'ZK_CLOSED'

export const ABORTED = 'The operation was aborted'
export const DEADLINE_PASSED = 'The deadline of the operation has passed'
export const CLOSED_MEANWHILE = 'The terminal was closed while this call was running'
export const BUFFER_TAKEN =
  'Another bulk read stands open on this terminal; let it end or leave its loop before the next one'

/** The error of an ending; `asked` is the command that was sent and not yet answered. */
export function endedBy(
  code: EndingCode,
  message: string,
  asked: string | undefined,
  cause: unknown,
): ZkTransportError | ZkUsageError {
  const said = asked === undefined ? message : `${message}, waiting for ${asked}`
  const options: ZkErrorOptions = {
    effect: asked === undefined ? 'none' : 'unknown',
    cause,
    ...(asked === undefined ? {} : { details: { command: asked } }),
  }
  return code === 'ZK_CLOSED'
    ? new ZkUsageError(code, said, options)
    : new ZkTransportError(code, said, options)
}

/** For a procedure that was ended and asks all the same. */
export function ended(): ZkTransportError {
  return new ZkTransportError('ZK_ABORTED', 'The operation was ended; nothing more is asked for it', {
    effect: 'none',
  })
}

/** The connection is gone, because of `cause`. */
export function lostBy(cause: ZkError | undefined, effect: ZkEffect): ZkError {
  if (effect === 'unknown' && cause instanceof ZkProtocolError) return cause
  // Closed here: what was sent before may have been carried out all the same.
  if (cause instanceof ZkUsageError) {
    return effect === cause.effect ? cause : new ZkUsageError(cause.code, cause.message, { effect, cause })
  }
  const message = cause?.message ?? 'The connection to the terminal ended'
  return new ZkTransportError('ZK_CONNECTION_LOST', message, { effect, cause })
}

/** Silence in the middle of a packet: whatever came next could not be told from the rest of it. */
export function stuck(): ZkProtocolError {
  return new ZkProtocolError('ZK_BAD_FRAME', 'The terminal fell silent in the middle of a packet')
}
