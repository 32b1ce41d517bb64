// One terminal or several hundred in one process: their memories, their ports, one after the other, and their end.
import { parseFaults } from '../faults/parse-faults.ts'
import { madeUpMemory } from '../made-up-data.ts'
import type { TerminalMemory } from '../memory.ts'
import { recordedMemory } from '../recorded-input.ts'
import { startTerminal, type SimulatedTerminal } from '../simulated-terminal.ts'
import type { WireWatch } from '../wire-watch.ts'
import { loadMemories } from './files.ts'
import type { MemorySource, Settings } from './settings.ts'

/** What the terminals have beside their settings. */
export interface FleetOptions {
  /** The text of the script of faults. */
  readonly faults: string | undefined
  /** Who reads along on the wire of a terminal. */
  readonly watchOf: (memory: TerminalMemory) => WireWatch | undefined
  /** Ends the start half-way. */
  readonly signal: AbortSignal
}

/** Running terminals. */
export class Fleet implements AsyncDisposable {
  readonly terminals: readonly SimulatedTerminal[]

  private constructor(terminals: readonly SimulatedTerminal[]) {
    this.terminals = terminals
  }

  /**
   * Starts all of them, or none.
   * @throws OptionError for what a file holds, FaultScriptError for a script that is none, ListenError when a port cannot be
   * had.
   */
  static async start(settings: Settings, options: FleetOptions): Promise<Fleet> {
    const faults = options.faults === undefined ? undefined : parseFaults(options.faults)
    const { host, port, paceMs, commKey } = settings
    const terminals: SimulatedTerminal[] = []
    try {
      for await (const memory of memoriesOf(settings.memories)) {
        if (options.signal.aborted) break
        if (commKey !== undefined) memory.commKey = commKey
        const watch = options.watchOf(memory)
        const terminal = await startTerminal({
          memory,
          host,
          port: port === 0 ? 0 : port + terminals.length,
          paceMs,
          ...(faults !== undefined && { faults }),
          ...(watch !== undefined && { watch }),
        })
        terminals.push(terminal)
      }
    } catch (error) {
      await stopAll(terminals)
      throw error
    }
    return new Fleet(terminals)
  }

  get memories(): TerminalMemory[] {
    return this.terminals.map(({ memory }) => memory)
  }

  /** Ends all of them; their memories stay. */
  stop(): Promise<void> {
    return stopAll(this.terminals)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** The memories one by one: five hundred are made while the first ones run already. */
async function* memoriesOf(source: MemorySource): AsyncGenerator<TerminalMemory> {
  if (source.kind === 'file') {
    yield* await loadMemories(source.file, source.capacity)
    return
  }
  const { count, seed, serial, punches, zone, driftSeconds } = source
  for (let index = 0; index < count; index += 1) {
    const own = {
      seed: seed + index,
      punches,
      zone,
      driftSeconds,
      ...(serial !== undefined && { serialNumber: count === 1 ? serial : `${serial}-${index + 1}` }),
    }
    yield source.kind === 'recorded'
      ? recordedMemory(own)
      : madeUpMemory({ ...own, profile: source.profile, people: source.people })
  }
}

async function stopAll(terminals: readonly SimulatedTerminal[]): Promise<void> {
  const ends = await Promise.allSettled(terminals.map((terminal) => terminal.stop()))
  const failures = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []))
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} terminals did not end as they should`)
}
