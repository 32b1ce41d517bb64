// Bad networks and bad terminals, one by one: each is put at every place of a conversation that disables the terminal, reads
// its log and its people and enables it again. Every time the result is right or one clear error, in bounded time; afterwards
// the connection can be used on or is closed, and the terminal is enabled and its buffer free.
import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, toHex } from '../../src/bytes.ts'
import { CODES, EVENTS, REPLIES } from '../../src/codes.ts'
import { disableTerminal, enableTerminal, readClock } from '../../src/commands/terminal.ts'
import { readChunk } from '../../src/commands/bulk.ts'
import { ZkError } from '../../src/errors.ts'
import { framePacket } from '../../src/framing.ts'
import type { Framing } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { readAttendance } from '../../src/procedures/read-attendance.ts'
import type { AttendanceBatch } from '../../src/procedures/read-attendance.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import type { PeopleRead } from '../../src/procedures/read-people.ts'
import { attendance40 } from '../../src/records/attendance.ts'
import { person72 } from '../../src/records/person.ts'
import type { Person } from '../../src/records/person.ts'
import type { Punch } from '../../src/records/punch.ts'
import { ask, tidyUp } from '../../src/session/procedure.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { log40, people72 } from '../support/logs.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import type { WireOptions } from '../support/virtual-wire.ts'

const RECORDS = log40(60)
const PEOPLE = people72(20)
const SCRIPT: Script = {
  attendance: RECORDS,
  people: PEOPLE,
  capacity: { records: 60, recordCapacity: 1000, people: 20, personCapacity: 100 },
  packetBytes: 512,
}
/** A conversation of four reads and all that is repeated in it; real ones wait in vain for some seconds at most. */
const LONGEST_MS = 120_000
const BOTH = ['tcp', 'udp'] as const

interface Came {
  readonly punches: readonly Punch[]
  readonly people: readonly Person[]
  /** What it failed with; undefined when it is right. */
  readonly code: string | undefined
  readonly wire: VirtualWire
}

function* everything(framing: Framing): Procedure<PeopleRead, AttendanceBatch> {
  const sliceBytes = SLICE_BYTES[framing]
  yield* ask(disableTerminal, { seconds: 0 })
  yield* readAttendance({ from: undefined, onProgress: undefined, sliceBytes })
  return yield* readPeople({ nameEncoding: 'auto', onProgress: undefined, sliceBytes })
}

/** Enabled again whatever happened: also where the answer to the first request is lost, and the terminal has obeyed. */
function* careful(framing: Framing): Procedure<PeopleRead, AttendanceBatch> {
  try {
    return yield* everything(framing)
  } finally {
    yield* tidyUp(enableTerminal, undefined)
  }
}

/** Reads everything under these faults, and holds to what must be whatever they are. */
function read(framing: Framing, faults: WireOptions, script: Script = SCRIPT): Came {
  const wire = new VirtualWire({ ...SCRIPT, ...script }, { framing }).connected()
  wire.faults = faults
  const { outcome, offered, tookMs } = wire.run(careful(framing))
  expect(tookMs).toBeLessThan(LONGEST_MS)
  const punches = offered.flatMap((batch) => [...batch.punches])
  const error = outcome.ok ? undefined : outcome.error
  expect(error === undefined || error instanceof ZkError).toBe(true)
  const closed = wire.events.some(({ type }) => type === 'broken')
  wire.faults = {}
  const usable = wire.run(ask(readClock, undefined)).outcome.ok
  expect(usable).toBe(!closed)
  // A terminal frees what it held for a connection when that is closed; on one that can be used nothing may be left.
  const { disabled, buffer } = wire.terminal
  expect({ usable, disabled: usable && disabled, held: usable && buffer !== undefined }).toEqual({
    usable,
    disabled: false,
    held: false,
  })
  return {
    punches,
    people: outcome.ok ? outcome.value.people : [],
    code: error instanceof ZkError ? error.code : undefined,
    wire,
  }
}

function bytesOf(rows: readonly { readonly raw: Uint8Array }[]): string {
  return toHex(joinBytes([new Uint8Array(0), ...rows.map(({ raw }) => raw)]))
}

