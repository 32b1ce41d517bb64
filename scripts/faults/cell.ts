// One cell of the table: our client against one model and one fault, step by step, each on a connection of its own. Judged
// is what came of the step, and how the terminal and the connection were left.
import { ZkError } from '@org/zk-proto'
import {
  faultDeclared,
  type FaultName,
  madeUpMemory,
  parseFaults,
  startTerminal,
  type SimulatedTerminal,
} from '@org/zk-sim'
import type { Client, Connect } from './client.ts'
import type { Column } from './column.ts'
import { type Scene, type Step, until, Wrong } from './scene.ts'
import { STEPS } from './steps.ts'

/** What came of one step. */
export interface StepOutcome {
  readonly step: string
  /** `right`, the code of the error it ended with, or `wrong`. */
  readonly result: string
  readonly isGood: boolean
  /** Why it is not good. */
  readonly complaint?: string
}

/** What came of one cell. */
export interface CellOutcome {
  readonly column: string
  readonly expression: string
  readonly steps: readonly StepOutcome[]
  readonly isGood: boolean
  /** The faults that struck in any of its steps. */
  readonly struck: readonly FaultName[]
}

/** Silence is noticed early, so that the table is done soon; more patience follows where that was too early. */
const TIMEOUTS = { connectMs: 1_500, replyMs: 250, prepareMs: 250, transferIdleMs: 250 }
/** A time-out where no fault struck is the machine's slowness: the step is done again with so much more patience. */
const PATIENCE = [1, 6, 30] as const
/** No step may last longer, however patient and on however slow a machine: what lasts longer hangs. */
const BOUND_MS = 300_000
const PEOPLE = 16
const PUNCHES = 200
/** A session is over so soon after its connection; over UDP its goodbye may have been lost. */
const PARTING_MS = 5_000
const LOST_PARTING_MS = 50
/** The code that ends a connection attempt at a model that serves no clients. */
const REFUSES_CLIENTS = 'ZK_CLIENTS_REFUSED'

/** Runs the steps of a cell, all unless said. */
export async function runCell(
  column: Column,
  expression: string,
  connect: Connect,
  wanted: readonly Step[] = STEPS,
): Promise<CellOutcome> {
  const { profile, transport } = column
  const memory = madeUpMemory({ profile, people: PEOPLE, punches: PUNCHES, seed: 11 })
  const terminal = await startTerminal({ memory, transports: [transport] })
  const cell = new Cell(column, expression, connect, terminal)
  const steps: StepOutcome[] = []
  try {
    for (const step of wanted) steps.push(await cell.run(step))
  } finally {
    await terminal.stop()
  }
  const left = cell.leftBehind()
  if (left !== undefined) steps.push({ step: 'end', result: 'wrong', isGood: false, complaint: left })
  return {
    column: column.name,
    expression,
    steps,
    isGood: steps.every(({ isGood }) => isGood),
    struck: [...cell.struck],
  }
}

class Cell {
  readonly #column: Column
  readonly #expression: string
  readonly #connect: Connect
  readonly #terminal: SimulatedTerminal
  readonly #mustBeRight: boolean
  /** What struck in any step so far. */
  readonly struck = new Set<FaultName>()
  #runs = 0

  constructor(column: Column, expression: string, connect: Connect, terminal: SimulatedTerminal) {
    this.#column = column
    this.#expression = expression
    this.#connect = connect
    this.#terminal = terminal
    const faults = [...parseFaults(expression).faults.keys()]
    this.#mustBeRight = faults.every((name) => faultDeclared(name).harmless)
  }

  /** Runs a step, again where the machine was too slow for it. */
  async run(step: Step): Promise<StepOutcome> {
    let outcome: StepOutcome = { step: step.name, result: 'wrong', isGood: false }
    for (const patience of PATIENCE) {
      const began = performance.now()
      outcome = await this.#attempt(step, patience)
      const tookMs = performance.now() - began
      if (tookMs > BOUND_MS) {
        return { ...outcome, isGood: false, complaint: `it took ${Math.round(tookMs)} ms` }
      }
      if (outcome.isGood || !isSilence(outcome)) break
    }
    return outcome
  }

  /** What the sessions left behind: a buffer that was not freed, a terminal that nobody enabled. */
  leftBehind(): string | undefined {
    const { sessions } = this.#terminal.stats
    // A session that the client's goodbye ended, or that it believes to have ended.
    const parted = sessions.filter(
      ({ endedBy }) => endedBy === 'exit' || (endedBy === 'stopped' && !this.struck.has('lose')),
    )
    if (parted.some(({ bufferNotFreed }) => bufferNotFreed)) return 'a buffer was not freed'
    if (parted.some(({ leftDisabled }) => leftDisabled)) return 'the terminal was left disabled'
    return undefined
  }

