import { describe, expect, it } from 'vitest'
import { joinBytes, putU32, toHex } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { bulkReady, transferHead } from '../../src/commands/bulk.ts'
import { readClock } from '../../src/commands/terminal.ts'
import type { Framing } from '../../src/framing.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { readAttendance } from '../../src/procedures/read-attendance.ts'
import type { AttendanceBatch, AttendanceSummary } from '../../src/procedures/read-attendance.ts'
import { ask } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import { log40 } from '../support/logs.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { tableOf } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import type { Ran } from '../support/virtual-wire.ts'

const RECORDS = log40(40)
const SCRIPT: Script = { attendance: RECORDS, capacity: { records: 40 }, packetBytes: 256 }
const HUGE = 0xffff_ffff

/** The longest wait of a read, and what cleaning up after it may take. */
const LONGEST_SILENCE_MS = DEFAULT_TIMEOUTS.prepareMs + 2_000 + 100

function read(wire: VirtualWire, framing: Framing): Ran<AttendanceSummary, AttendanceBatch> {
  return wire.run(
    readAttendance({ from: undefined, onProgress: undefined, sliceBytes: SLICE_BYTES[framing] }),
  )
}

function rawOf({ offered }: Ran<AttendanceSummary, AttendanceBatch>): string {
  return toHex(joinBytes(offered.flatMap(({ punches }) => punches.map(({ raw }) => raw))))
}

/** Bytes and packets that a whole read takes. */
function lengthOfRead(): { readonly bytes: number; readonly packets: number } {
  const wire = new VirtualWire(SCRIPT).connected()
  let [bytes, packets] = [0, 0]
  wire.faults = {
    spoil: (packet) => {
      bytes += packet.length
      packets += 1
      return packet
    },
  }
  expect(read(wire, 'tcp').outcome.ok).toBe(true)
  return { bytes, packets }
}

const LENGTH = lengthOfRead()

describe('a read', () => {
  it('whose connection is cut ends at once with one error, whatever the byte', () => {
    for (let breakAfterBytes = 0; breakAfterBytes < LENGTH.bytes; breakAfterBytes += 1) {
      const wire = new VirtualWire(SCRIPT).connected()
      wire.faults = { breakAfterBytes }
      const ran = read(wire, 'tcp')
      expect([breakAfterBytes, ran.outcome]).toMatchObject([
        breakAfterBytes,
        { ok: false, error: { code: 'ZK_CONNECTION_LOST' } },
      ])
      expect([breakAfterBytes, ran.tookMs < 100]).toEqual([breakAfterBytes, true])
      expect(toHex(RECORDS).startsWith(rawOf(ran))).toBe(true)
      expect(wire.client.wakeAt).toBeUndefined()
    }
  })

  it('whose terminal stops ends in bounded time with one error, whatever the byte', () => {
    for (let stallAfterBytes = 0; stallAfterBytes < LENGTH.bytes; stallAfterBytes += 1) {
      const wire = new VirtualWire(SCRIPT).connected()
      wire.faults = { stallAfterBytes }
      const ran = read(wire, 'tcp')
      expect([stallAfterBytes, ran.outcome]).toMatchObject([
        stallAfterBytes,
        { ok: false, error: { code: 'ZK_TIMEOUT' } },
      ])
      expect([stallAfterBytes, ran.tookMs <= LONGEST_SILENCE_MS]).toEqual([stallAfterBytes, true])
      expect(toHex(RECORDS).startsWith(rawOf(ran))).toBe(true)
      // Between two packets the connection can be used on; in the middle of one it is ended.
      const ended = wire.events.some(({ type }) => type === 'broken')
      wire.faults = {}
      const next = wire.run(ask(readClock, undefined)).outcome
      expect([stallAfterBytes, ended, next.ok]).toEqual([stallAfterBytes, ended, !ended])
    }
  })

  it('over UDP ends in bounded time with one error, whatever the datagram after which nothing comes', () => {
    for (let last = 0; last < LENGTH.packets; last += 1) {
      const wire = new VirtualWire(SCRIPT, { framing: 'udp' }).connected()
      let closed = false
      wire.faults = {
        spoil: (packet, n) => {
          closed ||= n >= last
          return closed ? undefined : packet
        },
      }
      const ran = read(wire, 'udp')
      if (ran.outcome.ok) throw new Error(`nothing came after datagram ${last}, and it was read`)
      expect([last, ran.outcome.error]).toMatchObject([last, { code: 'ZK_TIMEOUT' }])
      expect([last, ran.tookMs <= LONGEST_SILENCE_MS]).toEqual([last, true])
      wire.faults = {}
      expect(wire.run(ask(readClock, undefined)).outcome.ok).toBe(true)
    }
  })
})

describe.each(['tcp', 'udp'] as const)('four gigabytes over %s', (framing) => {
  /** The table says that so many bytes of records follow. */
  function tableSaying(sizeBytes: number): Uint8Array {
    const table = tableOf(RECORDS)
    putU32(table, 0, sizeBytes)
    return table
  }

  it.each<[string, string, Script]>([
    [
      'by the buffer, when the slices hold less than was asked for',
      'ZK_TRANSFER_INCOMPLETE',
      {
        first: (asked, terminal) => {
          if (asked.code !== CODES.DATA_WRRQ) return false
          terminal.buffer = tableOf(RECORDS)
          const ready = { zero: 0, sizeBytes: HUGE, sizeBytesAgain: HUGE, unknown9: 0 }
          terminal.ok(asked, bulkReady.encode(ready))
          return true
        },
      },
    ],
    [
      'by a transfer',
      'ZK_TOO_LARGE',
      {
        first: (asked, terminal) => {
          if (asked.code !== CODES.DATA_RDY) return false
          const payload = transferHead.encode({ sizeBytes: HUGE, packetBytes: 1024 })
          terminal.session.reply(asked, { code: REPLIES.PREPARE_DATA, payload })
          return true
        },
      },
    ],
    [
      'by the table itself',
      'ZK_TRANSFER_INCOMPLETE',
      {
        first: (asked, terminal) => {
          if (asked.code !== CODES.DATA_WRRQ) return false
          terminal.session.reply(asked, { code: REPLIES.DATA, payload: tableSaying(HUGE) })
          return true
        },
      },
    ],
  ])('announced %s, are refused before memory is taken', (_how, code, script) => {
    const wire = new VirtualWire({ ...SCRIPT, ...script }, { framing }).connected()
    const before = process.memoryUsage().external
    const { outcome, offered } = read(wire, framing)
    expect(outcome).toMatchObject({ ok: false, error: { code } })
    expect(offered).toEqual([])
    expect(process.memoryUsage().external - before).toBeLessThan(64 * 1024 * 1024)
    expect(wire.terminal.buffer).toBeUndefined()
    expect(wire.run(ask(readClock, undefined)).outcome.ok).toBe(true)
  })
})
