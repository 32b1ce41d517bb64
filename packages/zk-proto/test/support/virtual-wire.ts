// A client session and a scripted terminal on a wire that is only memory, under a clock that is only a number: a bad
// minute on the network is replayed in no time. Faults are functions of what passes.
import { ClientSession } from '../../src/session/client-session.ts'
import type { ClientEvent, Run } from '../../src/session/client-session.ts'
import type { Framing } from '../../src/framing.ts'
import type { Outcome } from '../../src/session/turns.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import type { Timeouts } from '../../src/session/session.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { ScriptedTerminal } from './scripted-terminal.ts'
import type { Script } from './scripted-terminal.ts'

export interface WireOptions {
  /** TCP unless said otherwise. With datagrams nothing is cut or joined. */
  readonly framing?: Framing
  readonly timeouts?: Partial<Timeouts>
  /** Segments that a packet of the terminal becomes; by default one. Several packets may also be joined before. */
  readonly cut?: (bytes: Uint8Array) => readonly Uint8Array[]
  /** Changes, drops (undefined) or multiplies packets of the terminal; `n` counts them from 0. */
  readonly spoil?: (packet: Uint8Array, n: number) => Uint8Array | readonly Uint8Array[] | undefined
  /** Changes or drops (undefined) packets of the client. */
  readonly spoilRequests?: (packet: Uint8Array, n: number) => Uint8Array | undefined
  /** Joins everything that the terminal has to say at a moment into one piece before it is cut. */
  readonly coalesce?: boolean
  /** Tells the client that the connection is gone once so many bytes of the terminal have passed. */
  readonly breakAfterBytes?: number
  /** Passes nothing any more once so many bytes of the terminal have passed. */
  readonly stallAfterBytes?: number
}

/** A procedure that was run to its end, and what it handed out. */
export interface Ran<T, E> {
  readonly outcome: Outcome<T>
  readonly offered: readonly E[]
  readonly tookMs: number
}

const HOP_MS = 1
const LONGEST_MS = 24 * 3_600_000

export class VirtualWire {
  readonly client: ClientSession
  readonly terminal: ScriptedTerminal
  readonly events: ClientEvent[] = []
  /** Packets of the client, as sent. */
  readonly sent: Uint8Array[] = []
  now = 0
  readonly #framing: Framing
  #options: WireOptions
  #fromTerminal = 0
  #fromClient = 0
  #bytesPassed = 0

  constructor(script: Script, options: WireOptions = {}) {
    this.#options = options
    const { framing = 'tcp' } = options
    this.#framing = framing
    this.client = new ClientSession({
      framing,
      timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    })
    this.terminal = new ScriptedTerminal(script, framing)
  }

  /** From here on the wire behaves like this. */
  set faults(options: WireOptions) {
    this.#options = options
    this.#fromTerminal = 0
    this.#fromClient = 0
    this.#bytesPassed = 0
  }

  /** Connected and authenticated, or an error if that fails. */
  connected(commKey = 0): this {
    this.result(handshake(commKey))
    return this
  }

  /** Runs a procedure to its end and gives its result; throws what it failed with. */
  result<T, E>(procedure: Procedure<T, E>): T {
    const { outcome } = this.run(procedure)
    if (outcome.ok) return outcome.value
    throw outcome.error
  }

  /** Runs a procedure to its end. What it offers is taken at once, unless `taken` says to stop. */
  run<T, E>(
    procedure: Procedure<T, E>,
    options: { readonly deadlineMs?: number; readonly taken?: (value: E, run: Run) => void } = {},
  ): Ran<T, E> {
    const startedAt = this.now
    const offered: E[] = []
    const fresh: E[] = []
    let outcome: Outcome<T> | undefined
    const run = this.client.run(
      procedure,
      {
        deadline: this.now + (options.deadlineMs ?? Number.POSITIVE_INFINITY),
        usesBuffer: true,
        settled: (settled) => {
          if (outcome !== undefined) throw new Error('settled twice')
          outcome = settled
        },
        offered: (value) => {
          offered.push(value)
          fresh.push(value)
        },
      },
      this.now,
    )
    const finished = (): Outcome<T> | undefined => outcome
    while (finished() === undefined) {
      const value = fresh.shift()
      if (value !== undefined) {
        options.taken?.(value, run)
        run.resume(this.now)
      }
      if (!this.shuttle() && fresh.length === 0 && finished() === undefined) this.wait()
    }
    this.shuttle()
    const settled = finished()
    if (settled === undefined) throw new Error('unreachable')
    return { outcome: settled, offered, tookMs: this.now - startedAt }
  }

  /** Lets time pass until somebody wants to be woken. */
  wait(): void {
    const { wakeAt } = this.client
    if (wakeAt === undefined) throw new Error('the conversation hangs: nobody waits for anything')
    this.now = Math.max(this.now, wakeAt)
    if (this.now > LONGEST_MS) throw new Error('the conversation takes more than a day')
    this.client.tick(this.now)
  }

  /** Carries what there is to carry; false when there was nothing. */
  shuttle(): boolean {
    let moved = false
    for (let packet = this.client.takeOutgoing(); packet !== undefined; packet = this.client.takeOutgoing()) {
      moved = true
      this.sent.push(packet)
      const spoil = this.#options.spoilRequests
      const passed = spoil === undefined ? packet : spoil(packet, this.#fromClient)
      this.#fromClient += 1
      if (passed !== undefined) this.terminal.session.receive(passed, this.now)
      this.terminal.work()
    }
    for (const piece of this.#fromTerminalNow()) {
      moved = true
      this.now += HOP_MS
      this.#deliver(piece)
    }
    for (let event = this.client.takeEvent(); event !== undefined; event = this.client.takeEvent()) {
      this.events.push(event)
    }
    return moved
  }

  #fromTerminalNow(): Uint8Array[] {
    const packets: Uint8Array[] = []
    const { session } = this.terminal
    for (let packet = session.takeOutgoing(); packet !== undefined; packet = session.takeOutgoing()) {
      const spoil = this.#options.spoil
      const passed = spoil === undefined ? packet : spoil(packet, this.#fromTerminal)
      this.#fromTerminal += 1
      if (passed === undefined) continue
      packets.push(...(passed instanceof Uint8Array ? [passed] : passed))
    }
    const joined = this.#options.coalesce === true && packets.length > 0 ? [Buffer.concat(packets)] : packets
    const { cut } = this.#options
    return cut === undefined ? joined : joined.flatMap((packet) => [...cut(packet)])
  }

  #deliver(piece: Uint8Array): void {
    const { breakAfterBytes, stallAfterBytes } = this.#options
    const limit = Math.min(
      breakAfterBytes ?? Number.POSITIVE_INFINITY,
      stallAfterBytes ?? Number.POSITIVE_INFINITY,
    )
    const room = limit - this.#bytesPassed
    const passed = piece.subarray(0, Math.max(0, Math.min(piece.length, room)))
    this.#bytesPassed += passed.length
    // A datagram may be empty; a piece of a stream is not.
    const empty = piece.length === 0 && this.#framing === 'udp'
    if (passed.length > 0 || empty) this.client.receive(passed, this.now)
    if (breakAfterBytes !== undefined && this.#bytesPassed >= breakAfterBytes) {
      this.client.detach(undefined, this.now)
    }
  }
}
