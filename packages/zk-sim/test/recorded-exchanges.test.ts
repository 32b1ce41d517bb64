// Recorded conversations replayed: what the client sent goes to our terminal byte for byte, and what it answers is
// compared with what was recorded, as far as the recording determines it.
import { readFileSync } from 'node:fs'
import {
  BULK_TABLES,
  bulkRequest,
  CODES,
  decodePacket,
  fromHex,
  person72,
  readChunk,
  REPLIES,
  StreamReassembler,
  TABLE_HEAD_BYTES,
  WRAPPER_BYTES,
  type Packet,
} from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { TerminalMemory, type MemoryOptions } from '../src/memory.ts'
import { profileNamed, type Profile } from '../src/profile.ts'
import { recordedAttendance, recordedPeople } from '../src/recorded-input.ts'
import { startTerminal } from '../src/simulated-terminal.ts'
import { RawClient, type Received } from './support/raw-client.ts'

interface Step {
  readonly dir: 'c2t' | 't2c'
  readonly hex: string
}
interface Exchange {
  readonly name: string
  readonly transport: 'tcp' | 'udp'
  /** Both sides, packet by packet; or */
  readonly steps?: readonly Step[]
  /** the terminal's side alone, as its bytes arrived, and the data that travelled in it. */
  readonly segments?: readonly string[]
  readonly data?: string
}
type Conversation = Exchange & { readonly steps: readonly Step[] }
type Answer = Exchange & { readonly segments: readonly string[]; readonly data: string }

const { exchanges } = JSON.parse(
  readFileSync(new URL('../../zk-proto/test/vectors/exchanges.json', import.meta.url), 'utf8'),
) as { exchanges: Exchange[] }
const replayed = new Set<Exchange>()

/** A recording, which counts as replayed: it is asked for by the test that does. */
function exchange(name: string, transport: 'tcp' | 'udp' = 'tcp'): Exchange {
  const found = exchanges.find((one) => one.name.startsWith(name) && one.transport === transport)
  if (found === undefined) throw new Error(`no exchange ${name}`)
  replayed.add(found)
  return found
}

function conversation(name: string, transport: 'tcp' | 'udp' = 'tcp'): Conversation {
  const { steps, ...found } = exchange(name, transport)
  if (steps === undefined) throw new Error(`${name} has no steps`)
  return { ...found, steps }
}

function answer(name: string): Answer {
  const { segments, data, ...found } = exchange(name)
  if (segments === undefined || data === undefined) throw new Error(`${name} has no segments`)
  return { ...found, segments, data }
}