/** What came of it, in a word: `right` when it is all there, else the error or what is missing. */
function verdict({ punches, people, code }: Came): string {
  if (code !== undefined) return code
  if (bytesOf(punches) !== toHex(RECORDS)) return 'punches are missing without an error'
  return bytesOf(people) === toHex(PEOPLE) ? 'right' : 'people are missing without an error'
}

/** How many packets the terminal sends when nothing is wrong. */
function packetsOf(framing: Framing): number {
  let packets = 0
  const counted = read(framing, {
    spoil: (packet) => {
      packets += 1
      return packet
    },
  })
  expect(verdict(counted)).toBe('right')
  return packets
}

const COUNT = { tcp: packetsOf('tcp'), udp: packetsOf('udp') }
const bare = (framing: Framing, packet: Uint8Array): Uint8Array => packet.subarray(framing === 'tcp' ? 8 : 0)

/** The packet with another reply id and a right checksum. */
function renumbered(framing: Framing, packet: Uint8Array, by: number): Uint8Array {
  const { command, session, replyId, payload } = decodePacket(bare(framing, packet))
  return framePacket(framing, { command, session, replyId: (replyId + by + 0x1_0000) & 0xffff }, payload)
}

/** One byte is another one, behind what says how long the packet is. */
function damaged(framing: Framing, packet: Uint8Array, at: number): Uint8Array {
  const copy = packet.slice()
  const place = (framing === 'tcp' ? 8 : 0) + at
  copy[place] = (copy[place] ?? 0) ^ 0x11
  return copy
}

describe('in spite of any segmentation and coalescing', () => {
  it.each([1, 2, 7, 8, 9, 15, 16, 17, 511, 1460, 100_000])(
    'in pieces of %d bytes everything is right',
    (size) => {
      const cut = (bytes: Uint8Array): Uint8Array[] =>
        Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.slice(i * size, (i + 1) * size),
        )
      for (const coalesce of [false, true]) expect(verdict(read('tcp', { cut, coalesce }))).toBe('right')
    },
  )
})

