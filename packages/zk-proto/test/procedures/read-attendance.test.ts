import { describe, expect, it } from 'vitest'
import { joinBytes, putU32, toHex } from '../../src/bytes.ts'
import { CODES, EVENTS, REPLIES } from '../../src/codes.ts'
import { bulkReady, readChunk } from '../../src/commands/bulk.ts'
import type { AttendanceBookmark } from '../../src/procedures/attendance-bookmark.ts'
import { TCP_SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { readAttendance, readAttendanceColumns } from '../../src/procedures/read-attendance.ts'
import type { AttendanceBatch, AttendanceSummary } from '../../src/procedures/read-attendance.ts'
import type { ReadProgress } from '../../src/procedures/read-progress.ts'
import { UNREADABLE_LOG_BYTES, type UnreadableLog } from '../../src/procedures/unreadable-log.ts'
import { framePacket } from '../../src/framing.ts'
import { attendance40 } from '../../src/records/attendance.ts'
import { byteByByte, cutAtRandom } from '../support/cuts.ts'
import { log16, log40 } from '../support/logs.ts'
import { tableOf } from '../support/scripted-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import type { Ran, WireOptions } from '../support/virtual-wire.ts'

type LogRead = Ran<AttendanceSummary, AttendanceBatch>

function read(wire: VirtualWire, from?: AttendanceBookmark, onProgress?: (p: ReadProgress) => void): LogRead {
  return wire.run(readAttendance({ from, onProgress, sliceBytes: TCP_SLICE_BYTES }))
}

function rawOf(ran: LogRead): string {
  return toHex(joinBytes(ran.offered.flatMap(({ punches }) => punches.map(({ raw }) => raw))))
}

function summaryOf(ran: LogRead): AttendanceSummary {
  if (ran.outcome.ok) return ran.outcome.value
  throw ran.outcome.error
}

function wireWith(script: Script, options: WireOptions = {}): VirtualWire {
  const wire = new VirtualWire(script).connected()
  wire.faults = options
  return wire
}

const holding = (log: Uint8Array, size = 40): Script => ({
  attendance: log,
  capacity: { records: log.length / size, recordCapacity: 100_000 },
})

describe('the whole log', () => {
  it.each([1, 2, 24, 25, 26, 1636, 1637, 1700, 5000])('of %d punches comes whole and in order', (count) => {
    const log = log40(count)
    const wire = wireWith(holding(log))
    const ran = read(wire)
    expect(rawOf(ran)).toBe(toHex(log))
    expect(summaryOf(ran)).toEqual({
      announcedBefore: count,
      announcedAfter: count,
      bytesAnnounced: log.length + 4,
      bytesReceived: log.length + 4,
      from: 0,
      read: count,
      anchor: 'none',
      capacity: 100_000,
      bookmark: ran.offered.at(-1)?.bookmark,
    })
    expect(ran.offered.every(({ wholeLog }) => wholeLog)).toBe(true)
    const indexes = ran.offered.flatMap(({ punches }) => punches.map(({ index }) => index))
    expect(indexes).toEqual(Array.from({ length: count }, (_, i) => i))
    expect(wire.terminal.buffer).toBeUndefined()
    expect(wire.terminal.disabled).toBe(false)
  })

  it('of 16-byte records comes over TCP too', () => {
    const log = log16(3000)
    expect(rawOf(read(wireWith(holding(log, 16))))).toBe(toHex(log))
  })

  it.each([1008, 4096, 65_528, 65_536])('comes in packets of %d bytes', (packetBytes) => {
    const log = log40(4000)
    expect(rawOf(read(wireWith({ ...holding(log), packetBytes })))).toBe(toHex(log))
  })

  it.each(['last-index', 'byte-total'] as const)('is closed by an acknowledgement with the %s', (closing) => {
    const log = log40(500)
    expect(rawOf(read(wireWith({ ...holding(log), closing })))).toBe(toHex(log))
  })

  it('comes from a simulator that puts the session id where terminals put the index', () => {
    const log = log40(500)
    expect(rawOf(read(wireWith({ ...holding(log), indexed: false })))).toBe(toHex(log))
  })

  it.each([
    ['byte by byte', byteByByte],
    ['in segments of up to 100 bytes', (bytes: Uint8Array) => cutAtRandom(bytes, 7, 100)],
    ['in segments of up to 1460 bytes', (bytes: Uint8Array) => cutAtRandom(bytes, 8, 1460)],
  ])('comes the same %s, with packets joined in one segment', (_name, cut) => {
    const log = log40(300)
    expect(rawOf(read(wireWith(holding(log), { cut, coalesce: true })))).toBe(toHex(log))
  })

  it('asks for one slice at a time, and for the next when the last batch was taken', () => {
    const wire = wireWith(holding(log40(5000)))
    const asked: number[] = []
    wire.run(readAttendance({ from: undefined, onProgress: undefined, sliceBytes: TCP_SLICE_BYTES }), {
      taken: () => asked.push(wire.terminal.count(CODES.DATA_RDY)),
    })
    expect(asked).toEqual([1, 2, 3, 4])
  })

  it('tells how far it has come', () => {
    const phases: ReadProgress[] = []
    const log = log40(3000)
    read(wireWith(holding(log)), undefined, (progress) => phases.push(progress))
    expect(phases.map(({ phase }) => phase)).toEqual(['preparing', 'reading', 'reading', 'checking'])
    expect(phases.at(-1)).toEqual({
      phase: 'checking',
      bytesDone: log.length + 4,
      bytesTotal: log.length + 4,
      recordsDone: 3000,
      recordsTotal: 3000,
    })
  })

  it('ends with the error that its listener throws, and frees the buffer', () => {
    const wire = wireWith(holding(log40(3000)))
    const ran = read(wire, undefined, ({ phase }) => {
      if (phase === 'reading') throw new RangeError('enough')
    })
    expect(ran.outcome).toEqual({ ok: false, error: new RangeError('enough') })
    expect(wire.terminal.buffer).toBeUndefined()
  })
})

describe('an empty log', () => {
  it('is a size word of zero, no data at all, or a refusal where the terminal counts none', () => {
    const scripts: Script[] = [
      { capacity: { records: 0 } },
      { first: (request, terminal) => request.code === CODES.DATA_WRRQ && (terminal.ok(request), true) },
      { capacity: { records: 0 }, refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_ERROR } },
    ]
    for (const script of scripts) {
      const ran = read(wireWith(script))
      expect(summaryOf(ran)).toMatchObject({ read: 0, from: 0, bookmark: undefined })
      expect(ran.offered).toEqual([])
    }
  })

  it('is not believed on the word of a count: a terminal that counts 0 is read', () => {
    const log = log40(60)
    const ran = read(wireWith({ attendance: log, capacity: { records: 0 } }))
    expect(rawOf(ran)).toBe(toHex(log))
    expect(summaryOf(ran)).toMatchObject({ announcedBefore: null, announcedAfter: null, read: 60 })
  })

  it('is not believed of a terminal that tells no counts', () => {
    const log = log40(60)
    const ran = read(wireWith({ attendance: log, capacityLength: 4 }))
    expect(rawOf(ran)).toBe(toHex(log))
    expect(summaryOf(ran)).toMatchObject({ announcedBefore: null, capacity: null })
  })

  it('is read also when the terminal refuses to count', () => {
    const log = log40(60)
    const ran = read(wireWith({ attendance: log, refuse: { [CODES.GET_FREE_SIZES]: REPLIES.ACK_UNKNOWN } }))
    expect(summaryOf(ran)).toMatchObject({ announcedBefore: null, read: 60 })
  })

  it('shows that the terminal announces more than it gives', () => {
    const ran = read(wireWith({ capacity: { records: 12 } }))
    expect(summaryOf(ran)).toMatchObject({ announcedBefore: 12, announcedAfter: 12, read: 0 })
  })
})

