// Recorded conversations replayed: what the client sent goes to our terminal byte for byte, and what it answers is
// compared with what was recorded, as far as the recording determines it.
import { readFileSync } from 'node:fs'
import { CODES, decodePacket, fromHex, REPLIES, WRAPPER_BYTES, type Packet } from '@org/zk-proto/wire'
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
  readonly steps: readonly Step[]
}

const { exchanges } = JSON.parse(
  readFileSync(new URL('vectors/exchanges.json', import.meta.url), 'utf8'),
) as { exchanges: Exchange[] }

function exchange(name: string, transport: 'tcp' | 'udp' = 'tcp'): Exchange {
  const found = exchanges.find((one) => one.name.startsWith(name) && one.transport === transport)
  if (found === undefined) throw new Error(`no exchange ${name}`)
  return found
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
  recorded: Exchange,
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
  it.each(['tcp', 'udp'] as const)('over %s comes back byte for byte', async (transport) => {
    const { expected, received } = await replay(
      exchange('connect and exit', transport),
      { firstSessionId: 0xfb2f },
      false,
    )
    expect(received.map(({ hex }) => hex)).toEqual(expected.map(({ hex }) => hex))
  })

  it.each(['wrong key', 'right key'])('with a %s comes back byte for byte', async (name) => {
    const { expected, received } = await replay(
      exchange(name),
      { firstSessionId: 0x45cf, commKey: 45 },
      false,
    )
    expect(received.map(({ hex }) => hex)).toEqual(expected.map(({ hex }) => hex))
  })
})

describe('a recorded read of people and attendance', () => {
  const SESSION = 15_452

  it.each([
    ['attendance 60 x 40', 'tcp', 60, 1_008],
    ['attendance 1700 x 40', 'tcp', 1_700, 65_536],
    ['attendance 450 x 40', 'udp', 450, 1_024],
  ] as const)('(%s over %s) comes back byte for byte', async (name, transport, records, maxPacketBytes) => {
    const memory = recordedTerminal(records, { maxPacketBytes })
    const { expected, received } = await replay(
      exchange(name, transport),
      { memory, firstSessionId: SESSION },
      true,
    )
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
  it('comes back packet for packet; what is in them was leftover memory then and is now', async () => {
    const memory = recordedTerminal(3, {
      directReads: 'leftover-memory',
      closingAck: 'byte-total',
      inlineLimitBytes: 0,
    })
    const { expected, received } = await replay(
      exchange('direct attendance read'),
      { memory, firstSessionId: 0x6ba0 },
      false,
    )
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