describe.each(BOTH)('over %s', (framing) => {
  const places = Array.from({ length: COUNT[framing] }, (_, n) => n)

  it('everything is right with a live event in the middle of a transfer, wherever it comes, and it is told and acknowledged', () => {
    const event = framePacket(
      framing,
      { command: CODES.REG_EVENT, session: EVENTS.ATTLOG, replyId: 0 },
      new Uint8Array(12),
    )
    for (const place of places) {
      const came = read(framing, { spoil: (packet, n) => (n === place ? [event, packet] : packet) })
      expect([place, verdict(came)]).toEqual([place, 'right'])
      expect(came.wire.events.filter(({ type }) => type === 'live')).toHaveLength(1)
      expect(came.wire.terminal.acknowledged).toBe(1)
    }
  })

  it('everything is right when an earlier answer comes once more, late, in place of none', () => {
    for (const place of places) {
      const kept: Uint8Array[] = []
      const came = read(framing, {
        spoil: (packet, n) => {
          if (n < place) kept.push(packet)
          return n === place ? [...kept.slice(-3), packet] : packet
        },
      })
      expect([place, verdict(came)]).toEqual([place, 'right'])
    }
  })

  it('everything is right when packets with wrong reply ids come before each right one', () => {
    for (const by of [-1, 1, 7]) {
      const came = read(framing, { spoil: (packet) => [renumbered(framing, packet, by), packet] })
      expect([by, verdict(came)]).toEqual([by, 'right'])
      expect(came.wire.client.stats.strayReplies).toBeGreaterThan(0)
    }
  })

  it('a packet with a wrong checksum is dropped and counted, and its request repeated, wherever it is damaged', () => {
    for (const place of places) {
      for (const at of [2, 4, 6, 8]) {
        const came = read(framing, {
          spoil: (packet, n) =>
            n === place && bare(framing, packet).length > at ? damaged(framing, packet, at) : packet,
        })
        expect([place, at, verdict(came)]).toEqual([place, at, 'right'])
        expect(came.wire.client.stats.badChecksums).toBeLessThanOrEqual(1)
      }
    }
  })

  it('an answer whose checksum is always wrong is one error', () => {
    const came = read(framing, {
      spoil: (packet) =>
        decodePacket(bare(framing, packet)).command === REPLIES.DATA ? damaged(framing, packet, 2) : packet,
    })
    expect(['ZK_BAD_CHECKSUM', 'ZK_TRANSFER_INCOMPLETE']).toContain(came.code)
    expect(came.wire.client.stats.badChecksums).toBeGreaterThan(1)
  })

  it.each<[string, Partial<Script>]>([
    ['a count of none', { capacity: { people: 0, records: 0 } }],
    ['a count of one less', { capacity: { people: 19, records: 59 } }],
    ['a count of one more', { capacity: { people: 21, records: 61 } }],
    ['a count beyond the capacity', { capacity: { records: 2000, recordCapacity: 1000, people: 20 } }],
    ['four thousand million', { capacity: { people: 0xffff_ffff, records: 0xffff_ffff } }],
    ['no counts at all', { capacityLength: 4 }],
    ['a larger table', { paddingBytes: 300 }],
    ['a slice that is announced shorter', announcing(-4)],
    ['a slice that is announced longer', announcing(4)],
    ['a slice of four gigabytes', announcing(0xffff_0000)],
    ['a slice that is shorter', cutting(40)],
    ['a slice that is not there', cutting(100_000)],
  ])(
    'announced counts and sizes that do not match are seen through, or are one error: %s',
    (what, script) => {
      const came = read(framing, {}, script)
      const known = [
        'ZK_TOO_LARGE',
        'ZK_TRANSFER_INCOMPLETE',
        'ZK_BAD_RECORD',
        'ZK_UNEXPECTED_REPLY',
        'ZK_TIMEOUT',
        'ZK_REFUSED',
      ]
      expect([what, undefined, ...known].includes(came.code)).toBe(true)
      expect(toHex(RECORDS).startsWith(bytesOf(came.punches))).toBe(true)
      expect(came.code !== undefined || bytesOf(came.punches) === toHex(RECORDS)).toBe(true)
    },
  )

  it('a terminal that stalls for good at any packet is left enabled and with its buffer free, for it hears what tidies up', () => {
    for (const place of places) {
      const came = read(framing, { spoil: (packet, n) => (n >= place ? undefined : packet) })
      // From the last answers on nothing is missing but the thanks for tidying up.
      expect([place, came.code]).toEqual([place, place < places.length - 1 ? 'ZK_TIMEOUT' : undefined])
    }
  })
})

describe('in spite of lost, doubled and reordered datagrams', () => {
  const places = Array.from({ length: COUNT.udp }, (_, n) => n)
  const chunksAsked = (wire: VirtualWire): number[] =>
    wire.terminal.asked
      .filter(({ code }) => code === CODES.DATA_RDY)
      .map(({ payload }) => readChunk.request.decode(payload).start)

  it('everything is right whichever answer is lost, and of the chunks only that one is asked for again', () => {
    const undisturbed = chunksAsked(read('udp', {}).wire)
    for (const place of places) {
      const came = read('udp', { spoil: (packet, n) => (n === place ? undefined : packet) })
      expect([place, verdict(came)]).toEqual([place, 'right'])
      expect(chunksAsked(came.wire).length - undisturbed.length).toBeLessThanOrEqual(1)
    }
  })

  it('everything is right whichever request is lost', () => {
    for (const place of places) {
      const came = read('udp', { spoilRequests: (packet, n) => (n === place ? undefined : packet) })
      expect([place, verdict(came)]).toEqual([place, 'right'])
    }
  })

  it('everything is right whichever answer comes twice', () => {
    for (const place of places) {
      const came = read('udp', { spoil: (packet, n) => (n === place ? [packet, packet] : packet) })
      expect([place, verdict(came)]).toEqual([place, 'right'])
    }
  })

  it('everything is right whichever two answers change places', () => {
    for (const place of places) {
      let held: Uint8Array | undefined
      const came = read('udp', {
        spoil: (packet, n) => {
          if (n === place) {
            held = packet
            return undefined
          }
          const both = held === undefined ? packet : [packet, held]
          held = undefined
          return both
        },
      })
      expect([place, verdict(came)]).toEqual([place, 'right'])
    }
  })
})

