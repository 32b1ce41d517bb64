// Tables in slices, as the wire has them: snapshots, bounds, one buffer a session, the direct reads of older clients.
import {
  BULK_TABLES,
  bulkReady,
  bulkRequest,
  CODES,
  DATA_TYPES,
  readChunk,
  REPLIES,
  TABLE_HEAD_BYTES,
  transferHead,
  u32At,
} from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { profileNamed, type Profile } from '../src/profile.ts'
import { startTerminal, type TerminalOptions } from '../src/simulated-terminal.ts'
import { RawClient, type Received } from './support/raw-client.ts'

const { attendance, people } = BULK_TABLES

async function conversation(options: TerminalOptions = {}, transport: 'tcp' | 'udp' = 'tcp') {
  const terminal = await startTerminal({ people: 30, punches: 200, ...options })
  const client = await RawClient[transport](terminal.port)
  const { session } = await client.ask({ command: CODES.CONNECT })
  let replyId = 0
  const ask = (command: number, payload: Uint8Array = new Uint8Array(0)): Promise<Received> => {
    replyId += 1
    return client.ask({ command, session, replyId, payload })
  }
  const prepare = ({ command, dataType }: { command: number; dataType: number }): Promise<Received> =>
    ask(CODES.DATA_WRRQ, bulkRequest.encode({ one: 1, command, dataType, extra: 0 }))
  /** All packets of the answer to a slice. */
  const slice = async (start: number, sizeBytes: number): Promise<Received[]> => {
    const from = client.received.length
    await ask(CODES.DATA_RDY, readChunk.request.encode({ start, sizeBytes }))
    for (let next = from; ; next++) {
      if ((await client.nth(next)).command < REPLIES.ACK_OK) continue
      return client.received.slice(from, next + 1)
    }
  }
  return {
    terminal,
    client,
    ask,
    prepare,
    slice,
    async [Symbol.asyncDispose](): Promise<void> {
      await client[Symbol.asyncDispose]()
      await terminal.stop()
    },
  }
}

const dataOf = (packets: readonly Received[]): Buffer =>
  Buffer.concat(packets.filter(({ command }) => command === REPLIES.DATA).map(({ payload }) => payload))

const withProfile = (changes: Partial<Profile>): TerminalOptions => ({
  profile: { ...profileNamed('typical'), ...changes },
})

describe('a table', () => {
  it('is announced with its size word, and read in slices that fit together', async () => {
    await using at = await conversation()
    const ready = await at.prepare(attendance)
    expect(ready.command).toBe(REPLIES.ACK_OK)
    const { sizeBytes, sizeBytesAgain } = bulkReady.decode(ready.payload)
    expect([sizeBytes, sizeBytesAgain]).toEqual([8_004, 8_004])
    const table = Buffer.concat([dataOf(await at.slice(0, 3_000)), dataOf(await at.slice(3_000, 5_004))])
    expect(u32At(table, 0)).toBe(8_000)
    expect(table.subarray(TABLE_HEAD_BYTES).equals(at.terminal.memory.log.snapshot())).toBe(true)
    expect(at.terminal.stats.slices).toEqual({ count: 2, bytes: 8_004 })
  })

  it('comes in packets of the model, numbered in their session field, closed by the last number', async () => {
    await using at = await conversation()
    await at.prepare(attendance)
    const packets = await at.slice(0, 8_004)
    const head = packets[0]
    expect(head?.command).toBe(REPLIES.PREPARE_DATA)
    expect(transferHead.decode(head?.payload ?? new Uint8Array(0))).toEqual({
      sizeBytes: 8_004,
      packetBytes: 1_008,
    })
    expect(packets.slice(1).map(({ session }) => session)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 7])
    expect(new Set(packets.map(({ replyId }) => replyId)).size).toBe(1)
  })

  it('is closed by the byte total where the model does that', async () => {
    await using at = await conversation(withProfile({ closingAck: 'byte-total' }))
    await at.prepare(attendance)
    expect((await at.slice(4, 1_500)).at(-1)?.session).toBe(1_500)
  })

  it('comes in datagrams of at most 1,024 data bytes over UDP, whatever the model has for TCP', async () => {
    await using at = await conversation(withProfile({ maxPacketBytes: 65_536 }), 'udp')
    await at.prepare(attendance)
    const packets = await at.slice(0, 8_004)
    expect(Math.max(...packets.map(({ payload }) => payload.length))).toBe(1_024)
  })

  it('comes inline when it is small, and leaves no buffer then', async () => {
    await using at = await conversation({ people: 7 })
    const inline = await at.prepare(people)
    expect([inline.command, inline.payload.length]).toEqual([REPLIES.DATA, 508])
    expect((await at.slice(0, 508)).map(({ command }) => command)).toEqual([REPLIES.ACK_ERROR])
  })

  it('is four zero bytes when it is empty', async () => {
    await using at = await conversation({ punches: 0 })
    const { command, payload } = await at.prepare(attendance)
    expect([command, [...payload]]).toEqual([REPLIES.DATA, [0, 0, 0, 0]])
  })

  it('stays as it was when it was prepared', async () => {
    await using at = await conversation()
    await at.prepare(attendance)
    const before = at.terminal.memory.log.snapshot()
    at.terminal.memory.punch({ pin: '1001' })
    at.terminal.memory.clearLog()
    expect(dataOf(await at.slice(4, 8_000)).equals(before)).toBe(true)
  })

  it('is clipped at its end, and refused beyond it', async () => {
    await using at = await conversation()
    await at.prepare(attendance)
    expect(dataOf(await at.slice(8_000, 65_472))).toHaveLength(4)
    expect((await at.slice(8_004, 1)).map(({ command }) => command)).toEqual([REPLIES.ACK_ERROR])
  })

  it('gives way to the next one that is prepared, and is gone once freed', async () => {
    await using at = await conversation()
    await at.prepare(attendance)
    await at.prepare(people)
    expect(dataOf(await at.slice(0, 4)).readUInt32LE()).toBe(30 * 72)
    expect((await at.ask(CODES.FREE_DATA)).command).toBe(REPLIES.ACK_OK)
    expect((await at.ask(CODES.FREE_DATA)).command).toBe(REPLIES.ACK_OK)
    expect((await at.slice(0, 4)).map(({ command }) => command)).toEqual([REPLIES.ACK_ERROR])
  })

  it('is refused when the terminal has none such', async () => {
    await using at = await conversation()
    expect((await at.prepare({ command: 4_711, dataType: 0 })).command).toBe(REPLIES.ACK_ERROR)
  })

  it('is refused with the code of a model that knows no buffered reads', async () => {
    await using at = await conversation(withProfile({ refusesBufferedReads: 65_535 }))
    expect((await at.prepare(attendance)).command).toBe(REPLIES.ACK_UNKNOWN)
  })

  it('is refused for those tables alone that a model keeps to itself', async () => {
    const profile = withProfile({ refusesBufferedReads: 4_989, refusesBufferedReadsOf: ['people'] })
    await using at = await conversation(profile)
    expect((await at.prepare(people)).command).toBe(4_989)
    expect((await at.prepare(attendance)).command).toBe(REPLIES.ACK_OK)
  })
})

