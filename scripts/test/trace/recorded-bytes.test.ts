// Every capture of a real terminal, read as a user would attach it: as a hex dump, and in frames of a capture program. What only
// holds data or records is put into the packets that carry them.
import { readdirSync, readFileSync } from 'node:fs'
import { fromHex, framePacket, CODES, REPLIES, BULK_TABLES, bulkRequest, joinBytes } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { frames, pcap, type Spoken } from '../support/capture-files.ts'
import { factOf, packetsOf, recordsOf, remarksOf, tablesOf, textOf, traced } from '../support/traced.ts'

interface Capture {
  readonly id: string
  readonly transport: 'tcp' | 'udp' | 'unknown'
  readonly kind: string
  readonly layer: 'packets' | 'data' | 'records' | 'foreign'
  readonly exchange: readonly {
    readonly dir: 'to_device' | 'from_device'
    readonly hex: string
    readonly whole?: boolean
  }[]
  readonly headers?: readonly {
    readonly dir: string
    readonly name: string
    readonly cmd: number
    readonly session: number
    readonly reply: number
    readonly data_len: number
    readonly checksum_ok: boolean | null
  }[]
}

const FOLDER = new URL('../../../packages/zk-proto/test/captures/', import.meta.url)
const captures = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Capture)
const capture = (id: string): Capture => {
  const found = captures.find((one) => one.id === id)
  if (found === undefined) throw new Error(`there is no capture ${id}`)
  return found
}

function spokenIn({ exchange }: Capture): Spoken[] {
  return exchange.map(({ dir, hex }) => ({ direction: dir === 'to_device' ? '>' : '<', bytes: fromHex(hex) }))
}

/** As a user copies it out of a tool: one piece a line, with an arrow. */
function hexOf(spoken: readonly Spoken[]): string {
  return spoken.map(({ direction, bytes }) => `${direction} ${Buffer.from(bytes).toString('hex')}\n`).join('')
}

const packetCaptures = captures.filter(({ layer }) => layer === 'packets')
const isWhole = ({ exchange }: Capture): boolean => exchange.every(({ whole = true }) => whole)

describe('packets of real terminals', () => {
  it.each(packetCaptures.filter(isWhole).map((one) => [one.id, one] as const))(
    '%s is read the same from a hex dump and from frames, with every header as it was found by hand',
    async (_, one) => {
      const transport = one.transport === 'udp' ? 'udp' : 'tcp'
      const spoken = spokenIn(one)
      const fromFrames = await traced(pcap(frames(spoken, { transport })))
      const fromHexDump = await traced(hexOf(spoken))
      expect(fromFrames.outcome).toMatchObject({ kind: 'pcap', damage: undefined })
      const plain = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^[\d:.]+ /, ''))
      expect(plain(textOf(fromFrames)).toSorted()).toEqual(textOf(fromHexDump).toSorted())
      const seen = packetsOf(fromFrames).map(
        ({ direction, role, code, session, replyId, length, checksum }) => ({
          dir: direction === '>' ? 'to_device' : 'from_device',
          cmd: role === 'event' ? CODES.REG_EVENT : code,
          session,
          reply: replyId,
          data_len: length,
          checksum_ok: checksum === 'right',
        }),
      )
      const order = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
      const byHand = (one.headers ?? []).map(({ dir, cmd, session, reply, data_len, checksum_ok }) => ({
        dir,
        cmd,
        session,
        reply,
        data_len,
        checksum_ok,
      }))
      expect(seen.toSorted(order)).toEqual(byHand.toSorted(order))
    },
  )

  it.each(packetCaptures.filter((one) => !isWhole(one)).map((one) => [one.id, one] as const))(
    '%s, which is cut, gives what it holds and says what it lacks',
    async (_, one) => {
      const transport = one.transport === 'udp' ? 'udp' : 'tcp'
      const read = await traced(pcap(frames(spokenIn(one), { transport })))
      expect(packetsOf(read).length + remarksOf(read).length).toBeGreaterThan(0)
      const lacking = remarksOf(read).some((text) => text.includes('bytes of a packet that did not end'))
      expect(lacking).toBe(transport === 'tcp')
    },
  )
})

