// The terminal as a whole: a memory behind a port, switched on and off, with a hand in front of it and a script of
// faults. startTerminal() is what tests, demos and the command line call.
/// <reference lib="esnext.disposable" preserve="true" />
import { setTimeout as sleep } from 'node:timers/promises'
import type { Conversation } from './conversation.ts'
import type { Pace } from './delivery.ts'
import { Faults, type FaultSource } from './faults/faults.ts'
import type { Link } from './link.ts'
import { Listener, ListenError } from './listener.ts'
import { madeUpMemory, type MadeUpOptions } from './made-up-data.ts'
import type { TerminalMemory } from './memory.ts'
import { Hand } from './remote-hand.ts'
import { createDispatch } from './responders/dispatch.ts'
import type { EnrolmentScript } from './sensor.ts'
import { TerminalStats, type SessionEnd } from './stats.ts'
import type { WireWatch } from './wire-watch.ts'

/** How a terminal is started. What describes its memory is left out when a memory is given. */
export interface TerminalOptions extends MadeUpOptions {
  /** A memory to serve: recorded, made before, or that of a terminal that was stopped. */
  memory?: TerminalMemory
  /** Default: 127.0.0.1. */
  host?: string
  /** Default: 0, any free port. */
  port?: number
  /** Default: those of the profile. */
  transports?: readonly ('tcp' | 'udp')[]
  /** Pause after each packet in milliseconds, as hardware has it. Default: 0. */
  paceMs?: number
  /** TCP writes hold at most this many bytes. Default: packets are written whole. */
  segmentBytes?: number
  /** TCP packets that are ready together leave in one write. Default: false. */
  coalesce?: boolean
  /** The first session id, 1 to 65535; each further one is the next. Default: the second of the day, as recorded. */
  firstSessionId?: number
  /** What the person does whom the terminal asks for a finger. Default: presses it well. */
  enrolment?: EnrolmentScript
  /** What goes wrong: a script, or its text. Default: nothing. */
  faults?: FaultSource
  /** Reads along on the wire. Default: nobody does. */
  watch?: WireWatch
}

/** A running terminal. */
export interface SimulatedTerminal extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly memory: TerminalMemory
  readonly stats: TerminalStats
  readonly hand: Hand
  readonly faults: Faults
  /** Whether its port is open. */
  readonly isOn: boolean
  /** As CMD_RESTART does it: gone for the model's time, then there again. Settles when it is. */
  restart(): Promise<void>
  /** Ends it for good; its memory can be served again. */
  stop(): Promise<void>
}

/** Options that describe a memory, and so cannot stand beside one. */
const MEMORY_OPTIONS = [
  'profile',
  'serialNumber',
  'seed',
  'zone',
  'driftSeconds',
  'now',
  'people',
  'punches',
  'fingers',
  'until',
] as const
const REOPEN_AFTER_MS = 50
/** Timers count no further. */
const LONGEST_PACE_MS = 0x7fff_ffff
const HIGHEST_SESSION_ID = 0xffff
const DAY_MS = 86_400_000

/**
 * Starts a terminal. Without a memory it is filled with made-up people and punches (50 and 1,000 unless said).
 * @throws ListenError when the port cannot be had, RangeError for an option out of range, TypeError when a memory is
 * given together with options that describe one, FaultScriptError for a
 * script of faults that is none.
 */
export async function startTerminal(options: TerminalOptions = {}): Promise<SimulatedTerminal> {
  const memory = memoryOf(options)
  const terminal = new RunningTerminal(memory, options)
  await terminal.switchOn(options.port ?? 0)
  return terminal
}

function memoryOf(options: TerminalOptions): TerminalMemory {
  const { memory, commKey } = options
  if (memory === undefined) return madeUpMemory(options)
  const doubled = MEMORY_OPTIONS.filter((name) => options[name] !== undefined)
  if (doubled.length > 0)
    throw new TypeError(`a memory was given, and with it ${doubled.join(', ')}, which it has already`)
  if (commKey !== undefined) memory.commKey = commKey
  return memory
}

class RunningTerminal implements SimulatedTerminal {
  readonly host: string
  readonly memory: TerminalMemory
  readonly stats = new TerminalStats()
  readonly faults: Faults
  readonly hand: Hand
  readonly #listener: Listener
  readonly #stopped = new AbortController()
  #port = 0
  #isOn = false
  #switchingOff = false
  #failure: Error | undefined
  #lastSessionId: number
  /** Switching on and off happens one after the other. */
  #switching: Promise<void> = Promise.resolve()

