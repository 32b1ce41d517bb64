// Captures that were damaged on their way, or made to do harm: reading ends with what can be told, in bounded memory.
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { framePacket, CODES, REPLIES, transferHead, bulkReady, bulkRequest } from '@org/zk-proto/wire'
import { jsonLine, TextLines } from '../../trace/lines.ts'
import { readTrace } from '../../trace/read-trace.ts'
import { frames, LINK_TYPE, pcap, pcapng, type MadeFrame, type Spoken } from '../support/capture-files.ts'
import { recorded, tablesOf, textOf, traced, readLog } from '../support/traced.ts'

let made: MadeFrame[]
let files: Buffer[]

beforeAll(async () => {
  const use = async (terminal: Parameters<Parameters<typeof recorded>[0]>[0]): Promise<void> => {
    await terminal.readPeople()
    await terminal.templates.list()
    await readLog(terminal)
  }
  made = frames(await recorded(use, { punches: 40, people: 4, fingers: 1 }))
  const text = made.map(({ bytes }) => bytes.toString('hex')).join('\n')
  files = [
    pcap(made),
    pcap(made, { bigEndian: true }),
    pcapng(made, { on: 1 }),
    pcapng(made, { simple: true }),
    Buffer.from(text),
  ]
})

/** Reads to the end and makes every line. */
async function readAll(bytes: Uint8Array): Promise<number> {
  const { entries } = await traced(bytes)
  const text = new TextLines({ bytes: true, numbered: true })
  let lines = 0
  for (const entry of entries) {
    for (const line of text.of(entry)) {
      // Nothing that came over the wire can begin a line of its own, or steer the window that shows it.
      expect(line).not.toMatch(/\p{Cc}/u)
      lines += 1
    }
    const json: unknown = JSON.parse(jsonLine(entry, true))
    expect(json).toMatchObject({ type: entry.type })
  }
  return lines
}

describe('a damaged capture', () => {
  it('never fails in another way than to say that it is damaged', async () => {
    const damage = fc.record({
      file: fc.nat(4),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      changes: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), {
        maxLength: 30,
      }),
    })
    const property = fc.asyncProperty(damage, async ({ file, cut, changes }) => {
      const bytes = Buffer.from(files[file] ?? Buffer.alloc(0))
      for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)] = value
      expect(await readAll(bytes.subarray(0, Math.ceil(cut * bytes.length)))).toBeGreaterThanOrEqual(0)
    })
    await fc.assert(property, { numRuns: 250 })
  })

  it('of random frames of every link type is read to its end', async () => {
    const frame = fc.uint8Array({ maxLength: 120 })
    const property = fc.asyncProperty(
      fc.array(frame, { maxLength: 20 }),
      fc.constantFrom(...Object.values(LINK_TYPE), 12, 14, 108, 228, 229, 4_000),
      async (bytes, linkType) => {
        const read = await traced(
          pcap(
            bytes.map((one) => ({ bytes: Buffer.from(one), atMs: 0 })),
            { linkType },
          ),
        )
        expect(read.outcome).toMatchObject({ all: bytes.length, damage: undefined })
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })

  it('of random packets in good frames is read to its end', async () => {
    const code = fc.oneof(
      fc.nat(0xffff),
      fc.constantFrom(...Object.values<number>(CODES), ...Object.values<number>(REPLIES)),
    )
    const said = fc.record({
      direction: fc.constantFrom('>' as const, '<' as const),
      code,
      session: fc.nat(0xffff),
      replyId: fc.nat(3),
      data: fc.uint8Array({ maxLength: 90 }),
    })
    const property = fc.asyncProperty(fc.array(said, { maxLength: 30 }), async (all) => {
      const spoken = all.map(({ direction, code, session, replyId, data }) => ({
        direction,
        bytes: framePacket('tcp', { command: code, session, replyId }, data),
      }))
      expect(await readAll(pcap(frames(spoken)))).toBeGreaterThanOrEqual(0)
    })
    await fc.assert(property, { numRuns: 250 })
  })

  it('of random text is read to its end', async () => {
    const line = fc.stringMatching(/^[0-9a-fx:>< |.]{0,80}$/)
    const property = fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
      expect(await readAll(Buffer.from(lines.join('\n')))).toBeGreaterThanOrEqual(0)
    })
    await fc.assert(property, { numRuns: 200 })
  })
})

