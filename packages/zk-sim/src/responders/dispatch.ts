// Who may ask what, and who answers: the session states in front of the responders. What no responder knows is
// answered with 65535. Source: docs/protocol §26.3 and §26.4.
import { CODES, commandName, REPLIES, type TerminalRequest } from '@org/zk-proto/wire'
import { attendanceResponders } from './attendance.ts'
import { bulkResponders } from './bulk.ts'
import { connectionResponders, type SessionDesk } from './connection.ts'
import { doorResponders } from './door.ts'
import { liveResponders } from './live.ts'
import { peopleResponders } from './people.ts'
import { refused, replyWith, type Answer, type Exchange, type Responder } from './respond.ts'
import { terminalResponders } from './terminal.ts'

/** Answers any request. */
export type Dispatch = (request: TerminalRequest, exchange: Exchange) => Answer

/** All responders of a terminal behind its session states. */
export function createDispatch(desk: SessionDesk): Dispatch {
  const responders = new Map<number, Responder>(
    [
      ...connectionResponders(desk),
      ...terminalResponders,
      ...peopleResponders,
      ...attendanceResponders,
      ...bulkResponders,
      ...doorResponders,
      ...liveResponders,
    ].map((responder) => [responder.code, responder]),
  )
  return (request, exchange) => {
    const responder = responders.get(request.code)
    exchange.stats.countRequest(responder?.name ?? commandName(request.code))
    if (!request.checksumRight && exchange.memory.profile.checksums === 'refuse') return refused()
    if (!mayAsk(request, exchange)) return replyWith({ code: REPLIES.ACK_UNAUTH })
    return responder === undefined ? refused(REPLIES.ACK_UNKNOWN) : responder.answer(request, exchange)
  }
}

function mayAsk({ code, sessionId }: TerminalRequest, { link, memory }: Exchange): boolean {
  if (code === CODES.CONNECT) return true
  if (link.phase === 'none') return code === CODES.EXIT
  if (sessionId !== link.sessionId && memory.profile.foreignSessionId === 'refuse') return false
  return link.phase === 'ready' || code === CODES.AUTH || code === CODES.EXIT
}
