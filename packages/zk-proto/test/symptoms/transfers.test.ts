// The rows of the catalogue of symptoms that concern how the log is carried over, each under its number and in its users'
// words.
import { describe, expect, it } from 'vitest'
import { putU32, toHex } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { bulkReady, readChunk } from '../../src/commands/bulk.ts'
import { decodePacket } from '../../src/packet.ts'
import { TCP_SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import type { TerminalRequest } from '../../src/session/terminal-session.ts'
import { cutAtRandom } from '../support/cuts.ts'
import { log40 } from '../support/logs.ts'
import { tableOf } from '../support/scripted-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { sentBy, wireWith, readLog, punchesOf, rawOf, holding } from './replayed.ts'

// The recording users-70-bulk-fragmented that the catalogue names is not at hand: the cuts are made here.
describe('symptom 2: attendance is incomplete, differs from call to call, "TIME OUT !! n PACKETS REMAIN"', () => {
  const log = log40(27_000)

  it('27 000 records come whole, one chunk after the other, however the stream is cut', () => {
    const wire = wireWith(holding(log), { cut: (bytes) => cutAtRandom(bytes, 3, 1460), coalesce: true })
    const received: number[] = []
    wire.terminal.script = {
      ...wire.terminal.script,
      first: ({ code }) => {
        if (code === CODES.DATA_RDY) received.push(wire.client.stats.bytesReceived)
        return false
      },
    }
    expect(rawOf(readLog(wire))).toBe(toHex(log))
    expect(received.length).toBeGreaterThan(16)
    for (const [chunks, bytes] of received.entries())
      expect(bytes).toBeGreaterThan(chunks * (TCP_SLICE_BYTES - 40))
  })

  it('a packet that is damaged costs one more request and no record', () => {
    const damaged = (packet: Uint8Array, n: number): Uint8Array =>
      packet.map((value, i) => (n === 5 && i === 100 ? value ^ 0x01 : value))
    const wire = wireWith(holding(log40(1000)), { spoil: damaged })
    expect(rawOf(readLog(wire))).toBe(toHex(log40(1000)))
    expect([wire.client.stats.badChecksums, wire.terminal.count(CODES.DATA_RDY)]).toEqual([1, 2])
  })

  it('over UDP the closing packet may come before the last of the data', () => {
    let held: Uint8Array | undefined
    let overtaken = 0
    const wire = wireWith(
      holding(log40(1000)),
      {
        spoil: (packet, n) => {
          if (held !== undefined) {
            const late = held
            if (decodePacket(packet).command === REPLIES.ACK_OK) overtaken += 1
            held = undefined
            return [packet, late]
          }
          if (decodePacket(packet).command !== REPLIES.DATA || n % 2 === 0) return packet
          held = packet
          return undefined
        },
      },
      'udp',
    )
    expect(rawOf(readLog(wire, 'udp'))).toBe(toHex(log40(1000)))
    expect(overtaken).toBeGreaterThan(0)
  })

  it('a chunk that is not answered is asked for once more, and only that one', () => {
    let left = 1
    const late: TerminalRequest[] = []
    const starts: number[] = []
    const wire = wireWith({
      ...holding(log40(5000)),
      first(request, terminal) {
        if (request.code !== CODES.DATA_RDY) return false
        const { start, sizeBytes } = readChunk.request.decode(request.payload)
        starts.push(start)
        if (starts.length === 2 && left > 0) {
          left -= 1
          late.push(request)
          return true
        }
        // The first ask is answered after all, while the second one waits: other bytes under another number.
        for (const old of late.splice(0)) terminal.transfer(old, new Uint8Array(sizeBytes).fill(0xee))
        return false
      },
    })
    expect(rawOf(readLog(wire))).toBe(toHex(log40(5000)))
    expect(starts).toHaveLength(5)
    expect(starts[2]).toBe(starts[1])
    expect(wire.client.stats.strayReplies).toBeGreaterThan(0)
  })

  it('a chunk that is never answered ends the read, and the buffer is freed', () => {
    const wire = wireWith({ ...holding(log40(5000)), silentOn: [CODES.DATA_RDY] })
    const ran = readLog(wire)
    expect(ran.outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_TIMEOUT', details: { command: 'readChunk' } },
    })
    expect(wire.terminal.count(CODES.DATA_RDY)).toBe(2)
    expect(wire.terminal.buffer).toBeUndefined()
  })

  it('one record less than announced is an error', () => {
    const short = tableOf(log40(2000))
    putU32(short, 0, 2001 * 40)
    const wire = wireWith({
      ...holding(log40(2001)),
      first(request, terminal) {
        if (request.code !== CODES.DATA_WRRQ) return false
        terminal.buffer = short
        const sizeBytes = short.length
        terminal.ok(request, bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: 0 }))
        return true
      },
    })
    expect(readLog(wire).outcome).toMatchObject({ ok: false, error: { code: 'ZK_TRANSFER_INCOMPLETE' } })
  })
})

describe('symptom 25: attendance is nonsense with valid checksums on K40 / Z40 over TCP', () => {
  const garbage = sentBy('att-k40-direct-read-garbage').find(({ length }) => length === 140)
  const answered: Script = {
    attendance: log40(3),
    capacity: { records: 3 },
    first(request, terminal) {
      if (request.code !== CODES.ATTLOG_RRQ) return false
      terminal.transfer(request, garbage?.subarray(16) ?? new Uint8Array(0))
      return true
    },
  }

  it('the log is read by way of the buffer, and directly only where that is unknown', () => {
    const wire = wireWith(answered)
    expect(rawOf(readLog(wire))).toBe(toHex(log40(3)))
    expect(wire.terminal.count(CODES.ATTLOG_RRQ)).toBe(0)
    const old = wireWith({ ...holding(log40(60)), refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_UNKNOWN } })
    expect(rawOf(readLog(old))).toBe(toHex(log40(60)))
    expect(old.terminal.count(CODES.ATTLOG_RRQ)).toBe(1)
  })

  it('a refusal that is no "unknown command" is believed where the counts agree with it or the answer is no failure', () => {
    const refusing = (code: number, capacity: Script['capacity'] = { records: 60 }): Script => ({
      attendance: log40(60),
      capacity,
      refuse: { [CODES.DATA_WRRQ]: code },
    })
    const empty = wireWith(refusing(REPLIES.ACK_ERROR, { records: 0 }))
    expect(punchesOf(readLog(empty))).toEqual([])
    const newer = wireWith(refusing(REPLIES.FAILURE_4989))
    expect(readLog(newer).outcome).toMatchObject({ ok: false, error: { code: 'ZK_REFUSED' } })
    expect([empty, newer].map((wire) => wire.terminal.count(CODES.ATTLOG_RRQ))).toEqual([0, 0])
    // 2001 with records told of: old units answer so; what comes directly must then be exactly those records.
    const old = wireWith(refusing(REPLIES.ACK_ERROR))
    expect(rawOf(readLog(old))).toBe(toHex(log40(60)))
  })

  it('leftover memory in a direct answer is refused', () => {
    const wire = wireWith({ ...answered, refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_UNKNOWN } })
    const ran = readLog(wire)
    expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'ZK_BAD_RECORD' } })
    expect(ran.offered).toEqual([])
  })
})
