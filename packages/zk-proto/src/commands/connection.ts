// Beginning and end of a session: connect, authenticate, exit. Source: docs/protocol §6.
import { CODES, REPLIES } from '../codes.ts'
import { bytes, empty, layout } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/**
 * Opens a session, with session id 0; the id comes in the session field of the answer. 2005 asks for a key and is an
 * answer like 2000. A repeat on the same connection keeps the session.
 */
export const connectSession = defineCommand({
  name: 'connectSession',
  code: CODES.CONNECT,
  request: empty,
  reply: empty,
  accepts: [REPLIES.ACK_OK, REPLIES.ACK_UNAUTH],
  repeat: 'safe',
})

/** Proves the comm key. 2005 answers a wrong one. See comm-key.ts for the four bytes. */
export const authenticate = defineCommand({
  name: 'authenticate',
  code: CODES.AUTH,
  request: layout('authenticate', 4, { scrambledKey: bytes(0, 4) }),
  reply: empty,
  accepts: [REPLIES.ACK_OK, REPLIES.ACK_UNAUTH],
  repeat: 'safe',
})

/** Ends the session: the terminal frees what it held for it. */
export const exitSession = defineCommand({
  name: 'exitSession',
  code: CODES.EXIT,
  request: empty,
  reply: empty,
  repeat: 'safe',
})
