// The client's end of a conversation, without hands: runs procedures one after the other, matches answers to the one
// open request, acknowledges live events, counts what is wrong. Sockets and time are given to it from outside.
import { CODES, eventName, REPLIES } from '../codes.ts'
import { connectSession } from '../commands/connection.ts'
import { ZkError, ZkTransportError } from '../errors.ts'
import { framePacket, StreamReassembler } from '../framing.ts'
import type { Framing } from '../framing.ts'
import { decodePacket, nextReplyId, PACKET_HEADER_BYTES } from '../packet.ts'
import type { ChecksumVerdict, Packet } from '../packet.ts'
import { DatagramExchange } from './datagram-exchange.ts'
import {
  ABORTED,
  BUFFER_TAKEN,
  CLOSED_MEANWHILE,
  DEADLINE_PASSED,
  ended,
  endedBy,
  lostBy,
  stuck,
} from './ending.ts'
import type { EndingCode } from './ending.ts'
import type { Exchange, Verdict } from './exchange.ts'
import type { Ask, Procedure } from './procedure.ts'
import type { Millis, Session, Timeouts } from './session.ts'
import { StreamExchange } from './stream-exchange.ts'
import { looksLikePullFrame, strangerAt } from './stranger.ts'
import { taskOf, Turns } from './turns.ts'
import type { Move, RunOptions, Task } from './turns.ts'

/** What a client session has to tell beside the outcomes of its procedures. */
export type ClientEvent =
  /** Something happened at the terminal. It is acknowledged already. */
  | { readonly type: 'live'; readonly code: number; readonly name: string; readonly payload: Uint8Array }
  /** The stream is out of step or not this protocol: end the connection. */
  | { readonly type: 'broken'; readonly error: ZkError }

/** A procedure that is being run. */
export interface Run {
  /** Goes on after an offer. */
  resume(now: Millis): void
  /** Ends it early: it cleans up and settles with ZK_ABORTED, whose cause is `cause`. */
  cancel(cause: unknown, now: Millis): void
}

export interface ClientSessionOptions {
  readonly framing: Framing
  readonly timeouts: Timeouts
}

/** What a session counted. */
export interface SessionStats {
  /** Packets dropped for a wrong checksum. */
  readonly badChecksums: number
  /** Packets that answer no open request: late, doubled or mislabelled. */
  readonly strayReplies: number
  /** Datagrams dropped because they are shorter than the header of a packet, empty ones among them. */
  readonly runts: number
  readonly bytesReceived: number
  readonly bytesSent: number
}

const NO_DATA = new Uint8Array(0)
/** How long an ask that cleans up after a failure may take. */
const CLEANUP_MS = 2_000

/** The client's end. */
export class ClientSession implements Session<ClientEvent> {
  readonly #framing: Framing
  readonly #timeouts: Timeouts
  readonly #stream = new StreamReassembler()
  readonly #outgoing: Uint8Array[] = []
  readonly #events: ClientEvent[] = []
  readonly #turns = new Turns()
  #active: Task | undefined
  #exchange: Exchange | undefined
  #sessionId = 0
  #replyId = 0
  #checksum: ChecksumVerdict = 'right'
  #heard = false
  #stranger: ZkError | undefined
  #gone: ZkError | undefined
  #stats = { badChecksums: 0, strayReplies: 0, runts: 0, bytesReceived: 0, bytesSent: 0 }

  constructor(options: ClientSessionOptions) {
    this.#framing = options.framing
    this.#timeouts = options.timeouts
  }

  /** The id that the answer to CMD_CONNECT assigned; 0 before. No other packet can change it. */
  get sessionId(): number {
    return this.#sessionId
  }

