// The beginning of a session: connect, prove the comm key where one is wanted, and say clearly why not where not.
// Source: docs/protocol §6.
import { REPLIES, replyName } from '../codes.ts'
import { scrambleCommKey } from '../comm-key.ts'
import { authenticate, connectSession } from '../commands/connection.ts'
import { ZkProtocolError, ZkRefusedError } from '../errors.ts'
import { refusal, request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'

/** The comm key that stands for none. */
export const NO_COMM_KEY = 0

/**
 * Opens the session and authenticates. Throws ZK_KEY_REQUIRED, ZK_KEY_WRONG, or ZK_CLIENTS_REFUSED when the terminal
 * answers the connect command with anything else; ZK_NOT_A_TERMINAL when an echo does. `onKeyAsked` is told when a key is wanted.
 */
export function* handshake(commKey: number, onKeyAsked?: () => void): Procedure<void> {
  const greeting = yield* request(connectSession, undefined)
  if (greeting.code === REPLIES.ACK_OK) return
  if (greeting.code === connectSession.code) {
    throw new ZkProtocolError('ZK_NOT_A_TERMINAL', 'What answers there sends back what it is sent', {
      effect: 'none',
    })
  }
  if (greeting.code !== REPLIES.ACK_UNAUTH) {
    throw new ZkRefusedError(
      'ZK_CLIENTS_REFUSED',
      `The terminal answered the connect command with ${replyName(greeting.code)} (${greeting.code}): its firmware serves no clients of this protocol`,
      { details: { replyCode: greeting.code } },
    )
  }
  onKeyAsked?.()
  // Also without a key: some terminals ask although theirs is 0, and take the scrambled 0.
  const scrambledKey = scrambleCommKey(commKey, greeting.sessionField)
  const verdict = yield* request(authenticate, { scrambledKey })
  if (verdict.code === REPLIES.ACK_OK) return
  if (verdict.code !== REPLIES.ACK_UNAUTH) throw refusal(authenticate, verdict)
  throw commKey === NO_COMM_KEY
    ? new ZkRefusedError('ZK_KEY_REQUIRED', 'The terminal wants a comm key and none was given')
    : new ZkRefusedError('ZK_KEY_WRONG', 'The comm key is not the one that is set in the terminal')
}