  constructor(memory: TerminalMemory, options: TerminalOptions) {
    const { host = '127.0.0.1', transports = memory.profile.transports } = options
    if (transports.length === 0) throw new RangeError('expected transports: tcp, udp or both')
    this.host = host
    this.memory = memory
    this.faults = new Faults(options.faults)
    if (options.enrolment !== undefined) memory.sensor.script = options.enrolment
    this.#lastSessionId = firstSessionId(options, memory) - 1
    this.hand = new Hand(memory, {
      isOn: () => this.#isOn,
      pullPlug: () => this.#inTurn(() => this.#switchOff('restart', false)),
      plugIn: () => this.#inTurn(() => this.switchOn(this.#port)),
    })
    const dispatch = createDispatch({
      nextSessionId: () => this.#nextSessionId(),
      goodbye: (link) => this.#conversationOf(link)?.endSession('exit'),
      gone: () => this.#offIfLeft(),
    })
    const surroundings = {
      memory,
      stats: this.stats,
      faults: this.faults,
      power: { restart: () => this.#restartByItself(), powerOff: () => this.#powerOff() },
      passerBy: () => void this.hand.present(this.memory.people.list()[0]?.pin ?? ''),
    }
    this.#listener = new Listener(
      { host, transports, pace: paceOf(options), clientGone: () => this.#offIfLeft(), watch: options.watch },
      surroundings,
      dispatch,
    )
  }

  get port(): number {
    return this.#port
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** Opens the port, unless it is open or the terminal has been stopped. */
  async switchOn(port: number): Promise<void> {
    if (this.#isOn || this.#stopped.signal.aborted) return
    this.#switchingOff = false
    this.#port = await this.#listener.open(port)
    for (const name of ['TCPPort', 'UDPPort']) this.memory.options.set(name, String(this.#port))
    this.#isOn = true
    this.memory.audience = (happenings) => this.#listener.announce(happenings)
    this.memory.operations.write('powerOn')
  }

  restart(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isOn) return
      await this.#switchOff('restart')
      await this.#wait(this.memory.profile.restart.downMs)
      await this.#reopen()
    })
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#inTurn(() => this.#switchOff('stopped'))
    if (this.#failure !== undefined) throw this.#failure
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** `orderly`: it goes down by itself and writes that; a pulled plug leaves no time to. */
  async #switchOff(by: SessionEnd, orderly = true): Promise<void> {
    if (this.#isOn && orderly) this.memory.operations.write('powerOff')
    this.#isOn = false
    await this.#listener.close(by)
    this.memory.restart()
  }

  /** Opens the same port again; while somebody else has it, again and again. */
  async #reopen(): Promise<void> {
    while (!this.#isOn && !this.#stopped.signal.aborted) {
      try {
        await this.switchOn(this.#port)
      } catch (error) {
        if (!(error instanceof ListenError) || error.code !== 'EADDRINUSE') throw error
        await this.#wait(REOPEN_AFTER_MS)
      }
    }
  }

  /** Waits, but not beyond the end of the terminal. */
  async #wait(ms: number): Promise<void> {
    const { signal } = this.#stopped
    try {
      await sleep(ms, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Nobody waits for a restart that a client asked for: what keeps the terminal from coming back, stop() tells. */
  #restartByItself(): void {
    this.restart().catch((error: unknown) => {
      this.#failure = asError(error)
    })
  }

  #powerOff(): void {
    this.#switchingOff = true
    this.#listener.closedToNewClients = true
    this.#offIfLeft()
  }

  /** A terminal that was told to power off goes when its last client has gone. */
  #offIfLeft(): void {
    if (!this.#switchingOff || this.#listener.conversations.some(({ isOver }) => !isOver)) return
    this.#switchingOff = false
    this.#inTurn(() => this.#switchOff('restart')).catch((error: unknown) => {
      this.#failure = asError(error)
    })
  }

  #conversationOf(link: Link): Conversation | undefined {
    return this.#listener.conversations.find((conversation) => conversation.link === link)
  }

  #nextSessionId(): number {
    const taken = new Set(this.#listener.conversations.map(({ link }) => link.sessionId))
    do this.#lastSessionId = (this.#lastSessionId % HIGHEST_SESSION_ID) + 1
    while (taken.has(this.#lastSessionId))
    return this.#lastSessionId
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#switching.then(work)
    // Whoever asked is told of a failure through `done`; the next in turn only waits for its end.
    this.#switching = done.catch(() => undefined)
    return done
  }
}

/** Where session ids begin: at the second of the day, as recorded ones look, unless it is said. */
function firstSessionId({ firstSessionId: chosen }: TerminalOptions, { clock }: TerminalMemory): number {
  if (chosen === undefined) return (Math.floor((clock.nowMs() % DAY_MS) / 1000) % HIGHEST_SESSION_ID) + 1
  if (!Number.isInteger(chosen) || chosen < 1 || chosen > HIGHEST_SESSION_ID) {
    throw new RangeError(`expected firstSessionId from 1 to ${HIGHEST_SESSION_ID}, got ${chosen}`)
  }
  return chosen
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function paceOf({ paceMs = 0, segmentBytes, coalesce = false }: TerminalOptions): Pace {
  if (!(paceMs >= 0 && paceMs <= LONGEST_PACE_MS))
    throw new RangeError(`expected paceMs from 0 to ${LONGEST_PACE_MS}, got ${paceMs}`)
  if (segmentBytes !== undefined && !(Number.isInteger(segmentBytes) && segmentBytes >= 1)) {
    throw new RangeError(`expected segmentBytes of 1 or more, got ${segmentBytes}`)
  }
  return { paceMs, segmentBytes, coalesce }
}
