// Files of capture programs: every kind, byte order, link type and version of IP gives the same trace of the same conversation.
import { CODES, framePacket } from '@org/zk-proto/wire'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  block,
  BEGIN_MS,
  frames,
  LINK_TYPE,
  packet,
  pcap,
  pcapng,
  words,
  type Spoken,
} from '../support/capture-files.ts'
import {
  factOf,
  packetsOf,
  recorded,
  recordsOf,
  remarksOf,
  tablesOf,
  textOf,
  traced,
  readLog,
} from '../support/traced.ts'

let tcp: Spoken[]
let udp: Spoken[]

beforeAll(async () => {
  const use = async (terminal: Parameters<Parameters<typeof recorded>[0]>[0]): Promise<void> => {
    await terminal.readPeople()
    await readLog(terminal)
  }
  tcp = await recorded(use)
  udp = await recorded(use, {}, { transport: 'udp' })
})

const text = async (file: Uint8Array): Promise<string[]> => textOf(await traced(file))

describe('a pcap file', () => {
  it('gives every packet with its time, and the tables put together', async () => {
    const read = await traced(pcap(frames(tcp)))
    expect(read.outcome).toMatchObject({ kind: 'pcap', damage: undefined })
    expect(remarksOf(read)).toEqual([])
    const [first] = packetsOf(read)
    expect(first).toMatchObject({ direction: '>', name: 'CONNECT', checksum: 'right', atMs: BEGIN_MS + 20 })
    expect(first?.place).toEqual({
      number: 1,
      transport: 'tcp',
      client: '10.0.0.5:51000',
      terminal: '192.168.1.201:4370',
    })
    expect(tablesOf(read)).toMatchObject([
      { table: 'people', layout: 'person/72', records: 8 },
      { table: 'attendance', layout: 'attendance/40', records: 300, sizeBytes: 12_004, seenBytes: 12_004 },
    ])
    expect(factOf(recordsOf(read, 'people')[0], 'name')).toBeTypeOf('string')
    expect(recordsOf(read, 'attendance')).toHaveLength(300)
  })

  it.each([{ bigEndian: true }, { nanoseconds: true }, { bigEndian: true, nanoseconds: true }])(
    'gives the same in another byte order and with finer times: %j',
    async (options) => {
      expect(await text(pcap(frames(tcp), options))).toEqual(await text(pcap(frames(tcp))))
    },
  )

  it.each(['vlan', 'sll', 'sll2', 'raw', 'null'] as const)(
    'gives the same with the link type %s',
    async (link) => {
      const same = await text(pcap(frames(tcp)))
      expect(await text(pcap(frames(tcp, { link }), { linkType: LINK_TYPE[link] }))).toEqual(same)
    },
  )

  it.each(['ethernet', 'raw', 'null'] as const)(
    'gives the same over IPv6, with the link type %s',
    async (link) => {
      const same = await text(pcap(frames(tcp)))
      const read = await traced(pcap(frames(tcp, { link, version: 6 }), { linkType: LINK_TYPE[link] }))
      expect(textOf(read)).toEqual(same)
      expect(packetsOf(read)[0]?.place).toMatchObject({
        client: '[fd00::5]:51000',
        terminal: '[fd00::201]:4370',
      })
    },
  )

  it('gives the same in whatever chunks it is read', async () => {
    const file = pcap(frames(tcp))
    expect(textOf(await traced(file, { chunkBytes: 7 }))).toEqual(await text(file))
  })

  it('holds UDP as well', async () => {
    const read = await traced(pcap(frames(udp, { transport: 'udp' })))
    expect(packetsOf(read)[0]?.place.transport).toBe('udp')
    expect(tablesOf(read)).toMatchObject([{ records: 8 }, { layout: 'attendance/40', records: 300 }])
  })

  it('is searched for another port on demand, and holds nothing on this one then', async () => {
    const file = pcap(frames(tcp, { port: 4371 }))
    expect((await traced(file)).outcome).toMatchObject({ heard: 0 })
    expect(tablesOf(await traced(file, { port: 4371 }))).toHaveLength(2)
  })

  it('that was cut in the middle gives what comes before, and says where it ends', async () => {
    const file = pcap(frames(tcp))
    const read = await traced(file.subarray(0, file.length / 2))
    expect(read.outcome.damage).toMatch(/ends inside a frame|ends inside the head of a frame/)
    expect(tablesOf(read)[0]).toMatchObject({ table: 'people', records: 8 })
  })

  it('with a frame of an impossible length is damaged there', async () => {
    const file = pcap(frames(tcp))
    file.writeUInt32LE(0x7fff_ffff, 24 + 8)
    expect((await traced(file)).outcome).toMatchObject({
      damage: expect.stringContaining('a frame of 2147483647 bytes') as unknown,
      all: 0,
    })
  })

  it('passes over frames that carry something else', async () => {
    const arp = { bytes: Buffer.from('ffffffffffff0200000000010806000108000604', 'hex'), atMs: BEGIN_MS }
    const fragment = packet({}, '>', new Uint8Array(16))
    fragment.writeUInt16BE(0x2000, 14 + 6)
    const others = [arp, { bytes: fragment, atMs: BEGIN_MS }, { bytes: Buffer.alloc(3), atMs: BEGIN_MS }]
    expect(await text(pcap([...others, ...frames(tcp)]))).toEqual(await text(pcap(frames(tcp))))
  })
})