  async #attempt(step: Step, patience: number): Promise<StepOutcome> {
    const { faults, memory } = this.#terminal
    faults.clear()
    faults.forget()
    await until(() => this.#terminal.isOn)
    const { unlocks } = memory.door
    const openedBefore = unlocks.length
    this.#runs += 1
    let client: Client | undefined
    let error: unknown
    try {
      if (step.connecting === true) faults.set(this.#expression)
      client = await this.#reach(patience)
      await step.act(this.#scene(client, patience))
    } catch (caught) {
      error = caught
    }
    const struck = faults.totals.size > 0
    for (const name of faults.totals.keys()) this.struck.add(name)
    const opened = unlocks.length - openedBefore
    const outcome = this.#outcomeOf(step, error, struck)
    const ofEnd = await this.#complaintOfEnd(client, patience)
    const ofDoor = step.name === 'unlock' ? doorComplaint(error, opened) : undefined
    const complaint = outcome.complaint ?? ofDoor ?? ofEnd
    return complaint === undefined ? outcome : { ...outcome, isGood: false, complaint }
  }

  #reach(patience: number): Promise<Client> {
    const { host, port } = this.#terminal
    const timeouts = Object.fromEntries(Object.entries(TIMEOUTS).map(([name, ms]) => [name, ms * patience]))
    return this.#connect({ host, port, transport: this.#column.transport, timeouts })
  }

  #scene(client: Client, patience: number): Scene {
    const { faults } = this.#terminal
    return {
      terminal: this.#terminal,
      client,
      arm: () => faults.set(this.#expression),
      disarm: () => faults.clear(),
      struck: (...names) => [...faults.totals.keys()].some((name) => names.includes(name)),
      number: this.#runs,
      patience,
    }
  }

  #outcomeOf({ name: step }: Step, error: unknown, struck: boolean): StepOutcome {
    const refuses = this.#column.profile.refusesClients !== undefined
    if (error === undefined) {
      if (!refuses) return { step, result: 'right', isGood: true }
      return { step, result: 'right', isGood: false, complaint: 'it was let in' }
    }
    if (!(error instanceof ZkError)) {
      const { name, message } = asError(error)
      return { step, result: 'wrong', isGood: false, complaint: `${name}: ${message}` }
    }
    const { code, message } = error
    if (refuses && code === REFUSES_CLIENTS) return { step, result: code, isGood: true }
    if (struck && !this.#mustBeRight) return { step, result: code, isGood: true }
    const why = struck ? 'a fault that does no harm' : 'no fault'
    return { step, result: code, isGood: false, complaint: `it ended with an error after ${why}: ${message}` }
  }

  /** How the step left connection and terminal. */
  async #complaintOfEnd(client: Client | undefined, patience: number): Promise<string | undefined> {
    const { faults, memory, stats } = this.#terminal
    const silenced = faults.totals.has('stall')
    faults.clear()
    const unusable = client && (await unusableAs(client, silenced || patience !== PATIENCE.at(-1)))
    await client?.close()
    await until(() => this.#terminal.isOn)
    const partingMs = this.#column.transport === 'udp' ? LOST_PARTING_MS : PARTING_MS
    const parted = await until(() => stats.openSessions === 0, partingMs)
    if (unusable !== undefined) return unusable
    // Over UDP the goodbye may be lost; what such a session left behind is looked at in the end.
    if (!parted && this.#column.transport === 'tcp') return 'the session was not ended'
    if (!memory.isEnabled) return 'the terminal was left disabled'
    const { sensor } = memory
    if (!(await until(() => sensor.enrolling === undefined))) return 'the sensor still waits for a finger'
    return undefined
  }
}

/**
 * Why a connection that was left open cannot be used; undefined when it can, or says clearly that it is lost. Silence, and
 * half a datagram before it, is no fault where the terminal was silenced for good, or the machine may only have been slow.
 */
async function unusableAs(client: Client, maybeSilent: boolean): Promise<string | undefined> {
  if (client.closed) return undefined
  try {
    await client.ping()
    return undefined
  } catch (error) {
    const code = error instanceof ZkError ? error.code : undefined
    const isSilence = code === 'ZK_TIMEOUT' || code === 'ZK_BAD_CHECKSUM'
    const isClear = code === 'ZK_CONNECTION_LOST' || (maybeSilent && isSilence) || client.closed
    return isClear ? undefined : `the connection was left open and unusable: ${asError(error).message}`
  }
}

/** A time-out; an enrolment tells of its own by a refusal. */
function isSilence({ step, result }: StepOutcome): boolean {
  return result === 'ZK_TIMEOUT' || (step === 'enrol' && result === 'ZK_REFUSED')
}

/** The door opens when it was said to, and never twice. */
function doorComplaint(error: unknown, opened: number): string | undefined {
  if (opened > 1) return `the door opened ${opened} times`
  if (error instanceof ZkError && error.effect !== 'unknown' && opened > 0) {
    return `the door opened, and the error says effect ${error.effect}`
  }
  if (error instanceof Wrong || error instanceof ZkError || opened === 1) return undefined
  return 'the door did not open'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('what is no error was thrown', { cause: error })
}