describe('what stands in records', () => {
  const punch = (fields: Partial<Parameters<typeof attendance40.encode>[0]>): Uint8Array =>
    attendance40.encode({ uid: 1, pin: '1', verifyMode: 1, time: 864_000_123, punchState: 0, ...fields })

  it.each(BOTH)('over %s an impossible date is kept and flagged, beside right ones', (framing) => {
    const february30 = 0x30350234
    const attendance = joinBytes([
      ...Array.from({ length: 40 }, () => punch({})),
      punch({ time: february30 }),
    ])
    const { punches, code } = read(framing, {}, { attendance, capacity: { records: 41 } })
    expect(code).toBeUndefined()
    expect(punches.filter(({ validTime }) => !validTime)).toMatchObject([
      { packedTime: february30, wallTime: '2025-02-30T21:12:20', index: 40 },
    ])
  })

  it.each(['12345678901234', 'A-17b', '000042', '123456789012345678901234'])(
    'the id %s is kept letter for letter, in log and list',
    (pin) => {
      const attendance = joinBytes(Array.from({ length: 40 }, () => punch({ pin })))
      const people = joinBytes(
        Array.from({ length: 20 }, (_, i) => person72.patch(people72(1), { uid: i + 1, pin })),
      )
      const came = read('tcp', {}, { attendance, people, capacity: { records: 40, people: 20 } })
      expect(came.code).toBeUndefined()
      expect([came.punches.at(-1)?.pin, came.people.at(-1)?.pin]).toEqual([pin, pin])
    },
  )

  it.each([
    ['utf-8', 'Łukasz 李', 'c581756b61737a20e69d8e'],
    ['gbk', '张三', 'd5c5c8fd'],
    ['windows-1256', 'محمد', 'e3cde3cf'],
    ['windows-1251', 'Иван', 'c8e2e0ed'],
    ['latin1', 'José', '4a6f73e9'],
  ])(
    'a name in %s is read where that is set, and loses no byte where nothing is',
    (nameEncoding, name, hex) => {
      const people = people72(20)
      for (let at = 0; at < people.length; at += 72)
        people.fill(0, at + 11, at + 35).set(fromHex(hex), at + 11)
      const wire = new VirtualWire({ ...SCRIPT, people }).connected()
      const sliceBytes = SLICE_BYTES.tcp
      const named = wire.result(readPeople({ nameEncoding, onProgress: undefined, sliceBytes }))
      expect(named.people.map((person) => person.name)).toEqual(Array.from({ length: 20 }, () => name))
      const open = wire.result(readPeople({ nameEncoding: 'auto', onProgress: undefined, sliceBytes }))
      expect(new Set(open.people.map(({ nameBytes }) => toHex(nameBytes)))).toEqual(new Set([hex]))
      const { nameEncoding: found } = open
      expect(found).toBe(nameEncoding === 'utf-8' ? 'utf-8' : 'latin1')
    },
  )
})

/** Slices are announced with so many bytes more than they have. */
function announcing(more: number): Partial<Script> {
  return {
    first: (asked, terminal) => {
      if (asked.code !== CODES.DATA_RDY || terminal.buffer === undefined) return false
      const { start, sizeBytes } = readChunk.request.decode(asked.payload)
      const data = terminal.buffer.subarray(start, start + sizeBytes)
      terminal.session.replyTransfer(asked, { data, packetBytes: 512, announcedBytes: data.length + more })
      return true
    },
  }
}

/** Slices lack so many bytes at their end. */
function cutting(missing: number): Partial<Script> {
  return {
    first: (asked, terminal) => {
      if (asked.code !== CODES.DATA_RDY || terminal.buffer === undefined) return false
      const { start, sizeBytes } = readChunk.request.decode(asked.payload)
      const end = Math.min(start + sizeBytes, terminal.buffer.length)
      terminal.transfer(asked, terminal.buffer.subarray(start, Math.max(start, end - missing)))
      return true
    },
  }
}
