// One client's conversation: the wire's terminal session, fed by the listener, answered by the responders one request
// at a time. It has no socket; whoever carries its packets takes them.
import { CODES, framePacket, TerminalSession, type TerminalRequest } from '@org/zk-proto/wire'
import { fateOf, refusalInstead } from './faults/answer-faults.ts'
import { HeldBack } from './faults/held-back.ts'
import { strikeClock, strikeSensor } from './faults/terminal-faults.ts'
import { Link } from './link.ts'
import type { Happening } from './live-happening.ts'
import type { Dispatch } from './responders/dispatch.ts'
import type { Answer, Exchange } from './responders/respond.ts'
import type { SessionEnd } from './stats.ts'

/** Requests that wait for their turn; a client that sends more without reading answers is cut off. */
const MOST_WAITING = 10_000
const MOST_WAITING_BYTES = 16 * 1024 * 1024
/** Live events that wait to be sent; of a client that does not read, further ones are lost. */
const MOST_EVENTS_WAITING = 1_000

/** An event on its way to a client. */
interface LiveEvent {
  readonly packet: Uint8Array
  timesSent: number
  readonly mostTimes: number
}

/** What a conversation is part of. */
export interface Surroundings extends Pick<Exchange, 'memory' | 'stats' | 'faults' | 'power'> {
  /** Somebody presents a finger just now. */
  readonly passerBy: () => void
}

/** A conversation over one TCP connection, or with one UDP peer. */
export class Conversation {
  readonly link: Link
  readonly #session: TerminalSession
  readonly #exchange: Exchange
  readonly #dispatch: Dispatch
  readonly #waiting: TerminalRequest[] = []
  #waitingBytes = 0
  readonly #events: LiveEvent[] = []
  /** Events sent that may be sent again, the oldest first. */
  readonly #awaited: LiveEvent[] = []
  readonly #passerBy: () => void
  readonly #lateAnswers: HeldBack<{ request: TerminalRequest; answer: Answer }>
  readonly #lateEvents: HeldBack<LiveEvent>
  readonly #resends: HeldBack<LiveEvent>
  readonly #afterwards: (() => void)[] = []
  /** Packets of a transfer sent since it began; undefined while none is being sent. */
  #transferPackets: number | undefined
  #broken = false
  #over = false