describe('what the captures are known for', () => {
  const lines = async (id: string): Promise<string[]> => {
    const one = capture(id)
    return textOf(await traced(hexOf(spokenIn(one))))
  }

  it('a comm key that is asked for, answered and accepted, without the key', async () => {
    const text = (await lines('hs-tcp-commkey-45')).join('\n')
    expect(text).toContain('(wants a comm key)')
    expect(text).toContain('scrambledKey="(not shown)"')
    expect(text).not.toContain('61c9323c')
    expect((await lines('hs-tcp-commkey-refused')).join('\n')).toContain('(wrong comm key)')
  })

  it('a checksum that is one too low, which the terminal drops', async () => {
    expect((await lines('hs-zlm60-checksum-dropped')).join('\n')).toContain('checksum one low')
  })

  it('people in a single packet, and in one that two segments carry', async () => {
    const single = await traced(hexOf(spokenIn(capture('users-72-single-data'))))
    expect(tablesOf(single)).toMatchObject([{ table: 'people', layout: 'person/72', records: 7 }])
    expect(recordsOf(single, 'people').map((record) => factOf(record, 'uid'))).toEqual([1, 2, 3, 4, 5, 6, 12])
    const split = await traced(hexOf(spokenIn(capture('users-k20-split-segment'))))
    expect(tablesOf(split)).toMatchObject([{ table: 'people', layout: 'person/72', records: 2 }])
  })

  it('a direct read that brought leftover memory: its records are not believed', async () => {
    const read = await traced(hexOf(spokenIn(capture('att-k40-direct-read-garbage'))))
    expect(tablesOf(read)).toMatchObject([
      { table: 'attendance', layout: undefined, records: 0, sizeBytes: 124 },
    ])
    expect(recordsOf(read, 'attendance')).toEqual([])
  })

  it('a template of several packets: its length, and no byte of it', async () => {
    const one = capture('template-1244-coalesced')
    const asking = framePacket(
      'tcp',
      { command: CODES.GET_USERTEMP, session: 39120, replyId: 50 },
      Uint8Array.of(1, 0, 6),
    )
    const read = await traced(hexOf([{ direction: '>', bytes: asking }, ...spokenIn(one)]))
    expect(
      recordsOf(read, 'template').map(({ facts }) => facts.map(({ name, value }) => [name, value])),
    ).toEqual([
      [
        ['uid', 1],
        ['finger', 6],
        ['flag', 1],
        ['templateBytes', 1243],
      ],
    ])
    expect(packetsOf(read).filter(({ bytes }) => bytes.length > 16)).toEqual([])
  })

  it('punches as they happen, granted and denied', async () => {
    expect((await lines('rt-attlog-12')).join()).toMatch(
      /live event ATTLOG .*pin=4822257 wallTime=2018-12-07T19:09:06/,
    )
    expect((await lines('rt-attlog-14-udp-denied')).join()).toContain('denied=true')
    expect((await lines('rt-verify-ok-5')).join()).toMatch(/live event VERIFY .*uid=2/)
    expect((await lines('rt-fpscore-1')).join()).toMatch(/live event FPFTR .*score=/)
  })

  it('another protocol on the same port, named as such', async () => {
    const read = await traced(pcap(frames(spokenIn(capture('notzk-c3-panel')))))
    expect(remarksOf(read).join('\n')).toContain('that of C3 and inBio access panels')
    expect(packetsOf(read)).toEqual([])
  })
})

/** Data in the packet that carries them, and a question before it. */
function inPackets(code: number, request: Uint8Array, answer: Uint8Array): Spoken[] {
  const header = { session: 77, replyId: 5 }
  return [
    { direction: '>', bytes: framePacket('tcp', { ...header, command: code }, request) },
    { direction: '<', bytes: framePacket('tcp', { ...header, command: REPLIES.ACK_OK }, answer) },
  ]
}