describe('a direct read', () => {
  it('of the log is a transfer of the table', async () => {
    await using at = await conversation()
    const from = at.client.received.length
    await at.ask(CODES.ATTLOG_RRQ)
    const packets: Received[] = []
    do packets.push(await at.client.nth(from + packets.length))
    while (packets.at(-1)?.command !== REPLIES.ACK_OK)
    expect(dataOf(packets).subarray(4).equals(at.terminal.memory.log.snapshot())).toBe(true)
  })

  it('of a small list of people is one packet', async () => {
    await using at = await conversation({ people: 2 })
    const { command, payload } = await at.ask(CODES.USERTEMP_RRQ, Uint8Array.of(DATA_TYPES.PEOPLE))
    expect([command, payload.length]).toEqual([REPLIES.DATA, 148])
  })

  it('is unknown to some models', async () => {
    await using at = await conversation(withProfile({ directReads: 'unknown' }))
    expect((await at.ask(CODES.ATTLOG_RRQ)).command).toBe(REPLIES.ACK_UNKNOWN)
  })

  it('of one template gives its bytes and one more, and 2001 where there is none', async () => {
    await using at = await conversation()
    at.terminal.memory.templates.store(3, 6, Uint8Array.of(7, 8, 9))
    const from = at.client.received.length
    await at.ask(CODES.USERTEMP_RRQ, Uint8Array.of(3, 0, 6))
    expect([...(await at.client.nth(from + 1)).payload]).toEqual([7, 8, 9, 1])
    await at.client.nth(from + 2)
    expect((await at.ask(CODES.USERTEMP_RRQ, Uint8Array.of(3, 0, 5))).command).toBe(REPLIES.ACK_ERROR)
    expect((await at.ask(CODES.USERTEMP_RRQ, Uint8Array.of(3))).command).toBe(REPLIES.ACK_ERROR)
  })
})

describe('two readers', () => {
  it('each have a buffer of their own', async () => {
    await using one = await conversation()
    await using other = await RawClient.tcp(one.terminal.port)
    const { session } = await other.ask({ command: CODES.CONNECT })
    await one.prepare(attendance)
    const refused = await other.ask({
      command: CODES.DATA_RDY,
      session,
      payload: readChunk.request.encode({ start: 0, sizeBytes: 4 }),
    })
    expect(refused.command).toBe(REPLIES.ACK_ERROR)
    expect(dataOf(await one.slice(0, 4))).toHaveLength(4)
  })
})