  get stats(): SessionStats {
    return { ...this.#stats }
  }

  /** Whether any packet of the protocol has arrived yet. */
  get heard(): boolean {
    return this.#heard
  }

  /** What answers there when it has sent only what is no packet of a terminal: ZK_NOT_A_TERMINAL or ZK_PULL_PANEL. */
  get stranger(): ZkError | undefined {
    return this.#heard ? undefined : this.#stranger
  }

  get wakeAt(): Millis | undefined {
    let wakeAt = this.#exchange?.wakeAt ?? Number.POSITIVE_INFINITY
    const active = this.#active
    if (active !== undefined && !active.cancelled) wakeAt = Math.min(wakeAt, active.deadline)
    wakeAt = Math.min(wakeAt, this.#turns.wakeAt)
    return wakeAt === Number.POSITIVE_INFINITY ? undefined : wakeAt
  }

  /** Runs procedures one after the other; settles each exactly once, by result, refusal, deadline, abort or loss. */
  run<T, E = never>(procedure: Procedure<T, E>, options: RunOptions<T, E>, now: Millis): Run {
    const task = taskOf(procedure, options, now)
    this.#turns.add(task)
    this.#work(now)
    return {
      resume: (at) => {
        if (task.state !== 'parked') return
        this.#turns.unpark(task)
        this.#work(at)
      },
      cancel: (cause, at) => {
        this.#stop(task, 'ZK_ABORTED', ABORTED, cause, at)
        this.#work(at)
      },
    }
  }

  /**
   * Ends what runs and waits, each of it with ZK_CLOSED, so that it tidies up: `aside`, what waits for its owner or for a live
   * event and may do so for ever; `all`, what speaks or waits for its turn, too.
   */
  end(which: 'aside' | 'all', now: Millis): void {
    for (const task of this.#turns.waiting) {
      if (which === 'all' || task.state === 'parked' || task.state === 'hearing') {
        this.#stop(task, 'ZK_CLOSED', CLOSED_MEANWHILE, undefined, now)
      }
    }
    if (which === 'all' && this.#active !== undefined) {
      this.#stop(this.#active, 'ZK_CLOSED', CLOSED_MEANWHILE, undefined, now)
    }
    this.#work(now)
  }

  receive(bytes: Uint8Array, now: Millis): void {
    if (this.#gone !== undefined) return
    this.#stats.bytesReceived += bytes.length
    if (this.#framing === 'udp') {
      this.#takeDatagram(bytes, now)
    } else {
      this.#stream.lend(bytes)
      try {
        for (
          let packet = this.#stream.nextInPlace();
          packet !== undefined;
          packet = this.#stream.nextInPlace()
        ) {
          this.#take(decodePacket(packet), now)
        }
        if (this.#stream.pendingBytes > 0) this.#exchange?.alive(now)
      } catch (error) {
        if (!(error instanceof ZkError)) throw error
        this.#break(this.#heard ? error : strangerAt(bytes, error), now)
      }
    }
    this.#work(now)
  }

  tick(now: Millis): void {
    this.#turns.wakeHearers(now)
    for (const task of this.#turns.waiting) {
      if (now < task.deadline) continue
      const shut = this.#turns.isShutOut(task)
      this.#stop(task, 'ZK_TIMEOUT', shut ? BUFFER_TAKEN : DEADLINE_PASSED, undefined, now)
    }
    const active = this.#active
    if (active !== undefined && !active.cancelled && now >= active.deadline) {
      this.#stop(active, 'ZK_TIMEOUT', DEADLINE_PASSED, undefined, now)
    } else if (this.#exchange !== undefined) {
      const midPacket = this.#stream.pendingBytes > 0
      const verdict = this.#exchange.tick(now, midPacket)
      this.#heed(verdict, now)
      if (verdict?.kind === 'failed' && midPacket) this.#break(stuck(), now)
    }
    this.#work(now)
  }

  detach(cause: ZkError | undefined, now: Millis): void {
    if (this.#gone !== undefined) return
    this.#gone = cause ?? new ZkTransportError('ZK_CONNECTION_LOST', 'The connection to the terminal ended')
    this.#work(now)
  }

  takeOutgoing(): Uint8Array | undefined {
    const packet = this.#outgoing.shift()
    if (packet !== undefined) this.#stats.bytesSent += packet.length
    return packet
  }

  takeEvent(): ClientEvent | undefined {
    return this.#events.shift()
  }

  /** Gives turns for as long as there is somebody to run and no request is open. */
  #work(now: Millis): void {
    if (this.#gone !== undefined) this.#failAll()
    while (this.#exchange === undefined && this.#active === undefined) {
      const task = this.#turns.take()
      if (task === undefined) return
      this.#active = task
      this.#advance(task, task.next, now)
      if (this.#gone !== undefined) this.#failAll()
    }
  }

  /** Runs the task until it waits for the terminal or for its owner, or is over. */
  #advance(task: Task, first: Move, now: Millis): void {
    let move = first
    for (;;) {
      const wanted = task.step(move)
      if (wanted === 'parked' || wanted === 'settled') {
        this.#active = undefined
        if (wanted === 'parked') this.#turns.park(task)
        else this.#turns.forget(task)
        return
      }
      if (wanted.kind === 'hear') {
        const heard = this.#hear(task, wanted.waitMs, now)
        if (heard === undefined) return
        move = heard
        continue
      }
      const refused = this.#open(task, wanted, now)
      if (refused === undefined) return
      move = { kind: 'throw', error: refused }
    }
  }

  /** What it goes on with at once; undefined when it waits aside for an event, and others may speak. */
  #hear(task: Task, waitMs: Millis, now: Millis): Move | undefined {
    if (this.#gone !== undefined) return { kind: 'throw', error: lostBy(this.#gone, 'none') }
    if (task.cancelled) return { kind: 'throw', error: ended() }
    const heard = this.#turns.hear(task, waitMs, now)
    if (heard === undefined) this.#active = undefined
    return heard
  }

  /** Sends an ask, or says why it cannot be sent. */
  #open(task: Task, ask: Ask, now: Millis): ZkError | undefined {
    if (this.#gone !== undefined) return lostBy(this.#gone, 'none')
    if (task.cancelled && !ask.cleanup) return ended()
    // The timer may be late: what is not over by its deadline must not begin to speak behind it.
    if (!ask.cleanup && now >= task.deadline) return this.#cancel(task, 'ZK_TIMEOUT', DEADLINE_PASSED)
    const latest = ask.cleanup ? now + CLEANUP_MS : task.deadline
    const replyId = this.#freshReplyId()
    this.#sendRequest(ask, replyId)
    const opening = { ask, replyId, sessionId: this.#sessionId, timeouts: this.#timeouts, now, latest }
    this.#exchange = this.#framing === 'udp' ? new DatagramExchange(opening) : new StreamExchange(opening)
    return undefined
  }

  #freshReplyId(): number {
    const replyId = this.#replyId
    this.#replyId = nextReplyId(replyId)
    return replyId
  }

  #sendRequest(ask: Ask, replyId: number): void {
    const connecting = ask.command.code === connectSession.code
    const session = connecting ? 0 : this.#sessionId
    this.#send({ command: ask.command.code, session, replyId }, ask.payload)
  }

  #send(header: { command: number; session: number; replyId: number }, payload: Uint8Array): void {
    this.#outgoing.push(framePacket(this.#framing, header, payload))
  }

  /** What is too short to be a packet is counted and ignored; a stranger is remembered, for there may be a terminal all the same. */
  #takeDatagram(bytes: Uint8Array, now: Millis): void {
    if (!this.#heard && looksLikePullFrame(bytes)) {
      this.#break(strangerAt(bytes, undefined), now)
      return
    }
    if (bytes.length < PACKET_HEADER_BYTES) this.#stats.runts += 1
    else this.#take(decodePacket(bytes), now)
    if (!this.#heard) this.#stranger ??= strangerAt(bytes, undefined)
  }

  #take(packet: Packet, now: Millis): void {
    const exchange = this.#exchange
    const connecting = exchange?.ask.command.code === connectSession.code
    const accepted =
      packet.checksum === this.#checksum || (connecting && !this.#heard && packet.checksum === 'one-low')
    if (!accepted) {
      this.#stats.badChecksums += 1
      if (exchange !== undefined) this.#heed(exchange.takeDamaged(packet, now), now)
      return
    }
    // Decided once: a terminal whose first answer is one too low is held to that.
    if (!this.#heard) this.#checksum = packet.checksum
    this.#heard = true
    if (packet.command === CODES.REG_EVENT) {
      this.#takeLive(packet)
    } else if (exchange === undefined || !exchange.owns(packet.replyId)) {
      this.#stats.strayReplies += 1
    } else {
      if (connecting && (packet.command === REPLIES.ACK_OK || packet.command === REPLIES.ACK_UNAUTH)) {
        this.#sessionId = packet.session
      }
      this.#heed(exchange.take(packet, now), now)
    }
  }

  #takeLive(packet: Packet): void {
    this.#send({ command: REPLIES.ACK_OK, session: this.#sessionId, replyId: 0 }, NO_DATA)
    const payload = packet.payload.slice()
    this.#turns.tell(packet.session, payload)
    this.#events.push({ type: 'live', code: packet.session, name: eventName(packet.session), payload })
  }

  #heed(verdict: Verdict, now: Millis): void {
    const exchange = this.#exchange
    const task = this.#active
    if (verdict === undefined || exchange === undefined || task === undefined) return
    if (verdict.kind === 'repeat' || verdict.kind === 'resend') {
      const replyId = verdict.kind === 'repeat' ? exchange.replyId : this.#freshReplyId()
      this.#sendRequest(exchange.ask, replyId)
      if (verdict.kind === 'resend') exchange.resent(replyId, now)
      return
    }
    this.#exchange = undefined
    this.#advance(
      task,
      verdict.kind === 'answered'
        ? { kind: 'go', with: verdict.answer }
        : { kind: 'throw', error: verdict.error },
      now,
    )
  }