/** Records as the whole table that one packet brings. */
function asTable(
  table: { readonly command: number; readonly dataType: number },
  records: Uint8Array,
): Spoken[] {
  const { command, dataType } = table
  const size = Buffer.alloc(4)
  size.writeUInt32LE(records.length)
  const header = { session: 77, replyId: 5 }
  const request = bulkRequest.encode({ one: 1, command, dataType, extra: 0 })
  return [
    { direction: '>', bytes: framePacket('tcp', { ...header, command: CODES.DATA_WRRQ }, request) },
    {
      direction: '<',
      bytes: framePacket('tcp', { ...header, command: REPLIES.DATA }, joinBytes([size, records])),
    },
  ]
}

const allBytes = (one: Capture): Uint8Array => joinBytes(one.exchange.map(({ hex }) => fromHex(hex)))

describe('bare records of real terminals, in the table that carries them', () => {
  const { attendance, people, operationLog } = BULK_TABLES
  it.each([
    ['att-8-zem500', attendance, { layout: 'attendance/8b', records: 3 }],
    ['att-16-zem760-denied', attendance, { layout: 'attendance/16', records: 12 }],
    ['att-40-zem760-doc', attendance, { layout: 'attendance/40', records: 1 }],
    ['att-40-first-of-long-record', attendance, { layout: 'attendance/40', records: 1 }],
    ['user-entry-72-own-timezones', people, { layout: 'person/72', records: 1 }],
    ['oplog-16', operationLog, { layout: 'operation/16', records: 1 }],
  ] as const)('%s', async (id, table, expected) => {
    const read = await traced(hexOf(asTable(table, allBytes(capture(id)))))
    expect(tablesOf(read)).toMatchObject([{ table: table.name, ...expected, remark: undefined }])
    expect(recordsOf(read, table.name)).toHaveLength(expected.records)
  })

  it('template-entry-header: an entry that is cut is no template', async () => {
    const read = await traced(
      hexOf(asTable(BULK_TABLES.templates, allBytes(capture('template-entry-header')))),
    )
    expect(tablesOf(read)[0]?.remark).toMatch(/The template at byte 0/)
  })
})

describe('bare data of real terminals, in the packet that carries them', () => {
  const nothing = new Uint8Array(0)
  it.each([
    ['time-golden-js-zklib', CODES.GET_TIME, nothing, 'time=2018-04-11T09:35:20'],
    ['time-impossible-date', CODES.GET_TIME, nothing, 'time='],
    ['access-group-compact', CODES.GRPTZ_RRQ, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 'GRPTZ_RRQ'],
  ] as const)('%s as an answer', async (id, code, request, says) => {
    for (const { hex } of capture(id).exchange) {
      const text = textOf(await traced(hexOf(inPackets(code, request, fromHex(hex))))).join('\n')
      expect(text).toContain(says)
      // Four zero bytes say that there is no such group.
      expect(text.includes('not as declared')).toBe(hex === '00000000')
    }
  })

  it.each([
    ['access-usergroup-write-compact', CODES.USERGRP_WRQ, /uid=1234 group=2/],
    ['access-group-write-compact20', CODES.GRPTZ_WRQ, /GRPTZ_WRQ .*=/],
  ] as const)('%s as a request', async (id, code, says) => {
    const text = textOf(await traced(hexOf(inPackets(code, allBytes(capture(id)), nothing)))).join('\n')
    expect(text).toMatch(says)
    expect(text).not.toContain('not as declared')
  })

  it('rt-attlog-32-face as a live event', async () => {
    const bytes = framePacket(
      'tcp',
      { command: CODES.REG_EVENT, session: 1, replyId: 0 },
      allBytes(capture('rt-attlog-32-face')),
    )
    const [event] = packetsOf(await traced(hexOf([{ direction: '<', bytes }])))
    expect(factOf(event, 'wallTime')).toBe('2018-11-29T12:55:03')
    expect(factOf(event, 'verifyMode')).toBe('face')
  })
})

it('has read every capture that there is in some way', () => {
  const here = readFileSync(new URL(import.meta.url), 'utf8')
  const others = captures.filter(({ layer }) => layer !== 'packets').map(({ id }) => id)
  expect(others.filter((id) => !here.includes(id))).toEqual([])
  expect(captures.length).toBeGreaterThan(50)
})