describe('a log that grows while it is read', () => {
  it('shows both counts', () => {
    const log = log40(2000)
    let counted = 0
    const wire = wireWith({
      attendance: log,
      first(request, terminal) {
        if (request.code !== CODES.GET_FREE_SIZES) return false
        counted += 1
        terminal.script = { ...terminal.script, capacity: { records: counted === 1 ? 1999 : 2003 } }
        return false
      },
    })
    expect(summaryOf(read(wire))).toMatchObject({ announcedBefore: 1999, announcedAfter: 2003, read: 2000 })
  })
})

describe('a tail', () => {
  const whole = log40(4000)
  const bookmarkAt = (count: number): AttendanceBookmark => {
    const ran = read(wireWith(holding(whole.subarray(0, count * 40))))
    const { bookmark } = summaryOf(ran)
    if (bookmark === undefined) throw new Error('no bookmark')
    return JSON.parse(JSON.stringify(bookmark)) as AttendanceBookmark
  }

  it.each([1, 5, 31, 32, 33, 1637, 3900, 3999])('behind %d punches is all that follows', (index) => {
    const from = bookmarkAt(index)
    const ran = read(wireWith(holding(whole)), from)
    expect(rawOf(ran)).toBe(toHex(whole.subarray(index * 40)))
    expect(ran.offered[0]).toMatchObject({ firstIndex: index, wholeLog: false })
    expect(summaryOf(ran)).toMatchObject({ anchor: 'matched', from: index, read: 4000 - index })
    expect(summaryOf(ran).bookmark).toEqual(bookmarkAt(4000))
  })

  it('costs what is new: the first record, the anchor and the tail', () => {
    const wire = wireWith(holding(whole))
    const before = wire.client.stats.bytesReceived
    const summary = summaryOf(read(wire, bookmarkAt(3900)))
    expect(summary.bytesAnnounced).toBe(4 + 40 + 132 * 40)
    expect(summary.bytesReceived).toBe(summary.bytesAnnounced)
    expect(wire.client.stats.bytesReceived - before).toBeLessThan(summary.bytesAnnounced + 600)
  })

  it('is nothing when nothing is new', () => {
    const from = bookmarkAt(4000)
    const ran = read(wireWith(holding(whole)), from)
    expect(ran.offered).toEqual([])
    expect(summaryOf(ran)).toMatchObject({ anchor: 'matched', from: 4000, read: 0, bookmark: from })
  })

  it('is found also in a log that comes in one answer', () => {
    const ran = read(wireWith(holding(whole.subarray(0, 20 * 40))), bookmarkAt(12))
    expect(summaryOf(ran)).toMatchObject({ anchor: 'matched', from: 12, read: 8 })
  })

  it.each<readonly [string, Uint8Array]>([
    ['was cleared and refilled to the same count', log40(4000, 9000)],
    ['has fewer records', whole.subarray(0, 3000 * 40)],
    ['lost its oldest record', whole.subarray(40)],
    ['has another record length', log16(4000)],
    ['was cleared and holds a few', log40(3, 5)],
  ])('is the whole log when the log %s', (_name, log) => {
    const size = log.length === 4000 * 16 ? 16 : 40
    const ran = read(wireWith(holding(log, size)), bookmarkAt(3900))
    expect(rawOf(ran)).toBe(toHex(log))
    expect(ran.offered[0]).toMatchObject({ firstIndex: 0, wholeLog: true })
    expect(summaryOf(ran)).toMatchObject({ anchor: 'mismatched', from: 0, read: log.length / size })
  })

  it('is nothing, with a mismatch, when the log is empty now', () => {
    const ran = read(
      wireWith({
        first: (request, terminal) => request.code === CODES.DATA_WRRQ && (terminal.ok(request), true),
      }),
      bookmarkAt(5),
    )
    expect(summaryOf(ran)).toMatchObject({ anchor: 'mismatched', read: 0 })
  })

  it('behind nothing is the whole log', () => {
    const from: AttendanceBookmark = { ...bookmarkAt(5), index: 0 }
    expect(summaryOf(read(wireWith(holding(whole)), from))).toMatchObject({ anchor: 'none', read: 4000 })
  })

  it('is not sought behind a bookmark that is none', () => {
    const from = { ...bookmarkAt(5), recordSize: 41 }
    expect(read(wireWith(holding(whole)), from).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_VALUE_OUT_OF_RANGE', effect: 'none' },
    })
  })
})