  /** `wake` is called when there is something to send that no request called for. */
  constructor(
    transport: 'tcp' | 'udp',
    client: string,
    { passerBy, ...surroundings }: Surroundings,
    dispatch: Dispatch,
    wake: () => void,
  ) {
    this.link = new Link(transport, client)
    this.#exchange = { ...surroundings, link: this.link }
    this.#passerBy = passerBy
    this.#dispatch = dispatch
    this.#lateAnswers = new HeldBack(({ request, answer }) => {
      this.#answer(request, answer)
      wake()
    })
    this.#lateEvents = new HeldBack((event) => {
      this.#queueEvent(event)
      wake()
    })
    this.#resends = new HeldBack((event) => {
      if (!this.#awaited.includes(event)) return
      this.#queueEvent(event)
      wake()
    })
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
          this.#waitingBytes += event.request.payload.length
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
    if (this.#waiting.length > MOST_WAITING || this.#waitingBytes > MOST_WAITING_BYTES) this.#broken = true
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
      if (packet !== undefined) {
        this.#interrupt()
        return packet
      }
      this.#transferPackets = undefined
      for (const act of this.#afterwards.splice(0)) act()
      const request = this.#waiting.shift()
      if (request === undefined || this.#session.ended) return undefined
      this.#waitingBytes -= request.payload.length
      this.#serve(request)
    }
  }

  /** Takes up those events that its client asked for. Gives whether there is something to send. */
  announce(happenings: readonly Happening[]): boolean {
    const { link } = this
    const { faults, memory, stats } = this.#exchange
    const { resends, stopAfter = Number.POSITIVE_INFINITY } = memory.profile.unacknowledgedEvents
    if (link.phase !== 'ready') return false
    for (const { event, payload } of happenings) {
      if ((link.eventMask & event) === 0) continue
      if (link.unacknowledgedEvents >= stopAfter) {
        stats.liveEvents.dropped += 1
        continue
      }
      // The session would put it behind the answer that is being sent.
      const packet = framePacket(
        link.transport,
        { command: CODES.REG_EVENT, session: event, replyId: 0 },
        payload,
      )
      const lateMs = faults.strike('liveLate')?.number('ms')
      const told = { packet, timesSent: 0, mostTimes: 1 + resends }
      if (lateMs === undefined) this.#queueEvent(told)
      else this.#lateEvents.hold(told, lateMs)
      if (faults.strike('liveTwice') !== undefined) this.#queueEvent({ ...told })
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
    memory.sensor.release(link.sessionId)
    this.#over = true
    link.phase = 'none'
    link.sessionId = 0
    link.record = undefined
    link.buffer = undefined
    link.upload = undefined
    link.disabledTerminal = false
    link.eventMask = 0
    link.unacknowledgedEvents = 0
    this.#events.length = 0
    this.#awaited.length = 0
    this.#lateEvents.takeBack()
    this.#resends.takeBack()
  }

  /** The connection is gone: the session ends, and nothing is answered any more. */
  detach(by: SessionEnd, nowMs: number): void {
    this.endSession(by)
    this.#waiting.length = 0
    this.#waitingBytes = 0
    this.#afterwards.length = 0
    this.#lateAnswers.takeBack()
    this.#session.detach(undefined, nowMs)
  }

  #queueEvent(event: LiveEvent): void {
    if (this.#events.length < MOST_EVENTS_WAITING) this.#events.push(event)
    else this.#exchange.stats.liveEvents.dropped += 1
  }

  #takeEvent(): Uint8Array | undefined {
    const event = this.#events.shift()
    if (event === undefined) return undefined
    this.#exchange.stats.liveEvents.sent += 1
    if (event.timesSent === 0) this.link.unacknowledgedEvents += 1
    event.timesSent += 1
    this.#await(event)
    return event.packet
  }

  /** Sees to it that an event goes out once more if nobody acknowledges it. */
  #await(event: LiveEvent): void {
    if (event.mostTimes === 1) return
    if (event.timesSent === 1) {
      if (this.#awaited.length >= MOST_EVENTS_WAITING) return
      this.#awaited.push(event)
    }
    const { resendMs } = this.#exchange.memory.profile.unacknowledgedEvents
    if (event.timesSent < event.mostTimes) this.#resends.hold(event, resendMs)
  }

  /** An acknowledgement names no event, so it counts for the oldest. One that comes for no event changes nothing. */
  #acknowledged(): void {
    this.#awaited.shift()
    if (this.link.unacknowledgedEvents === 0) return
    this.link.unacknowledgedEvents -= 1
    this.#exchange.stats.liveEvents.acknowledged += 1
  }

  /** Carries out a request and answers it, as far as no fault is in the way. */
  #serve(request: TerminalRequest): void {
    const { faults, memory } = this.#exchange
    strikeSensor(faults, request.code, memory.sensor)
    const refusal = refusalInstead(faults, request)
    const given = refusal ?? this.#dispatch(request, this.#exchange)
    if (refusal === undefined) strikeClock(faults, request.code, memory.clock)
    const { answer, heldMs, request: asAnswered } = fateOf(faults, request, given)
    if (heldMs > 0) this.#lateAnswers.hold({ request: asAnswered, answer }, heldMs)
    else this.#answer(asAnswered, answer)
  }

  #answer(request: TerminalRequest, answer: Answer): void {
    this.#session.sessionId = this.link.sessionId
    if (answer.reply !== undefined) this.#session.reply(request, answer.reply)
    if (answer.transfer !== undefined) {
      this.#session.replyTransfer(request, answer.transfer)
      this.#transferPackets = 0
    }
    if (answer.afterwards !== undefined) this.#afterwards.push(answer.afterwards)
  }

  /** Between two packets of a transfer somebody may present a finger. */
  #interrupt(): void {
    if (this.#transferPackets === undefined) return
    this.#transferPackets += 1
    const packets = this.#transferPackets
    const due = this.#exchange.faults.strike(
      'eventsInTransfer',
      (fault) => packets % fault.number('every') === 0,
    )
    if (due !== undefined) this.#passerBy()
  }
}
