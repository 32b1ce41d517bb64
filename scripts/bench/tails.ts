// What is new costs what is new: the last hundred of a hundred thousand punches against the whole log, in bytes and, from a
// terminal as slow as hardware, in time. And small reads: what they cost in round trips.
import { connect } from '@org/zk-proto'
import type { AttendanceBookmark, Terminal } from '@org/zk-proto'
import { madeUpMemory, startTerminal } from '@org/zk-sim'
import type { TerminalMemory } from '@org/zk-sim'
import { PEERS, peerReadMs } from './peers.ts'
import { median } from './race.ts'
import { figures } from './report.ts'
import type { Section } from './report.ts'

/** Milliseconds between two packets, as terminals take them. */
const PACE_MS = 1
const NEW_PUNCHES = 100
const FEW_PUNCHES = 20
const HOST = '127.0.0.1'

interface Read {
  readonly ms: number
  readonly bytes: number
  readonly read: number
  readonly bookmark: AttendanceBookmark | undefined
}

/** A log of `punches` read whole, then the last hundred of it, from a simulated terminal with a pause after each packet. */
export async function benchTail(punches: number, rounds: number): Promise<Section> {
  const memory = madeUpMemory({ punches: punches - NEW_PUNCHES, people: 200 })
  const from = await bookmarkOf(memory)
  for (let i = 0; i < NEW_PUNCHES; i += 1) memory.punch({ uid: 1 })
  await using simulated = await startTerminal({ memory, paceMs: PACE_MS, transports: ['tcp'] })
  await using terminal = await connect({ host: HOST, port: simulated.port, transport: 'tcp' })
  const whole = await readFrom(terminal, undefined)
  if (whole.read !== punches) throw new Error(`the whole log gave ${whole.read} of ${punches} punches`)
  const tails: Read[] = []
  for (let round = 0; round < rounds; round += 1) tails.push(await readFrom(terminal, from))
  if (tails.some(({ read }) => read !== NEW_PUNCHES)) throw new Error('a tail was not the new punches')
  const tailMs = median(tails.map(({ ms }) => ms))
  const tailBytes = median(tails.map(({ bytes }) => bytes))
  return {
    title: `The last ${NEW_PUNCHES} of ${punches.toLocaleString('en')} punches, ${PACE_MS} ms a packet`,
    rows: [
      { name: 'whole log', values: { ms: figures(whole.ms), bytes: String(whole.bytes) } },
      { name: 'tail', values: { ms: figures(tailMs), bytes: String(tailBytes) } },
    ],
    claims: [
      {
        name: `bytes of a tail of ${NEW_PUNCHES} against the whole log`,
        measured: (tailBytes / whole.bytes) * 100,
        bound: 2,
        sense: 'at most',
        unit: '%',
      },
      {
        name: `time of a tail of ${NEW_PUNCHES} against the whole log, paced`,
        measured: (tailMs / whole.ms) * 100,
        bound: 10,
        sense: 'at most',
        unit: '%',
      },
    ],
  }
}

/**
 * Small reads from a terminal that answers at once, against the cheapest round trip on the same connection. The clients of
 * others take one segment for one packet; theirs has the pause of hardware between packets.
 */
export async function benchSmallReads(rounds: number): Promise<Section> {
  await using simulated = await startTerminal({ people: 5, punches: FEW_PUNCHES, transports: ['tcp'] })
  await using paced = await startTerminal({ punches: FEW_PUNCHES, paceMs: PACE_MS, transports: ['tcp'] })
  await using terminal = await connect({ host: HOST, port: simulated.port, transport: 'tcp' })
  const pingMs = await medianMs(rounds, () => terminal.ping())
  const reads: readonly (readonly [string, number])[] = [
    [`${FEW_PUNCHES} punches`, await medianMs(rounds, () => readFrom(terminal, undefined))],
    ['5 people', await medianMs(rounds, () => terminal.readPeople())],
    ['identity, counts and clock', await medianMs(rounds, () => terminal.info())],
    [
      'connect and close',
      await medianMs(rounds, async () => {
        const other = await connect({ host: HOST, port: simulated.port, transport: 'tcp' })
        await other.close()
      }),
    ],
  ]
  const peers: (readonly [string, number])[] = []
  for (const peer of PEERS) {
    peers.push([`${FEW_PUNCHES} punches by ${peer}`, await peerReadMs(peer, paced.port, FEW_PUNCHES)])
  }
  return {
    title: 'Small reads, terminal without pauses',
    rows: [
      { name: 'one round trip', values: { ms: figures(pingMs), 'round trips': '1.00' } },
      ...reads.map(([name, ms]) => ({
        name,
        values: { ms: figures(ms), 'round trips': figures(ms / pingMs) },
      })),
      ...peers.map(([name, ms]) => ({ name, values: { ms: figures(ms), 'round trips': '' } })),
    ],
    claims: reads.map(([name, ms]) => ({
      name: `${name}: no fixed wait`,
      measured: ms,
      bound: 50,
      sense: 'at most' as const,
      unit: 'ms',
    })),
  }
}

/** Where a reader stands who has read all that the memory holds. */
async function bookmarkOf(memory: TerminalMemory): Promise<AttendanceBookmark | undefined> {
  await using simulated = await startTerminal({ memory, transports: ['tcp'] })
  await using terminal = await connect({ host: HOST, port: simulated.port, transport: 'tcp' })
  return (await readFrom(terminal, undefined)).bookmark
}

async function readFrom(terminal: Terminal, from: AttendanceBookmark | undefined): Promise<Read> {
  const before = terminal.stats
  const started = performance.now()
  const log = terminal.readAttendance(from === undefined ? {} : { from })
  let read = 0
  for await (const { punches } of log) read += punches.length
  const ms = performance.now() - started
  const { bytesReceived, bytesSent } = terminal.stats
  const bytes = bytesReceived - before.bytesReceived + bytesSent - before.bytesSent
  return { ms, bytes, read, bookmark: log.summary().bookmark }
}

async function medianMs(rounds: number, act: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now()
    await act()
    times.push(performance.now() - started)
  }
  return median(times)
}