  #stop(task: Task, code: EndingCode, message: string, cause: unknown, now: Millis): void {
    if (task.state === 'settled' || task.cancelled) return
    const sent = task === this.#active && this.#exchange !== undefined
    const error = this.#cancel(task, code, message, cause)
    if (task.state === 'new') {
      this.#turns.forget(task)
      task.settle(error)
    } else if (sent) {
      this.#exchange = undefined
      this.#advance(task, { kind: 'throw', error }, now)
    } else {
      if (task.state === 'parked' || task.state === 'hearing') this.#turns.unpark(task)
      task.next = { kind: 'throw', error }
    }
  }

  /** From now on the task may only tidy up. Gives the error that it ends with. */
  #cancel(task: Task, code: EndingCode, message: string, cause?: unknown): ZkError {
    task.cancelled = true
    task.deadline = Number.POSITIVE_INFINITY
    const asked = task === this.#active ? this.#exchange?.ask.command.name : undefined
    return endedBy(code, message, asked, cause)
  }

  #break(error: ZkError, now: Millis): void {
    this.#events.push({ type: 'broken', error })
    this.detach(error, now)
  }

  /** The transport is gone: everything that is open or waiting ends now. */
  #failAll(): void {
    const active = this.#active
    if (active !== undefined && this.#exchange !== undefined) {
      this.#exchange = undefined
      this.#advance(active, { kind: 'throw', error: lostBy(this.#gone, 'unknown') }, 0)
    }
    for (let [task] = this.#turns.waiting; task !== undefined; [task] = this.#turns.waiting) {
      this.#turns.forget(task)
      if (task.state === 'new') task.settle(lostBy(this.#gone, 'none'))
      else this.#advance(task, { kind: 'throw', error: lostBy(this.#gone, 'none') }, 0)
    }
  }
}
