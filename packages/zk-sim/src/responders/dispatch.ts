// Who may ask what, and who answers: the session states in front of the responders. What no responder knows is
// answered with 65535. Source: docs/protocol §26.3 and §26.4.
import { CODES, commandName, REPLIES, sameBytes, type TerminalRequest } from '@org/zk-proto/wire'
import type { LastAnswered } from '../link.ts'
import { accessResponders } from './access.ts'
import { bulkResponders } from './bulk.ts'
import { clearingResponders } from './clearing.ts'
import { connectionResponders, type SessionDesk } from './connection.ts'
import { directReadResponders } from './direct-reads.ts'
import { doorResponders } from './door.ts'
import { enrolmentResponders } from './enrolment.ts'
import { liveResponders } from './live.ts'
import { messageResponders } from './messages.ts'
import { olderResponders } from './older-commands.ts'
import { peopleResponders } from './people.ts'
import { Answer, refused, replyWith, silence, type Exchange, type Fork, type Responder } from './respond.ts'
import { screenResponders } from './screen.ts'
import { templateResponders } from './templates.ts'
import { terminalResponders } from './terminal.ts'
import { uploadResponders } from './upload.ts'

/** Answers any request. */
export type Dispatch = (request: TerminalRequest, exchange: Exchange) => Answer

/** All responders of a terminal behind its session states. */
export function createDispatch(desk: SessionDesk): Dispatch {
  const responders = new Map<number, Responder | Fork>(
    [
      ...connectionResponders(desk),
      ...terminalResponders,
      ...screenResponders,
      ...peopleResponders,
      ...templateResponders,
      ...olderResponders,
      ...enrolmentResponders,
      ...bulkResponders,
      ...directReadResponders,
      ...uploadResponders,
      ...clearingResponders,
      ...doorResponders,
      ...accessResponders,
      ...messageResponders,
      ...liveResponders,
    ].map((responder) => [responder.code, responder]),
  )
  return (request, exchange) => {
    const { link, memory, stats } = exchange
    const found = responders.get(request.code)
    const responder = found !== undefined && 'choose' in found ? found.choose(request, exchange) : found
    stats.countRequest(responder?.name ?? commandName(request.code))
    const again = answeredAgain(request, link.lastAnswered)
    if (again !== undefined) return again
    const answer = answerTo(request, exchange, responder)
    if (link.transport === 'udp' && memory.profile.remembersLastAnswer) {
      link.lastAnswered = { request, answer }
    }
    return answer
  }
}

function answerTo(request: TerminalRequest, exchange: Exchange, responder: Responder | undefined): Answer {
  const { memory, link } = exchange
  if (!request.checksumRight && memory.profile.checksums === 'refuse') return refused()
  if (!mayAsk(request, exchange)) {
    const ignored = link.phase === 'none' && memory.profile.withoutSession === 'silence'
    return ignored ? silence() : replyWith({ code: REPLIES.ACK_UNAUTH })
  }
  return responder === undefined ? refused(REPLIES.ACK_UNKNOWN) : responder.answer(request, exchange)
}

/**
 * The answer to a datagram that came twice: the same one, and nothing is done a second time. Source: docs/protocol §26.3.
 */
function answeredAgain(request: TerminalRequest, last: LastAnswered | undefined): Answer | undefined {
  if (last === undefined) return undefined
  const { code, replyId, sessionId, payload } = last.request
  const same = code === request.code && replyId === request.replyId && sessionId === request.sessionId
  if (!same || !sameBytes(payload, request.payload)) return undefined
  const { reply, transfer } = last.answer
  return new Answer({ ...(reply && { reply }), ...(transfer && { transfer }) })
}

function mayAsk({ code, sessionId }: TerminalRequest, { link, memory }: Exchange): boolean {
  if (code === CODES.CONNECT) return true
  if (link.phase === 'none') return code === CODES.EXIT
  if (sessionId !== link.sessionId && memory.profile.foreignSessionId === 'refuse') return false
  return link.phase === 'ready' || code === CODES.AUTH || code === CODES.EXIT
}