describe('a capture made to do harm', () => {
  const header = { session: 1, replyId: 1 }
  const asked: Spoken = {
    direction: '>',
    bytes: framePacket(
      'tcp',
      { ...header, command: CODES.DATA_WRRQ },
      bulkRequest.encode({ one: 1, command: CODES.ATTLOG_RRQ, dataType: 0, extra: 0 }),
    ),
  }

  it('takes no memory for what is only announced', async () => {
    const ready = bulkReady.encode({
      zero: 0,
      sizeBytes: 0xffff_fff0,
      sizeBytesAgain: 0xffff_fff0,
      unknown9: 0,
    })
    const head = transferHead.encode({ sizeBytes: 0xffff_fff0, packetBytes: 0xffff_fff0 })
    const before = process.memoryUsage().rss
    const read = await traced(
      pcap(
        frames([
          asked,
          { direction: '<', bytes: framePacket('tcp', { ...header, command: REPLIES.ACK_OK }, ready) },
          { direction: '<', bytes: framePacket('tcp', { ...header, command: REPLIES.PREPARE_DATA }, head) },
        ]),
      ),
    )
    expect(textOf(read).join('\n')).toContain('sizeBytes=4294967280')
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
  })

  it('can put no sign that steers a terminal window into a line', async () => {
    const name = Buffer.from('\u001b[2J\u001b]0;owned\u0007\n> ACK_OK\u009b31m\0', 'latin1')
    const option = framePacket('tcp', { ...header, command: CODES.OPTIONS_RRQ }, name)
    const lines = textOf(await traced(pcap(frames([{ direction: '>', bytes: option }]))))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('\\u001b[2J')
    expect(lines[0]).not.toMatch(/\p{Cc}/u)
  })

  it('cannot make a trace hold more than its share: of a table beyond it nothing is kept', async () => {
    const data = new Uint8Array(60_000)
    const many: Spoken[] = [
      asked,
      {
        direction: '<',
        bytes: framePacket(
          'tcp',
          { ...header, command: REPLIES.ACK_OK },
          bulkReady.encode({ zero: 0, sizeBytes: 200_000_000, sizeBytesAgain: 200_000_000, unknown9: 0 }),
        ),
      },
    ]
    const slice = framePacket('tcp', { session: 1, replyId: 2, command: REPLIES.DATA }, data)
    const segments = (function* (): Generator<Spoken> {
      yield* many
      for (let i = 0; i < 1_800; i += 1) {
        const request = Buffer.alloc(8)
        request.writeUInt32LE(i * data.length, 0)
        request.writeUInt32LE(data.length, 4)
        yield {
          direction: '>',
          bytes: framePacket('tcp', { session: 1, replyId: 2, command: CODES.DATA_RDY }, request),
        }
        yield { direction: '<', bytes: slice }
      }
      yield {
        direction: '>',
        bytes: framePacket('tcp', { session: 1, replyId: 3, command: CODES.FREE_DATA }, new Uint8Array(0)),
      }
    })()
    const chunks = (async function* (): AsyncGenerator<Uint8Array> {
      // Over UDP, so that each is a frame of its own without a whole list of them.
      let isFirst = true
      for (const { direction, bytes } of segments) {
        const file = pcap(frames([{ direction, bytes: bytes.subarray(8) }], { transport: 'udp' }))
        yield isFirst ? file : file.subarray(24)
        isFirst = false
      }
    })()
    const tables: unknown[] = []
    const before = process.memoryUsage().rss
    for await (const entry of readTrace(chunks, { port: 4370, nameEncoding: 'auto', mostRecords: 10 }))
      if (entry.type === 'table') tables.push(entry.remark)
    expect(tables).toEqual(['too large to be put together'])
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000)
  })
})

it('tells what it held when a table was never freed', async () => {
  const read = await traced(pcap(made.slice(0, -6)))
  expect(tablesOf(read).length).toBeGreaterThan(2)
})
