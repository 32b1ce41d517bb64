// One client's conversation: the wire's terminal session, fed by the listener, answered by the responders one request
// at a time. It has no socket; whoever carries its packets takes them.
import { CODES, framePacket, TerminalSession, type TerminalRequest } from '@org/zk-proto/wire'
import { Link } from './link.ts'
import type { Happening } from './live-happening.ts'
import type { Dispatch } from './responders/dispatch.ts'
import type { Answer, Exchange } from './responders/respond.ts'
import type { SessionEnd } from './stats.ts'

/** Requests that wait for their turn; a client that sends more without reading answers is cut off. */
const MOST_WAITING = 10_000
/** Live events that wait to be sent; of a client that does not read, further ones are lost. */
const MOST_EVENTS_WAITING = 1_000

/** What a conversation is part of. */
export type Surroundings = Pick<Exchange, 'memory' | 'stats' | 'faults' | 'power'>

/** A conversation over one TCP connection, or with one UDP peer. */
export class Conversation {
  readonly link: Link
  readonly #session: TerminalSession
  readonly #exchange: Exchange
  readonly #dispatch: Dispatch
  readonly #waiting: TerminalRequest[] = []
  readonly #events: Uint8Array[] = []
  #afterwards: (() => void) | undefined
  #broken = false
  #over = false

  constructor(transport: 'tcp' | 'udp', client: string, surroundings: Surroundings, dispatch: Dispatch) {
    this.link = new Link(transport, client)
    this.#exchange = { ...surroundings, link: this.link }
    this.#dispatch = dispatch
    const { checksums } = surroundings.memory.profile
    this.#session = new TerminalSession({
      framing: transport,
      wrongChecksum: checksums === 'drop' ? 'drop' : 'give-out',
    })
  }

  /** Whether what arrived is not this protocol: the connection is to be closed. */
  get isBroken(): boolean {
    return this.#broken
  }

  /** Takes bytes: any slice of a stream, or one datagram. `nowMs` is any clock that only goes forward. */
  receive(bytes: Uint8Array, nowMs: number): void {
    const { stats } = this.#exchange
    stats.bytesReceived += bytes.length
    this.#session.receive(bytes, nowMs)
    for (let event = this.#session.takeEvent(); event !== undefined; event = this.#session.takeEvent()) {
      switch (event.type) {
        case 'request':
          if (!event.request.checksumRight) stats.badChecksums += 1
          this.#waiting.push(event.request)
          break
        case 'acknowledged':
          this.#acknowledged()
          break
        case 'bad-checksum':
          stats.badChecksums += 1
          break
        case 'broken':
          stats.badFrames += 1
          this.#broken = true
          break
      }
    }
    if (this.#waiting.length > MOST_WAITING) this.#broken = true
  }

  /** Whether its client has said goodbye and not come back: it counts no more among those that are served. */
  get isOver(): boolean {
    return this.#over && this.link.phase === 'none'
  }

  /**
   * The next packet to send; undefined while there is none. An answer is sent whole before the next request is looked
   * at, and what follows from it happens when its last packet has been taken away. Live events go first, also between
   * the packets of an answer.
   */
  take(): Uint8Array | undefined {
    const event = this.#takeEvent()
    if (event !== undefined) return event
    for (;;) {
      const packet = this.#session.takeOutgoing()
      if (packet !== undefined) return packet
      const afterwards = this.#afterwards
      this.#afterwards = undefined
      afterwards?.()
      const request = this.#waiting.shift()
      if (request === undefined || this.#session.ended) return undefined
      this.#answer(request, this.#dispatch(request, this.#exchange))
    }
  }

  /** Takes up those events that its client asked for. Gives whether there is something to send. */
  announce(happenings: readonly Happening[]): boolean {
    const { link } = this
    const { stats } = this.#exchange
    if (link.phase !== 'ready') return false
    for (const { event, payload } of happenings) {
      if ((link.eventMask & event) === 0) continue
      if (this.#events.length >= MOST_EVENTS_WAITING) stats.liveEvents.dropped += 1
      // The session would put it behind the answer that is being sent.
      else
        this.#events.push(
          framePacket(link.transport, { command: CODES.REG_EVENT, session: event, replyId: 0 }, payload),
        )
    }
    return this.#events.length > 0
  }

  /** Ends the session, if there is one: its buffer is freed, a disabled terminal may be enabled. */
  endSession(by: SessionEnd): void {
    const { link } = this
    const { memory, stats } = this.#exchange
    if (link.record !== undefined) {
      stats.sessionEnded(link.record, {
        at: memory.clock.nowMs(),
        by,
        bufferNotFreed: link.buffer !== undefined,
        leftDisabled: link.disabledTerminal && !memory.isEnabled,
      })
    }
    if (link.disabledTerminal && memory.profile.enablesOnSessionEnd) memory.enable()
    this.#over = true
    link.phase = 'none'
    link.sessionId = 0
    link.record = undefined
    link.buffer = undefined
    link.disabledTerminal = false
    link.eventMask = 0
    link.unacknowledgedEvents = 0
    this.#events.length = 0
  }

  /** The connection is gone: the session ends, and nothing is answered any more. */
  detach(by: SessionEnd, nowMs: number): void {
    this.endSession(by)
    this.#waiting.length = 0
    this.#afterwards = undefined
    this.#session.detach(undefined, nowMs)
  }

  #takeEvent(): Uint8Array | undefined {
    const packet = this.#events.shift()
    if (packet === undefined) return undefined
    this.#exchange.stats.liveEvents.sent += 1
    this.link.unacknowledgedEvents += 1
    return packet
  }

  /** Nothing waits for an acknowledgement, so one that is missing or comes for no event changes nothing. */
  #acknowledged(): void {
    if (this.link.unacknowledgedEvents === 0) return
    this.link.unacknowledgedEvents -= 1
    this.#exchange.stats.liveEvents.acknowledged += 1
  }

  #answer(request: TerminalRequest, answer: Answer): void {
    this.#session.sessionId = this.link.sessionId
    if (answer.reply !== undefined) this.#session.reply(request, answer.reply)
    if (answer.transfer !== undefined) this.#session.replyTransfer(request, answer.transfer)
    this.#afterwards = answer.afterwards
  }
}
