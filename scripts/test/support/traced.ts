// A capture read as `zk-trace` reads it, and what a real client and a simulated terminal say to each other to make one from.
import { connect, type ConnectOptions, type Terminal } from '@org/zk-proto'
import { startTerminal, type TerminalOptions } from '@org/zk-sim'
import type { Entry, PacketEntry, RecordEntry, TableEntry } from '../../trace/entry.ts'
import { TextLines } from '../../trace/lines.ts'
import { readTrace, type ReadOutcome } from '../../trace/read-trace.ts'
import type { Spoken } from './capture-files.ts'

export interface Traced {
  readonly entries: readonly Entry[]
  readonly outcome: ReadOutcome
}

/** Reads a capture, in chunks of any size. */
export async function traced(
  capture: Uint8Array | string,
  options: { readonly port?: number; readonly chunkBytes?: number } = {},
): Promise<Traced> {
  const bytes = Buffer.from(capture)
  const { port = 4370, chunkBytes = 65_536 } = options
  const reading = readTrace(chunks(bytes, chunkBytes), {
    port,
    nameEncoding: 'auto',
    mostRecords: Number.POSITIVE_INFINITY,
  })
  const entries: Entry[] = []
  for (;;) {
    const step = await reading.next()
    if (step.done === true) return { entries, outcome: step.value }
    entries.push(step.value)
  }
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Its lines of text. */
export function textOf({ entries }: Pick<Traced, 'entries'>): string[] {
  const text = new TextLines({ bytes: false, numbered: false })
  return [...entries.flatMap((entry) => [...text.of(entry)]), ...text.rest()]
}

export const packetsOf = ({ entries }: Pick<Traced, 'entries'>): PacketEntry[] =>
  entries.filter((entry) => entry.type === 'packet')
export const tablesOf = ({ entries }: Pick<Traced, 'entries'>): TableEntry[] =>
  entries.filter((entry) => entry.type === 'table')
export const recordsOf = ({ entries }: Pick<Traced, 'entries'>, table: string): RecordEntry[] =>
  entries.filter((entry) => entry.type === 'record').filter((entry) => entry.table === table)
export const remarksOf = ({ entries }: Pick<Traced, 'entries'>): string[] =>
  entries.filter((entry) => entry.type === 'remark').map(({ text }) => text)

/** What a fact of an entry says. */
export function factOf(entry: PacketEntry | RecordEntry | undefined, name: string): unknown {
  return entry?.facts.find((fact) => fact.name === name)?.value
}

/** What goes over the wire while a client uses a simulated terminal. */
export async function recorded(
  use: (terminal: Terminal) => Promise<unknown>,
  terminalOptions: TerminalOptions = {},
  connectOptions: Partial<ConnectOptions> = {},
): Promise<Spoken[]> {
  await using simulated = await startTerminal({ people: 8, punches: 300, seed: 5, ...terminalOptions })
  const spoken: Spoken[] = []
  const keep =
    (direction: '>' | '<') =>
    (bytes: Uint8Array): void => {
      spoken.push({ direction, bytes: bytes.slice() })
    }
  const terminal = await connect({
    host: simulated.host,
    port: simulated.port,
    transport: 'tcp',
    ...connectOptions,
    tap: { sent: keep('>'), received: keep('<'), closed: () => undefined },
  })
  try {
    await use(terminal)
  } finally {
    await terminal.close()
  }
  return spoken
}

/** Reads the whole log. How many punches it holds. */
export async function readLog(terminal: Terminal): Promise<number> {
  let count = 0
  for await (const { punches } of terminal.readAttendance()) count += punches.length
  return count
}
