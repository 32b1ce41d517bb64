// A client session and a scripted terminal with a bad network between them, all of it drawn from a seed, under a clock that
// is only a number. Datagrams are lost, doubled, delayed (and so reordered) and damaged; a stream is cut up, delayed and
// damaged, and may end or stall at a byte.
import { ClientSession } from '../../src/session/client-session.ts'
import type { Run } from '../../src/session/client-session.ts'
import type { Framing } from '../../src/framing.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import type { Outcome } from '../../src/session/turns.ts'
import { seededRandom } from './cuts.ts'
import { ScriptedTerminal } from './scripted-terminal.ts'
import type { Script } from './scripted-terminal.ts'

/** What the network does. Shares are from 0 to 1, of datagrams or of segments; 0 unless said otherwise. */
export interface Weather {
  readonly lose?: number
  readonly double?: number
  /** One byte is changed. */
  readonly damage?: number
  /** Each piece takes 1 ms, and up to so much more. */
  readonly delayMs?: number
  /** Longest segment of a stream; packets are not cut without it. */
  readonly segmentBytes?: number
  /** Before an answer, how often something happens at the terminal. */
  readonly live?: number
}

export const FAIR: Weather = {}

/** A procedure that was run to its end, and what it handed out. */
export interface Ran<T, E> {
  readonly outcome: Outcome<T>
  readonly offered: readonly E[]
  readonly tookMs: number
}

interface Piece {
  readonly at: number
  readonly bytes: Uint8Array
  readonly to: 'client' | 'terminal'
}

const HOP_MS = 1
/** Between two packets that a terminal sends one after the other. */
const PACE_MS = 0.1
const EVENT_CODE = 1

export class LossyWire {
  readonly client: ClientSession
  readonly terminal: ScriptedTerminal
  readonly framing: Framing
  readonly #random: () => number
  weather: Weather
  now = 0
  /** Pieces of either side that the network lost, doubled or damaged. */
  mishaps = 0
  /** The next one to arrive is the last one. */
  readonly #underWay: Piece[] = []
  #lastAt = { client: 0, terminal: 0 }

  constructor(framing: Framing, script: Script, seed: number, weather: Weather = FAIR) {
    this.framing = framing
    this.#random = seededRandom(seed)
    this.weather = weather
    this.client = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
    this.terminal = new ScriptedTerminal(script, framing)
  }

  /** Runs a procedure to its end, taking at once what it offers. Throws when nobody waits for anything any more. */
  run<T, E>(procedure: Procedure<T, E>): Ran<T, E> {
    const startedAt = this.now
    const offered: E[] = []
    let untaken = 0
    const outcomes: Outcome<T>[] = []
    const run: Run = this.client.run(
      procedure,
      {
        deadline: Number.POSITIVE_INFINITY,
        usesBuffer: true,
        settled: (outcome) => outcomes.push(outcome),
        offered: (value) => {
          offered.push(value)
          untaken += 1
        },
      },
      this.now,
    )
    for (;;) {
      this.#collect()
      const [outcome] = outcomes
      if (outcomes.length > 1) throw new Error('settled twice')
      if (outcome !== undefined) return { outcome, offered, tookMs: this.now - startedAt }
      if (untaken > 0) {
        untaken -= 1
        run.resume(this.now)
      } else {
        this.#step()
      }
    }
  }

  /** The next thing that happens: a piece arrives, or the client is woken. */
  #step(): void {
    const next = this.#underWay.at(-1)
    const wakeAt = this.client.wakeAt ?? Number.POSITIVE_INFINITY
    if (next === undefined && wakeAt === Number.POSITIVE_INFINITY) {
      throw new Error('the conversation hangs: nobody waits for anything')
    }
    if (next === undefined || wakeAt < next.at) {
      this.now = Math.max(this.now, wakeAt)
      this.client.tick(this.now)
      return
    }
    this.#underWay.pop()
    this.now = Math.max(this.now, next.at)
    if (next.to === 'client') this.client.receive(next.bytes, this.now)
    else {
      const { live = 0 } = this.weather
      const { session } = this.terminal
      if (this.#random() < live) session.sendEvent(EVENT_CODE, new Uint8Array(12))
      session.receive(next.bytes, this.now)
      this.terminal.work()
      // A terminal that cannot make sense of a stream closes it.
      if (session.ended) this.client.detach(undefined, this.now)
    }
  }

  /** Puts on its way what either side has to send. */
  #collect(): void {
    for (let out = this.client.takeOutgoing(); out !== undefined; out = this.client.takeOutgoing()) {
      this.#send(out, 'terminal', 0)
    }
    const { session } = this.terminal
    let pacing = 0
    for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
      this.#send(out, 'client', pacing)
      pacing += PACE_MS
    }
    for (let event = this.client.takeEvent(); event !== undefined; event = this.client.takeEvent()) {
      // As the pump does: a broken stream ends the connection.
      if (event.type === 'broken') this.client.detach(event.error, this.now)
    }
  }

  #send(packet: Uint8Array, to: Piece['to'], pacing: number): void {
    const { lose = 0, double = 0, damage = 0, delayMs = 0, segmentBytes = packet.length } = this.weather
    const stream = this.framing === 'tcp'
    for (let at = 0; at < packet.length;) {
      const length = stream ? 1 + Math.floor(this.#random() * segmentBytes) : packet.length
      let bytes = packet.subarray(at, segmentBytes === packet.length ? packet.length : at + length)
      at += bytes.length
      if (!stream && this.#random() < lose) {
        this.mishaps += 1
        continue
      }
      if (this.#random() < damage) bytes = this.#damaged(bytes)
      const copies = !stream && this.#random() < double ? 2 : 1
      this.mishaps += copies - 1
      for (let copy = 0; copy < copies; copy += 1) {
        let arrival = this.now + HOP_MS + pacing + this.#random() * delayMs
        if (stream) arrival = Math.max(arrival, this.#lastAt[to])
        this.#lastAt[to] = arrival
        this.#putOnItsWay({ at: arrival, bytes, to })
      }
    }
  }

  #putOnItsWay(piece: Piece): void {
    let [low, high] = [0, this.#underWay.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      // Of those that arrive at the same time the one that was sent first is nearer to the end.
      if ((this.#underWay[middle]?.at ?? 0) > piece.at) low = middle + 1
      else high = middle
    }
    this.#underWay.splice(low, 0, piece)
  }

  #damaged(bytes: Uint8Array): Uint8Array {
    this.mishaps += 1
    const changed = bytes.slice()
    const place = Math.floor(this.#random() * changed.length)
    changed[place] = (changed[place] ?? 0) ^ (1 + Math.floor(this.#random() * 255))
    return changed
  }
}
