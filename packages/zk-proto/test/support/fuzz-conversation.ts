// A client in conversation with a terminal whose packets are spoilt from a seed, step by step, so that what was found once
// can be written down and played again: the pieces that the client heard, and when it waited in vain.
import { fromHex, putU32, toHex } from '../../src/bytes.ts'
import { ALL_EVENTS } from '../../src/commands/live.ts'
import { ZkError } from '../../src/errors.ts'
import { WRAPPER_BYTES } from '../../src/framing.ts'
import type { Framing } from '../../src/framing.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { listen, LiveRegistrations } from '../../src/procedures/live-events.ts'
import { readAttendance } from '../../src/procedures/read-attendance.ts'
import { readIdentity } from '../../src/procedures/read-info.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import { readOneTemplate } from '../../src/procedures/read-templates.ts'
import { ClientSession } from '../../src/session/client-session.ts'
import type { Run } from '../../src/session/client-session.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import { seededRandom } from './cuts.ts'
import { log40, people72 } from './logs.ts'
import { mutated } from './mutations.ts'
import { ScriptedTerminal } from './scripted-terminal.ts'
import type { Script } from './scripted-terminal.ts'

const MOST_STEPS = 20_000
const MOST_MS = 3_600_000
const COMM_KEY = 7
const HEARTBEAT_MS = 30_000
const LONGEST_RUN_MS = 600_000

/** Two tables that need a bulk read, an option, a key. */
export const FUZZED: Script = {
  attendance: log40(32),
  people: people72(16),
  capacity: { records: 32, people: 16, recordCapacity: 1000, personCapacity: 100 },
  options: { '~SerialNumber': 'A1', '~Platform': 'ZLM60_TFT' },
  packetBytes: 256,
  commKey: COMM_KEY,
}

/** What conversations came to. */
export interface Tally {
  /** Spoilt packets that were handed in. */
  packets: number
  runs: number
  /** Runs that ended well, in spite of it all. */
  well: number
  /** Live events that were believed. */
  events: number
  readonly refusals: Map<string, number>
}

export function emptyTally(): Tally {
  return { packets: 0, runs: 0, well: 0, events: 0, refusals: new Map() }
}

/** A conversation written down: what the client heard, as hex; an empty one stands for waiting in vain. */
export interface WrittenDown {
  readonly framing: Framing
  readonly heard: readonly string[]
}

/** A client that asks for all there is, moved by hand. Throws what is no result and no error of the library. */
export class FuzzedClient {
  readonly session: ClientSession
  readonly framing: Framing
  readonly #tally: Tally
  readonly #heard: (Uint8Array | undefined)[] = []
  readonly #resumes: Run[] = []
  readonly #listener: Procedure<never, unknown>
  readonly #listening: Run
  readonly #open = new Set<Procedure<unknown, unknown>>()
  #now = 0
  #steps = 0