describe('a pcapng file', () => {
  it.each([{}, { bigEndian: true }, { on: 2 }, { bigEndian: true, on: 1 }])(
    'gives the same as a pcap, also of a later interface and in the other byte order: %j',
    async (options) => {
      expect(await text(pcapng(frames(tcp), options))).toEqual(await text(pcap(frames(tcp))))
    },
  )

  it('gives packets without a time where its blocks have none', async () => {
    const read = await traced(pcapng(frames(tcp), { simple: true }))
    expect(read.outcome.kind).toBe('pcapng')
    expect(tablesOf(read)).toHaveLength(2)
    expect(new Set(packetsOf(read).map(({ atMs }) => atMs))).toEqual(new Set([undefined]))
  })

  it('may hold several sections, each with its own byte order and interfaces', async () => {
    const half = tcp.length / 2
    const made = frames(tcp)
    const file = Buffer.concat([
      pcapng(made.slice(0, half)),
      pcapng(made.slice(half), { bigEndian: true, on: 1 }),
    ])
    expect(await text(file)).toEqual(await text(pcap(made)))
  })

  it('with a block of an impossible length is damaged there, and what came before stands', async () => {
    const file = Buffer.concat([pcapng(frames(tcp)), words([6, 13, 0, 0], false)])
    const read = await traced(file)
    expect(read.outcome.damage).toContain('a block of 13 bytes')
    expect(tablesOf(read)).toHaveLength(2)
  })

  it('whose packet names an interface that there is not is passed over', async () => {
    const lost = block(6, words([9, 0, 0, 4, 4, 0], false), false)
    const read = await traced(Buffer.concat([pcapng(frames(tcp)), lost]))
    expect(read.outcome.damage).toBeUndefined()
    expect(tablesOf(read)).toHaveLength(2)
  })
})

describe('what a trace says', () => {
  it('of a log of which only the end was read, with a bookmark: the records at their places', async () => {
    const spoken = await recorded(async (terminal) => {
      const first = terminal.readAttendance()
      for await (const { punches } of first) expect(punches).toHaveLength(300)
      const { bookmark } = first.summary()
      if (bookmark === undefined) throw new Error('the whole log gives a bookmark')
      const again = terminal.readAttendance({ from: bookmark })
      for await (const batch of again) expect(batch.firstIndex).toBe(300)
    })
    const [, tail] = tablesOf(await traced(pcap(frames(spoken))))
    expect(tail).toMatchObject({ table: 'attendance', layout: 'attendance/40' })
    expect(tail?.remark).toMatch(/of 300 records were read/)
  })

  it('of people and templates that are written, without passwords and templates', async () => {
    const spoken = await recorded(
      async (terminal) => {
        await terminal.people.add({ pin: '4711', name: 'Ann', password: '73519864' })
        const [template] = await terminal.templates.list()
        const { people } = await terminal.readPeople()
        const owner = people.find(({ uid }) => uid === template?.uid)
        if (template === undefined || owner === undefined) throw new Error('the terminal holds templates')
        await terminal.templates.write(owner, { ...template, finger: 9 })
      },
      { fingers: 2 },
    )
    const read = await traced(pcap(frames(spoken)))
    const written = packetsOf(read).find(({ name }) => name === 'USER_WRQ')
    expect(written?.facts.map(({ name }) => name)).toContain('hasPassword')
    expect(factOf(written, 'name')).toBe('Ann')
    expect(JSON.stringify(read.entries)).not.toContain('73519864')
    const secret = packetsOf(read).filter(
      ({ name, answers = '' }) => ['USER_WRQ', 'DATA'].includes(name) && answers !== 'DATA_RDY',
    )
    expect(secret.filter(({ bytes }) => bytes.length > 8)).toEqual([])
  })

  it('of a question that is sent again', async () => {
    const question = framePacket(
      'udp',
      { command: CODES.GET_TIME, session: 5, replyId: 9 },
      new Uint8Array(0),
    )
    const spoken: Spoken[] = [
      { direction: '>', bytes: question },
      { direction: '>', bytes: question },
    ]
    const read = await traced(pcap(frames(spoken, { transport: 'udp' })))
    expect(packetsOf(read).map(({ remark }) => remark)).toEqual([undefined, 'sent again'])
  })
})
