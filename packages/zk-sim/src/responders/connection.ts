// Letting clients in and out: CMD_CONNECT, CMD_AUTH, CMD_EXIT. Who may send what before that is decided in
// dispatch.ts. Source: docs/protocol §6 and §26.3.
import { authenticate, connectSession, exitSession, isScrambledCommKey, REPLIES } from '@org/zk-proto/wire'
import type { Link } from '../link.ts'
import { replyWith, respond, type Responder } from './respond.ts'

/** A key of fewer than four bytes is a wrong one (2005), not a malformed request. */
const SHORT_KEY_IS_WRONG = { shortest: 0, fillTo: 4 }

/** Where sessions begin and end. */
export interface SessionDesk {
  /** A session id that no other session has. */
  nextSessionId(): number
  /** The client of a conversation says goodbye: what the terminal held for it is freed. */
  goodbye(link: Link): void
  /** The goodbye has been answered. */
  gone(): void
}

/** The responders of a terminal's door for clients. */
export function connectionResponders(desk: SessionDesk): Responder[] {
  return [
    respond(connectSession, (_, { memory, link, stats }) => {
      const { refusesClients } = memory.profile
      if (refusesClients !== undefined) return replyWith({ code: refusesClients })
      if (link.phase === 'none') {
        link.sessionId = desk.nextSessionId()
        link.wrongKeys = 0
        link.phase = memory.commKey === 0 ? 'ready' : 'unauthorised'
        link.record = stats.sessionOpened({
          sessionId: link.sessionId,
          transport: link.transport,
          client: link.client,
          openedAt: memory.clock.nowMs(),
        })
      }
      const code = link.phase === 'ready' ? REPLIES.ACK_OK : REPLIES.ACK_UNAUTH
      return replyWith({ code, sessionField: link.sessionId })
    }),

    respond(
      authenticate,
      ({ scrambledKey }, { memory, link }) => {
        const { authTries } = memory.profile
        const lockedOut = authTries !== undefined && link.wrongKeys >= authTries
        // Without a key there is nothing to prove: whatever was sent is right.
        const right = memory.commKey === 0 || isScrambledCommKey(scrambledKey, memory.commKey, link.sessionId)
        if (!right) link.wrongKeys += 1
        else if (!lockedOut) link.phase = 'ready'
        return replyWith({ code: link.phase === 'ready' ? REPLIES.ACK_OK : REPLIES.ACK_UNAUTH })
      },
      SHORT_KEY_IS_WRONG,
    ),

    respond(exitSession, (_, { link }) => {
      const { sessionId } = link
      desk.goodbye(link)
      return replyWith({ code: REPLIES.ACK_OK, sessionField: sessionId }, () => desk.gone())
    }),
  ]
}