  constructor(framing: Framing, tally: Tally) {
    this.framing = framing
    this.#tally = tally
    this.session = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
    const sliceBytes = SLICE_BYTES[framing]
    this.#run(handshake(COMM_KEY))
    this.#listener = listen({
      registrations: new LiveRegistrations(),
      mask: ALL_EVENTS,
      heartbeatMs: HEARTBEAT_MS,
    })
    this.#listening = this.#run(this.#listener)
    this.#run(readAttendance({ from: undefined, onProgress: undefined, sliceBytes }))
    this.#run(readPeople({ nameEncoding: 'auto', onProgress: undefined, sliceBytes }))
    this.#run(readOneTemplate(1, 0))
    this.#run(readIdentity())
    this.#settle()
  }

  /** Whether everything is over, or only the listening goes on. */
  get done(): boolean {
    return this.#open.size === 0 || (this.#open.size === 1 && this.#open.has(this.#listener))
  }

  hear(bytes: Uint8Array): void {
    this.#now += 1
    this.#heard.push(bytes)
    this.session.receive(bytes, this.#now)
    this.#settle()
  }

  /** Nothing comes until the client wants to be woken. */
  wait(): void {
    const { wakeAt } = this.session
    if (wakeAt === undefined) throw new Error('it hangs: nobody waits for anything')
    this.#now = Math.max(this.#now, wakeAt)
    this.#heard.push(undefined)
    this.session.tick(this.#now)
    this.#settle()
  }

  /** Ends the listening, and waits for whatever is still open. */
  end(): void {
    while (!this.done) this.#waitInVain()
    this.#listening.cancel(undefined, this.#now)
    while (this.#open.size > 0) this.#waitInVain()
  }

  /** What it has heard so far. */
  writeDown(): WrittenDown {
    return {
      framing: this.framing,
      heard: this.#heard.map((bytes) => (bytes === undefined ? '' : toHex(bytes))),
    }
  }

  #waitInVain(): void {
    while (this.session.takeOutgoing() !== undefined);
    this.wait()
  }

  #run(procedure: Procedure<unknown, unknown>): Run {
    this.#open.add(procedure)
    const listening = procedure === this.#listener
    const run: Run = this.session.run(
      procedure,
      {
        deadline: listening ? Number.POSITIVE_INFINITY : LONGEST_RUN_MS,
        usesBuffer: !listening,
        offered: () => {
          if (listening) this.#tally.events += 1
          this.#resumes.push(run)
        },
        settled: (outcome) => {
          this.#open.delete(procedure)
          this.#tally.runs += 1
          if (outcome.ok) this.#tally.well += 1
          else if (outcome.error instanceof ZkError) {
            const { code } = outcome.error
            this.#tally.refusals.set(code, (this.#tally.refusals.get(code) ?? 0) + 1)
          } else throw outcome.error
        },
      },
      this.#now,
    )
    return run
  }

  #settle(): void {
    this.#steps += 1
    if (this.#steps > MOST_STEPS || this.#now > MOST_MS) {
      throw new Error(`it hangs: ${this.#steps} steps, ${this.#now} ms`)
    }
    for (let event = this.session.takeEvent(); event !== undefined; event = this.session.takeEvent()) {
      if (event.type === 'broken') this.session.detach(event.error, this.#now)
    }
    for (const run of this.#resumes.splice(0)) run.resume(this.#now)
  }
}

const WRAPPER = fromHex('5050827d')

/** Lengths that live events have, and one that none has. */
const EVENT_BYTES = [0, 1, 4, 5, 10, 12, 14, 32, 36, 52, 99] as const
const EVENT_CODES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 0x8000] as const

/** One conversation with a terminal at which things happen: before some of its packets, or in their stead, come spoilt ones. */
export function converse(framing: Framing, seed: number, tally: Tally): WrittenDown {
  const random = seededRandom(seed)
  const among = <T>(list: readonly T[], otherwise: T): T =>
    list[Math.floor(random() * list.length)] ?? otherwise
  const terminal = new ScriptedTerminal({ ...FUZZED, commKey: random() < 0.5 ? 0 : COMM_KEY }, framing)
  const { session } = terminal
  const client = new FuzzedClient(framing, tally)
  const share = among([0.03, 0.1, 0.33], 0.33)
  // A stream that is out of step is soon over: most keep theirs, so that what lies behind the framing is reached.
  const inStep = framing === 'tcp' && random() < 0.8
  const spoilt = (packet: Uint8Array): Uint8Array =>
    inStep ? wrapped(mutated(packet.slice(WRAPPER_BYTES), 'udp', random)) : mutated(packet, framing, random)
  try {
    while (!client.done) {
      let moved = false
      for (let out = client.session.takeOutgoing(); out !== undefined; out = client.session.takeOutgoing()) {
        session.receive(out, 0)
        terminal.work()
        moved = true
        if (random() < 0.1) session.sendEvent(among(EVENT_CODES, 1), new Uint8Array(among(EVENT_BYTES, 12)))
      }
      for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
        moved = true
        if (random() < share) {
          for (let copies = 1 + Math.floor(random() * 4); copies > 0; copies -= 1) {
            tally.packets += 1
            client.hear(spoilt(out))
          }
          if (random() < 0.5) continue
        }
        client.hear(out)
      }
      if (!moved && !client.done) client.wait()
    }
    const heard = client.writeDown()
    client.end()
    return heard
  } catch (error) {
    const found = JSON.stringify(client.writeDown())
    throw new Error(`found with seed ${seed}; once mended, add to fuzz-finds.json: ${found}`, {
      cause: error,
    })
  }
}

/** A packet, whatever it is, in the prefix that says how long it is. */
function wrapped(packet: Uint8Array): Uint8Array {
  const framed = new Uint8Array(WRAPPER_BYTES + packet.length)
  framed.set(WRAPPER)
  putU32(framed, 4, packet.length)
  framed.set(packet, WRAPPER_BYTES)
  return framed
}

/** A conversation that was written down, played again to its end. */
export function playAgain({ framing, heard }: WrittenDown, tally: Tally): void {
  const client = new FuzzedClient(framing, tally)
  for (const hex of heard) {
    while (client.session.takeOutgoing() !== undefined);
    if (hex !== '') client.hear(fromHex(hex))
    else if (client.session.wakeAt !== undefined) client.wait()
  }
  client.end()
}