function bare({ transport }: Exchange, { hex }: Step): Uint8Array {
  return fromHex(hex).subarray(transport === 'tcp' ? WRAPPER_BYTES : 0)
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Replayed {
  readonly expected: readonly { packet: Packet; hex: string }[]
  readonly received: readonly (Received & { hex: string })[]
}

/** Sends the client's packets and collects as many answers as were recorded before the next of them. */
async function replay(
  recorded: Conversation,
  options: Parameters<typeof startTerminal>[0],
  connectFirst: boolean,
): Promise<Replayed> {
  await using terminal = await startTerminal({ transports: [recorded.transport], ...options })
  await using client = await RawClient[recorded.transport](terminal.port)
  if (connectFirst) await client.ask({ command: CODES.CONNECT })
  const begin = client.received.length
  let wanted = begin
  for (const step of recorded.steps) {
    if (step.dir === 't2c') wanted += 1
    else {
      if (wanted > begin) await client.nth(wanted - 1)
      client.sendBytes(fromHex(step.hex))
    }
  }
  await client.nth(wanted - 1)
  const expected = recorded.steps
    .filter(({ dir }) => dir === 't2c')
    .map((step) => bare(recorded, step))
    .map((bytes) => ({ packet: decodePacket(bytes), hex: hexOf(bytes) }))
  return {
    expected,
    received: client.received.slice(begin, wanted).map((packet) => ({ ...packet, hex: hexOf(packet.bytes) })),
  }
}

/** The memory of the terminal that the recordings with attendance were made with. */
function recordedTerminal(
  records: number,
  profile: Partial<Profile>,
  options: MemoryOptions = {},
): TerminalMemory {
  const typical = profileNamed('typical')
  const capacity = { people: 1_000, fingerprints: 3_000, records: 100_000, faces: 0 }
  const memory = new TerminalMemory({ ...options, profile: { ...typical, capacity, ...profile } })
  for (const raw of recordedPeople()[0]?.records ?? []) memory.people.store(raw)
  for (const raw of (recordedAttendance()[0]?.records ?? []).slice(0, records)) memory.log.append(raw)
  return memory
}

describe('the recorded beginning and end of a session', () => {
  it.each([
    ['tcp', conversation('connect and exit', 'tcp')],
    ['udp', conversation('connect and exit', 'udp')],
  ] as const)('over %s comes back byte for byte', async (_, recorded) => {
    const { expected, received } = await replay(recorded, { firstSessionId: 0xfb2f }, false)
    expect(received.map(({ hex }) => hex)).toEqual(expected.map(({ hex }) => hex))
  })

  it.each([
    ['wrong key', conversation('wrong key')],
    ['right key', conversation('right key')],
  ] as const)('with a %s comes back byte for byte', async (_, recorded) => {
    const options = { firstSessionId: 0x45cf, commKey: 45 }
    const { expected, received } = await replay(recorded, options, false)
    expect(received.map(({ hex }) => hex)).toEqual(expected.map(({ hex }) => hex))
  })
})

describe('a recorded read of people and attendance', () => {
  const SESSION = 15_452

  it.each([
    ['60 x 40 over TCP', 60, 1_008, conversation('attendance 60 x 40')],
    ['1700 x 40 over TCP', 1_700, 65_536, conversation('attendance 1700 x 40')],
    ['450 x 40 over UDP', 450, 1_024, conversation('attendance 450 x 40', 'udp')],
  ] as const)('(%s) comes back byte for byte', async (_, records, maxPacketBytes, recorded) => {
    const memory = recordedTerminal(records, { maxPacketBytes })
    const { expected, received } = await replay(recorded, { memory, firstSessionId: SESSION }, true)
    expect(received).toHaveLength(expected.length)
    // The recording terminal left fingerprints, passwords and what is free at zero; the counts are determined.
    const [sizes, sizesAgain] = received.map(({ payload }) => Buffer.from(payload))
    for (const free of [sizes, sizesAgain]) {
      expect(free).toHaveLength(92)
      expect([free?.readUInt32LE(16), free?.readUInt32LE(32)]).toEqual([50, records])
      expect([56, 60, 64].map((at) => free?.readUInt32LE(at))).toEqual([3_000, 1_000, 100_000])
    }
    expect(received.slice(2).map(({ hex }) => hex)).toEqual(expected.slice(2).map(({ hex }) => hex))
  })
})

describe('the recorded direct read of a K40', () => {
  const recorded = conversation('direct attendance read')

  it('comes back packet for packet; what is in them was leftover memory then and is now', async () => {
    const memory = recordedTerminal(3, {
      directReads: 'leftover-memory',
      closingAck: 'byte-total',
      inlineLimitBytes: 0,
    })
    const { expected, received } = await replay(recorded, { memory, firstSessionId: 0x6ba0 }, false)
    const shape = ({ command, session, replyId, payload }: Packet): number[] => [
      command,
      session,
      replyId,
      payload.length,
    ]
    expect(received.map(shape)).toEqual(expected.map(({ packet }) => shape(packet)))
    const data = received.find(({ command }) => command === REPLIES.DATA)
    expect(Buffer.from(data?.payload ?? []).readUInt32LE(0)).toBe(120)
    expect(hexOf(data?.payload ?? new Uint8Array(0)).slice(8)).not.toBe(hexOf(memory.log.snapshot()))
  })
})

/** The packets in what was recorded of the terminal's side. */
function packetsOf({ segments }: Answer): Uint8Array[] {
  const stream = new StreamReassembler()
  for (const segment of segments) stream.push(fromHex(segment))
  const packets: Uint8Array[] = []
  for (let packet = stream.next(); packet !== undefined; packet = stream.next()) {
    packets.push(Uint8Array.from(packet))
  }
  return packets
}

/** What our terminal sends when it holds the same and is asked for it under the recorded reply numbers. */
async function answered(
  recorded: Answer,
  memory: TerminalMemory,
  request: { command: number; payload: Uint8Array },
): Promise<{ expected: string[]; received: string[] }> {
  const packets = packetsOf(recorded)
  const fields = packets.map((bytes) => decodePacket(bytes))
  const [first] = fields
  const session =
    fields.find(({ command }) => command === REPLIES.PREPARE_DATA)?.session ?? first?.session ?? 0
  await using terminal = await startTerminal({ memory, transports: ['tcp'], firstSessionId: session })
  await using client = await RawClient.tcp(terminal.port)
  await client.ask({ command: CODES.CONNECT })
  client.send({ ...request, session, replyId: first?.replyId ?? 0 })
  if (first?.command === REPLIES.ACK_OK) {
    await client.nth(1)
    const size = fromHex(recorded.data).length
    const slice = readChunk.request.encode({ start: 0, sizeBytes: size })
    client.send({ command: CODES.DATA_RDY, session, replyId: first.replyId + 1, payload: slice })
  }
  await client.nth(packets.length)
  return {
    expected: packets.map(hexOf),
    received: client.received.slice(1, packets.length + 1).map(({ bytes }) => hexOf(bytes)),
  }
}

/**
 * In the recording of 70 people two pieces of a packet changed places, which no checksum sees: people without a uid would
 * stand where their names should. The fourth and fifth piece put right give uids 1 to 70.
 */
function putRight(recorded: Answer): Answer {
  const segments = [...recorded.segments]
  const [first, second] = [segments[3] ?? '', segments[4] ?? '']
  segments[3] = second
  segments[4] = first
  return { ...recorded, segments, data: recorded.data.replace(first + second, second + first) }
}

describe('a recorded list of people', () => {
  it.each([
    ['7, inline', answer('users, 7 x 72')],
    ['2 of a K20, inline', answer('users, 2 x 72')],
    ['70, buffered', putRight(answer('users, 70 x 72'))],
  ] as const)('(%s) comes back byte for byte from a terminal that holds them', async (_, recorded) => {
    const memory = recordedTerminal(0, { maxPacketBytes: 1_008, uniquePins: false })
    memory.people.clear()
    const records = fromHex(recorded.data).subarray(TABLE_HEAD_BYTES)
    for (let at = 0; at < records.length; at += person72.sizeBytes) {
      expect(memory.people.store(records.subarray(at, at + person72.sizeBytes))).toBeUndefined()
    }
    const { command, dataType } = BULK_TABLES.people
    const payload = bulkRequest.encode({ one: 1, command, dataType, extra: 0 })
    const { expected, received } = await answered(recorded, memory, { command: CODES.DATA_WRRQ, payload })
    expect(received).toEqual(expected)
  })
})

describe('a recorded template', () => {
  it.each([
    ['of 1243 bytes', answer('one template, 1244 bytes')],
    ['with a tiny last packet', answer('one template, 1011 bytes')],
    ['that was cut inside a segment', answer('one template, packet boundary')],
  ] as const)('(%s) comes back byte for byte from a terminal that holds it', async (_, recorded) => {
    const memory = recordedTerminal(0, { maxPacketBytes: 1_008 })
    const data = fromHex(recorded.data)
    const flag = data.at(-1) ?? 0
    expect(memory.templates.store(1, 5, data.subarray(0, -1), flag)).toBe(true)
    const { expected, received } = await answered(recorded, memory, {
      command: CODES.GET_USERTEMP,
      payload: Uint8Array.of(1, 0, 5),
    })
    expect(received).toEqual(expected)
  })
})

describe('the recordings', () => {
  it('are replayed without exception', () => {
    expect(exchanges.filter((one) => !replayed.has(one)).map(({ name }) => name)).toEqual([])
  })
})