describe('a terminal that says one thing and does another', () => {
  const log = log40(2000)

  it('may pad its table: what follows the records is not read', () => {
    const wire = wireWith({ ...holding(log), paddingBytes: 200_000 })
    expect(rawOf(read(wire))).toBe(toHex(log))
    expect(wire.terminal.count(CODES.DATA_RDY)).toBe(2)
  })

  it.each([0, 40, 1_998 * 40])(
    'must not say %i bytes where buffer and count agree that there are more',
    (sizeBytes) => {
      const wire = wireWith({
        ...holding(log),
        first(request, terminal) {
          if (request.code !== CODES.DATA_WRRQ) return false
          const table = tableOf(log)
          putU32(table, 0, sizeBytes)
          terminal.buffer = table
          const announced = table.length
          terminal.ok(
            request,
            bulkReady.encode({ zero: 0, sizeBytes: announced, sizeBytesAgain: announced, unknown9: 0 }),
          )
          return true
        },
      })
      const ran = read(wire)
      expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'ZK_TRANSFER_INCOMPLETE' } })
      expect([ran.offered.length, wire.terminal.buffer]).toEqual([0, undefined])
    },
  )

  it('may announce four gigabytes, which cost nothing', () => {
    const wire = wireWith({
      ...holding(log),
      first(request, terminal) {
        if (request.code !== CODES.DATA_WRRQ) return false
        terminal.buffer = tableOf(log)
        const sizeBytes = 0xffffffff
        terminal.ok(request, bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: 0 }))
        return true
      },
    })
    // The first slice is as long as asked for, so the table's own size word is believed.
    expect(rawOf(read(wire))).toBe(toHex(log))
  })

  it('cannot announce more than it can hold, whole or behind a bookmark', () => {
    const log = log40(3_100)
    const bookmark = summaryOf(read(wireWith(holding(log40(40))))).bookmark
    for (const from of [undefined, bookmark]) {
      const ran = read(wireWith({ attendance: log, capacity: { records: 5, recordCapacity: 1_000 } }), from)
      expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'ZK_TOO_LARGE' } })
      expect(ran.offered).toEqual([])
    }
  })

  it('cannot give less than its table says', () => {
    const short = tableOf(log)
    putU32(short, 0, log.length + 40)
    const wire = wireWith({
      ...holding(log),
      first(request, terminal) {
        if (request.code !== CODES.DATA_WRRQ) return false
        terminal.buffer = short
        const sizeBytes = short.length
        terminal.ok(request, bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: 0 }))
        return true
      },
    })
    expect(read(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_TRANSFER_INCOMPLETE' } })
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('may answer for a slice with one packet and nothing around it', () => {
    const wire = wireWith({
      ...holding(log),
      first(request, terminal) {
        if (request.code !== CODES.DATA_RDY) return false
        const { start, sizeBytes } = readChunk.request.decode(request.payload)
        const payload = tableOf(log).subarray(start, start + sizeBytes)
        terminal.session.reply(request, { code: REPLIES.DATA, payload })
        return true
      },
    })
    expect(rawOf(read(wire))).toBe(toHex(log))
  })

  it.each([
    [REPLIES.DATA, 'ZK_TRANSFER_INCOMPLETE'],
    [REPLIES.ACK_OK, 'ZK_UNEXPECTED_REPLY'],
    [REPLIES.ACK_ERROR, 'ZK_REFUSED'],
  ])('is not believed when it answers for a slice with %d and no data', (replyCode, code) => {
    const wire = wireWith({ ...holding(log), refuse: { [CODES.DATA_RDY]: replyCode } })
    expect(read(wire).outcome).toMatchObject({ ok: false, error: { code } })
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('is not believed when it opens a transfer with too few bytes', () => {
    const wire = wireWith({ ...holding(log), refuse: { [CODES.DATA_RDY]: REPLIES.PREPARE_DATA } })
    expect(read(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_UNEXPECTED_REPLY' } })
  })

  it.each([
    ['too short', -40],
    ['too long', 40],
  ])('is asked again for a slice that is %s, and believed never', (_name, change) => {
    const wire = wireWith({
      ...holding(log),
      first(request, terminal) {
        if (request.code !== CODES.DATA_RDY) return false
        const { start, sizeBytes } = readChunk.request.decode(request.payload)
        const table = joinBytes([tableOf(log), new Uint8Array(4000)])
        terminal.transfer(request, table.subarray(start, start + sizeBytes + change))
        return true
      },
    })
    expect(read(wire).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_TRANSFER_INCOMPLETE', details: { intact: true } },
    })
    expect(wire.terminal.count(CODES.DATA_RDY)).toBe(4)
    const ids = wire.terminal.asked
      .filter(({ code }) => code === CODES.DATA_RDY)
      .map(({ replyId }) => replyId)
    expect(new Set(ids).size).toBe(4)
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('cannot send more than was asked for without end', () => {
    const wire = wireWith({
      ...holding(log),
      first(request, terminal) {
        if (request.code !== CODES.DATA_RDY) return false
        terminal.transfer(request, new Uint8Array(1_000_000))
        return true
      },
    })
    expect(read(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_TOO_LARGE' } })
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('has its refusal told in words and numbers', () => {
    const wire = wireWith({ ...holding(log), refuse: { [CODES.DATA_WRRQ]: 4989 } })
    expect(read(wire).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_REFUSED', details: { replyCode: 4989 } },
    })
  })

  it('has a log that is none refused, with its head and nothing handed out', () => {
    const wire = wireWith({ attendance: new Uint8Array(4000).fill(0xee), capacity: { records: 100 } })
    const ran = read(wire)
    expect(ran.offered).toEqual([])
    expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'ZK_BAD_RECORD' } })
    expect(wire.terminal.buffer).toBeUndefined()
  })
})

describe('a log whose records have no form that is certain', () => {
  function readUnreadable(script: Script, sliceBytes = TCP_SLICE_BYTES) {
    const told: UnreadableLog[] = []
    const wire = wireWith(script)
    const plan = { from: undefined, onProgress: undefined, sliceBytes }
    const ran = wire.run(readAttendance({ ...plan, onUnreadable: (log) => told.push(log) }))
    return { told, ran, wire }
  }

  it('is handed out as it came, once, before the read fails', () => {
    const rubbish = new Uint8Array(200_000).map((_, at) => 0xe0 + (at % 7))
    const { told, ran, wire } = readUnreadable({ attendance: rubbish, capacity: { records: 5_000 } })
    expect(ran.offered).toEqual([])
    expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'ZK_BAD_RECORD' } })
    expect(told.map(({ bytes }) => toHex(bytes))).toEqual([toHex(tableOf(rubbish))])
    expect(told).toMatchObject([{ tableBytes: 200_004, announcedRecords: 5_000 }])
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('is handed out whole also where the terminal answers the direct read only', () => {
    const rubbish = new Uint8Array(4_000).fill(0xee)
    const refuse = { [CODES.DATA_WRRQ]: REPLIES.ACK_ERROR }
    const { told } = readUnreadable({ attendance: rubbish, capacity: { records: 100 }, refuse })
    expect(told.map(({ bytes }) => toHex(bytes))).toEqual([toHex(tableOf(rubbish))])
  })

  it('is handed out up to a bound, however long it is', () => {
    const rubbish = new Uint8Array(700_000).fill(0xee)
    const { told, wire } = readUnreadable({ attendance: rubbish, capacity: { records: 17_500 } })
    expect(told.map(({ bytes, tableBytes }) => [bytes.length, tableBytes])).toEqual([
      [UNREADABLE_LOG_BYTES, 700_004],
    ])
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('is not handed out where it can be read, nor where something else is wrong', () => {
    expect(readUnreadable(holding(log40(50))).told).toEqual([])
    const tooMany = { attendance: log40(3_000), capacity: { records: 3_000, recordCapacity: 100 } }
    expect(readUnreadable(tooMany).ran.outcome).toMatchObject({ ok: false, error: { code: 'ZK_TOO_LARGE' } })
    expect(readUnreadable(tooMany).told).toEqual([])
  })
})

describe('a terminal that refuses the buffered read', () => {
  const log = log40(60)

  it.each([REPLIES.ACK_ERROR, REPLIES.ACK_UNKNOWN])('with %d is read directly', (code) => {
    const ran = read(wireWith({ ...holding(log), refuse: { [CODES.DATA_WRRQ]: code } }))
    expect(rawOf(ran)).toBe(toHex(log))
  })

  it('is not believed when the count does not agree, or when there is none and the records are short', () => {
    const rubbish = joinBytes(
      Array.from({ length: 15 }, () => Uint8Array.of(1, 0, 1, 0xa2, 0, 0x84, 0x33, 0)),
    )
    const scripts: Script[] = [
      { attendance: rubbish, capacity: { records: 3 } },
      { attendance: rubbish, capacityLength: 4 },
    ]
    for (const script of scripts) {
      const wire = wireWith({ ...script, refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_UNKNOWN } })
      expect(read(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_BAD_RECORD' } })
    }
  })

  it('and the direct one too is refused itself', () => {
    const wire = wireWith({
      ...holding(log),
      refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_UNKNOWN, [CODES.ATTLOG_RRQ]: REPLIES.ACK_ERROR },
    })
    expect(read(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_UNSUPPORTED' } })
  })

  it('may answer 1503 with the transfer itself', () => {
    const wire = wireWith({
      ...holding(log),
      first: (request, terminal) =>
        request.code === CODES.DATA_WRRQ && (terminal.transfer(request, tableOf(log)), true),
    })
    expect(rawOf(read(wire))).toBe(toHex(log))
  })

  it('or answers it with something that is neither yes nor no is an error', () => {
    const wire = wireWith({
      first: (request, terminal) =>
        request.code === CODES.DATA_WRRQ && (terminal.ok(request, Uint8Array.of(1, 2, 3)), true),
    })
    expect(read(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_UNEXPECTED_REPLY' } })
  })
})

describe('a bad minute on the wire', () => {
  const log = log40(3000)
  const script = { ...holding(log), packetBytes: 4096 }
  const isData = (packet: Uint8Array): boolean => packet[8] === 0xdd && packet[9] === 0x05

  it('has a damaged packet dropped and counted, and that slice alone asked for again', () => {
    let spoilt = 0
    const wire = wireWith(script, {
      spoil(packet) {
        if (!isData(packet) || spoilt > 0) return packet
        spoilt += 1
        return packet.map((value, i) => (i === 1000 ? value ^ 0x10 : value))
      },
    })
    const ran = read(wire)
    expect(rawOf(ran)).toBe(toHex(log))
    expect(wire.client.stats.badChecksums).toBe(1)
    const slices = wire.terminal.asked
      .filter(({ code }) => code === CODES.DATA_RDY)
      .map(({ payload }) => readChunk.request.decode(payload).start)
    expect(slices).toEqual([0, 0, TCP_SLICE_BYTES])
  })

  it.each([0, 1, 3, 16, 17])('repeats the slice when packet %d of its answer is damaged', (which) => {
    let slices = 0
    let at = -1
    const wire = wireWith(script, {
      spoil(packet) {
        if (packet[8] === 0xdc) {
          slices += 1
          at = -1
        }
        at += 1
        if (slices !== 1 || at !== which) return packet
        return packet.map((value, i) => (i === packet.length - 1 ? value ^ 0x01 : value))
      },
    })
    expect(rawOf(read(wire))).toBe(toHex(log))
  })

  it('gives up on a slice that is damaged each time, and says so', () => {
    const wire = wireWith(script, {
      spoil: (packet) => (isData(packet) ? packet.map((value, i) => (i === 99 ? value ^ 1 : value)) : packet),
    })
    expect(read(wire).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_TRANSFER_INCOMPLETE', details: { intact: false } },
    })
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('asks again when the packet that closes a slice is damaged beyond recognition', () => {
    let slices = 0
    const wire = wireWith(script, {
      spoil(packet) {
        if (packet[8] === 0xdc) slices += 1
        const closes = packet.length === 16 && packet[8] === 0xd0
        return slices === 1 && closes ? packet.map((value, i) => (i === 14 ? value ^ 0x40 : value)) : packet
      },
    })
    const ran = read(wire)
    expect(rawOf(ran)).toBe(toHex(log))
    expect(ran.tookMs).toBeGreaterThanOrEqual(10_000)
  })

  it('does not take swapped packets for the log', () => {
    const held: Uint8Array[] = []
    let swapped = false
    const wire = wireWith(script, {
      spoil(packet) {
        if (!isData(packet) || swapped) return packet
        held.push(packet)
        if (held.length < 2) return []
        swapped = true
        return [...held].toReversed()
      },
    })
    expect(rawOf(read(wire))).toBe(toHex(log))
    expect(wire.terminal.count(CODES.DATA_RDY)).toBe(3)
  })

  it('keeps live events in the middle of the transfer apart, and acknowledges them', () => {
    const wire = wireWith(script, {
      spoil: (packet, n) => {
        if (n % 5 === 2) wire.terminal.session.sendEvent(EVENTS.FINGER, new Uint8Array(0))
        return packet
      },
    })
    expect(rawOf(read(wire))).toBe(toHex(log))
    expect(wire.events.length).toBeGreaterThan(3)
    expect(wire.terminal.acknowledged).toBe(wire.events.length)
  })

  it('ignores answers with a wrong reply id', () => {
    const wire = wireWith(script, {
      spoil(packet, n) {
        const stray = framePacket(
          'tcp',
          { command: REPLIES.ACK_ERROR, session: 0, replyId: 4711 },
          new Uint8Array(0),
        )
        return n === 3 ? [stray, packet] : packet
      },
    })
    expect(rawOf(read(wire))).toBe(toHex(log))
    expect(wire.client.stats.strayReplies).toBe(1)
  })

  it('ends in bounded time when the terminal stops at any byte', () => {
    for (const stallAfterBytes of [0, 1, 7, 8, 50, 200, 20_000, 70_000, 110_000]) {
      const { outcome, tookMs } = read(wireWith(script, { stallAfterBytes }))
      expect([stallAfterBytes, outcome]).toMatchObject([
        stallAfterBytes,
        { ok: false, error: { code: 'ZK_TIMEOUT' } },
      ])
      expect(tookMs).toBeLessThan(30_000)
    }
  })

  it('ends at once when the connection is cut at any byte', () => {
    for (const breakAfterBytes of [1, 7, 8, 50, 117, 200, 20_000, 70_000, 110_000]) {
      const { outcome, tookMs } = read(wireWith(script, { breakAfterBytes }))
      expect([breakAfterBytes, outcome]).toMatchObject([
        breakAfterBytes,
        { ok: false, error: { code: 'ZK_CONNECTION_LOST' } },
      ])
      expect(tookMs).toBeLessThan(1000)
    }
  })

  it('ends with one error when the stream falls out of step', () => {
    const wire = wireWith(script, { spoil: (packet, n) => (n === 9 ? packet.subarray(3) : packet) })
    expect(read(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_BAD_FRAME' } })
    expect(wire.events.at(-1)).toMatchObject({ type: 'broken', error: { code: 'ZK_BAD_FRAME' } })
  })
})

describe('records that are not right', () => {
  it('are kept and marked when their date is impossible', () => {
    const log = log40(100)
    const spoilt = attendance40.patch(log.slice(400, 440), { time: 0x30350234 })
    log.set(spoilt, 400)
    const ran = read(wireWith(holding(log)))
    const punches = ran.offered.flatMap((batch) => batch.punches)
    expect(punches).toHaveLength(100)
    expect(
      punches.filter(({ validTime }) => !validTime).map(({ index, wallTime }) => [index, wallTime]),
    ).toEqual([[10, '2025-02-30T21:12:20']])
  })

  it('are not cut: a table whose last record is not whole is refused', () => {
    const log = log40(100).subarray(0, 3990)
    expect(read(wireWith({ attendance: log, capacity: { records: 100 } })).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_BAD_RECORD' },
    })
  })
})

describe('the log as columns', () => {
  const log = log40(4000)

  function pair(script: Script, from?: AttendanceBookmark) {
    const plan = { from, onProgress: undefined, sliceBytes: TCP_SLICE_BYTES }
    return {
      punches: wireWith(script).run(readAttendance(plan)),
      columns: wireWith(script).run(readAttendanceColumns(plan)),
    }
  }

  it.each<readonly [string, Script, number | undefined]>([
    ['whole', holding(log), undefined],
    ['in one answer', holding(log.subarray(0, 800)), undefined],
    ['of 16-byte records', holding(log16(900), 16), undefined],
    ['behind a bookmark', holding(log), 3900],
    ['cleared and refilled since the bookmark', holding(log40(4000, 9000)), 3900],
    ['of an unknown form', { attendance: new Uint8Array(4000).fill(0xee) }, undefined],
    ['refused', { refuse: { [CODES.DATA_WRRQ]: 4989 } }, undefined],
  ])('%s, is read as punches are: same places, bookmarks, certificate or error', (_name, script, behind) => {
    const from =
      behind === undefined
        ? undefined
        : summaryOf(read(wireWith(holding(log.subarray(0, behind * 40))))).bookmark
    const { punches, columns } = pair(script, from)
    expect(columns.outcome).toEqual(punches.outcome)
    expect(columns.offered.map(({ columns: _columns, ...place }) => place)).toEqual(
      punches.offered.map(({ punches: _punches, ...place }) => place),
    )
    expect(
      columns.offered.flatMap(({ columns }) =>
        Array.from({ length: columns.length }, (_, row) => [columns.pinAt(row), columns.packedTime[row]]),
      ),
    ).toEqual(
      punches.offered.flatMap(({ punches }) => punches.map(({ pin, packedTime }) => [pin, packedTime])),
    )
  })

  it('ends with the error of a connection that is cut', () => {
    const wire = wireWith(holding(log), { breakAfterBytes: 70_000 })
    const plan = { from: undefined, onProgress: undefined, sliceBytes: TCP_SLICE_BYTES }
    expect(wire.run(readAttendanceColumns(plan)).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_CONNECTION_LOST' },
    })
  })
})
